"""The gate's loop to its end: what SIGTERM leaves behind, what feeds the watchdog, when the relay is closed.

The clock is a fake one that the inbox moves: it waits as long as the loop asks it to.
"""

import queue
import socket
import threading
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from gpiozero.pins.mock import MockFactory

from audio.player_wav import WavPlayer
from broker.wire import topics
from broker.wire.messages import Alert, encode
from broker.wire.transport_memory import MemoryBroker, MemoryTransport
from config import limits
from config.clock import SystemClock
from config.day import Hold
from edge.alphabet import Idle
from edge.inbox import Inbox, Item
from edge.journal_fake import MemoryJournal
from edge.panel import OnMoved
from edge.panel_gpiozero import GpioPanel
from edge.report import Lights
from edge.runtime import Parts, Runtime
from edge.watchdog import Watchdog
from gate_life import PINS, Clips, Life, ready
from gate_rig import HERE, LENGTH_S, at, call, day

CEILING_S = 20.0


class Script(Inbox):
    """The inbox of a life whose time passes while it is waited for; `acts`: (seconds after 11:30, what happens)."""

    def __init__(self, life: Life, acts: list[tuple[float, Callable[[], None]]], *, talks: bool = True) -> None:
        self.life, self.acts, self.talks, self.answered = life, acts, talks, 0
        self.looked: list[tuple[float, bool]] = []

    def put(self, item: Item) -> None:
        self.life.inbox.put(item)

    def end(self) -> None:
        self.put(None)

    def get(self, timeout: float | None = None) -> Item:
        life, until_s = self.life, self.seconds() + (timeout or 0.0)
        self.looked.append((round(self.seconds(), 2), life.lit("amplifier")))
        life.broker.deliver()
        if not life.inbox.empty():
            return life.inbox.get()
        due = [*self.acts[:1]]
        if self.talks and len(life.player.played) > self.answered:
            ends_s = life.player.began_s + LENGTH_S - life.clock.monotonic_s() + self.seconds()
            due.append((ends_s, self.answer))
        at_s, act = min(due, key=lambda one: one[0], default=(until_s + 1, self.end))
        life.clock.advance(max(0.0, min(at_s, until_s) - self.seconds()))
        if at_s > until_s:
            raise queue.Empty
        if self.acts and act is self.acts[0][1]:
            self.acts.pop(0)
        act()
        return self.get(max(0.0, until_s - self.seconds()))

    def answer(self) -> None:
        self.answered += 1
        self.life.player.answer()

    def seconds(self) -> float:
        return (self.life.clock.utc() - at(0)).total_seconds()


def lived(life: Life, *ends_s: float, talks: bool = True) -> float:
    """Run until None came at each of the instants and the loop ended; when it did."""
    script = Script(life, [], talks=talks)
    script.acts += [(end_s, script.end) for end_s in ends_s]
    life.runtime.run(script)
    return round(script.seconds(), 1)


def results(life: Life) -> list[tuple[str, bool, str]]:
    records = [one.record for one in life.runtime.state.book.outbox if hasattr(one, "record")]
    return [(one.result, one.final, one.heard) for one in records]


def test_told_to_end_the_gate_lets_the_sentence_end_and_writes_its_record() -> None:
    life = ready()
    assert lived(life, 2.0) == pytest.approx(LENGTH_S, abs=0.3)
    assert (life.player.played, results(life)) == ([call(1, 0).say], [("announced", True, "yes")])
    life.runtime.close()
    again = Life(journal=life.journal)
    again.exchange()
    again.run(10)
    assert again.player.played == []


def test_told_again_it_cuts_at_once_and_the_record_says_so() -> None:
    life = ready()
    assert lived(life, 2.0, 3.0) == 3.0
    assert results(life) == [("interrupted", False, "unknown")]


def test_told_to_end_in_the_lead_it_says_what_it_began() -> None:
    life = ready()
    assert lived(life, -0.4) == pytest.approx(LENGTH_S, abs=0.3)
    assert results(life) == [("announced", True, "yes")]


