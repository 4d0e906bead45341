"""A year of one gate in one process: what it keeps does not grow. Each school day is half a minute; nights are leaps.

Everything the garbage collector sees is counted, by number and size: dicts, lists, messages, frames. tracemalloc would
take ten times as long, and counts what grows up to a limit: the strings that pydantic keeps, and freed tuples.
"""

import gc
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

from broker.wire.messages import Ack, Event, LiveCue, decode, encode
from config.day import Cue
from edge.alphabet import Tick
from gate_life import PINS, Life
from gate_rig import DATE, LENGTH_S, at, call, day, window

HERE = Path(__file__).parent
DAYS = 365 if os.environ.get("FANGXUE_NIGHT") else 75
"""A year takes 20 s. After 30 days everything that is kept for days, as the outbox is, has its size."""
GROWS_MAX, GROWS_MAX_BYTES = 20, 2048
"""From day 30 to the last. What is seen, also in a year, is 0 and 0."""
BEFORE_S = 8
DAY_S = 24 * 3600


def test_what_a_process_keeps_does_not_grow_over_a_year() -> None:
    """In a process of its own: other tests leave things behind that still move."""
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE.parents[1]), str(HERE.parent), str(HERE)])}
    code = f"from {Path(__file__).stem} import grown; print(*grown())"
    ran = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True)
    number, size = map(int, ran.stdout.split())
    assert (number < GROWS_MAX, size < GROWS_MAX_BYTES) == (True, True), ran.stdout


def grown() -> tuple[int, int]:
    """From day 30 to the last: how many objects, and how many bytes."""
    life = Life()
    life.clock.advance(60 - BEFORE_S)
    sizes: dict[int, tuple[int, int]] = {}
    calls = 0
    for n in range(DAYS):
        calls += school_day(life, n)
        if n + 1 in (30, DAYS):
            sizes[n + 1] = kept()
        life.clock.advance(DAY_S - (life.clock.utc() - at(-BEFORE_S + n * DAY_S)).total_seconds())
    assert calls == 2 * DAYS
    assert life.runtime.state.book.problems == {}
    (number, size), (number_later, size_later) = sizes[30], sizes[DAYS]
    return number_later - number, size_later - size


def kept() -> tuple[int, int]:
    gc.collect()
    objects = gc.get_objects()
    return len(objects), sum(map(sys.getsizeof, objects)) - sys.getsizeof(objects)


def school_day(life: Life, n: int) -> int:
    """Day, live cue, two calls, a hold and its resume, a refused press, the acks; how many calls were heard."""
    on, shift = DATE + timedelta(days=n), timedelta(days=n)

    def moved(cue: Cue) -> Cue:
        one = cue.but(id=cue.id.replace(str(DATE), str(on)), at=cue.at + shift, until=cue.until + shift)
        return one.but(say=f"{one.say}第{n}天")  # a year of sentences: the clips are forgotten too

    noon = window().but(opens=at(-300) + shift, closes=at(1500) + shift)
    cues = tuple(moved(cue) for cue in (call(1, 0), call(2, 10)))
    life.runtime.handle(Tick())
    life.settle()
    life.exchange()
    life.say(f"day/{on}", encode(day(*cues, noon=noon, date=on, issued_at=at(-3600) + shift)))
    utc = life.clock.utc()
    life.say("cue", encode(LiveCue(v=1, sent_at=utc, revision=1, due=cues[0].at, window=noon, cue=cues[0])))
    for name in ("hold", "hold", "next"):
        press(life, name)
    life.run((cues[0].at - life.clock.utc()).total_seconds() + 0.1)
    for cue in cues:
        life.run(max(0.0, (cue.at - life.clock.utc()).total_seconds()) + LENGTH_S)
        life.player.answer()
        life.settle()
    life.say("ack", encode(Ack(v=1, log="0badcafe", seq=decode(life.newest("event"), Event).seq)))
    heard, own = len(life.player.played), (life.player.played, life.log, life.heard)
    for kept in own:
        kept.clear()
    for pin in life.pins.pins.values():  # the mock of a pin remembers every level it had
        pin.clear_states()
    return heard


def press(life: Life, name: str) -> None:
    pin = life.pins.pin(getattr(PINS, name))
    pin.drive_low()
    life.run(0.1)
    pin.drive_high()
    life.run(1.2)
