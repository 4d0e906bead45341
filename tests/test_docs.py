"""The docs are true: every command and option has its row, what is named exists, links lead somewhere."""

import contextlib
import io
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path

import pytest

import fangxue
import nightly
import simulate
from bench.__main__ import main as bench
from broker.cli_change import _CHOICES, _KINDS

ROOT = Path(__file__).resolve().parent.parent
DOCS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
COMMANDS = ROOT / "docs/commands.md"
DEVELOP = ROOT / "docs/develop.md"
RUN = (ROOT / "run").read_text("utf-8")
ROOMS = "audio|broker|config|deploy|docs|edge|tests"

Tree = dict[tuple[str, ...], set[str]]
"""Options by command, `("plan", "day")`."""


# What there is ------------------------------------------------------------------------------------


def help_of(program: Callable[[Sequence[str]], int], *words: str) -> str:
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.suppress(SystemExit):
        program([*words, "--help"])
    return said.getvalue()


def options(text: str) -> set[str]:
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", text)) - {"--help"}


@cache
def tree() -> Tree:
    """As `--help` tells it, of every command and the verbs below it."""
    found: Tree = {}
    waiting: list[tuple[str, ...]] = [
        (name,) for name in re.findall(r"^  ([a-z]+) ", help_of(fangxue.main), re.MULTILINE)
    ]
    while waiting:
        command = waiting.pop()
        text = help_of(fangxue.main, *command)
        verbs = re.search(r"\{([\w,-]+)\} \.\.\.", text)
        if verbs:
            waiting += [(*command, verb) for verb in verbs[1].split(",")]
        else:
            found[command] = options(text)
    return found


@cache
def run_options() -> dict[str, set[str] | None]:
    """What `./run` takes: its commands, each with its options; None: another program's."""
    cases = re.findall(r"^((?:[a-z]+ \| )+[a-z]+)\)$", RUN, re.MULTILINE)
    names = [name for case in cases for name in case.split(" | ")]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    ask = [sys.executable, str(ROOT / "deploy/demo.py"), "--help"]
    demo = subprocess.run(ask, env=env, capture_output=True, text=True, timeout=60, check=True).stdout
    known = {
        "demo": demo,
        "bench": help_of(bench),
        "nightly": help_of(nightly.main),
        "simulate": help_of(simulate.main),
    }
    return {name: options(known[name]) if name in known else None for name in names}


# What is said -------------------------------------------------------------------------------------


def code(text: str) -> Iterator[str]:
    """Every line of a code block, and every piece of code inside a sentence."""
    for n, part in enumerate(re.split(r"^ *```.*$", text, flags=re.MULTILINE)):
        yield from part.splitlines() if n % 2 else re.findall(r"`([^`\n]+)`", part)


def untrue(text: str) -> list[str]:
    """What these docs name that does not exist."""
    return [
        f"{piece.strip()}: {wrong}"
        for piece in code(text)
        for wrong in [*_of_fangxue(piece), *_of_run(piece), *_of_paths(piece)]
    ]


def _of_fangxue(piece: str) -> Iterator[str]:
    for said in re.findall(r"(?:^|[\s(])fangxue +([^|;&]+)", piece):
        words = said.split()
        if not re.fullmatch(r"[a-z-]+", words[0]):
            continue  # COMMAND, 命令 …
        command = next((one for one in tree() if list(one) == words[: len(one)]), None)
        if command is None:
            is_group = len(words) == 1 and any(one[0] == words[0] for one in tree())
            if words[0] not in {"--version", "--help"} and not is_group:
                yield f"no such command: fangxue {' '.join(words[:2])}"
            continue
        yield from (f"no such option: {one}" for one in sorted(options(said) - tree()[command]))
        kind = words[1] if command == ("change",) and len(words) > 1 else "hold"
        if re.fullmatch(r"[a-z]+", kind) and kind not in (*_KINDS, *_CHOICES):
            yield f"no such change: {kind}"


def _of_run(piece: str) -> Iterator[str]:
    for name, rest in re.findall(r"\./run +([a-z]+)([^|;&]*)", piece):
        if name not in run_options():
            yield f"no such command: ./run {name}"
        elif (known := run_options()[name]) is not None:
            yield from (f"no such option: {one}" for one in sorted(options(rest) - known))


def _of_paths(piece: str) -> Iterator[str]:
    for path in re.findall(rf"(?<![\w./-])((?:{ROOMS})/[\w./*-]*\w)", piece):
        if not any(ROOT.glob(path)):
            yield f"no such file: {path}"


