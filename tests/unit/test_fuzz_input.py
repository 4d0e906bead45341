"""What people hand in, with anything wrong in it: plans, Change files, wishes. Words come back, never a traceback."""

import asyncio
import json
import random
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest

import fangxue
from broker.console.app import made as application
from broker.console.feed import Feed
from broker.console.guard import Guard
from broker.console.line import Line
from config.findings import words
from config.lint import read
from config.plan import Plan, PlanError
from config.timetable import timetable
from console_rig import Now
from fuzz_payloads import NEARLY, ODD_NUMBERS, ODD_TEXTS, RANDOM, SEED, line, payloads, scrap
from school_rig import TEXT, School
from wire_samples import CHANGE, PLAN

ON = date(2026, 11, 25)
ODD_TOML = ("nan", "-inf", "true", "[]", "{}", "[[[1]]]", "1979-05-27", "07:32:00", "0x7f", "1_000", "{ a = 1 }", "'''")


# Plans --------------------------------------------------------------------------------------------


def _plan(rng: random.Random) -> str:
    """The sample's plan with one to three lines wrong."""
    rows = PLAN.splitlines(keepends=True)
    for _ in range(rng.choice((1, 1, 2, 3))):
        spot = rng.randrange(len(rows))
        row, other = rows[spot], rng.choice(rows)
        head, _, tail = row.partition("=")
        match rng.randrange(9):
            case 0:
                del rows[spot]
            case 1:
                rows.insert(spot, other)
            case 2:
                rows[spot] = other
            case 3:
                cut = rng.randrange(len(row))
                rows[spot] = row[:cut] + row[cut + 1 + rng.randrange(3) :]
            case 4:
                cut = rng.randrange(len(row))
                rows[spot] = row[:cut] + rng.choice((*ODD_TEXTS, '"', "[", "]", "{", "#", "=", ".", "\\")) + row[cut:]
            case 5 if tail:
                rows[spot] = f"{head}= {rng.choice((*ODD_NUMBERS, *ODD_TOML))}\n"
            case 6 if tail:
                rows[spot] = f"{head}= {json.dumps(rng.choice(ODD_TEXTS))}\n"
            case 7 if tail:
                rows[spot] = f"{head}= [{', '.join([tail.partition('#')[0].strip()] * rng.choice((2, 30)))}]\n"
            case _:
                rows[spot] = row * 2
    return "".join(rows).encode("utf-8", "replace").decode()  # as a file's text: it holds no half of a pair


def test_a_plan_is_a_plan_or_has_findings_with_a_place_each() -> None:
    good = 0
    for n in range(RANDOM + NEARLY):
        name = f"seed {SEED}, plan {n}"
        rng = random.Random(name)
        text = _plan(rng) if n % 3 else scrap(rng).decode("utf-8", "replace")
        try:
            good += _read(text)
        except Exception as fault:  # of any kind: raised again with its seed
            raise AssertionError(f"{name}:\n{text[:20_000]}") from fault
    assert 0 < good < RANDOM + NEARLY


def _read(text: str) -> bool:
    try:
        plan, findings = read(text, "plan.toml")
    except PlanError as error:
        plan, findings = None, error.findings
    assert (plan is None) == any(one.severity == "error" for one in findings)
    for one in findings:
        assert one.place, one
        assert all("\n" not in words(one, lang) for lang in ("zh", "en")), one
        assert all(len(words(one, lang)) < 1000 for lang in ("zh", "en")), one
        assert all(words(one, lang).encode() for lang in ("zh", "en")), one
    if plan is None:
        return False
    assert isinstance(plan, Plan)
    for day in timetable(plan, ON):
        assert day.date == ON
    return True


# Change files -------------------------------------------------------------------------------------

_KINDS = (
    "delay", "hold", "resume", "skip", "move", "reroute", "release", "call", "repeat", "notice", "extend", "day_type",
    "ready", "left", "quiet", "undo",
)  # fmt: skip


def _change(rng: random.Random) -> dict[str, Any]:
    kind = rng.choice(_KINDS)
    text = "请家长到操场等候。" if kind == "notice" else None
    undoes = rng.randrange(3) if kind == "undo" else None
    gate = rng.choice(("east", "west", None))
    of = {"class": "g1c1", "cues": [f"{ON}/noon/g1c1/call"], "delay_s": rng.choice((60.0, -60.0))}
    return {**CHANGE, **of, "n": rng.randrange(10**6), "kind": kind, "gate": gate, "text": text, "undoes": undoes}


