"""The wheel: it holds our five things alone, works from an empty folder, and tells its packages from foreign ones.

The environment it is put into has the libraries of `requirements.lock` and no other: what only tests have is missing.
"""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import tomllib
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from process_rig import free_port

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("audio", "broker", "config", "edge")


LIMIT_S = 60.0
EXAMPLE = ROOT / "deploy/examples/shifan.toml"


def clean(**environ: str) -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "LC_"))}
    return {**ours, "PYTHONSAFEPATH": "1", "LANG": "C.UTF-8", **environ}


def run(*command: str | Path, cwd: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    env = clean(**environ)
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=120, check=False)


@contextmanager
def running(*command: str | Path, cwd: Path) -> Iterator["subprocess.Popen[str]"]:
    """A program that goes on; told to end, it ends well. A ceiling ends it too: whoever reads is not stuck."""
    with subprocess.Popen(
        command, cwd=cwd, env=clean(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        ceiling = threading.Timer(LIMIT_S, process.kill)
        ceiling.start()
        try:
            yield process
        finally:
            process.terminate()
            code = process.wait(LIMIT_S)
            ceiling.cancel()
        assert code == 0


def line(process: "subprocess.Popen[str]", pattern: str) -> re.Match[str]:
    """The first line that holds it."""
    assert process.stdout is not None
    said = []
    for text in process.stdout:
        said.append(text)
        if found := re.search(pattern, text):
            return found
    raise AssertionError(f"no {pattern!r} in:\n{''.join(said)}")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    built = run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=ROOT)
    assert built.returncode == 0, built.stderr
    [file] = folder.iterdir()
    return file


@pytest.fixture(scope="module")
def home(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with the wheel and what the lock for schools names: as the one that runs the tests has it."""
    home = tmp_path_factory.mktemp("home")
    run(sys.executable, "-m", "venv", "--without-pip", home, cwd=home)
    pip: list[str | Path] = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        home / "bin/python",
        "install",
        "-q",
        "--no-index",
    ]
    if importlib.util.find_spec("pip") is None:  # uv made the environment that runs the tests
        uv = shutil.which("uv")
        assert uv is not None
        pip = [uv, "pip", "install", "-q", "--offline", "-p", home / "bin/python"]
    installed = run(*pip, "--no-deps", wheel, cwd=home)
    assert installed.returncode == 0, installed.stderr
    for place in sorted({place for name in locked() for place in files_of(name)}):
        (site(home) / place.name).symlink_to(place)
    return home


def locked() -> list[str]:
    """What a school gets on this machine; the tests run with the same versions (test_tidy.py)."""
    lines = re.findall(r"^(\S+==.+?) *\\?$", (ROOT / "requirements.lock").read_text("utf-8"), re.MULTILINE)
    found = [one for one in map(Requirement, lines) if one.marker is None or one.marker.evaluate()]
    assert len(found) > 20, "the lock was not understood"
    return [one.name for one in found]


def files_of(name: str) -> set[Path]:
    """The packages and modules of a distribution, and what it says of itself."""
    of = distribution(name)
    tops = {file.parts[0] for file in of.files or ()} - {"..", "__pycache__"}
    assert tops, f"{name} is not installed as a wheel"
    return {Path(str(of.locate_file(top))) for top in tops}


def site(home: Path) -> Path:
    [folder] = home.glob("lib/python3.*/site-packages")
    return folder


def test_the_wheel_holds_our_packages_and_nothing_else(wheel: Path) -> None:
    ours = {"fangxue.py"} | {
        file.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for file in (ROOT / package).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    names = set(zipfile.ZipFile(wheel).namelist())
    metadata = {name for name in names if name.split("/")[0].endswith(".dist-info")}
    assert names - metadata == ours
    assert {"LICENSE", "NOTICE", "entry_points.txt"} <= {name.rsplit("/", 1)[-1] for name in metadata}


def test_the_command_works_from_an_empty_folder(home: Path, tmp_path: Path) -> None:
    said = run(home / "bin/fangxue", "--version", cwd=tmp_path)
    assert (said.returncode, said.stdout, said.stderr) == (0, "fangxue 0.1.0\n", "")


def test_nothing_that_is_only_for_development_is_there(home: Path, tmp_path: Path) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    names = {canonicalize_name(Requirement(one).name) for one in project["dependency-groups"]["dev"]} - set(locked())
    code = "import importlib.metadata as m, json; print(json.dumps([one.name for one in m.distributions()]))"
    there = {canonicalize_name(one) for one in json.loads(run(home / "bin/python", "-c", code, cwd=tmp_path).stdout)}
    assert {"fangxue", "pydantic", "paho-mqtt"} <= there
    assert len(names) > 8
    assert names & there == set()
    for module in ("pytest", "httpx", "jsonschema"):
        assert "ModuleNotFoundError" in run(home / "bin/python", "-c", f"import {module}", cwd=tmp_path).stderr


@pytest.mark.parametrize("command", ["centre", "gate", "plan", "change", "records"])
def test_every_command_explains_itself(home: Path, tmp_path: Path, command: str) -> None:
    said = run(home / "bin/fangxue", command, "--help", cwd=tmp_path)
    assert (said.returncode, said.stderr) == (0, "")
    assert f"fangxue {command}" in said.stdout


def test_a_plan_becomes_days_and_leaves_nothing_behind(home: Path, tmp_path: Path) -> None:
    said = run(home / "bin/fangxue", "plan", "day", EXAMPLE, "--date", "2026-11-25", "--json", cwd=tmp_path)
    assert (said.returncode, said.stderr) == (0, "")
    assert [len(day["cues"]) for day in json.loads(said.stdout)] == [39, 38]
    assert list(tmp_path.iterdir()) == []


def test_a_centre_shows_its_page_and_a_gate_connects(home: Path, tmp_path: Path) -> None:
    page = free_port()
    (tmp_path / "centre.toml").write_text(
        f'v = 1\nplan = "{EXAMPLE}"\ndata = "centre"\n[clock]\nsource = "owner"\n[console]\nport = {page}\n'
    )
    with running(home / "bin/fangxue", "centre", "--settings", "centre.toml", cwd=tmp_path) as centre:
        port = line(centre, r"embedded broker: \S+, 127\.0\.0\.1:(\d+)")[1]
        line(centre, "页面 page")
        for address, word in (("/", "示范小学"), ("/static/now.js", "function")):
            with urllib.request.urlopen(f"http://127.0.0.1:{page}{address}", timeout=LIMIT_S) as answer:
                assert word in answer.read().decode()
        (tmp_path / "gate.toml").write_text(
            'v = 1\nschool = "shifan"\ngate = "east"\ndata = "gate"\nvoice = "tone"\n'
            f'[broker]\nport = {port}\n[player]\nkind = "null"\n[panel]\nkind = "mock"\n'
        )
        with running(home / "bin/fangxue", "gate", "--settings", "gate.toml", cwd=tmp_path) as gate:
            line(gate, "已连接 connected")


def test_every_module_of_the_wheel_can_be_imported(home: Path, wheel: Path, tmp_path: Path) -> None:
    modules = [
        name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        for name in zipfile.ZipFile(wheel).namelist()
        if name.endswith(".py") and not name.endswith("__main__.py")
    ]
    code = f"import importlib\nfor name in {modules!r}: print(importlib.import_module(name).__file__)"
    said = run(home / "bin/python", "-W", "error", "-c", code, cwd=tmp_path)
    assert (said.returncode, said.stderr) == (0, "")
    assert all(Path(file).is_relative_to(site(home)) for file in said.stdout.splitlines())


def test_a_foreign_config_that_comes_first_is_refused(home: Path, tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config/__init__.py").write_text('"""Another project."""\n')
    said = run(home / "bin/fangxue", "plan", "--help", cwd=tmp_path, PYTHONPATH=str(tmp_path))
    assert (said.returncode, said.stdout) == (2, "")
    assert f"config is not Fangxue's ({tmp_path}/config/__init__.py)" in said.stderr


def test_a_foreign_config_that_replaced_ours_in_place_is_refused(home: Path, tmp_path: Path) -> None:
    ours = site(home) / "config/__init__.py"
    kept = ours.read_text("utf-8")
    ours.write_text('"""Another project."""\n\nVALUE = 1\n')
    try:
        said = run(home / "bin/fangxue", "plan", "--help", cwd=tmp_path, LANG="zh_CN.UTF-8")
    finally:
        ours.write_text(kept, "utf-8")
    assert (said.returncode, said.stdout) == (2, "")
    assert "软件包 config 不是放学的" in said.stderr