def test_told_twice_in_the_lead_it_ends_unheard() -> None:
    life = ready()
    assert lived(life, -0.4, -0.3) == -0.3
    assert (life.player.played, results(life)) == ([], [])


def test_a_sentence_without_an_end_is_cut_at_the_limit() -> None:
    life = Life()
    life.exchange()
    life.say(f"day/{day().date}", encode(day(call(1, 0, repeat=5))), retain=True)
    assert lived(life, 2.0) == pytest.approx(2.0 + limits.STOP_SAYING_S, abs=0.6)
    assert (len(life.player.played), results(life)) == (5, [("announced", True, "yes")])


def test_a_player_that_never_answers_ends_nothing_later_than_its_grace() -> None:
    life = ready()
    assert lived(life, 2.0, talks=False) == pytest.approx(LENGTH_S + limits.PLAYED_GRACE_S, abs=0.3)
    assert results(life) == [("interrupted", False, "unknown")]


def test_a_gate_that_says_nothing_ends_at_once_and_begins_nothing_more() -> None:
    life = ready()
    assert lived(life, -5.0) == -5.0
    assert isinstance(life.runtime.state.doing, Idle)


def test_an_alert_ends_its_sentence_and_no_more() -> None:
    life = ready()
    alert = {
        "v": 1, "school": HERE.school, "seq": 1, "id": "a1", "action": "return", "clears": None, "status": "actual",
        "say": "请返回校内。", "raised_at": at(-60), "until": None, "by": "王老师",
    }  # fmt: skip
    life.say("alert", encode(Alert.model_validate(alert)), retain=True)
    begins_s = -60 + (limits.LEAD_MS - limits.PLAY_AHEAD_MS) / 1000
    assert lived(life, begins_s + 1) == pytest.approx(begins_s + LENGTH_S, abs=0.3)
    assert len(life.player.played) == 1


# The relay ------------------------------------------------------------------------------------


def assert_sent(sent: bool) -> None:
    assert sent


def test_the_relay_is_closed_from_each_lead_to_the_end_of_its_sentence_and_never_else() -> None:
    life, held = Life(), Hold.model_validate({"id": "h1", "from": at(41), "to": None, "why": "等", "by": "王"})
    life.exchange()
    cues = (call(1, 0, repeat=2), call(2, 20), call(3, 40), call(4, 60))
    life.say(f"day/{day().date}", encode(day(*cues)), retain=True)
    script = Script(life, [])
    topic = f"{topics.ROOT}/{HERE}/down/day/{day().date}"
    newer = encode(day(*cues, revision=2, holds=(held,)))
    script.acts = [
        (41.0, lambda: assert_sent(life.centre.publish(topic, newer, retain=True))),
        (120.0, script.end),
    ]
    life.runtime.run(script)
    changes = [one for n, one in enumerate(script.looked) if n == 0 or one[1] != script.looked[n - 1][1]]
    said_s = 2 * LENGTH_S + limits.SAYING_GAP_S - 2 * limits.CLIP_SILENCE_MS / 1000
    expected_s = [(-0.6, said_s), (19.4, 20 + LENGTH_S - 0.15), (39.4, 40 + LENGTH_S - 0.15)]
    flat = [(begin_s, True) for begin_s, _ in expected_s] + [(end_s, False) for _, end_s in expected_s]
    assert [lit for _, lit in changes] == [False, *[True, False] * 3]  # held at 41: the sentence ends, no 4th
    assert [at_s for at_s, _ in changes[1:]] == [pytest.approx(at_s, abs=0.1) for at_s, _ in sorted(flat)]


# The watchdog ---------------------------------------------------------------------------------


class Slow(MemoryJournal):
    """A disk on which one write takes `hangs_s`."""

    hangs_s = 0.0

    def append(self, entry: bytes) -> None:
        if self.hangs_s:
            self.life.clock.advance(self.hangs_s)
            self.hangs_s = 0.0
        super().append(entry)

    life: Life