@pytest.fixture
def lang_zh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")


def test_a_file_of_changes_makes_a_day_or_ends_with_2_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], lang_zh: None
) -> None:
    file, plan, codes = tmp_path / "changes", tmp_path / "plan.toml", set[int]()
    plan.write_text(TEXT, "utf-8")
    for payload in payloads("changes", _change):
        rng = random.Random(payload.name)
        good = [line(_change(rng)) for _ in range(rng.randrange(3))]
        file.write_bytes(b"\n".join([*good, payload.data]))
        try:
            code = fangxue.main(["plan", "day", str(plan), "--date", str(ON), "--json", "--changes", str(file)])
            out, err = capsys.readouterr()
            codes.add(code)
            assert code in (0, 2)
            if code == 0:
                assert [day["date"] for day in json.loads(out)] == [str(ON)] * 2
            else:
                assert out == ""
                assert str(file) in err
            assert sorted(tmp_path.iterdir()) == [file, plan]
        except Exception as fault:  # of any kind: raised again with its seed
            raise AssertionError(f"{payload.name}: {file.read_bytes()[:4000]!r}") from fault
    assert codes == {0, 2}


# Wishes -------------------------------------------------------------------------------------------

_WISHES: tuple[dict[str, Any], ...] = (
    {"kind": "hold", "gate": "east", "why": "校车没到"},
    {"kind": "resume", "gate": "east"},
    {"kind": "delay", "gate": "east", "delay_s": 120},
    {"kind": "skip", "class": "g1c1"},
    {"kind": "call", "class": "g1c2", "confirmed": True},
    {"kind": "repeat", "class": "g1c1"},
    {"kind": "notice", "text": "请家长到操场等候。"},
    {"kind": "extend", "window": "noon", "delay_s": 300},
    {"kind": "undo", "undoes": 1},
)


class Web:
    """The console of a real centre, asked without a network."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.log: list[str] = []
        self.school = School(folder)
        self.school.settle_in()
        self.school.clock.advance(5400)  # 11:30, the window is open
        box = Now()
        feed = Feed(self.school.centre, box, self.school.clock.monotonic_s, 30)
        self.app: Guard = application(Line(self.school.centre, box, self.log.append, 30), feed, 8300)

    async def ask(self, data: bytes, path: str) -> httpx.Response:
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8300") as client:
            return await client.post(path, content=data, headers={"content-type": "application/json"})


def _wish(rng: random.Random) -> dict[str, Any]:
    return {"key": f"k{rng.randrange(10**9)}", "by": "王老师", **rng.choice(_WISHES)}


@pytest.fixture
def webs(tmp_path: Path) -> Iterator[list[Web]]:
    made: list[Web] = []
    yield made
    for web in made:
        web.school.stop()


def test_a_wish_is_done_or_refused_in_words_and_the_next_one_is_done(tmp_path: Path, webs: list[Web]) -> None:
    async def all_of_them() -> set[int]:
        seen = set[int]()
        for n, payload in enumerate(payloads("wishes", _wish)):
            if n % 250 == 0:  # a day of few changes: the fold of hundreds is another test
                webs.append(Web(tmp_path / f"web{n}"))
            web = webs[-1]
            rng = random.Random(payload.name)
            path = rng.choice(("/v1/changes", "/v1/changes", "/v1/changes/preview", "/v1/time/confirm"))
            try:
                before = web.school.store.next_n()
                answer = await web.ask(payload.data, path)
                seen.add(answer.status_code)
                assert answer.status_code in (200, 409, 413, 422), answer.text
                assert web.log == []
                if answer.status_code != 200:
                    assert set(answer.json()) == {"code", "text", "ask_again"}
                if answer.status_code != 200 or path != "/v1/changes":
                    assert web.school.store.next_n() == before, "it was refused and kept"
                web.school.go(0.1)
                if n % 25 == 0:
                    hold = {"key": f"sound{n}", "by": "王老师", "kind": "hold", "gate": "west"}
                    assert (await web.ask(line(hold), "/v1/changes")).status_code == 200
                    assert web.school.centre.view().classes
            except Exception as fault:  # of any kind: raised again with its seed
                raise AssertionError(f"{payload.name} {path}: {payload.data[:4000]!r}") from fault
        return seen

    assert asyncio.run(all_of_them()) == {200, 409, 413, 422}
