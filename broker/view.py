"""What the page and REST show: the whole state of the school's day, made anew from what is known. Pure."""

from collections.abc import Collection, Iterator, Mapping
from typing import Literal

from broker import alerts
from broker.called import ClassState, call_of, heard, shown_at, uncalled
from broker.due import due, slips_of
from broker.paced import next_call, next_to_release, waits
from broker.presses import GUARD
from broker.preview import day_type_name, day_types
from broker.rearrange import may_call
from broker.situation import Situation, class_name
from broker.wire.messages import Alert
from broker.wire.topics import Address
from config import limits
from config.alerts import Action
from config.changes import Change, standing
from config.clock import Instant
from config.day import Cue, GateDay, Pacing, Window
from config.pacing import NEVER, by_hand
from config.plan import SchoolClass, Zone
from config.timetable import local, zones
from config.types import Day, Frozen, Utc


class HoldView(Frozen):
    id: str
    since: Utc | None
    by: str
    why: str | None


class QuietView(Frozen):
    """A span of quiet that is on; `to` None: until somebody ends it."""

    id: str
    since: Utc
    to: Utc | None


class ProblemView(Frozen):
    """What a person must look at; `why` in the gate's own words."""

    code: str
    why: str
    since: Utc


class UncalledView(Frozen):
    """A class that nobody heard called in a window that is over; `unreported`: its gate has not said why."""

    class_id: str
    name: str
    gate: str
    window: str
    unreported: bool


class WindowView(Frozen):
    id: str
    name: str
    kind: str
    opens: Utc
    closes: Utc
    open: bool


class GateView(Frozen):
    """`link`: up; lost (its will, or silent for 90 s); never heard. `confirmed`: it holds the day that was issued.

    `window`: the dismissal that runs there, or comes next; `pacing` is its. Where people pace, `next_at` is no promise
    and None; `next_class` is who a release would let go, `released` who was and has not begun. `may_call`: who left
    for another gate, and may still be called here, for it has not confirmed that.
    """

    id: str
    name: str
    link: Literal["up", "lost", "never"]
    age_s: float | None
    doing: Literal["idle", "calling", "held", "alert"]
    now: str | None
    next: str | None
    next_at: Utc | None
    window: WindowView | None
    pacing: Pacing
    next_class: str | None
    released: tuple[str, ...]
    said: int
    total: int
    holds: tuple[HoldView, ...]
    quiet: tuple[QuietView, ...] = ()
    may_call: tuple[str, ...] = ()
    revision: int
    confirmed: bool
    check: tuple[str, ...]
    problems: tuple[ProblemView, ...] = ()
    alert_seq: int


class ClassView(Frozen):
    """A class in the `window` of its gate; `at` with the slip of that gate, None where people pace.

    `together`: the names of those that the same sentence calls.
    """

    id: str
    name: str
    gate: str
    zone: str
    state: ClassState
    at: Utc | None
    pacing: Pacing
    window: str | None = None
    together: tuple[str, ...] = ()


class ChangeView(Frozen):
    n: int
    at: Utc
    by: str
    why: str | None
    kind: str
    gate: str | None
    class_id: str | None
    window: str | None
    delay_s: float | None
    undoes: int | None
    day_type: str | None = None
    ends: bool = False
    text: str | None = None
    """Of a notice."""
    undone: bool


class NewerView(Frozen):
    """A gate holds a revision that the centre, which is at `issued`, did not send: a person must choose."""

    date: Day
    gate: str
    name: str
    revision: int
    issued: int


class AlertView(Frozen):
    """One alert, or a clear, as it was raised."""

    seq: int
    action: Action
    status: Literal["actual", "drill"]
    say: str
    at: Utc
    until: Utc | None
    by: str


class MissingView(Frozen):
    """A gate that has not confirmed, and how long it has been silent; None: never heard."""

    gate: str
    name: str
    age_s: float | None


class StandingView(Frozen):
    """The alert in force; after a clear that, until all gates have it and a person resumed them."""

    alert: AlertView
    confirmed: int
    missing: tuple[MissingView, ...]


class DayTypeView(Frozen):
    id: str
    name: str


