"""The wheel: it holds our five things alone, works from an empty folder, and tells its packages from foreign ones."""

import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("audio", "broker", "config", "edge")


def run(*command: str | Path, cwd: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "LC_"))}
    environ = {**clean, "PYTHONSAFEPATH": "1", "LANG": "C.UTF-8", **environ}
    return subprocess.run(command, cwd=cwd, env=environ, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    built = run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=ROOT)
    assert built.returncode == 0, built.stderr
    [file] = folder.iterdir()
    return file


@pytest.fixture(scope="module")
def home(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with the wheel alone; the libraries are those of the environment that runs the tests."""
    home = tmp_path_factory.mktemp("home")
    if importlib.util.find_spec("ensurepip"):
        run(sys.executable, "-m", "venv", home, cwd=home)
        pip: list[str | Path] = [home / "bin/python", "-m", "pip", "install", "-q", "--no-index"]
    else:  # a Debian without python3-venv: then uv made the environment that runs the tests
        uv = shutil.which("uv")
        assert uv is not None
        run(uv, "venv", "-q", "--clear", "-p", sys.executable, home, cwd=home)
        pip = [uv, "pip", "install", "-q", "--offline", "-p", home / "bin/python"]
    installed = run(*pip, "--no-deps", wheel, cwd=home)
    assert installed.returncode == 0, installed.stderr
    libraries = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (site(home) / "libraries.pth").write_text("\n".join(sorted(libraries)))
    return home


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
