"""People at the gate and in the office in trouble: alerts, drills, buttons, windows that people pace.

Each draws from a source of its own, like a deed of world_people.py. All of it has ended at CALM but what only a person
ends: `calm` clears and resumes until nothing stands.
"""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from enum import Enum
from functools import partial
from pathlib import Path
from typing import Literal

from broker.situation import RefusedError
from broker.store import Store
from broker.view import View
from broker.wire import topics
from broker.wire.messages import Alert, encode
from broker.wire.transport_memory import MemoryTransport
from broker.wish import AlertWish
from config.lint import read
from edge.alphabet import ButtonMoved
from world import Told
from world_faults import CALM, School
from world_machines import CentreMachine, GateMachine
from world_people import AGAIN_S, window_of

Button = Literal["hold", "next"]
DOWN_S = 0.2
"""How long a finger stays."""


class Trouble(Enum):
    """What people do or are met by."""

    ALERT = "an alert; cleared, and resumed"
    ALERT_STANDS = "an alert that stands for more than a minute"
    ALERTS_AT_ONCE = "two of the staff raise two alerts at once"
    DRILL = "a drill"
    CLEAR_ASTRAY = "a clear that names another alert"
    SILENCED = "hold kept down while an alert speaks"
    HOLD_PRESSED = "the guard holds, and resumes"
    EIGHT_HOLDS = "an impatient guard at the button hold"
    NEXT_PRESSED = "the guard lets the next class go, again and again"
    EIGHT_NEXTS = "an impatient guard at the button next"
    STUCK = "a button under a glove"
    GUARDED = "people pace the window; nobody may be there"
    TWO_STAFF = "two of the staff at the same instant"
    QUIET = "quiet begins, perhaps in a sentence, and ends by itself or by a person"
    TWO_CENTRES = "a second centre by mistake, with an empty store, at a broker that lets both in"


def plan(school: School, trouble: Trouble, source: random.Random) -> None:
    _PLANS[trouble](school, source)


def calm(school: School) -> None:
    """People clear what stands and resume what is held, until the page shows nothing of it."""
    centre = school.centre.centre
    view = centre.view() if centre is not None else None
    if view is not None and (view.strays or (view.alert is not None and view.alert.alert.action != "clear")):
        alert(school, "clear", confirmed=True)
    elif view is not None:
        school.staff.resume_all()
        _aloud(school, view)
    if view is None or view.alert is not None or view.strays or any(gate.holds or gate.quiet for gate in view.gates):
        school.world.after(5.0, partial(calm, school))


# Alerts -------------------------------------------------------------------------------------------


def alert(school: School, action: str, **more: object) -> None:
    school.staff.alerts += 1
    fields = {"key": f"alert-{school.staff.alerts}", "by": "李主任", "action": action, **more}
    _ask(school, AlertWish.model_validate(fields), 0)


def _ask(school: School, wish: AlertWish, tries: int) -> None:
    """Asked again with the same key while no answer comes."""
    told: list[str] = []

    def ask() -> None:
        centre = school.centre.centre
        assert centre is not None
        seen = wish.but(clears=centre.view().clears) if wish.action == "clear" else wish  # as the page's button does
        try:
            told.append(str(centre.alert(seen).seq))
        except RefusedError as refused:
            told.append(f"refused {refused.code}")

    if school.centre.up:
        school.centre.guarded(ask)
    school.world.saw("staff", Told(f"{wish.action} {wish.key}: {told[0] if told else 'no answer'}"))
    if not told and tries < 40:
        school.world.after(AGAIN_S, partial(_ask, school, wish, tries + 1))


def _alert(school: School, source: random.Random) -> None:
    t, action = source.uniform(15, 110), source.choice(["return", "evacuate", "shelter"])
    school.world.on(t, partial(alert, school, action))
    _cleared(school, source, t)


def _alert_stands(school: School, source: random.Random) -> None:
    t = source.uniform(15, 60)
    school.world.on(t, partial(alert, school, "return"))
    _cleared(school, source, t + 60)


def _cleared(school: School, source: random.Random, t: float) -> None:
    over = t + source.choice([1.0, 8.0, 25.0, 50.0])
    school.world.on(over, partial(alert, school, "clear", confirmed=True))
    school.world.on(over + source.choice([0.5, 4.0, 12.0]), school.staff.resume_all)