class View(Frozen):
    """Whole state, never a delta. `server_time` is the centre's; `vouched` False: nobody vouches for it."""

    v: Literal[1]
    school: str
    name: str
    zone: str
    date: str
    day_type: str
    day_types: tuple[DayTypeView, ...] = ()
    server_time: Utc
    vouched: bool
    bound_s: float | None
    window: WindowView | None
    windows: tuple[WindowView, ...]
    gates: tuple[GateView, ...]
    confirmed: int
    classes: tuple[ClassView, ...]
    uncalled: tuple[UncalledView, ...] = ()
    """Of all windows of the day that are over, until they were called or reported to be out."""
    changes: tuple[ChangeView, ...]
    alert: StandingView | None
    alerts: tuple[AlertView, ...]
    """Of the day."""
    clears: int | None = None
    """What a clear must name: the number of the alert that stands, also of one that this centre did not raise."""
    strays: tuple[str, ...]
    """Gates in an alert that this centre did not raise: it was restored from a backup."""
    newer: tuple[NewerView, ...]
    kept: tuple[Day, ...]
    """Dates for which the gates' own days were chosen: nothing is sent for them."""
    doubts: tuple[str, ...] = ()
    """What the calendar does not know (a make-up day, the next year), with the remedy and whom to ask."""


def view(here: Situation, now: Instant, status_at_s: Mapping[Address, float]) -> View:
    """Everything at this instant."""
    names = {gate.id: gate.name for gate in here.plan.gates}
    school, day_type = here.plan.school, here.days[0].day_type if here.days else "closed"
    windows = tuple(_windows(here, now))
    lost = may_call(here)
    gates = tuple(_gate(here, day, now, status_at_s).but(may_call=lost.get(day.gate, ())) for day in here.days)
    shown = {gate.id: gate.window.id for gate in gates if gate.window}
    at = zones(here.plan, here.on, here.changes)
    return View(
        v=1,
        school=school.id,
        name=school.name,
        zone=school.zone,
        date=here.on.isoformat(),
        day_type=day_type,
        day_types=tuple(DayTypeView(id=one, name=day_type_name(here.plan, one)) for one in day_types(here.plan)),
        server_time=now.utc,
        vouched=now.bound_s is not None,
        bound_s=now.bound_s,
        window=next((one for one in windows if one.kind == "dismissal" and one.closes > now.utc), None),
        windows=windows,
        gates=gates,
        confirmed=len([gate for gate in gates if gate.confirmed]),
        classes=tuple(_led_out(_class(here, one, now, shown, at), here.led_out) for one in here.plan.classes),
        uncalled=tuple(
            UncalledView(class_id=cls, name=class_name(here, cls), gate=day.gate, window=window.id, unreported=silent)
            for day, window, cls, silent in uncalled(here, now.utc)
        ),
        changes=tuple(_changes(here)),
        alert=_standing(here, now, gates),
        alerts=tuple(_alert(one) for one in here.alerts if local(one.raised_at, here.plan).date() >= here.on),
        clears=alerts.clearable(here.alerts, here.statuses, now.utc),
        strays=tuple(names[gate] for gate in alerts.astray(here.alerts, here.statuses)),
        newer=tuple(
            NewerView(
                date=one.on, gate=one.address.gate, name=names[one.address.gate], revision=one.held, issued=one.issued
            )
            for one in here.newer
        ),
        kept=here.kept,
        doubts=here.doubts,
    )


def _windows(here: Situation, now: Instant) -> Iterator[WindowView]:
    rows = [window for day in here.days for window in here.windows(day, now.utc).values()]
    found = {window.id: window for window in sorted(rows, key=lambda window: window.closes)}  # a held gate's is later
    for one in sorted(found.values(), key=lambda window: (window.opens, window.id)):
        yield _window(one, now)


def _window(one: Window, now: Instant) -> WindowView:
    is_open = one.opens <= now.utc < one.closes
    return WindowView(id=one.id, name=one.name, kind=one.kind, opens=one.opens, closes=one.closes, open=is_open)


def _gate(here: Situation, day: GateDay, now: Instant, at_s: Mapping[Address, float]) -> GateView:
    address, status = Address(day.school, day.gate), here.statuses.get(day.gate)
    age_s = None if status is None else now.monotonic_s - at_s.get(address, now.monotonic_s)
    lost = status is not None and (status.link != "up" or (age_s or 0) > limits.LOST_AFTER_S)
    cues = {cue.id: cue for cue in day.cues}
    names = {one.id: one.name for one in here.plan.classes}
    shown = shown_at(here.windows(day, now.utc).values(), now.utc)
    calls = [
        cue for cue in day.cues if cue.kind == "call" and shown and cue.window == shown.id and cue.state == "planned"
    ]
    held = None if status is None else status.days.get(day.date)
    following, let_go = next_call(here, day, now.utc), waits(here, day, now.utc)
    head = next_to_release(here, day, shown.id if shown else "", now.utc)
    return GateView(
        id=day.gate,
        name=next(gate.name for gate in here.plan.gates if gate.id == day.gate),
        link="never" if status is None else "lost" if lost else "up",
        age_s=None if age_s is None else round(age_s, 1),
        doing="idle" if status is None else status.doing,
        now=_said(cues.get(status.now or "")) if status and not lost else None,
        next=_said(following),
        next_at=None if following is None else due(day, following, slips_of(status, day)),
        window=_window(shown, now) if shown else None,
        pacing=shown.pacing if shown else "timed",
        next_class=head.classes[0] if head else None,
        released=tuple(names.get(one, one) for cue in let_go for one in cue.classes),
        said=len([cue for cue in calls if heard(here, day, cue)]),
        total=len(calls),
        holds=tuple(_holds(here, day)),
        quiet=tuple(
            QuietView(id=one.id, since=one.begins, to=one.to)
            for one in day.quiet
            if one.begins <= now.utc < (one.to or NEVER)
        ),
        revision=day.revision,
        confirmed=not lost and held is not None and held.revision == day.revision,
        check=() if status is None or lost else status.check,  # of a lost one nobody knows
        problems=tuple(
            ProblemView(code=one.code, why=one.args.get("why", ""), since=one.opened_at)
            for one in here.problems.get(day.gate, ())
        ),
        alert_seq=0 if status is None else status.alert_seq,
    )


