"""Bytes become messages, or are refused whole with the reason; what is refused changes nothing."""

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from broker.wire.messages import Ack, Alert, Event, Held, LiveCue, Record, Status, decode, digest, encode
from config import limits
from config.changes import Change
from config.day import GateDay
from config.errors import BadInputError
from config.types import Frozen
from wire_samples import ALERT, CHANGE, CUE, DAY, EVENT, GOOD, HOLD, RECORD, STATUS, WINDOW, line


def refusal(payload: bytes, model: type[Frozen]) -> str:
    with pytest.raises(BadInputError) as caught:
        decode(payload, model, limits.GATE_DAY_MAX_BYTES)
    return str(caught.value)


@pytest.mark.parametrize("kind", GOOD)
def test_a_message_comes_back_as_it_was_written(kind: str) -> None:
    model, plain = GOOD[kind]
    message = decode(line(plain), model, limits.GATE_DAY_MAX_BYTES)
    payload = encode(message)
    assert json.loads(payload) == plain
    assert b"\n" not in payload
    assert decode(payload, model, limits.GATE_DAY_MAX_BYTES) == message
    assert encode(decode(payload, model, limits.GATE_DAY_MAX_BYTES)) == payload


def test_instants_are_written_in_utc_with_at_most_milliseconds() -> None:
    read = ["2026-11-25T03:30:45.5Z", "2026-11-25T03:30:45.50Z", "2026-11-25T03:30:45.000Z", "2026-11-25T03:30:45Z"]
    made = [decode(line({**ALERT, "raised_at": one}), Alert) for one in read]
    assert [json.loads(encode(one))["raised_at"] for one in made] == [
        "2026-11-25T03:30:45.500Z",
        "2026-11-25T03:30:45.500Z",
        "2026-11-25T03:30:45Z",
        "2026-11-25T03:30:45Z",
    ]
    exact = datetime(2026, 11, 25, 3, 30, 0, 1999, tzinfo=UTC)
    assert Record.model_validate({**RECORD, "actual": exact}).actual == datetime(
        2026, 11, 25, 3, 30, 0, 1000, tzinfo=UTC
    )


ACK = b'{"v":1,"log":"0badcafe","seq":17}'


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "no JSON"),
        (b"\xef\xbb\xbf" + ACK, "no JSON"),
        (ACK + b"\n", "more than one line"),
        (ACK + b"\n" + ACK, "more than one line"),
        (ACK + ACK, "no JSON"),
        (ACK.replace(b"0badcafe", b"\xff"), "no JSON"),
        (b"[" * 16_000, "no JSON"),
        (b'{"a":' * 3_000, "no JSON"),
        (b'{"v":1,"log":"0badcafe","seq":' + b"9" * 5_000 + b"}", "no JSON"),
        (b'{"v":1,"log":"0badcafe","seq":' + b"9" * 500 + b"}", "seq: "),
        (b'{"v":1,"log":"0badcafe","seq":9007199254740992}', "seq: "),
        (b'{"v":1,"log":"0badcafe","seq":-1}', "seq: "),
        (b'{"v":1,"log":"0badcafe","seq":17.0}', "seq: "),
        (b'{"v":1,"log":"0badcafe","seq":1e1}', "seq: "),
        (b'{"v":1,"log":"0badcafe","seq":"17"}', "seq: "),
        (b'{"v":1,"log":"0badcafe","seq":true}', "seq: "),
        (b'{"v":1,"log":"0badcafe","seq":null}', "seq: "),
        (b'{"v":1,"log":"0badcafe","seq":NaN}', "NaN"),
        (b'{"v":1,"log":"0badcafe","seq":17,"seq":17}', "twice"),
        (b'{"v":1,"log":"0badcafe","seq":17,"s\\u0065q":17}', "twice"),
        (b'{"v":1,"log":"0badcafe"}', "seq: "),
        (b'{"v":1,"log":"0badcafe","seq":17,"more":1}', "more: "),
        (b'{"v":1,"log":"0BADCAFE","seq":17}', "log: "),
        (b'{"v":1,"log":"0badcafe\\n","seq":17}', "log: "),
        (b'{"v":2,"log":"0badcafe","seq":17}', "contract v 2 "),
        (b'{"v":2,"something":"else"}', "contract v 2 "),
        (b'{"v":0,"log":"0badcafe","seq":17}', "contract v 0 "),
        (b'{"v":true,"log":"0badcafe","seq":17}', "whole number `v`"),
        (b'{"v":1.0,"log":"0badcafe","seq":17}', "whole number `v`"),
        (b'{"v":"1","log":"0badcafe","seq":17}', "whole number `v`"),
        (b'{"log":"0badcafe","seq":17}', "whole number `v`"),
        (b"[1]", "whole number `v`"),
        (b"1", "whole number `v`"),
        (b"null", "whole number `v`"),
        (ACK + b" " * limits.GATE_DAY_MAX_BYTES, "bytes, at most"),
    ],
)
def test_what_is_no_ack_is_refused_with_the_reason(payload: bytes, reason: str) -> None:
    assert reason in refusal(payload, Ack)