def links(text: str) -> list[str]:
    outside_code = re.sub(r"^ *```.*?^ *```", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`\n]+`", "", outside_code))


def dead(file: Path, link: str) -> bool:
    if re.match(r"https?:", link):
        return False
    path, _, heading = link.partition("#")
    target = (file.parent / path).resolve() if path else file
    if not target.exists() or not target.is_relative_to(ROOT):
        return True
    return bool(heading) and heading not in {
        _anchor(one) for one in re.findall(r"^#+ (.+)$", target.read_text("utf-8"), re.MULTILINE)
    }


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


# Commands and options -----------------------------------------------------------------------------


def test_the_tree_of_commands_is_not_empty() -> None:
    assert {("centre",), ("gate",), ("plan", "check"), ("plan", "day"), ("change",), ("records", "day")} <= set(tree())
    assert tree()[("records", "day")] == {"--settings", "--date", "--json"}
    assert {"demo", "fangxue", "simulate", "test", "nightly", "bench"} <= set(run_options())
    assert run_options()["demo"] == {"--minutes", "--audio"}


def test_every_command_has_its_section_and_every_option_its_row() -> None:
    written: Tree = {}
    for section in re.split(r"^## ", COMMANDS.read_text("utf-8"), flags=re.MULTILINE)[1:]:
        command = section.splitlines()[0].strip("` ").split()
        written[tuple(command[1:])] = set(re.findall(r"^\| `(--[\w-]+)", section, re.MULTILINE))
    assert written == tree()


def test_every_kind_of_change_is_named() -> None:
    text = COMMANDS.read_text("utf-8")
    assert [kind for kind in _KINDS if not re.search(rf"\b{kind}\b", text)] == []


def test_every_command_of_run_and_its_options_are_named() -> None:
    said = "\n".join(piece for file in (ROOT / "README.md", DEVELOP) for piece in code(file.read_text("utf-8")))
    usage = RUN[RUN.index('say "用法') :]
    for name, known in run_options().items():
        assert f"./run {name}" in said
        assert re.search(rf"\b{name}\b", usage)
        assert [one for one in sorted(known or ()) if one not in said] == []


@pytest.mark.parametrize("file", DOCS, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_what_is_named_exists(file: Path) -> None:
    assert untrue(file.read_text("utf-8")) == []


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("`fangxue plan chekc FILE`", "no such command: fangxue plan chekc"),
        ("`./run fangxue gates`", "no such command: fangxue gates"),
        ("```sh\nfangxue plan check --date D\n```", "no such option: --date"),
        ("```sh\nfangxue change pause --by 王老师\n```", "no such change: pause"),
        ("`./run tests`", "no such command: ./run tests"),
        ("`./run demo --hours 3`", "no such option: --hours"),
        ("see `config/nowhere.py`", "no such file: config/nowhere.py"),
        ("`fangxue plan day FILE --date D --json`, `fangxue 命令 …`, `./run test -k hold`, `fangxue plan`", None),
        ("`tests/planted/*.toml` and fangxue gates outside of code", None),
    ],
)
def test_what_does_not_exist_is_found(text: str, wrong: str | None) -> None:
    assert [one.rpartition(": ")[2] for one in untrue(text)] == ([wrong.rpartition(": ")[2]] if wrong else [])
    assert wrong is None or wrong in untrue(text)[0]


# Links and lists ----------------------------------------------------------------------------------


@pytest.mark.parametrize("file", DOCS, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(file: Path) -> None:
    assert [link for link in links(file.read_text("utf-8")) if dead(file, link)] == []


def test_a_link_that_leads_nowhere_is_found() -> None:
    text = "[a](docs/plan.md) [b](docs/plans.md) [c](docs/develop.md#a-wheel) [d](docs/develop.md#wheels) `[e](x)`"
    assert [link for link in links(text) if dead(ROOT / "README.md", link)] == [
        "docs/plans.md",
        "docs/develop.md#wheels",
    ]


def test_every_message_is_explained_where_the_wire_is() -> None:
    schemas = {file.name for file in (ROOT / "docs/wire").glob("*.schema.json")}
    assert len(schemas) > 8
    linked = links((ROOT / "docs/wire/README.md").read_text("utf-8"))
    assert {link for link in linked if link.endswith(".schema.json")} == schemas


def test_every_document_is_linked_from_another() -> None:
    linked = {
        (file.parent / link.partition("#")[0]).resolve() for file in DOCS for link in links(file.read_text("utf-8"))
    }
    listed = {file for file in DOCS if file in linked or (file.parent in linked and file.name == "README.md")}
    assert [file for file in DOCS if file not in listed and file.name not in {"README.md", "CHANGELOG.md"}] == []


def test_every_decision_is_listed_under_its_own_number() -> None:
    records = sorted(file.relative_to(DEVELOP.parent).as_posix() for file in (ROOT / "docs/decisions").glob("*.md"))
    assert [link for link in links(DEVELOP.read_text("utf-8")) if link.startswith("decisions/")] == records
    assert [int(Path(name).name[:4]) for name in records] == list(range(1, len(records) + 1))


def test_the_changelog_has_an_unreleased_section_of_this_version() -> None:
    sections = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert sections[0] == f"{fangxue.__version__} (unreleased)"
    assert [section for section in sections[1:] if "unreleased" in section] == []
