"""Topics are built and taken apart in one place; what is not of the contract is nobody's."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.wire import topics
from broker.wire.topics import Address, Topic, parse
from config import limits

EAST = Address("shifan", "east")


def test_topics_are_as_the_contract_writes_them() -> None:
    assert [
        topics.day(EAST, date(2026, 11, 25)),
        *(topics.down(EAST, what) for what in ("cue", "alert", "ack", "time")),
        *(topics.up(EAST, what) for what in ("status", "event", "ask")),
        topics.down_filter(EAST),
        topics.up_filter(),
        str(EAST),
    ] == [
        "fangxue/v1/shifan/east/down/day/2026-11-25",
        "fangxue/v1/shifan/east/down/cue",
        "fangxue/v1/shifan/east/down/alert",
        "fangxue/v1/shifan/east/down/ack",
        "fangxue/v1/shifan/east/down/time",
        "fangxue/v1/shifan/east/up/status",
        "fangxue/v1/shifan/east/up/event",
        "fangxue/v1/shifan/east/up/ask",
        "fangxue/v1/shifan/east/down/#",
        "fangxue/v1/+/+/up/#",
        "shifan/east",
    ]


@pytest.mark.parametrize("what", ["cue", "alert", "ack", "time"])
def test_what_goes_down_is_taken_apart(what: str) -> None:
    assert parse(topics.down(EAST, what)) == Topic(EAST, what)


@pytest.mark.parametrize("what", ["status", "event", "ask"])
def test_what_comes_up_is_taken_apart(what: str) -> None:
    assert parse(topics.up(EAST, what)) == Topic(EAST, what)


@given(st.dates())
def test_a_days_date_is_taken_from_its_topic(of: date) -> None:
    assert parse(topics.day(EAST, of)) == Topic(EAST, "day", of)


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "fangxue/v1/shifan/east/down",
        "fangxue/v1/shifan/east/down/",
        "fangxue/v1/shifan/east/down/status",
        "fangxue/v1/shifan/east/up/cue",
        "fangxue/v1/shifan/east/up/status\n",
        "fangxue/v1/shifan/east/up/status/more",
        "fangxue/v1/shifan/east/up/day/2026-11-25",
        "fangxue/v1/shifan/east/down/day",
        "fangxue/v1/shifan/east/down/day/",
        "fangxue/v1/shifan/east/down/day/2026-02-30",
        "fangxue/v1/shifan/east/down/day/2026-11-25/more",
        "fangxue/v1/shifan/east/down/day/20261125",
        "fangxue/v1/shifan/east/down/day/２０２６-11-25",
        "fangxue/v1/shifan/east/down/cue\n",
        "fangxue/v1/shifan/east/down/day/2026-11-25\n",
        "/fangxue/v1/shifan/east/down/cue",
        "fangxue/v2/shifan/east/down/cue",
        "Fangxue/v1/shifan/east/down/cue",
        "fangxue/v1/Shifan/east/down/cue",
        "fangxue/v1/shifan//down/cue",
        "fangxue/v1//east/down/cue",
        "fangxue/v1/shifan/-east/down/cue",
        "fangxue/v1/shifan/east-/down/cue",
        f"fangxue/v1/shifan/{'e' * 33}/down/cue",
        "fangxue/v1/shifan/+/down/cue",
        "fangxue/v1/shifan/east/down/#",
        "fangxue/v1/centre/east/down/cue",
        "fangxue/v1/shifan/centre/up/status",
        "fangxue/v1/学校/east/up/status",
        "$SYS/broker/uptime",
    ],
)
def test_a_topic_that_is_not_of_the_contract_is_nobodys(topic: str) -> None:
    assert parse(topic) is None


def test_a_name_may_begin_like_a_reserved_one() -> None:
    assert parse("fangxue/v1/centre-south/east/up/ask") == Topic(Address("centre-south", "east"), "ask")


def test_only_a_gate_day_may_be_large() -> None:
    large = topics.max_bytes(topics.day(EAST, date(2026, 11, 25)))
    small = {topics.max_bytes(topics.down(EAST, "cue")), topics.max_bytes(topics.up(EAST, "event"))}
    assert (large, small) == (192 * 1024, {16 * 1024})
    assert (limits.GATE_DAY_MAX_BYTES, limits.MESSAGE_MAX_BYTES) == (192 * 1024, 16 * 1024)