def test_a_refusal_stays_short_enough_for_a_log() -> None:
    assert len(refusal(b'{"v":' + b"7" * 4_000 + b"}", Ack)) < 500
    assert len(refusal(line({"v": 1, **{f"unknown{n}": n for n in range(200)}}), Ack)) < 500


def test_a_message_may_have_the_bytes_of_its_limit_and_no_more() -> None:
    assert decode(ACK + b" " * (100 - len(ACK)), Ack, 100) == decode(ACK, Ack)
    with pytest.raises(BadInputError, match="101 bytes, at most 100"):
        decode(ACK + b" " * (101 - len(ACK)), Ack, 100)
    with pytest.raises(BadInputError, match=f"at most {16 * 1024}"):
        decode(ACK + b" " * 16 * 1024, Ack)


@pytest.mark.parametrize(
    "instant",
    [
        "2026-11-25T03:30:00",
        "2026-11-25T03:30:00+00:00",
        "2026-11-25T11:30:00+08:00",
        "2026-11-25T03:30:00.0001Z",
        "2026-11-25T03:30:00.000001Z",
        "2026-11-25T03:30:00.Z",
        "2026-11-25 03:30:00Z",
        "2026-11-25T03:30Z",
        "2026-11-25t03:30:00z",
        " 2026-11-25T03:30:00Z",
        "2026-11-25T03:30:00Z ",
        "2026-11-25T03:30:00Z\n",
        "2026-02-30T03:30:00Z",
        "2026-11-25T24:00:00Z",
        "2026-11-25T03:60:00Z",
        "2026-11-25T03:30:60Z",
        "2026-11-25",
        "20261125T033000Z",
        "1764041400",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "２０２６-11-25T03:30:00Z",
        "",
        1764041400,
        1764041400.5,
        True,
        None,
        [],
    ],
)
def test_only_a_utc_instant_of_at_most_milliseconds_is_one(instant: object) -> None:
    assert refusal(line({**ALERT, "raised_at": instant}), Alert).startswith("raised_at: is not a UTC instant")


UNSEEN = {
    "NUL": "\0",
    "tab": "\t",
    "line feed": "\n",
    "carriage return": "\r",
    "escape": "\x1b",
    "delete": "\x7f",
    "next line": "\x85",
    "soft hyphen": "\xad",
    "zero width space": "\u200b",
    "zero width joiner": "\u200d",
    "right-to-left mark": "\u200f",
    "line separator": "\u2028",
    "paragraph separator": "\u2029",
    "right-to-left override": "\u202e",
    "isolate": "\u2066",
    "word joiner": "\u2060",
    "BOM": "\ufeff",
    "private use": "\ue000",
    "tag": "\U000e0041",
    "grapheme joiner": "\u034f",
    "Hangul filler": "\u3164",
    "halfwidth Hangul filler": "\uffa0",
    "Hangul choseong filler": "\u115f",
    "blank of Braille": "\u2800",
    "variation selector": "\ufe0f",
    "ideographic variation": "\U000e0100",
    "object replacement": "\ufffc",
    "noncharacter": "\uffff",
}


