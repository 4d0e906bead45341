"""The whole centre, but for network and hours: what gates by the contract alone see of it."""

import json
import random
from datetime import timedelta
from pathlib import Path

import pytest

from broker.centre import PlanChanged
from broker.wire.transport import Arrived
from centre_rig import LOG
from config import limits
from config.errors import BadInputError, OutsideError
from config.lint import read
from config.plan import Plan, WindowEntry
from school_rig import TEN, TEXT, School, asked, break_store, fill, record, unfill


@pytest.fixture
def school(tmp_path: Path) -> School:
    return School(tmp_path)


HORIZON = [f"day/2026-11-{25 + n}" if n < 6 else f"day/2026-12-{n - 5:02}" for n in range(14)]


# Days ---------------------------------------------------------------------------------------------


def test_a_gate_that_connects_finds_two_days_cached_and_gets_fourteen_and_an_ack(school: School) -> None:
    cached = [what for what, message in school.east.took() if message is not None]
    assert cached == HORIZON[:2]
    school.east.days.clear()
    school.east.status()
    school.go()
    came = school.east.took()
    assert [what for what, _ in came] == [*HORIZON, "ack"]
    assert [message["revision"] for what, message in came[:-1]] == [1] * 14
    assert came[-1] == ("ack", {"v": 1, "log": LOG, "seq": 0})
    assert school.west.took()[:2] != []


def test_the_log_of_a_lost_gate_does_not_tell_what_its_will_cannot_know(school: School) -> None:
    school.east.status()
    school.go()
    assert school.said[-1].startswith("shifan/east up，")
    school.east.status(link="lost", days={})
    school.go()
    assert school.said[-1] == "shifan/east lost"


def test_a_gate_that_has_everything_gets_the_ack_alone(school: School) -> None:
    school.settle_in()
    school.east.status()
    school.go()
    assert [what for what, _ in school.east.took()] == ["ack"]