def _alerts_at_once(school: School, source: random.Random) -> None:
    t = source.uniform(15, 100)
    for action in source.choice([("return", "shelter"), ("evacuate", "return"), ("return", "return")]):
        school.world.on(t, partial(alert, school, action))
    _cleared(school, source, t)


def _drill(school: School, source: random.Random) -> None:
    def raised() -> None:
        until = school.world.utc.replace(microsecond=0) + timedelta(seconds=source.choice([8, 24, 50]))
        alert(school, source.choice(["return", "evacuate"]), drill=True, until=until)

    for _ in range(source.choice([1, 2])):
        school.world.on(source.uniform(15, 110), raised)


def _clear_astray(school: School, source: random.Random) -> None:
    stray = MemoryTransport(school.world.broker, "stray", ["none"], None)
    stray.start(lambda _: None)

    def clear() -> None:
        seq = round(school.world.utc.timestamp() * 1000)
        fields = {
            "v": 1, "school": school.world.scene.plan.school.id, "seq": seq, "id": f"alert-{seq}", "action": "clear",
            "clears": "alert-1", "status": "actual", "say": "警报解除。", "raised_at": school.world.utc, "until": None,
            "by": "谁",
        }  # fmt: skip
        payload = encode(Alert.model_validate(fields))
        for gate in school.names:
            stray.publish(topics.down(school.world.address(gate), "alert"), payload)

    _in_alerts(school, source.choice(school.names), clear)


def _in_alerts(school: School, gate: str, act: Callable[[], None], often: int = 2) -> None:
    """Whenever somebody sees that gate flash red, so often."""

    def look(left: int) -> None:
        if left and school.gates[gate].lamps.lights.red == "fast":
            act()
            left -= 1
        if school.world.t < CALM - 12:
            school.world.after(3.0, partial(look, left))

    school.world.on(15, partial(look, often))


# Buttons ------------------------------------------------------------------------------------------


def press(gate: GateMachine, button: Button, for_s: float = DOWN_S) -> None:
    if button not in gate.fingers:
        _moved(gate, button, down=True)
        gate.world.after(for_s, partial(_moved, gate, button, down=False))


def _moved(gate: GateMachine, button: Button, *, down: bool) -> None:
    (gate.fingers.add if down else gate.fingers.discard)(button)
    if gate.up:
        gate.inbox.put(ButtonMoved(button, down, gate.clock.monotonic_s()))


def _silenced(school: School, source: random.Random) -> None:
    gate = source.choice(school.names)
    _in_alerts(school, gate, partial(press, school.gates[gate], "hold", 11.0), source.choice([1, 2]))


def _hold_pressed(school: School, source: random.Random) -> None:
    for _ in range(source.choice([1, 2])):
        gate, t = school.gates[source.choice(school.names)], source.uniform(10, 120)
        school.world.on(t, partial(press, gate, "hold"))
        school.world.on(t + source.choice([1.5, 6.0, 20.0, 45.0]), partial(press, gate, "hold"))


def _eight(school: School, source: random.Random, button: Button) -> None:
    for _ in range(2):
        gate, t, every_s = (
            school.gates[source.choice(school.names)],
            source.uniform(20, 110),
            source.choice([0.4, 1.1, 2.0]),
        )
        for n in range(8):
            school.world.on(t + n * every_s, partial(press, gate, button))


def _next_pressed(school: School, source: random.Random) -> None:
    for gate in school.names:
        t, every_s = source.uniform(20, 60), source.choice([4.0, 9.0, 14.0])
        while t < source.choice([90, 140, CALM]):
            school.world.on(t, partial(press, school.gates[gate], "next"))
            t += every_s * source.uniform(0.5, 1.5)


def _stuck(school: School, source: random.Random) -> None:
    gate, button = school.gates[source.choice(school.names)], source.choice(["hold", "next"])
    school.world.on(source.uniform(5, 110), partial(press, gate, "hold" if button == "hold" else "next", 45.0))


# The window, and the office -----------------------------------------------------------------------


