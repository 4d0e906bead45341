"""Breaks the rules of gate and plan one place at a time and counts which breaks tests see: `python tests/mutate.py`.

Each mutant is one changed node of one file. Killed: a test fails, or never ends. What survives is printed, unless
`mutants_allowed.toml` says why it changes nothing. The end is a ratio a file; the exit status is 1 when one is below
`KILLED_PCT`. `--sample N` takes N of each file, the same ones for the same `--seed`.

Not changed: asserts and annotations (they do nothing), imports, docstrings, and texts with a blank, which people read.
"""

import argparse
import ast
import copy
import importlib
import os
import random
import signal
import sys
import tomllib
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import NoReturn

import pytest

ROOT = Path(__file__).resolve().parent.parent
ALLOWED = ROOT / "tests" / "mutants_allowed.toml"
KILLED_PCT = 90.0
TEST_MAX_S = 10.0
"""Of its own processor time, ten times what the slowest test takes: above it the mutant hangs."""
BROKEN = 9
"""The exit status of a mutant that cannot even be imported."""

SURVIVORS = "tests/unit/test_gate_survivors.py"
GATE = (
    *(f"tests/unit/test_gate{name}.py" for name in ("", "_paced", "_alerts", "_buttons", "_days", "_tells")),
    *(f"tests/unit/test_gate_{name}.py" for name in ("crossings", "crossings_of_alerts", "newer_word", "gaps")),
    SURVIVORS,
)
MODEL = "tests/sim/test_gate_model.py"
LINT = (
    *(f"tests/unit/test_lint{name}.py" for name in ("", "_calendar", "_doubts", "_at_once")),
    *(f"tests/unit/test_{name}.py" for name in ("sample_schools", "extends", "plan")),
)
TESTS = {
    "edge/gate.py": (*GATE, MODEL),
    "config/pacing.py": ("tests/unit/test_pacing.py", "tests/unit/test_paced.py", *GATE, MODEL),
    "edge/trust.py": (
        "tests/unit/test_trust.py",
        "tests/unit/test_trust_asks.py",
        SURVIVORS,
        "tests/sim/test_gate_clock.py",
    ),
    "edge/button.py": ("tests/unit/test_button.py", "tests/unit/test_gate_buttons.py"),
    "edge/pace.py": (*GATE, "tests/unit/test_pacing.py", MODEL),
    "edge/alarm.py": (*GATE, MODEL),
    "config/timetable.py": (
        "tests/unit/test_timetable.py",
        "tests/unit/test_situations.py",
        "tests/unit/test_roster.py",
    ),
    "config/schooldays.py": tuple(f"tests/unit/test_{name}.py" for name in ("schooldays", "lint_calendar", "national")),
    "config/lint.py": LINT,
    "config/lint_days.py": LINT,
    "config/lint_calendar.py": LINT,
}
"""File by file, the tests that are asked, those that know it best first."""

_COMPARE: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
_BINARY: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
}  # fmt: skip
_IDLE_FIELDS = ("annotation", "returns", "format_spec", "decorator_list")
_NAMES = {"min": "max", "max": "min", "any": "all", "all": "any"}


@dataclass(frozen=True, slots=True)
class Mutant:
    file: str
    line: int
    inside: str
    old: str
    new: str
    text: str
    """The whole file with the change."""

    @property
    def key(self) -> tuple[str, str, str, str]:
        return self.file, self.inside, self.old, self.new


def mutants(file: str, source: str) -> Iterator[Mutant]:
    """Every mutant of one file, in the order of its lines."""
    found = [
        (line, n, inside, ast.unparse(node), made)
        for n, (node, line, inside) in enumerate(_nodes(ast.parse(source), ""))
        for made in _changed(node)
    ]
    for line, n, inside, old, made in found:
        tree = ast.parse(source)
        node = list(_nodes(tree, ""))[n][0]
        text = ast.unparse(ast.fix_missing_locations(_Swap(node, made).visit(tree)))
        yield Mutant(file, line, inside, old.split("\n")[0], ast.unparse(made).split("\n")[0], text)