def fed(life: Life, script: Script, folder: Path, works: Callable[[], bool] = lambda: True) -> list[float]:
    """When the supervisor heard WATCHDOG=1, in seconds after 11:30."""
    heard: list[float] = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
        supervisor.bind(str(folder / "notify"))
        supervisor.settimeout(0)
        environment = {"NOTIFY_SOCKET": str(folder / "notify"), "WATCHDOG_USEC": "30000000"}
        watchdog = Watchdog(environment, life.clock, works)

        def turned() -> None:
            watchdog.turned()
            while True:
                try:
                    assert supervisor.recv(100) == b"WATCHDOG=1"
                except BlockingIOError:
                    return
                heard.append(round(script.seconds(), 1))

        life.runtime.run(script, turned)
    return heard


def gaps(of: list[float]) -> list[float]:
    return [round(after - before, 1) for before, after in pairwise(of)]


def test_the_watchdog_is_fed_four_times_in_its_time_while_the_loop_turns(tmp_path: Path) -> None:
    life = ready()
    script = Script(life, [])
    script.acts = [(60.0, script.end)]
    between_s = gaps(fed(life, script, tmp_path))
    assert len(between_s) > 12
    assert [gap_s for gap_s in between_s if not 7.5 <= gap_s <= 8.5] == []


def test_a_disk_that_hangs_feeds_nothing(tmp_path: Path) -> None:
    journal = Slow()
    life = Life(journal=journal)
    journal.life = life
    life.exchange()
    life.say(f"day/{day().date}", encode(day(call(1, 0), call(2, 20))), retain=True)
    script = Script(life, [])
    script.acts = [(-5.0, lambda: setattr(journal, "hangs_s", 40.0)), (60.0, script.end)]
    assert max(gaps(fed(life, script, tmp_path))) > 40


def test_a_player_that_is_stuck_feeds_nothing_more(tmp_path: Path) -> None:
    life = ready()
    script = Script(life, [])
    script.acts = [(60.0, script.end)]
    heard = fed(life, script, tmp_path, works=lambda: script.seconds() < 0)
    assert heard
    assert max(heard) < 0


# The lamp -------------------------------------------------------------------------------------


class Watched(GpioPanel):
    """Tells when it showed what."""

    def __init__(self, shown: "queue.Queue[tuple[float, Lights]]", on_moved: OnMoved) -> None:
        self.shown = shown
        self.factory = MockFactory()
        super().__init__(PINS, on_moved, SystemClock(), self.factory)

    def show(self, lights: Lights) -> None:
        super().show(lights)
        self.shown.put((SystemClock().monotonic_s(), lights))


def test_the_red_lamp_answers_a_press_of_hold_within_200_ms_and_a_refused_next_by_amber() -> None:
    clock, inbox, shown = SystemClock(), Inbox(), queue.Queue[tuple[float, Lights]]()
    panel = Watched(shown, inbox.put)
    transport = MemoryTransport(MemoryBroker(clock), str(HERE), [topics.down_filter(HERE)], None)
    player = WavPlayer(None, inbox.put, clock)
    parts = Parts(clock, MemoryJournal(), transport, player, panel, Clips(inbox), lambda _: None)
    runtime = Runtime(HERE, "test", parts, "0badcafe")
    loop = threading.Thread(target=runtime.run, args=(inbox,))
    loop.start()
    took_s, end_s = {}, clock.monotonic_s() + CEILING_S
    try:
        while any(button.down is None for button in runtime.state.buttons.values()):  # a press counts after a look
            assert clock.monotonic_s() < end_s
        for name, lamp, pattern in (("hold", "red", "on"), ("next", "amber", "fast")):
            pressed_s = clock.monotonic_s()
            panel.factory.pin(getattr(PINS, name)).drive_low()
            seen_s, lights = shown.get(timeout=CEILING_S)
            while getattr(lights, lamp) != pattern:
                seen_s, lights = shown.get(timeout=CEILING_S)
            took_s[name] = seen_s - pressed_s
            panel.factory.pin(getattr(PINS, name)).drive_high()
        assert panel.factory.pin(PINS.red).state
    finally:
        inbox.put(None)
        loop.join(CEILING_S)
        runtime.close()
    assert {name: after_s < 0.2 for name, after_s in took_s.items()} == {"hold": True, "next": True}, took_s
