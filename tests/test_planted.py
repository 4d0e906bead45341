"""Every bug planted in tests/planted/ is found by the tests it names; a bug they pass over is a test that is missing.

A file there: `file`, `old` (occurs exactly once in it), `new`, `tests` (what must go red) and `why` (what it would do).
The night plants every one (FANGXUE_NIGHT) and runs what they name unbroken; `./run test` plants those of the gate.
"""

import os
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
COPIED = ("audio", "broker", "config", "deploy", "docs", "edge", "tests", "fangxue.py", "pyproject.toml")


@dataclass(frozen=True, slots=True)
class Planted:
    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]
    why: str


def read(path: Path) -> Planted:
    table = tomllib.loads(path.read_text("utf-8"))
    return Planted(path.stem, **{**table, "tests": tuple(table["tests"])})


PLANTED = [read(path) for path in sorted((HERE / "planted").glob("*.toml"))]
NIGHT = bool(os.environ.get("FANGXUE_NIGHT"))
NOW = PLANTED if NIGHT else [one for one in PLANTED if one.name.startswith("gate-")]


def copy(to: Path) -> Path:
    for name in COPIED:
        place = ROOT / name
        if place.is_dir():
            shutil.copytree(place, to / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif place.exists():
            shutil.copy(place, to / name)
    return to


def pytest_in(tree: Path, tests: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    # PYTHONPATH comes before the line by which the environment finds the checkout: the copy is what is imported.
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYTEST"))}
    environ = {**clean, "PYTHONPATH": str(tree), "PYTHONSAFEPATH": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    command: list[str | Path] = [Path(sys.executable).with_name("pytest"), "-q", "-x", "-p", "no:cacheprovider", *tests]
    return subprocess.run(command, cwd=tree, env=environ, capture_output=True, text=True, timeout=300, check=False)


def test_the_copy_is_what_runs_and_passes_unbroken(tmp_path: Path) -> None:
    tree = copy(tmp_path)
    witness = tree / "tests/test_witness.py"
    files = {planted.file.removesuffix(".py").replace("/", ".") for planted in PLANTED}
    witness.write_text(
        "import importlib\nfrom pathlib import Path\n\n\ndef test_it():\n"
        f"    for name in {sorted(files)!r}:\n"
        "        file = importlib.import_module(name).__file__\n"
        "        assert Path(file).is_relative_to(Path(__file__).parents[1]), file\n"
    )
    # Those that need nothing but the copy; the whole suite has run the others.
    named = sorted({test for planted in NOW for test in planted.tests if test.startswith("tests/unit/")})
    ran = pytest_in(tree, ("tests/test_witness.py", *named))
    assert ran.returncode == 0, ran.stdout


def test_every_bug_can_be_planted_at_one_place() -> None:
    found = {one.name: (ROOT / one.file).read_text("utf-8").count(one.old) for one in PLANTED}
    assert {name: times for name, times in found.items() if times != 1} == {}


@pytest.mark.parametrize("planted", NOW, ids=lambda planted: planted.name)
def test_a_planted_bug_is_found(planted: Planted, tmp_path: Path) -> None:
    tree = copy(tmp_path)
    file = tree / planted.file
    file.write_text(file.read_text("utf-8").replace(planted.old, planted.new), "utf-8")
    ran = pytest_in(tree, planted.tests)
    # 1: tests failed. Anything else, such as 2 for a file that cannot be imported, has found nothing.
    assert ran.returncode == 1, f"{planted.name} was passed over ({planted.why}):\n{ran.stdout}"
