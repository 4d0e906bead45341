"""The gate's real runtime over the transport in memory: what comes in is checked, what fails becomes a Problem."""

import faulthandler
import signal
from dataclasses import replace
from datetime import timedelta

import pytest

from broker.wire.messages import Ack, Alert, Event, LiveCue, Status, decode, encode
from broker.wire.transport import Arrived
from config import limits
from config.errors import BadInputError, OutsideError
from edge.alphabet import Tick
from edge.inbox import Inbox
from edge.journal_fake import MemoryJournal
from edge.report import Lights
from gate_life import PINS, Life, ready
from gate_rig import HERE, at, call, day, window


def test_a_class_is_called_lit_and_reported_over_the_wire() -> None:
    life = ready()
    life.run(60.1)
    assert life.player.played == [call(1, 0).say]
    assert (life.lit("green"), life.lit("amplifier"), life.lit("red")) == (True, True, False)
    assert decode(life.newest("status"), Status).doing == "calling"
    life.player.answer()
    life.settle()
    assert (life.lit("green"), life.lit("amplifier")) == (False, False)
    event = decode(life.newest("event"), Event)
    assert [(one.cue, one.result, one.actual) for one in event.records] == [(call(1, 0).id, "announced", at(0))]
    life.say("ack", encode(Ack(v=1, log="0badcafe", seq=event.seq)))
    sent = len([one for one in life.heard if one.topic.endswith("event")])
    life.run(9)
    assert len([one for one in life.heard if one.topic.endswith("event")]) == sent


def test_a_lead_that_passes_while_a_slow_card_writes_is_begun_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    life = ready()
    life.run(59.39)  # the lead of the first call begins at 59.4
    append = life.journal.append

    def slowly(line: bytes) -> None:
        append(line)
        life.clock.advance(0.05)

    monkeypatch.setattr(life.journal, "append", slowly)
    life.say(f"day/{day().date}", encode(day(call(1, 0), call(2, 20), revision=2)))
    assert life.runtime.next_wake_s() == 0.0
    monkeypatch.undo()
    life.run(0.65)
    assert life.player.played == [call(1, 0).say]
    life.player.answer()
    life.settle()
    (record,) = decode(life.newest("event"), Event).records
    assert record.actual is not None
    assert (record.actual - at(0)).total_seconds() < 0.1


def test_without_an_answer_of_the_centre_there_is_no_call_and_an_amber_lamp() -> None:
    life = Life()
    life.say(f"day/{day().date}", encode(day(call(1, 0))))
    life.run(90)
    assert (life.player.played, life.lit("amber"), life.problems()) == ([], True, ["clock"])


@pytest.mark.parametrize(
    ("what", "payload", "problem"),
    [
        ("day/2026-11-25", b"{}", "refused-day"),
        ("day/2026-11-25", encode(day(gate="west")), "refused-day"),
        ("day/2026-11-25", encode(day(zone="Asia/Nowhere")), "refused-day"),
        ("cue", b"\xff", "refused-cue"),
        ("ack", b'{"v":2}', "refused-ack"),
        ("time", b"[]", "refused-time"),
        ("nonsense", b"{}", "refused-topic"),
    ],
)
def test_what_is_not_of_the_contract_changes_nothing_but_a_problem(what: str, payload: bytes, problem: str) -> None:
    life = ready()
    book = life.runtime.state.book
    life.say(what, payload)
    assert life.problems() == [problem]
    assert (life.runtime.state.book.days, life.runtime.state.book.acked) == (book.days, book.acked)
    life.run(60.1)
    assert life.player.played == [call(1, 0).say]


def alert(**more: object) -> Alert:
    fields = {
        "v": 1, "school": HERE.school, "seq": 1, "id": "a1", "action": "return", "clears": None, "status": "actual",
        "say": "请返回校内。", "raised_at": at(-60), "until": None, "by": "王老师",
    }  # fmt: skip
    return Alert.model_validate({**fields, **more})


def test_an_alert_speaks_at_once_flashes_red_and_is_confirmed() -> None:
    life = ready()
    life.say("alert", encode(alert()), retain=True)
    life.run(0.6)
    assert life.player.played == ["请返回校内。"]
    status = decode(life.newest("status"), Status)
    assert (status.doing, status.alert_seq) == ("alert", 1)
    life.say("alert", b"", retain=True)  # the cache was cleared: nothing changes
    assert decode(life.newest("status"), Status).doing == "alert"