def test_what_comes_due_while_a_slow_part_works_rings_at_once(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    school.settle_in()
    noon = TEN.replace(hour=3, minute=30)
    school.clock.advance((noon - school.clock.utc()).total_seconds() - limits.LIVE_AHEAD_S - 0.01)
    school.go()
    assert school.alarm.at == noon - timedelta(seconds=limits.LIVE_AHEAD_S)
    publish = school.transport.publish

    def slowly(topic: str, payload: bytes, *, retain: bool = False) -> bool:
        school.clock.advance(0.05)
        return publish(topic, payload, retain=retain)

    monkeypatch.setattr(school.transport, "publish", slowly)
    school.east.event(1, record("2026-11-25/evening/all/open"))
    school.broker.deliver()
    assert school.alarm.at <= school.clock.utc()
    school.go()
    assert school.alarm.at > school.clock.utc()


def test_a_plan_change_reaches_only_the_gate_it_touches(school: School) -> None:
    school.settle_in()
    school.plan('notice = "晚自习放学，请家长等候。"', 'notice = "晚自习放学，请家长在东门等候。"')
    came = school.east.took()
    assert sorted({what for what, _ in came}) == sorted([*HORIZON, "ack"])
    assert {message["revision"] for what, message in came if what != "ack"} == {2}
    assert school.west.took() == []


def test_a_plan_that_says_the_same_changes_nothing(school: School) -> None:
    school.settle_in()
    school.plan('contact = "教务处"', 'contact = "教务处 0635"')
    assert (school.east.took(), school.west.took()) == ([], [])
    assert "0635" in (school.store.plan() or "")


def test_a_plan_changed_back_is_a_newer_revision_not_an_old_one(school: School) -> None:
    school.settle_in()
    school.plan("every_s = 45", "every_s = 60")
    school.plan("v = 1", "v = 1")
    assert [message["revision"] for what, message in school.east.took() if what == HORIZON[5]] == [2, 3]


def test_a_plan_no_message_can_carry_changes_nothing(school: School) -> None:
    school.settle_in()
    before = school.centre.state
    plan, _ = read(TEXT, "plan.toml")
    fields = {name: getattr(plan, name) for name in type(plan).model_fields}
    noon = {name: getattr(plan.windows[0], name) for name in type(plan.windows[0]).model_fields}
    noon = {**noon, "opens": "12:00", "closes": "11:00", "starts": None}
    bad = Plan(**{**fields, "windows": (WindowEntry(**noon),)})
    with pytest.raises(BadInputError, match="排不出放学表"):
        school.centre.handle(PlanChanged(bad, "bad"))
    school.go(1)
    assert school.store.plan() == TEXT
    assert (school.centre.state, school.east.took(), school.west.took()) == (before, [], [])


def test_a_plan_the_disk_does_not_take_changes_nothing_not_even_at_midnight(school: School) -> None:
    school.settle_in()
    fill(school.store)
    with pytest.raises(OutsideError, match="full"):
        school.plan("every_s = 45", "every_s = 60 # " + "x" * 50_000)
    school.go(1)
    assert (school.east.took(), school.west.took()) == ([], [])
    unfill(school.store)
    school.clock.advance(14 * 3600)
    school.go(1)
    tomorrow = [message for what, message in school.east.took() if what == HORIZON[2]]
    assert [message["revision"] for message in tomorrow] == [1]


def test_a_centre_that_starts_without_room_on_its_disk_goes_on_with_the_days_it_issued(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newest date of the horizon cannot be stored: all others are, and page, alerts and time need a centre."""
    school.settle_in()
    before = dict(school.centre.state.days)
    school.stop()
    school.clock.advance(24 * 3600)

    def full(*_: object) -> None:
        raise OutsideError("disk full")

    monkeypatch.setattr("broker.store.Store.keep_days", full)
    school.start()
    monkeypatch.undo()
    after = school.centre.state.days
    assert {key: one for key, one in before.items() if key in after} == after
    assert len(after) == 2 * limits.HORIZON_DAYS
    assert [line for line in school.said if "problem, tried again" in line]
    school.go(limits.STATUS_EVERY_S + 1)
    assert max(on for _, on in school.centre.state.days) == TEN.date() + timedelta(days=limits.HORIZON_DAYS)


def test_a_gate_that_left_the_plan_and_runs_on_is_told(school: School) -> None:
    """It calls from the days it holds, for two weeks."""
    school.settle_in()
    assert school.centre.view().doubts == ()
    north = school.gate("north")
    school.go(1)
    north.status()
    school.go(2)
    (said,) = school.centre.view().doubts
    assert said.startswith("校门 north 不在方案里，却还在运行")
    north.status(link="lost")
    school.go(2)
    assert school.centre.view().doubts == ()


def test_a_centre_that_starts_again_keeps_revisions_and_numbers(school: School) -> None:
    school.settle_in()
    school.plan("every_s = 45", "every_s = 60")
    school.settle_in()
    school.east.event(7, record("2026-11-25/noon/g1c1/call"))
    school.go()
    assert school.east.took() == [("ack", {"v": 1, "log": LOG, "seq": 7})]
    school.stop()
    school.start(TEXT.replace("every_s = 45", "every_s = 60"))
    school.go(2)
    school.east.took()
    school.east.status()
    school.go()
    assert school.east.took() == [("ack", {"v": 1, "log": LOG, "seq": 7})]
    assert {one["revision"] for one in school.east.days.values()} == {2}


def test_a_centre_that_lost_its_store_sends_no_older_day_and_takes_records_again(school: School) -> None:
    school.settle_in()
    school.plan("every_s = 45", "every_s = 60")
    school.settle_in()
    school.stop()
    school.folder = school.folder / "new"
    school.start()
    school.go(2)
    school.east.took()
    school.east.status()
    school.go()
    assert school.east.took() == [("ack", {"v": 1, "log": LOG, "seq": 0})]
    assert len([line for line in school.said if "newer-at-gate: shifan/east" in line]) == 14


def test_a_day_written_by_another_version_is_issued_anew(school: School) -> None:
    school.settle_in()
    payload = (school.store.day(school.centre.state.gates[0], TEN.date()) or b"").replace(b'"v":1,', b'"v":2,')
    school.store.keep_days([(school.centre.state.gates[0], TEN.date(), 5, payload)])
    school.stop()
    school.start()
    school.go(2)
    school.east.status()
    school.go()
    assert school.east.days["2026-11-25"]["revision"] == 6


def test_a_gate_that_claims_an_absurd_revision_does_not_stop_the_plan(school: School) -> None:
    school.settle_in()
    school.east.status(days={"2026-11-27": {"revision": 2**53 - 1, "digest": "0" * 16}})
    school.go(2)
    school.plan("every_s = 45", "every_s = 60")
    assert school.centre.state.days[school.centre.state.gates[0], TEN.date() + timedelta(days=2)].day.revision == 2


def test_a_changed_plan_goes_on_after_midnight(school: School) -> None:
    school.settle_in()
    school.plan("every_s = 45", "every_s = 60")
    school.settle_in()
    school.clock.advance(14 * 3600)
    school.go(1)
    [last] = [message for what, message in school.east.took() if what == "day/2026-12-09" and message]
    assert [window["every_s"] for window in last["windows"] if window["id"] == "noon"] == [60]


# Cues and dates -----------------------------------------------------------------------------


def test_a_cue_goes_to_its_gate_once_and_two_seconds_ahead(school: School) -> None:
    school.settle_in()
    school.clock.advance(88 * 60)
    school.go(120, step_s=0.5)
    live = [message for what, message in school.east.took() if what == "cue"]
    assert [(one["cue"]["id"], one["due"], one["sent_at"]) for one in live] == [
        ("2026-11-25/noon/g1c1/call", "2026-11-25T03:30:00Z", "2026-11-25T03:29:58Z")
    ]
    assert [message["cue"]["classes"] for what, message in school.west.took() if what == "cue"] == [["g2c1"]]


def test_the_alarm_is_set_to_the_next_cue(school: School) -> None:
    school.clock.advance(89 * 60 + 30)
    school.go()
    assert school.alarm.at == TEN + timedelta(minutes=90, seconds=-2)


def test_a_new_date_brings_its_last_day_and_clears_yesterdays_cache(school: School) -> None:
    school.settle_in()
    school.clock.advance(14 * 3600)
    school.go(1)
    came = [(what, message and message.get("revision")) for what, message in school.east.took()]
    assert came == [("day/2026-11-25", None), ("day/2026-11-27", 1), ("day/2026-12-09", 1), ("ack", None)]
    cached = sorted(topic.split("/down/")[1] for topic in school.broker.retained if "/east/down/" in topic)
    assert cached == ["day/2026-11-26", "day/2026-11-27"]


# The books ----------------------------------------------------------------------------------------


def test_what_a_dead_gate_did_not_report_is_written_down_and_replaced_when_it_comes(school: School) -> None:
    school.settle_in()
    school.east.event(1, record("2026-11-25/noon/g1c1/call"))
    school.go()
    school.clock.advance(117 * 60)
    school.go(60)

    def results() -> dict[str, str]:
        return {f"{at.gate} {one.cue.split('/')[2]}": one.result for at, one in school.store.records(TEN.date())}

    assert results() == {
        "east g1c1": "announced", "east g1c2": "unreported", "west g2c1": "unreported", "west g2c2": "unreported",
    }  # fmt: skip
    school.west.event(4, record("2026-11-25/noon/g2c2/call", result="missed", actual=None, ended=None, heard="no"))
    school.go()
    assert results()["west g2c2"] == "missed"


def test_an_event_the_disk_does_not_take_is_not_acknowledged_until_it_does(school: School) -> None:
    school.settle_in()
    records = [record(f"2026-11-25/noon/g1c1/call#{n}") for n in range(2, 22)]
    fill(school.store)
    school.east.event(20, *records)
    school.go()
    assert school.east.took() == []
    assert school.said[-1].startswith("问题 problem store: store: ")
    unfill(school.store)
    school.east.event(20, *records)
    school.go()
    assert school.east.took() == [("ack", {"v": 1, "log": LOG, "seq": 20})]


def test_a_midnight_without_a_disk_goes_on_with_the_days_it_has_and_catches_up(school: School) -> None:
    school.settle_in()
    school.store.close()
    broken = break_store(school)
    school.clock.advance(14 * 3600)
    school.go(3)
    assert [what for what, message in school.east.took() if message] == ["day/2026-11-27"]
    assert asked(school, 1)["error_s"] == pytest.approx(0.1)
    broken()
    school.go(limits.STATUS_EVERY_S + 2)
    assert "day/2026-12-09" in [what for what, message in school.east.took() if message]
    unreported = {one.cue for _, one in school.store.records(TEN.date()) if one.result == "unreported"}
    assert len(unreported) == 5


# Garbage ------------------------------------------------------------------------------------------


def garbage(rng: random.Random, good: list[bytes]) -> bytes:
    """Noise, or a good message with something wrong in it."""
    payload = bytearray(rng.choice(good))
    match rng.randrange(6):
        case 0:
            return rng.randbytes(rng.randrange(200))
        case 1:
            return bytes(payload[: rng.randrange(len(payload))])
        case 2:
            payload[rng.randrange(len(payload))] ^= 1 << rng.randrange(8)
            return bytes(payload).replace(b'"v": 1', b'"v": 2')
        case 3:
            return b"[" * rng.randrange(1, 20_000)
        case 4:
            message = json.loads(payload)
            message[rng.choice(list(message))] = rng.choice(
                [None, -1, 2**70, 1e400, "\u202e", "x" * 20_000, [[]], {"a": 1}]
            )
            return json.dumps(message).encode()
        case _:
            message = json.loads(payload)
            del message[rng.choice(list(message))]
            return json.dumps(message).encode()


WRONG: list[object] = [None, -1, 2**70, 1e400, "\u202e", "x" * 20_000, [[]], {"a": 1}]
WHATS = ["status", "event", "ask", "nothing", "day/2026-11-25", "cue"]


@pytest.mark.parametrize("seed", range(4))
def test_garbage_on_every_topic_changes_nothing(seed: int, school: School) -> None:
    rng = random.Random(seed)
    school.settle_in()
    good = [
        json.dumps(message).encode()
        for message in (
            school.east.status_now(),
            school.east.event_of(1, record("2026-11-25/noon/g1c1/call")),
            {"v": 1, "start": 1, "n": 1},
        )
    ]
    before = (school.centre.state, school.store.records(TEN.date()), school.store.seqs())
    for n in range(250):
        where = rng.choice(["shifan/east", "shifan/west", "shifan/north", "other/east"])
        topic = f"fangxue/v1/{where}/{rng.choice(['up', 'down'])}/{rng.choice(WHATS)}"
        payload = garbage(rng, good)
        try:
            school.centre.handle(Arrived(topic, payload, retained=False, receipt=n, monotonic_s=0.0))
        except Exception as error:  # noqa: BLE001 - told with its seed
            pytest.fail(f"seed {seed}, message {n}, {topic} {payload[:200]!r}: {type(error).__name__} {error}")
        after = (school.centre.state, school.store.records(TEN.date()), school.store.seqs())
        assert after == before, f"seed {seed}, message {n}, {topic} {payload[:200]!r}"
    school.go()
    assert (school.east.took(), school.west.took()) == ([], [])