@pytest.mark.parametrize("sign", UNSEEN.values(), ids=UNSEEN)
def test_text_that_is_spoken_or_shown_holds_nothing_unseen(sign: str) -> None:
    assert refusal(line({**ALERT, "say": f"请返{sign}回校内。"}), Alert).startswith("say: holds an invisible")
    assert refusal(line({**ALERT, "by": f"教务{sign}处"}), Alert).startswith("by: holds an invisible")


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"say": ""}, "say: "),
        ({"say": " 请返回校内。"}, "say: is empty, or begins"),
        ({"say": "请返回校内。　"}, "say: is empty, or begins"),
        ({"say": "请" * 201}, "say: "),
        ({"by": "处" * 65}, "by: "),
        ({"say": 1}, "say: "),
        ({"school": "Shifan"}, "school: "),
        ({"school": "shifan\n"}, "school: "),
        ({"school": "-shifan"}, "school: "),
        ({"school": "s" * 33}, "school: "),
        ({"school": "shi fan"}, "school: "),
        ({"school": "centre"}, "school: is reserved"),
        ({"id": "a1\n"}, "id: "),
        ({"id": "../../a b"}, "id: "),
        ({"action": "panic"}, "action: "),
        ({"status": "Drill"}, "status: "),
        ({"seq": 0.5}, "seq: "),
    ],
)
def test_what_is_no_alert_is_refused_with_its_place(changed: dict[str, Any], reason: str) -> None:
    assert refusal(line({**ALERT, **changed}), Alert).startswith(reason)


def test_half_a_surrogate_pair_is_no_text() -> None:
    payload = line(ALERT).replace("演练：".encode(), b"\\ud800")
    assert "JSON" in refusal(payload, Alert)
    with pytest.raises(ValidationError):
        Alert.model_validate({**ALERT, "say": "\ud800"})


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"-Infinity", b"1e400", b"-0.1", b"1e10", b'"1"', b"true"])
def test_a_number_is_finite_and_inside_its_range(number: bytes) -> None:
    good = line(STATUS)
    assert decode(good, Status).bound_s == 0.012
    assert refusal(good.replace(b'"bound_s":0.012', b'"bound_s":' + number), Status)
    assert refusal(good.replace(b'{"noon":12.5}', b'{"noon":' + number.replace(b"1e10", b"86401") + b"}"), Status)