def test_an_alert_of_another_school_is_refused() -> None:
    life = ready()
    life.say("alert", encode(alert(school="other")), retain=True)
    assert (life.problems(), life.player.played) == (["refused-alert"], [])


def test_clearing_the_cached_day_changes_nothing() -> None:
    life = ready()
    life.say("day/2026-11-25", b"", retain=True)
    life.run(60.1)
    assert (life.problems(), life.player.played) == ([], [call(1, 0).say])


def test_a_broken_journal_lets_the_gate_call_on_and_says_so() -> None:
    life = ready()
    life.journal.broken = "disk full"
    life.run(60.1)
    life.player.answer()
    life.settle()
    assert (life.player.played, life.problems()) == ([call(1, 0).say], ["journal"])
    life.journal.broken = ""
    life.run(20)
    assert life.problems() == []
    again, book = Life(journal=life.journal).runtime.state.book, life.runtime.state.book
    assert (again.attempts, again.days, again.problems) == (book.attempts, book.days, {})  # as of the time without it


def test_a_journal_that_takes_lines_and_cannot_be_made_anew_keeps_no_gate_busy() -> None:
    """A disk with room for a line alone, a folder that takes no file: each try once was a line, without end."""
    life = ready()
    life.journal.fixed, life.journal.broken = "no file can be made", "disk full"
    life.run(30)
    life.journal.broken = ""
    life.run(30.1)
    life.player.answer()
    life.settle()
    assert (life.player.played, life.problems()) == ([call(1, 0).say], ["journal-renew"])
    lines = len(life.journal.entries)
    life.run(10 * limits.JOURNAL_GAP_S)
    assert len(life.journal.entries) - lines < 10
    life.journal.fixed = ""
    life.run(5 * limits.JOURNAL_GAP_S)
    assert "journal-renew" not in life.problems()
    again, book = Life(journal=life.journal).runtime.state.book, life.runtime.state.book
    assert (again.attempts, again.done) == (book.attempts, book.done)


def test_a_gap_in_the_journal_is_closed_between_two_calls_and_until_then_the_check_says_so() -> None:
    life = ready()
    life.journal.broken, life.journal.fixed = "disk full", "no file can be made"
    life.run(60.1)
    life.player.answer()
    life.settle()
    life.journal.broken = ""
    life.run(1)
    assert decode(life.newest("status"), Status).check == ("journal",)
    life.journal.fixed = ""
    life.run(2 * limits.JOURNAL_GAP_S)
    assert life.problems() == []
    assert Life(journal=life.journal).runtime.state.book.done == life.runtime.state.book.done != frozenset()


def test_the_book_survives_the_process() -> None:
    life = ready()
    life.run(62)
    again = Life(journal=life.journal)
    assert again.runtime.state.book.start == 2
    assert again.runtime.state.book.days.keys() == life.runtime.state.book.days.keys()
    assert again.runtime.state.book.unknown == {call(1, 0).id: 1}


def test_a_lost_gate_is_said_to_be_lost_by_its_will() -> None:
    life = ready()
    life.broker.cut(str(HERE))
    life.broker.deliver()
    will = decode(life.newest("status"), Status)
    assert (will.link, will.start) == ("lost", 1)


def test_a_gate_that_ends_says_goodbye_and_is_dark() -> None:
    life = ready()
    life.run(60.1)
    life.runtime.close()
    life.broker.deliver()
    assert decode(life.newest("status"), Status).link == "closed"
    lamps = (PINS.red, PINS.amber, PINS.green, PINS.amplifier)
    assert not any(life.pins.pin(number).state for number in lamps)


def test_a_step_of_the_wall_clock_stops_calls_until_the_next_exchange() -> None:
    life = ready()
    life.clock.step(300)
    life.run(1)
    assert life.runtime.now().bound_s is None
    life.clock.step(-300)
    life.run(0.1)
    life.exchange()
    life.run(59)
    assert life.player.played == [call(1, 0).say]


def test_a_live_cue_over_the_wire_calls_at_a_gate_without_the_day() -> None:
    life = Life()
    life.exchange()
    live = LiveCue(v=1, sent_at=at(-2), revision=1, due=at(0), window=window(), cue=call(1, 0))
    life.run(58)
    life.say("cue", encode(live))
    life.run(2.2)
    assert life.player.played == [call(1, 0).say]