def _nodes(node: ast.AST, inside: str) -> Iterator[tuple[ast.AST, int, str]]:
    """What may be changed, each with its line and the function it stands in."""
    for name, value in ast.iter_fields(node):
        children = value if isinstance(value, list) else [value]
        for child in children:
            said = isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)
            if not isinstance(child, ast.AST) or said or name in _IDLE_FIELDS:
                continue
            if isinstance(child, ast.Assert | ast.Import | ast.ImportFrom | ast.JoinedStr) or _is_type(child):
                continue
            named = isinstance(child, ast.FunctionDef | ast.ClassDef)
            where = f"{inside}.{child.name}".strip(".") if isinstance(child, ast.FunctionDef | ast.ClassDef) else inside
            if not named and hasattr(child, "lineno"):
                yield child, child.lineno, where
            yield from _nodes(child, where)


def _is_type(node: ast.AST) -> bool:
    return isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id == "Literal"


def _changed(node: ast.AST) -> Iterator[ast.AST]:
    """What this node could be instead; each is one mutant."""
    made = copy.deepcopy(node)
    match made:
        case ast.Compare(ops=[one, *_]) if type(one) in _COMPARE:
            made.ops[0] = _COMPARE[type(one)]()
            yield made
            if len(made.ops) > 1:
                other = copy.deepcopy(node)
                assert isinstance(other, ast.Compare)
                other.ops[1] = _COMPARE[type(other.ops[1])]()
                yield other
        case ast.BinOp() if type(made.op) in _BINARY:
            made.op = _BINARY[type(made.op)]()
            yield made
        case ast.BoolOp():
            made.op = ast.Or() if isinstance(made.op, ast.And) else ast.And()
            yield made
        case ast.Constant(value=bool(value)):
            yield ast.Constant(not value)
        case ast.Constant(value=int(value) | float(value)):
            yield ast.Constant(value + 1)
        case ast.Constant(value=str(value)) if " " not in value:
            yield ast.Constant(f"{value}x")
        case ast.UnaryOp(op=ast.Not()):
            yield made.operand
        case ast.If() | ast.IfExp():
            made.test = ast.UnaryOp(ast.Not(), made.test)
            yield made
        case ast.Expr():
            yield ast.Pass()
        case ast.Return(value=value) if value is not None and not _is_none(value):
            yield ast.Return(ast.Constant(None))
        case ast.Call(func=ast.Name(id=name)) if name in _NAMES:
            made.func = ast.Name(_NAMES[name], ast.Load())
            yield made
        case _:
            pass


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


class _Swap(ast.NodeTransformer):
    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> ast.AST:
        return self.new if node is self.old else self.generic_visit(node)


# Running them -------------------------------------------------------------------------------------


class Watch:
    """In the child: the tests that killed most go first, none takes for ever, and who killed is told."""

    def __init__(self, killers: Counter[str]) -> None:
        self.killers, self.killer = killers, ""

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items.sort(key=lambda item: -self.killers[item.nodeid])

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        signal.setitimer(signal.ITIMER_VIRTUAL, TEST_MAX_S)  # ends the child: a mutant can wait for ever
        self.killer = nodeid


def module_of(file: str) -> str:
    return file.removesuffix(".py").replace("/", ".")


def asked(mutant: Mutant | None, tests: Sequence[str], killers: Counter[str], says: int) -> NoReturn:
    """The child: put the changed module in the place of the real one, run the tests, and tell who killed it."""
    os.chdir(ROOT)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # half of what a killed mutant would take
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    watch, code = Watch(killers), BROKEN
    try:
        if mutant is not None:
            name = module_of(mutant.file)
            module = ModuleType(name)
            module.__file__ = str(ROOT / mutant.file)
            sys.modules[name] = module
            exec(compile(mutant.text, module.__file__, "exec"), vars(module))  # noqa: S102 - our own file, changed
        code = pytest.main(["-q", "-x", "--tb=no", "-p", "no:cacheprovider", *tests], [watch])
    finally:
        os.write(says, watch.killer.encode())
        os._exit(code)


