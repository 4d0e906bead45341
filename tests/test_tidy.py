"""The house checks itself: what a linter does not know of our rules."""

import ast
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("audio", "broker", "config", "edge")
OF_THE_DESIGN_ALONE = {"BOUND_SHOWN_S", "BOUND_PROBLEM_S"}
"""Numbers of the design that nothing keeps yet: a wide bound of the clock is not shown and is no Problem."""
_FAILING = {"raises", "fail", "expect", "dump_traceback_later"}
"""Calls by which a test fails without an assert; so it does when a `timeout` is over."""


def text_files() -> list[Path]:
    """What git tracks or would track; in a copy without its history everything that is not made by tools."""
    if (ROOT / ".git").exists() and (git := shutil.which("git")):
        listed = subprocess.run(
            [git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        names = [ROOT / name for name in listed.stdout.split("\0") if name]
    else:
        made = {".venv", ".venv-dev", ".venv-voice", "__pycache__", "dist", "var"}
        names = [
            path
            for path in ROOT.rglob("*")
            if not any(part in made or part.endswith("_cache") for part in path.relative_to(ROOT).parts)
        ]
    return [name for name in sorted(names) if name.is_file() and b"\0" not in name.read_bytes()[:1024]]


TEXTS = text_files()
PYTHON = [path for path in TEXTS if path.suffix == ".py"]
TESTS = [path for path in PYTHON if path.relative_to(ROOT).parts[0] == "tests"]
PRODUCT = [path for path in PYTHON if path.relative_to(ROOT).parts[0] in {*PACKAGES, "deploy", "fangxue.py"}]


def lines_that_match(pattern: str, files: list[Path]) -> list[str]:
    return [
        f"{file.relative_to(ROOT)}:{number}: {line.strip()}"
        for file in files
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1)
        if re.search(pattern, line)
    ]


def functions(file: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_no_file_is_above_400_lines() -> None:
    sizes = {str(file.relative_to(ROOT)): len(file.read_text("utf-8").splitlines()) for file in PYTHON}
    assert {file: size for file, size in sizes.items() if size > 400} == {}


def test_no_function_is_above_60_lines() -> None:
    found = [
        f"{file.relative_to(ROOT)}:{function.lineno} {function.name}"
        for file in PRODUCT
        for function in functions(file)
        if (function.end_lineno or 0) - function.lineno + 1 > 60
    ]
    assert found == []


def test_modules_are_named_for_what_they_do() -> None:
    idle = re.compile(r"(^|_)(utils?|helpers?|common|base|managers?|misc)(_|$)")
    assert [str(file.relative_to(ROOT)) for file in PYTHON if idle.search(file.stem)] == []


def test_packages_hold_one_docstring_line_and_nothing_else() -> None:
    # The command tells our packages from foreign ones by this.
    marked = [file for file in PRODUCT if file.name == "__init__.py"]
    assert {file.parent.name for file in marked} >= set(PACKAGES)
    assert [file for file in marked if not re.fullmatch(r'""".+\S"""\n', file.read_text("utf-8"))] == []


def test_every_file_opens_with_its_purpose() -> None:
    assert [file for file in PYTHON if not ast.get_docstring(ast.parse(file.read_text("utf-8")))] == []


def test_no_model_is_copied_past_its_checks() -> None:
    assert lines_that_match(r"model_copy\(update|model_construct\(", PYTHON) == []


def test_every_limit_is_kept_somewhere() -> None:
    limits = ROOT / "config/limits.py"
    names = re.findall(r"^([A-Z][A-Z_]+) = ", limits.read_text("utf-8"), re.MULTILINE)
    assert len(names) > 80
    others = "\n".join(file.read_text("utf-8") for file in PRODUCT if file != limits)
    own = re.sub(r"^[A-Z_]+ =", "", limits.read_text("utf-8"), flags=re.MULTILINE)
    idle = {name for name in names if not re.search(rf"\b{name}\b", others + own)}
    assert idle - OF_THE_DESIGN_ALONE == set()


# Tests --------------------------------------------------------------------------------------------


def test_no_test_is_left_out() -> None:
    files = [file for file in TESTS if file != Path(__file__).resolve()]
    assert lines_that_match(r"\bpytest\.(mark\.)?(skip|skipif|xfail|importorskip)\b", files) == []


def test_every_test_can_fail() -> None:
    """It asserts, or waits for an error, or calls a function of the tests that does."""
    bodies: dict[str, list[ast.AST]] = {}
    for file in TESTS:
        for function in functions(file):
            bodies.setdefault(function.name, []).append(function)
    assert can_fail(bodies) >= {name for name in bodies if name.startswith("test_")}


def test_a_test_that_cannot_fail_is_found() -> None:
    text = """
def test_idle(): rows()
def test_deep(): shown()
def shown(): checked()
def checked(): assert rows()
def rows(): return 1
"""
    bodies: dict[str, list[ast.AST]] = {
        one.name: [one] for one in ast.parse(text).body if isinstance(one, ast.FunctionDef)
    }
    assert can_fail(bodies) == {"test_deep", "shown", "checked"}


def can_fail(bodies: Mapping[str, list[ast.AST]]) -> set[str]:
    """The functions that assert, or call one that does."""
    found = {name for name, own in bodies.items() if any(map(_asserts, own))}
    more = found
    while more:
        more = {name for name, own in bodies.items() if name not in found and any(_called(one) & found for one in own)}
        found |= more
    return found


def _asserts(function: ast.AST) -> bool:
    nodes = list(ast.walk(function))
    waits = [one for node in nodes if isinstance(node, ast.Call) for one in node.keywords if one.arg == "timeout"]
    return bool(waits or _called(function) & _FAILING) or any(isinstance(node, ast.Assert) for node in nodes)


def _called(function: ast.AST) -> set[str]:
    calls = [node.func for node in ast.walk(function) if isinstance(node, ast.Call)]
    names = {call.id for call in calls if isinstance(call, ast.Name)}
    return names | {call.attr for call in calls if isinstance(call, ast.Attribute)}


def test_open_points_and_ignores_have_a_reason() -> None:
    files = [file for file in PYTHON if file != Path(__file__).resolve()]
    assert lines_that_match(r"\b(TODO|FIXME|XXX|HACK)\b(?!: \S.{9})", files) == []
    # After the code a reason stands in brackets or after a dash.
    assert lines_that_match(r"#\s*noqa(?!: [A-Z]+[0-9]+(, ?[A-Z]+[0-9]+)* (\(|- )\S)", files) == []
    assert lines_that_match(r"type: ignore(?!\[[a-z, -]+\] +(\(|- |#)\s*\S)", files) == []


def test_no_address_of_a_registry_and_no_path_of_a_machine() -> None:
    assert lines_that_match(r"https?://[\w.-]*(py[p]i|pythonhoste[d]|npmj[s]|debia[n])\.", TEXTS) == []
    assert lines_that_match(r"(?<![\w.])/(home|User[s])/[a-z]|(?<![\w.])/roo[t]/", TEXTS) == []
    assert lines_that_match(re.escape(str(ROOT)) + r"\b", TEXTS) == []
    assert lines_that_match(r"^\s*--?(index-url|extra-index-url|find-links|i|f)[ =]", TEXTS) == []


def test_run_stays_a_page() -> None:
    assert len((ROOT / "run").read_text("utf-8").splitlines()) < 80


@pytest.mark.parametrize("name", ["run", ".ci/run"])
def test_scripts_are_for_any_shell_and_can_be_started(name: str) -> None:
    script = ROOT / name
    assert script.read_text("utf-8").startswith("#!/bin/sh\n")
    assert script.stat().st_mode & 0o111 == 0o111
    read = subprocess.run(["sh", "-n", script], capture_output=True, text=True, timeout=60, check=False)
    assert (read.returncode, read.stderr) == (0, "")
    bash_alone = r"\[\[|\bfunction\b|<<<|\blocal\b|\$'|&>|\bsource\b|\bpipefail\b|==|\$\{\w+(//|\^|,)"
    assert lines_that_match(bash_alone, [script]) == []


def locked(name: str) -> dict[str, str]:
    text = (ROOT / name).read_text("utf-8")
    entries = re.findall(
        r"^([a-z0-9-]+)==([^ ]+) ; [^\\\n]+\\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", text, re.MULTILINE
    )
    assert len(entries) == len(re.findall(r"^[^#\s]", text, re.MULTILINE)), (
        "every line is a pinned package with its hashes"
    )
    return {package: version for package, version, _ in entries}


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock", "requirements-voice.lock"])
def test_a_lock_holds_what_the_project_asks_for(lock: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    more = {"dev": project["dependency-groups"]["dev"], "voice": project["dependency-groups"]["voice"]}
    more["voice"] = more["voice"] + project["project"]["optional-dependencies"]["neural"]
    wanted = project["project"]["dependencies"] + next((more[kind] for kind in more if kind in lock), [])
    versions = locked(lock)
    for requirement in map(Requirement, wanted):
        version = versions.get(canonicalize_name(requirement.name))
        assert version, f"{requirement.name} is not in {lock}: make it anew (docs/develop.md)"
        assert requirement.specifier.contains(version), f"{requirement} is {version} in {lock}"


def test_the_list_of_wheels_is_of_this_lock_and_lacks_none() -> None:
    text = (ROOT / "docs/wheels.md").read_text("utf-8")
    listed = re.findall(r"^\| ([\w-]+) \| (\d\S*) \|", text, re.MULTILINE)
    assert {canonicalize_name(name): version for name, version in listed} == locked("requirements.lock"), (
        "make it anew, as docs/wheels.md tells"
    )
    assert "| none |" not in text


def test_tests_run_with_the_libraries_that_are_shipped() -> None:
    assert locked("requirements.lock").items() <= locked("requirements-dev.lock").items()


def test_nobody_fetches_the_neural_voice_for_the_tests() -> None:
    neural = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]["neural"]
    names = {Requirement(one).name for one in neural}
    assert len(names) == 5
    assert names & (locked("requirements.lock").keys() | locked("requirements-dev.lock").keys()) == set()