def _holds(here: Situation, day: GateDay) -> Iterator[HoldView]:
    known = {hold.id: hold for hold in day.holds}
    for own in here.held(day.gate):
        hold = known.get(own)
        by = hold.by if hold else GUARD if "/" in own else "来源不明"
        why = hold.why if hold else None
        if own.startswith(f"{day.gate}/alert-"):  # the gate's own, after a clear
            by, why = "警报", "已解除，等人恢复"
        yield HoldView(id=own, since=hold.begins if hold else None, by=by, why=why)


def _standing(here: Situation, now: Instant, gates: tuple[GateView, ...]) -> StandingView | None:
    alert = alerts.standing(here.alerts, now.utc)
    last = alerts.newest(here.alerts)
    shown = alert or (last if last is not None and last.action == "clear" else None)
    if shown is None:
        return None
    missing = [one for one in gates if not alerts.has(shown, here.statuses.get(one.id))]
    held = any(hold.id.startswith(f"{one.id}/alert-") for one in gates for hold in one.holds)
    if shown.action == "clear" and not missing and not held:
        return None
    named = tuple(MissingView(gate=one.id, name=one.name, age_s=one.age_s) for one in missing)
    return StandingView(alert=_alert(shown), confirmed=len(gates) - len(missing), missing=named)


def _alert(of: Alert) -> AlertView:
    return AlertView(
        seq=of.seq, action=of.action, status=of.status, say=of.say, at=of.raised_at, until=of.until, by=of.by
    )  # fmt: skip


def _class(
    here: Situation, of: SchoolClass, now: Instant, shown: Mapping[str, str], at: Mapping[tuple[str, str], Zone]
) -> ClassView:
    zone = next(zone for zone in here.plan.zones if zone.id == of.zone)
    found = call_of(here, of.id, shown, now.utc)
    if found is None:
        return ClassView(
            id=of.id, name=of.name, gate=zone.gate, zone=zone.name, state="none", at=None, pacing="timed"
        )  # fmt: skip
    day, cue, state = found
    status, window = here.statuses.get(day.gate), day.window(cue)
    today = at.get((day.gate, cue.id))
    return ClassView(
        id=of.id,
        name=of.name,
        gate=day.gate,
        zone=today.name if today else "",
        state=state,
        at=None if by_hand(cue, window) else due(day, cue, slips_of(status, day)),
        pacing=window.pacing if window else "timed",
        window=cue.window,
        together=tuple(class_name(here, one) for one in cue.classes if one != of.id),
    )


def _led_out(of: ClassView, led_out: Collection[tuple[str | None, str | None]]) -> ClassView:
    """What was reported goes before what was said; what is to be said goes before both."""
    return of.but(state="left") if (of.id, of.window) in led_out and of.state in ("called", "missed", "skipped") else of


def _changes(here: Situation) -> Iterator[ChangeView]:
    kept = {change.n for change in standing(here.changes)}
    for change in reversed(here.changes[-limits.CHANGES_SHOWN :]):
        yield _change(change, undone=change.n not in kept and change.kind != "undo")


def _change(change: Change, *, undone: bool) -> ChangeView:
    return ChangeView(
        n=change.n, at=change.at, by=change.by, why=change.why, kind=change.kind, gate=change.gate, class_id=change.cls,
        window=change.window, delay_s=change.delay_s, undoes=change.undoes, day_type=change.day_type, undone=undone,
        ends=change.kind == "quiet" and bool(change.ids),
        text=change.text if change.kind == "notice" else None,
    )  # fmt: skip


def _said(cue: Cue | None) -> str | None:
    return None if cue is None else cue.say