SECOND = DAY["cues"][1]
HELD = STATUS["days"]["2026-11-25"]


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"date": "2026-02-30"}, "date: is not a date"),
        ({"date": "2026-11-25\n"}, "date: is not a date"),
        ({"date": "2026-W48-3"}, "date: is not a date"),
        ({"date": "0001-01-01"}, "date: is not a date"),
        ({"date": 1764041400}, "date: is not a date"),
        ({"zone": "Asia/Shanghai\n"}, "zone: "),
        ({"zone": "../etc/passwd"}, "zone: "),
        ({"mode": "on"}, "mode: "),
        ({"cues": [CUE, CUE]}, "two cues have one name"),
        ({"windows": [WINDOW, WINDOW]}, "two windows have one name"),
        ({"holds": [HOLD, HOLD]}, "two holds have one name"),
        ({"readings": DAY["readings"] * 2}, "two readings have one name"),
        ({"quiet": DAY["quiet"] * 2}, "two quiet spans have one name"),
        ({"cues": DAY["cues"][::-1]}, "not sorted by (at, id)"),
        ({"cues": [{**SECOND, "at": CUE["at"]}, CUE]}, "not sorted by (at, id)"),
        ({"windows": []}, "no window noon in this day"),
        ({"date": "2026-11-26"}, "is not of 2026-11-26"),
        ({"windows": [{**WINDOW, "closes": WINDOW["opens"]}]}, "is not after opens"),
        ({"windows": [{**WINDOW, "id": "none"}]}, "is reserved"),
        ({"windows": [{**WINDOW, "gain_db": 12.5}]}, "windows.0.gain_db"),
        ({"cues": [{**CUE, "until": "2026-11-25T03:29:59Z"}]}, "until is before at"),
        ({"cues": [{**CUE, "window": None}]}, "its id does not name its window and kind"),
        ({"cues": [{**CUE, "kind": "notice"}]}, "its id does not name its window and kind"),
        ({"cues": [{**CUE, "id": "2026-11-25/noon/g3c1"}]}, "cues.0.id"),
        ({"cues": [{**CUE, "id": "2026-11-25/noon/g3c1/call#1"}]}, "cues.0.id"),
        ({"cues": [{**CUE, "id": "2026-02-30/noon/g3c1/call"}]}, "cues.0.id: is not a date"),
        ({"cues": [{**CUE, "repeat": 0}]}, "cues.0.repeat"),
        ({"cues": [{**CUE, "light": "green"}]}, "cues.0.light"),
        ({"cues": [{**CUE, "more": 1}]}, "cues.0.more"),
    ],
)
def test_what_is_no_gate_day_is_refused(changed: dict[str, Any], reason: str) -> None:
    assert reason in refusal(line({**DAY, **changed}), GateDay)


def test_a_cue_may_be_repeated_by_a_person_and_stand_outside_windows() -> None:
    repeated = {**CUE, "id": "2026-11-25/noon/g3c1/call#2"}
    notice = {**CUE, "id": "2026-11-25/none/17/notice", "window": None, "kind": "notice", "classes": []}
    day = decode(line({**DAY, "cues": [notice, CUE, repeated]}), GateDay)
    assert [cue.id for cue in day.cues] == [notice["id"], CUE["id"], repeated["id"]]


def test_a_gate_day_has_at_most_its_number_of_cues() -> None:
    def day(count: int) -> bytes:
        return line(
            {**DAY, "cues": [{**CUE, "id": f"2026-11-25/noon/g{n:03}/call", "say": "放学"} for n in range(count)]}
        )

    assert len(decode(day(500), GateDay, limits.GATE_DAY_MAX_BYTES).cues) == 500
    assert refusal(day(501), GateDay).startswith("cues: ")


def test_a_live_cue_comes_with_the_window_it_names() -> None:
    _, plain = GOOD["cue"]
    assert "comes with the window None" in refusal(line({**plain, "window": None}), LiveCue)
    assert "comes with the window evening" in refusal(line({**plain, "window": {**WINDOW, "id": "evening"}}), LiveCue)


@pytest.mark.parametrize(
    ("model", "plain"),
    [
        (Status, {**STATUS, "days": {"2026-02-30": HELD}}),
        (Status, {**STATUS, "days": {f"2026-{n // 28 + 1:02}-{n % 28 + 1:02}": HELD for n in range(41)}}),
        (Status, {**STATUS, "slip": {"Noon": 1.0}}),
        (Status, {**STATUS, "now": "g3c1"}),
        (Status, {**STATUS, "version": "0.1.0\n"}),
        (Status, {**STATUS, "holds": ["button 1"]}),
        (Event, {**EVENT, "records": [RECORD] * 21}),
        (Event, {**EVENT, "records": [{**RECORD, "volume_pct": 101}]}),
        (Event, {**EVENT, "records": [{**RECORD, "final": 1}]}),
        (Event, {**EVENT, "records": [{**RECORD, "result": "called"}]}),
        (Event, {**EVENT, "records": None}),
        (Change, {**CHANGE, "kind": "delete"}),
        (Change, {**CHANGE, "cls": "g3c1"}),
        (Change, {**CHANGE, "begins": None}),
        (Change, {**CHANGE, "delay_s": 86401}),
    ],
)  # fmt: skip
def test_what_is_no_status_event_or_change_is_refused(model: type[Frozen], plain: dict[str, Any]) -> None:
    assert refusal(line(plain), model)


