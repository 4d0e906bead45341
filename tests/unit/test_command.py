"""The command hands over to a program and turns what it raises into words and an exit status."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GATE = """
import gc
import sys
from config.errors import BadInputError, OutsideError

def gate(argv):
    if argv == ["bad"]: raise BadInputError("windows.noon.opens = 25:00: no time of day")
    if argv == ["outside"]: raise OutsideError("card USB is gone")
    if argv == ["stopped"]: raise KeyboardInterrupt
    print(argv, [name for name in ("audio", "broker", "pydantic") if name in sys.modules], gc.get_freeze_count() > 999)
    return 7
"""


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command with packages in which only a gate's program stands."""
    tree = tmp_path_factory.mktemp("tree")
    shutil.copy(ROOT / "fangxue.py", tree)
    for package in ("audio", "broker", "config", "edge"):
        (tree / package).mkdir()
        shutil.copy(ROOT / package / "__init__.py", tree / package)
    shutil.copy(ROOT / "config/errors.py", tree / "config")
    (tree / "edge/cli.py").write_text(GATE)
    return tree


def fangxue(tree: Path, *argv: str, lang: str = "C.UTF-8") -> tuple[int, str, str]:
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(tree), "PYTHONSAFEPATH": "1", "LANG": lang}
    command = [sys.executable, "-m", "fangxue", *argv]
    said = subprocess.run(command, cwd=tree, env=environ, capture_output=True, text=True, timeout=60, check=False)
    return said.returncode, said.stdout, said.stderr


@pytest.mark.parametrize(
    ("argv", "status", "out", "err"),
    [
        (["--version"], 0, "fangxue 0.1.0\n", ""),
        (["gate", "--gate", "east"], 7, "['--gate', 'east'] [] True\n", ""),
        (["gate", "bad"], 2, "", "windows.noon.opens = 25:00: no time of day\n"),
        (["gate", "outside"], 1, "", "card USB is gone\n"),
        (["gate", "stopped"], 130, "", ""),
    ],
)
def test_a_program_ends_in_a_status_and_words(tree: Path, argv: list[str], status: int, out: str, err: str) -> None:
    assert fangxue(tree, *argv) == (status, out, err)


@pytest.mark.parametrize(("lang", "word"), [("zh_CN.UTF-8", "用法"), ("C.UTF-8", "usage")])
def test_help_names_each_program_in_the_readers_language(tree: Path, lang: str, word: str) -> None:
    status, out, err = fangxue(tree, "--help", lang=lang)
    assert (status, err) == (0, "")
    assert out.startswith(word)
    assert [line.split()[0] for line in out.splitlines()[1:-1]] == [
        "centre",
        "gate",
        "fleet",
        "plan",
        "change",
        "alert",
        "say",
        "records",
    ]
    assert fangxue(tree, lang=lang) == (0, out, "")


def test_an_unknown_program_is_told_what_there_is(tree: Path) -> None:
    status, out, err = fangxue(tree, "gates")
    assert (status, out) == (2, "")
    assert err.startswith("no such command: gates\n\nusage:")