def test_lights_are_shown_once_a_change() -> None:
    life = ready()
    shown = [line for line in life.log if "灯" in line]
    life.run(30)
    assert [line for line in life.log if "灯" in line] == shown
    assert Lights() == Lights(red="off")


def test_garbage_for_a_while_keeps_the_books_small() -> None:
    life = ready()
    for n in range(300):
        life.say("day/2026-11-25", b"x" * n)
    assert len(life.runtime.state.book.outbox) == 1
    assert life.clock.utc() < at(0) - timedelta(seconds=1)


def test_the_journal_of_another_gate_is_no_start() -> None:
    life = ready()
    journal = MemoryJournal()
    for line in life.journal.entries:
        journal.append(line.replace(b"east", b"west"))
    with pytest.raises(BadInputError, match="west"):
        Life(journal=journal)


def test_a_damaged_journal_is_a_problem_until_a_start_that_finds_none() -> None:
    journal = MemoryJournal()
    journal.append(b"{}")
    life = Life(journal=journal)
    assert life.problems() == ["journal-damaged"]
    journal.entries.remove(b"{}")
    assert Life(journal=journal).problems() == []


def test_a_journal_that_lost_its_first_line_keeps_the_rest() -> None:
    life = ready()
    life.run(62)
    del life.journal.entries[0]
    again = Life(journal=life.journal)
    third = Life(journal=life.journal)
    for one in (again, third):
        assert one.runtime.state.book.days.keys() == {day().date}
        assert one.runtime.state.book.unknown == {call(1, 0).id: 1}


def test_a_disk_that_is_full_from_the_start_lets_the_gate_call() -> None:
    journal = MemoryJournal()
    journal.broken = "disk full"
    life = Life(journal=journal)
    life.exchange()
    life.say(f"day/{day().date}", encode(day(call(1, 0))))
    life.run(61)
    assert (life.player.played, life.problems()) == ([call(1, 0).say], ["journal"])


class Flaky:
    """A panel whose pins are gone while `fault` is set."""

    def __init__(self) -> None:
        self.fault, self.shown = "", Lights()

    def show(self, lights: Lights) -> None:
        if self.fault:
            raise OutsideError(self.fault)
        self.shown = lights

    def close(self) -> None:
        pass


def test_lights_that_could_not_be_shown_are_tried_again() -> None:
    life, panel = ready(), Flaky()
    life.runtime.parts = replace(life.runtime.parts, panel=panel)
    panel.fault = "the pins are gone"
    life.run(60.1)
    assert (life.problems(), panel.shown) == (["panel"], Lights())
    panel.fault = ""
    life.run(1)
    assert (life.problems(), panel.shown) == ([], Lights(green="on", amplifier=True))


def test_a_gate_told_to_end_in_a_sentence_says_it_again_after_the_start() -> None:
    life = ready()
    life.run(62)
    life.runtime.close()
    again = Life(journal=life.journal)
    again.exchange()
    again.run(61)
    assert again.player.played == [call(1, 0).say]


def test_a_flood_of_messages_is_refused_above_the_limit_and_answers_still_come_in() -> None:
    inbox, flood = Inbox(), Arrived("t", b"", retained=False, receipt=1, monotonic_s=0.0)
    for _ in range(limits.INBOX_MAX + 50):
        inbox.put(flood)
    inbox.put(None)
    taken = [inbox.get() for _ in range(limits.INBOX_MAX + 1)]
    assert (taken[-2:], inbox.empty()) == ([flood, None], True)


def test_a_signal_handler_may_put_while_the_loop_takes() -> None:
    """A queue.Queue stands still for ever here: the handler waits for the lock that the code under it holds."""
    inbox, came = Inbox(), 0
    faulthandler.dump_traceback_later(30, exit=True)  # nothing else gets a program out of that lock
    before = signal.signal(signal.SIGALRM, lambda *_: inbox.put(None))
    signal.setitimer(signal.ITIMER_REAL, 0.0002, 0.0002)
    try:
        while came < 300:
            inbox.put(Tick())
            came += inbox.get() is None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        faulthandler.cancel_dump_traceback_later()