def test_only_a_changes_kind_decides_what_else_it_needs() -> None:
    least = {"v": 1, "n": 1, "key": "k", "at": "2026-11-25T03:28:00Z", "by": "王老师", "kind": "hold"}
    assert decode(line(least), Change) == Change(
        v=1, n=1, key="k", at=datetime(2026, 11, 25, 3, 28, tzinfo=UTC), by="王老师", kind="hold"
    )  # fmt: skip


def test_a_digest_is_of_the_bytes() -> None:
    assert digest(b"") == "e3b0c44298fc1c14"
    assert digest(b'{"v":1}') != digest(b'{"v": 1}')
    held = Held(revision=1, digest=digest(line(DAY)))
    assert held.digest == digest(line(DAY))


INSTANTS = st.datetimes(datetime(1970, 1, 1), datetime(2899, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - given a zone
SLUGS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?", fullmatch=True).filter(lambda one: one != "centre")
DAYS = st.dates(date(1970, 1, 1), date(2899, 12, 31))
CUES = st.builds(
    "{}/{}/{}/{}".format, DAYS, SLUGS, SLUGS, st.sampled_from(["open", "call", "notice", "close", "call#2"])
)
COUNTERS = st.integers(0, 2**53 - 1)
SECONDS = st.floats(0, 86400)
BOUNDS = st.none() | st.floats(0, 1e9)
RECORDS = st.builds(
    Record, cue=CUES, attempt=COUNTERS, revision=COUNTERS, planned=INSTANTS, actual=st.none() | INSTANTS,
    ended=st.none() | INSTANTS, bound_s=BOUNDS, slip_s=SECONDS, volume_pct=st.integers(0, 100),
)  # fmt: skip
STATUSES = st.builds(
    Status, school=SLUGS, gate=SLUGS, start=COUNTERS, log=st.from_regex("[0-9a-f]{8}", fullmatch=True),
    days=st.dictionaries(
        DAYS, st.builds(Held, revision=COUNTERS, digest=st.from_regex("[0-9a-f]{16}", fullmatch=True)), max_size=3
    ),
    alert_seq=COUNTERS, now=st.none() | CUES, next=st.none() | CUES, waiting=st.lists(CUES, max_size=3).map(tuple),
    holds=st.lists(SLUGS, max_size=3).map(tuple), slip=st.dictionaries(SLUGS, SECONDS, max_size=3), bound_s=BOUNDS,
    check=st.lists(st.sampled_from(["clock", "day"]), max_size=2).map(tuple), problems=COUNTERS,
    version=st.just("0.1.0"), reads_v=COUNTERS,
)  # fmt: skip


@given(RECORDS)
def test_every_record_comes_back(record: Record) -> None:
    event = Event.model_validate({**EVENT, "records": (record,), "presses": (), "problems": ()})
    assert decode(encode(event), Event) == event


@given(STATUSES)
def test_every_status_comes_back(status: Status) -> None:
    assert decode(encode(status), Status) == status


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_refused_in_words(payload: bytes) -> None:
    assert refusal(payload, Status)


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(PLAIN, st.sampled_from(sorted(STATUS)))
def test_any_value_at_any_place_is_taken_or_refused_in_words(value: object, key: str) -> None:
    try:
        made = decode(json.dumps({**STATUS, key: value}).encode(), Status)
    except BadInputError:
        return
    assert decode(encode(made), Status) == made
