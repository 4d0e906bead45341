"""People of a day: staff who look at the page and ask for what it shows, tap twice, and ask again when no answer came.

The guard's buttons, alerts and what else people do in trouble stand in world_trouble.py.
"""

import random
from collections.abc import Callable
from enum import Enum
from functools import partial

from broker.situation import RefusedError
from broker.view import View
from broker.wish import Answer, Wish
from world import Told, World
from world_machines import CentreMachine

AGAIN_S = 3.0
"""A page that got no answer asks again after this, with the same key."""
AGAIN_MAX = 40


class Deed(Enum):
    """What staff may do on a day."""

    HOLD = "hold, and resume what the page shows"
    DELAY_LATE = "delay one second before a call, or in its lead"
    HOLD_LATE = "hold one second before a call, or in its lead"
    HOLD_TWICE = "two people hold, and one resumes"
    DELAY = "delay the rest"
    SKIP = "skip a class"
    SKIP_LATE = "skip a class one second before its call, or in its lead"
    CALL = "call a class now"
    NOTICE = "say something to everybody"
    EXTEND = "move the end of the window"
    REPEAT = "say the last call again"
    UNDO = "take the last change back"


class Staff:
    """`taps`: how often a finger hits. Each deed draws from its own source, so that one left out moves no other."""

    def __init__(self, world: World, centre: CentreMachine) -> None:
        self.world, self.centre = world, centre
        self.taps = 1
        self.alerts = 0
        self.keys: dict[str, int] = {}
        self._n = 0

    def plan(self, deed: Deed, source: random.Random) -> None:
        act = _DEEDS[deed]
        for _ in range(source.choice([1, 1, 2])):
            self.world.on(source.uniform(5, 140), partial(self.do, act, source))

    def do(self, act: "Act", source: random.Random) -> None:
        if self.centre.centre is not None:
            act(self, self.centre.centre.view(), source)

    def wish(self, **fields: object) -> None:
        self._n += 1
        made = Wish.model_validate({"key": f"key-{self._n}", "by": "王老师", **fields})
        for _ in range(self.taps):
            self.ask(made)

    def ask(self, wish: Wish, tries: int = 0) -> None:
        answer = self.centre.submit(wish)
        if isinstance(answer, RefusedError):
            self.world.saw("staff", Told(f"{wish.kind} {wish.key}: refused {answer.code}"))
            if answer.code == "clock":  # they look at theirs: it is right enough
                self.ask(wish.but(confirmed=True), tries)
        elif isinstance(answer, Answer):
            self.world.saw("staff", Told(f"{wish.kind} {wish.key} {wish.cls or wish.ids or ''}: change {answer.n}"))
            if self.keys.setdefault(wish.key, answer.n) != answer.n:
                self.world.violate("one change a key", f"{wish.key} is {self.keys[wish.key]} and {answer.n}")
        else:
            self.world.saw("staff", Told(f"{wish.kind} {wish.key}: no answer"))
            if tries < AGAIN_MAX:
                self.world.after(AGAIN_S, partial(self.ask, wish, tries + 1))

    def resume_all(self) -> None:
        """Until the page shows no hold."""
        view = self.centre.centre.view() if self.centre.centre is not None else None
        ids = tuple(dict.fromkeys(hold.id for gate in view.gates for hold in gate.holds)) if view else ()
        if ids:
            self.wish(kind="resume", ids=ids)
        if view is None or ids:
            self.world.after(5.0, self.resume_all)


Act = Callable[[Staff, View, random.Random], None]


def gates_of(view: View) -> list[str]:
    return [gate.id for gate in view.gates]


def window_of(view: View) -> str:
    """The one that is shown; when all are over the first, for which it is too late."""
    return view.window.id if view.window else view.windows[0].id


def _hold(staff: Staff, view: View, source: random.Random) -> None:
    gate = source.choice([None, *gates_of(view)])
    staff.wish(kind="hold", gate=gate, why="路上有车")
    staff.world.after(source.choice([0.5, 3, 15, 40, 70]), partial(staff.do, _resume, source))