def run(
    chosen: list[Mutant | None], tests: dict[str, tuple[str, ...]], jobs: int
) -> Iterator[tuple[Mutant | None, str]]:
    """Each in a forked child that has the libraries already; (mutant, what became of it) as they end."""
    importlib.import_module("broker.wire.messages")  # models: much of a child's time, and nothing that is changed
    for file in tests:  # else every mutant of it would be broken, and count as killed
        assert module_of(file) not in sys.modules, f"{file} was imported beforehand, with what depends on it"
    killers: Counter[str] = Counter()
    children: dict[int, tuple[Mutant | None, int]] = {}
    left = chosen[::-1]
    while left or children:
        while left and len(children) < jobs:
            mutant, (hears, says) = left.pop(), os.pipe()
            pid = os.fork()
            if pid == 0:
                every = dict.fromkeys(test for own in tests.values() for test in own)
                asked(mutant, tests[mutant.file] if mutant else (*every,), killers, says)
            os.close(says)
            children[pid] = mutant, hears
        pid, status = os.wait()
        mutant, hears = children.pop(pid)
        with os.fdopen(hears) as heard:
            killers[heard.read()] += 1
        code = os.waitstatus_to_exitcode(status)
        yield mutant, {0: "survived", 1: "killed", -signal.SIGVTALRM: "hangs"}.get(code, "broken")


# Telling ------------------------------------------------------------------------------------------


def allowed() -> dict[tuple[str, str, str, str], str]:
    """Mutants that change nothing anybody could see, each with the reason."""
    rows = tomllib.loads(ALLOWED.read_text("utf-8"))["mutant"]
    return {(row["file"], row["inside"], row["old"], row["new"]): row["why"] for row in rows}


def told(results: list[tuple[Mutant, str]], known: Collection[tuple[str, str, str, str]]) -> bool:
    """A row for each file; whether each reached `KILLED_PCT`. A mutant that changes nothing is not counted."""
    counts: dict[str, Counter[str]] = {}
    for mutant, result in results:
        same = result == "survived" and mutant.key in known
        counts.setdefault(mutant.file, Counter())["allowed" if same else result] += 1
    for file, counted in counts.items():
        parts = ", ".join(f"{what} {n}" for what, n in sorted(counted.items()))
        _say(f"{file}: {_killed_pct(counted):.1f} % of {counted.total() - counted['allowed']} killed ({parts})")
    return all(_killed_pct(counted) >= KILLED_PCT for counted in counts.values())


def _killed_pct(counted: Counter[str]) -> float:
    total = counted.total() - counted["allowed"]
    return 100 * (total - counted["survived"]) / max(1, total)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", default=list(TESTS), help="of those in TESTS; all")
    parser.add_argument("--sample", type=int, default=10**6, help="at most so many of each file, drawn by the seed")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--lines", default="", help="only of these, as 40-60")
    given = parser.parse_args()
    every = [made for file in given.files for made in mutants(file, (ROOT / file).read_text("utf-8"))]
    first, _, last = given.lines.partition("-")
    near = [one for one in every if not first or int(first) <= one.line <= int(last or first)]
    drawn = random.Random(given.seed)
    chosen = [
        one
        for file in given.files
        for of in [[one for one in near if one.file == file]]
        for one in drawn.sample(of, min(given.sample, len(of)))
    ]
    _say(f"{len(chosen)} of {len(every)} mutants, seed {given.seed}")
    tests = {file: TESTS[file] for file in given.files}
    if [result for _, result in run([None], tests, 1)] != ["survived"]:
        _say("the tests fail on the code as it is")
        return 2
    known, results = allowed(), []
    for mutant, result in run([*chosen], tests, given.jobs):
        assert mutant is not None
        results.append((mutant, result))
        if result == "survived" and mutant.key not in known:
            _say(f"survived {mutant.file}:{mutant.line} {mutant.inside}\n  - {mutant.old}\n  + {mutant.new}")
    stale = [key for key in known.keys() - {one.key for one in every} if key[0] in given.files]
    killed = [one.key for one, result in results if result != "survived" and one.key in known]
    for key in [*stale, *killed]:
        _say(f"allowed, and {'killed' if key in killed else 'no longer there'}: {key}")
    return 0 if told(results, known) and not stale else 1


if __name__ == "__main__":
    sys.exit(main())
