"""Makes docs/wheels.md: the wheel of each package on a 64-bit Pi. A package without one stops it, with pip's word.

    python3 deploy/wheels.py >docs/wheels.md

Needs pip and the index. What the extra `neural` asks for is listed too, with all that it needs itself.
"""

import json
import re
import subprocess
import sys
import tempfile
import tomllib
from datetime import UTC
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from config.clock import SystemClock  # noqa: E402 (run as a script, with any Python)

LOCK = ROOT / "requirements.lock"
PYTHONS = ("3.11", "3.13")
GLIBC = range(17, 37)
"""2.17 to 2.36, that of Debian 12."""
HEAD = """# Wheels for a gate

A gate installs wheels only. What an installer takes on 64-bit Raspberry Pi OS (aarch64, glibc 2.36), asked on {on}:
`any` runs everywhere, `abi3` on every later Python.

| package | version | Python 3.11 | Python 3.13 |
| --- | --- | --- | --- |
"""
TAIL = """
lgpio is not among them: its 0.2.2.0 has a wheel for Python 3.11 alone, and on 3.13 an installer silently takes 0.0.0.2,
which does not work. A gate uses the distribution's `python3-lgpio` ([why](decisions/0001-dependencies.md)).

Made anew, with each new lock:

```sh
python3 deploy/wheels.py >docs/wheels.md
```
"""


def main() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extra = project["optional-dependencies"]["neural"]
    locked = [found(python, ["--no-deps", "--require-hashes", "-r", str(LOCK)]) for python in PYTHONS]
    pins = [f"{name}=={version}" for name, version in re.findall(r"^(\S+)==(\S+)", LOCK.read_text(), re.MULTILINE)]
    more = [found(python, [*extra, *pins]) for python in PYTHONS]
    on = SystemClock().utc().astimezone(UTC).date()
    sys.stdout.write(HEAD.format(on=on))
    for wheels in (locked, [{one: more[n][one] for one in more[n].keys() - locked[n].keys()} for n in (0, 1)]):
        for name, version in sorted(wheels[0].keys() | wheels[1].keys(), key=lambda one: one[0].lower()):
            tags = [one.get((name, version), "none") for one in wheels]
            note = "" if wheels is locked else " (extra)"
            sys.stdout.write(f"| {name}{note} | {version} | {tags[0]} | {tags[1]} |\n")
    sys.stdout.write(TAIL)


def found(python: str, wanted: list[str]) -> dict[tuple[str, str], str]:
    """By name and version, the tags of the wheel that pip would install."""
    platforms = ["manylinux2014_aarch64", *(f"manylinux_2_{n}_aarch64" for n in reversed(GLIBC))]
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        subprocess.run(
            [
                *(sys.executable, "-m", "pip", "install", "-q", "--dry-run", "--ignore-installed"),
                *("--only-binary", ":all:", "--implementation", "cp", "--python-version", python),
                *(word for platform in platforms for word in ("--platform", platform)),
                *("--target", folder, "--report", str(report), *wanted),
            ],
            check=True,
        )
        installed = json.loads(report.read_text())["install"]
    return {
        (one["metadata"]["name"], one["metadata"]["version"]): tags(one["download_info"]["url"]) for one in installed
    }


def tags(url: str) -> str:
    """Of `…/NAME-VERSION-PYTHON-ABI-PLATFORM.whl`, as short as one can read it."""
    python, abi, platform = url.rpartition("/")[2].removesuffix(".whl").split("-")[-3:]
    return "any" if platform == "any" else f"{abi if abi == 'abi3' else python} {platform.split('.')[0]}"


if __name__ == "__main__":
    main()