def _hold_twice(staff: Staff, view: View, source: random.Random) -> None:
    gate = source.choice(gates_of(view))
    staff.wish(kind="hold", gate=gate, why="路上有车")
    staff.world.after(source.choice([0.0, 2.0, 10.0]), partial(staff.wish, kind="hold", gate=gate, why="救护车"))
    staff.world.after(source.choice([12.0, 20.0]), partial(staff.do, _resume_first, source))


def _resume_first(staff: Staff, view: View, source: random.Random) -> None:
    """From a page that shows the first hold alone."""
    ids = next((gate.holds[0].id for gate in view.gates if gate.holds), None)
    if ids is not None:
        staff.wish(kind="resume", ids=(ids,))


def _resume(staff: Staff, view: View, source: random.Random) -> None:
    """One of the holds that the page shows, or all of one gate."""
    shown = source.choice([tuple(hold.id for hold in gate.holds) for gate in view.gates])
    if shown:
        staff.wish(kind="resume", ids=source.choice([shown, shown[:1]]))


def _delay(staff: Staff, view: View, source: random.Random) -> None:
    delay_s, gate = source.choice([-10, 5, 15, 40]), source.choice([None, *gates_of(view)])
    staff.wish(kind="delay", window=window_of(view), delay_s=delay_s, gate=gate)


def _skip(staff: Staff, view: View, source: random.Random) -> None:
    if waiting := [one.id for one in view.classes if one.state in ("waiting", "next")]:
        staff.wish(kind="skip", **{"class": source.choice(waiting)})


def _soon(staff: Staff, view: View, source: random.Random) -> tuple[str, float] | None:
    """The class that is called next, and the seconds until just before that."""
    soon = [one for one in view.classes if one.at and one.state in ("waiting", "next") and one.at > staff.world.utc]
    one = min(soon, key=lambda one: (one.at or staff.world.utc, one.id), default=None)
    if one is None or one.at is None:
        return None
    early_s = source.choice([1.0, 0.7, 0.61, 0.6, 0.59, 0.5, 0.3, 0.19, 0.1, 0.0])
    return one.id, max(0.0, (one.at - staff.world.utc).total_seconds() - early_s)


def _skip_late(staff: Staff, view: View, source: random.Random) -> None:
    if soon := _soon(staff, view, source):
        staff.world.after(soon[1], partial(staff.wish, kind="skip", **{"class": soon[0]}))


def _delay_late(staff: Staff, view: View, source: random.Random) -> None:
    if soon := _soon(staff, view, source):
        staff.world.after(soon[1], partial(staff.do, _delay, source))


def _hold_late(staff: Staff, view: View, source: random.Random) -> None:
    if soon := _soon(staff, view, source):
        staff.world.after(soon[1], partial(staff.do, _hold, source))


def _call(staff: Staff, view: View, source: random.Random) -> None:
    one = source.choice(view.classes)
    staff.wish(kind="call", confirmed=source.random() < 0.7, **{"class": one.id})


def _notice(staff: Staff, view: View, source: random.Random) -> None:
    staff.wish(kind="notice", text="请家长后退一米。", gate=source.choice([None, *gates_of(view)]))


def _extend(staff: Staff, view: View, source: random.Random) -> None:
    staff.wish(kind="extend", window=window_of(view), delay_s=source.choice([20, 60]))


def _repeat(staff: Staff, view: View, source: random.Random) -> None:
    staff.wish(kind="repeat", gate=source.choice([None, *gates_of(view)]))


def _undo(staff: Staff, view: View, source: random.Random) -> None:
    done = [one.n for one in view.changes if not one.undone and one.kind not in ("hold", "resume", "undo")]
    if done:
        staff.wish(kind="undo", undoes=done[0])


_DEEDS: dict[Deed, Act] = {
    Deed.HOLD: _hold,
    Deed.DELAY_LATE: _delay_late,
    Deed.HOLD_LATE: _hold_late,
    Deed.HOLD_TWICE: _hold_twice,
    Deed.DELAY: _delay,
    Deed.SKIP: _skip,
    Deed.SKIP_LATE: _skip_late,
    Deed.CALL: _call,
    Deed.NOTICE: _notice,
    Deed.EXTEND: _extend,
    Deed.REPEAT: _repeat,
    Deed.UNDO: _undo,
}