def _guarded(school: School, source: random.Random) -> None:
    pacing, wait_s = source.choice(["guarded", "guarded", "ready"]), source.choice([0, 10, 20])
    on_timeout = source.choice(["call", "pass_over"])
    more = f'every_s = 15\npacing = "{pacing}"\nmax_wait_s = {wait_s}\non_timeout = "{on_timeout}"'
    more += '\nending = "放学结束。"'
    text = school.world.scene.text.replace("every_s = 15", more)
    school.world.scene = replace(school.world.scene, plan=read(text, "day.toml")[0], text=text)

    def let_go(view: View) -> None:
        gate = source.choice(view.gates)
        if gate.next_class is not None:
            school.staff.wish(kind="ready" if pacing == "ready" else "release", **{"class": gate.next_class})

    for _ in range(source.choice([0, 4, 10])):
        school.world.on(source.uniform(35, 150), partial(_seen, school, let_go))


def _seen(school: School, act: Callable[[View], None]) -> None:
    if school.centre.centre is not None:
        act(school.centre.centre.view())


def _two_staff(school: School, source: random.Random) -> None:
    def both(view: View) -> None:
        waiting = [one.id for one in view.classes if one.state in ("waiting", "next")]
        if not waiting:
            return
        of, gate = source.choice(waiting[:3]), source.choice(school.names)
        wishes: list[dict[str, object]] = [
            {"kind": "hold", "gate": gate},
            {"kind": "call", "class": of, "confirmed": True},
            {"kind": "skip", "class": of},
            {"kind": "delay", "window": window_of(view), "delay_s": source.choice([5, 20])},
        ]
        for wish in source.sample(wishes, 2):
            school.staff.wish(**wish)

    for _ in range(3):
        school.world.on(source.uniform(30, 130), partial(_seen, school, both))


def _quiet(school: School, source: random.Random) -> None:
    def begins() -> None:
        now = school.world.utc.replace(microsecond=0)
        since = source.choice([None, now + timedelta(seconds=4), now + timedelta(seconds=13)])
        to = source.choice([None, (since or now) + timedelta(seconds=source.choice([5, 25, 60]))])
        span = {name: at for name, at in (("from", since), ("to", to)) if at is not None}
        school.staff.wish(kind="quiet", gate=source.choice([None, *school.names]), confirmed=True, **span)

    for _ in range(source.choice([1, 2])):
        t = source.uniform(10, 100)
        school.world.on(t, begins)
        school.world.on(t + source.choice([6, 20, 45]), partial(_seen, school, partial(_aloud, school)))


def _aloud(school: School, view: View) -> None:
    """What quiet the page shows ends."""
    if ids := tuple(dict.fromkeys(span.id for gate in view.gates for span in gate.quiet)):
        school.staff.wish(kind="quiet", ids=ids, confirmed=True)


def _two_centres(school: School, source: random.Random) -> None:
    lasts_s = source.choice([1.0, 6.0, 20.0])

    def begin() -> None:
        other = CentreMachine(school.world)
        other.name, other.store = "other", Store(Path(":memory:"))
        school.world.machines.append(other)
        other.boot()
        school.world.after(lasts_s, partial(_ended, other))

    school.world.on(source.uniform(10, 100), begin)


def _ended(machine: CentreMachine) -> None:
    """Somebody noticed."""
    machine.up = False
    machine.stop()


_PLANS: dict[Trouble, Callable[[School, random.Random], None]] = {
    Trouble.ALERT: _alert,
    Trouble.ALERT_STANDS: _alert_stands,
    Trouble.ALERTS_AT_ONCE: _alerts_at_once,
    Trouble.DRILL: _drill,
    Trouble.CLEAR_ASTRAY: _clear_astray,
    Trouble.SILENCED: _silenced,
    Trouble.HOLD_PRESSED: _hold_pressed,
    Trouble.EIGHT_HOLDS: partial(_eight, button="hold"),
    Trouble.NEXT_PRESSED: _next_pressed,
    Trouble.EIGHT_NEXTS: partial(_eight, button="next"),
    Trouble.STUCK: _stuck,
    Trouble.GUARDED: _guarded,
    Trouble.TWO_STAFF: _two_staff,
    Trouble.QUIET: _quiet,
    Trouble.TWO_CENTRES: _two_centres,
}
