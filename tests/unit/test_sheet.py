"""The record sheet: which record of a call counts, and what staff read of it."""

from datetime import timedelta
from typing import Any

import pytest

from broker.sheet import alert_line, lines, summary, took, word
from broker.wire.messages import Alert, Record
from centre_rig import OPENS, TODAY, cue, day, record
from plan_samples import plan

SILENT: dict[str, Any] = {"actual": None, "ended": None, "heard": "no"}
ONE = day(cues=(cue(TODAY, "g1c1", 300),))
WORDS: list[tuple[str, list[Record], str]] = [
    ("nothing yet", [], "尚未播报"),
    ("announced", [record()], "已播"),
    ("late, and by how much", [record(result="late", actual=OPENS + timedelta(seconds=312.4))], "晚播 12 秒"),
    ("late without an instant", [record(result="late", actual=None)], "晚播"),
    ("missed", [record(result="missed", **SILENT)], "未播(已过时)"),
    ("the second attempt", [record(attempt=1, result="interrupted", final=False), record(attempt=2)], "已播(第 2 次)"),
    (
        "what was heard counts before what was not",
        [record(attempt=1), record(attempt=2, result="interrupted", heard="unknown")],
        "已播",
    ),
    (
        "of what was not heard, the final record",
        [
            record(attempt=1, result="missed", **SILENT),
            record(attempt=2, result="interrupted", final=False, heard="no"),
        ],
        "未播(已过时)",
    ),
    (
        "an attempt counts before the centre's own word",
        [
            record(attempt=0, result="unreported", final=False, actual=None, heard="unknown"),
            record(attempt=1, result="interrupted", final=False, heard="unknown"),
        ],
        "中断",
    ),
    ("a dead gate", [record(attempt=0, result="unreported", final=False, actual=None, heard="unknown")], "校门未报告"),
    ("records of other cues do not count", [record("g9c9")], "尚未播报"),
]


@pytest.mark.parametrize(("name", "records", "shown"), WORDS, ids=[one[0] for one in WORDS])
def test_the_word_for_a_call(name: str, records: list[Record], shown: str) -> None:
    assert [word(line) for line in lines(ONE, records)] == [shown]
    assert [word(line) for line in lines(ONE, reversed(records))] == [shown]


def test_every_call_has_a_line_in_order_and_notices_have_none() -> None:
    notice = cue(TODAY, "all", 0, id=f"{TODAY}/noon/all/open", kind="open", classes=(), say="开始放学。")
    of = day(cues=(notice, cue(TODAY, "g1c1", 300), cue(TODAY, "g1c2", 345)))
    found = lines(of, [record("g1c2"), record("g1c2", attempt=2), record("g1c2", attempt=0)])
    assert [(line.cue.classes, line.record, line.attempts) for line in found] == [
        (("g1c1",), None, 0),
        (("g1c2",), record("g1c2", attempt=2), 2),
    ]


def test_the_difference_is_from_planned_to_first_sound() -> None:
    late, missed = record(actual=OPENS + timedelta(seconds=300.25)), record("g1c2", result="missed", **SILENT)
    assert [line.off_s for line in lines(day(), [late, missed])] == [0.25, None]


def test_a_dismissal_took_from_the_first_sound_to_the_end_of_the_last() -> None:
    at = OPENS + timedelta(seconds=345)
    calls = [record("g1c1"), record("g1c2", actual=at, ended=at + timedelta(seconds=6))]
    assert took(lines(day(), calls)) == timedelta(seconds=51)
    assert took(lines(day(), calls[:1])) == timedelta(seconds=5)


def test_what_nobody_heard_takes_no_time() -> None:
    assert took(lines(day(), [record(heard="unknown"), record("g1c2", result="missed", **SILENT)])) is None
    assert took([]) is None


def test_the_summary_counts_what_was_and_what_is_still_to_come() -> None:
    cues = [cue(TODAY, f"g1c{n}", 300 + n) for n in range(1, 6)]
    records = [record("g1c1"), record("g1c2", result="late"), record("g1c3", result="missed", **SILENT)]
    assert summary(lines(day(cues=cues), records)) == "已播 2/5，晚播 1，未播(已过时) 1，尚未播报 2"
    assert summary([]) == "已播 0/0"


def test_a_cancelled_call_is_not_waited_for() -> None:
    found = lines(day(cues=(cue(TODAY, "g1c1", 300, state="cancelled"),)), [])
    assert ([word(line) for line in found], summary(found)) == (["已取消"], "已播 0/1")


def test_an_alert_of_the_day_says_when_what_in_earnest_or_not_and_who() -> None:
    fields = {
        "v": 1, "school": "shifan", "seq": 7, "id": "alert-7", "action": "return", "clears": None, "status": "drill",
        "say": "请返回校内。", "raised_at": OPENS, "until": OPENS + timedelta(minutes=5), "by": "王老师",
    }  # fmt: skip
    drill = Alert.model_validate(fields)
    assert alert_line(drill, plan()) == "11:25:00  警报：返回校内（演练，至 11:30:00）  王老师"
    clear = drill.but(action="clear", clears="alert-6", status="actual", until=None)
    assert alert_line(clear, plan()) == "11:25:00  解除（实警）  王老师"
