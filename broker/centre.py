"""The centre's runtime: folds the plan, steps the agenda, performs effects in order. No thread inside; `run` loops."""

import contextlib
import queue
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Protocol

from broker import agenda, alerts, sheet
from broker.agenda import Complain, DaysIssued, EventStored, Linked, Send, Settle, StatusCame
from broker.desk import chosen, foreseen, propose
from broker.fold import Folded, FromTomorrowError, folded, gates, numbers_above, standing
from broker.issued import is_open
from broker.post import opened
from broker.presses import pressed
from broker.school_clock import SchoolClock
from broker.situation import RefusedError, Situation, told_of
from broker.store import Store
from broker.view import View, view
from broker.wire.messages import Event, Record, Status, digest, encode
from broker.wire.topics import Address
from broker.wire.transport import Arrived, LinkDown, LinkUp, Transport, TransportEvent
from broker.wish import AlertAnswer, AlertWish, Answer, Choice, Chosen, Wish
from config import limits
from config.changes import Change
from config.clock import Clock, Instant
from config.day import GateDay
from config.errors import BadInputError, OutsideError
from config.findings import words
from config.lint_calendar import doubts
from config.plan import Plan
from config.plan_read import taken
from config.settings import ClockSettings
from config.timetable import local


class Alarm(Protocol):
    """Rings at an instant; see `wake.py`."""

    def set(self, at: datetime) -> None: ...
    def check(self) -> None: ...


@dataclass(frozen=True, slots=True)
class PlanChanged:
    """A plan was read and is good."""

    plan: Plan
    text: str


CentreEvent = TransportEvent | agenda.Tick | PlanChanged
Inbox = queue.Queue[CentreEvent | Callable[[], None] | None]


@dataclass(frozen=True, slots=True)
class Parts:
    """The centre's hands. `log` takes a line for people."""

    clock: Clock
    store: Store
    transport: Transport
    alarm: Alarm
    log: Callable[[str], None]


class Centre:
    """One school."""

    def __init__(self, plan: Plan, text: str, clock: ClockSettings, parts: Parts) -> None:
        self.parts = parts
        self._plan = plan
        self._coming: tuple[PlanChanged, float] | None = None
        self._clock = SchoolClock(clock, parts.clock, parts.store, on_step=parts.alarm.check, log=parts.log)
        self._running: frozenset[Address] = frozenset()
        self._today: date | None = None
        self._doubts: tuple[str, ...] = ()
        self._again_s: float | None = None
        self._pressed = False
        self._kept = parts.store.kept()
        self._stopped = parts.store.stopped()
        self.state = agenda.State(seqs=parts.store.seqs(), kept=self._kept, alerts=parts.store.alerts())
        self._stepped = self.now()
        try:
            self.handle(PlanChanged(plan, text))
        except (BadInputError, OutsideError) as error:
            now = self.now()
            if isinstance(error, FromTomorrowError):  # the plan that made today goes on: a hold folds by it
                with contextlib.suppress(BadInputError):
                    self._plan = taken(parts.store.plan() or "")
            if not (days := standing(self._plan, parts.store, now.utc)):
                raise
            self._failed(error)  # a full disk, a day of next week: what was issued before goes on
            self._issue(Folded(local(now.utc, self._plan).date(), days, ()))

    def handle(self, event: CentreEvent) -> None:
        """One event, to its end. A message that stops the program is remembered first: met again, it is set aside."""
        if not isinstance(event, Arrived):
            self._handle(event)
        elif (key := digest(event.topic.encode() + event.payload)) in self._stopped:
            self.parts.transport.accept(event.receipt)
            self.parts.log(f"问题 problem set-aside: {event.topic} 曾使程序停止，不再理会 stopped this program before")
        else:
            try:
                self._handle(event)
            except OutsideError:  # the disk's fault, not the message's: it may be right the next time
                raise
            except Exception:  # whatever it was: known before the restart, raised again below
                with contextlib.suppress(OutsideError):
                    self.parts.store.keep_stopped(key)
                raise  # the supervisor starts this program again

    def _handle(self, event: CentreEvent) -> None:
        if isinstance(event, PlanChanged):
            self._plan_changed(event)
        elif (known := self._known(event)) is not None:
            self._step(known)
        again = self._again_s is not None and self.parts.clock.monotonic_s() >= self._again_s
        if again or self._pressed or self._date() != self._today:
            self._fold_again()
        if self._coming is not None and (now_s := self.parts.clock.monotonic_s()) >= self._coming[1]:
            self._coming = self._coming[0], now_s + limits.PLAN_RETRY_S
            with contextlib.suppress(BadInputError, OutsideError):  # said already
                self._plan_changed(self._coming[0])
        # From the last step on: `wake` leaves out what that has seen, not what came due while a part was slow.
        self.parts.alarm.set(agenda.wake(self.state, self._stepped))

    def now(self) -> Instant:
        """The school's time, and how far it can be off."""
        return self._clock.now()

    def confirm_time(self, by: str) -> None:
        """An owner says that the centre's time is right. Raises OutsideError, and then it does not count."""
        self._clock.confirm(by)

    # What people ask ------------------------------------------------------------------------------

    def submit(self, wish: Wish) -> Answer:
        """One thing a person asked: durable, folded, sent. The same key again gives the same answer and does nothing.

        Raises RefusedError (nothing was changed) and OutsideError (it was not saved).
        """
        store = self.parts.store
        if (known := store.change_of(wish.key)) is not None:
            return self._answer(known, (), again=True)
        here = self.situation()
        change = propose(here, wish, store.next_n(), self.parts.clock.utc())
        lines = foreseen(here, change)
        meant = next((one for one in here.changes if one.n == change.undoes), change)
        if not lines and meant.kind not in ("hold", "resume", "left"):
            raise RefusedError("no_effect", "这样改，今天的放学表没有任何变化")
        now = self.now()
        frozen, days = agenda.silent_dates(self.state, now), self.state.days
        try:
            result = folded(self._plan, store, now.utc, frozen, known=days, wished=(here.on, change))
        except BadInputError as error:
            raise RefusedError("no_fold", f"这样改排不出放学表，没有改：{error}") from error
        store.keep_change(here.on, change, result.new)
        self._issue(result)
        self.parts.log(f"变更 {change.n} {change.by}：{change.kind} {'；'.join(lines[:3])}")
        return self._answer(change, lines, again=False)

    def preview(self, wish: Wish) -> tuple[str, ...]:
        """What a wish would do, by cue; raises RefusedError like `submit`, and changes nothing."""
        here = self.situation()
        change = propose(here, wish, self.parts.store.next_n(), self.parts.clock.utc())
        return foreseen(here, change)

    def choose(self, choice: Choice) -> Chosen:
        """Whose days count where a gate holds a newer one: the gates', or the centre's in revisions above them.

        Durable, then in force. Raises RefusedError and OutsideError like `submit`.
        """
        store, state = self.parts.store, self.state
        if dates := store.choice_of(choice.key):
            return self._chosen(choice, dates, again=True)
        dates, now = chosen(self.situation(), choice), self.now()
        frozen = agenda.silent_dates(state, now)
        mine = () if choice.choose == "keep" else dates
        numbers = numbers_above(self._plan, store, state.statuses, state.days, mine)
        result = folded(self._plan, store, now.utc, frozen.difference(mine), known=state.days, numbers=numbers)
        keep = choice.choose == "keep"
        store.keep_choice(choice.key, choice.by, now.utc, dates, keep=keep, days=result.new)
        self._kept = store.kept()
        self.parts.log(f"{choice.by}：{choice.choose} {'、'.join(map(str, dates))}")
        self._issue(result)
        return self._chosen(choice, dates, again=False)

    def alert(self, wish: AlertWish) -> AlertAnswer:
        """An alert or its end: durable, then sent to every gate. Raises RefusedError and OutsideError like `submit`."""
        store, state, at = self.parts.store, self.state, self.parts.clock.utc()
        made, again = store.alerts(key=wish.key), True
        stood = alerts.standing(state.alerts, at)
        if not made:
            statuses = {address.gate: status for address, status in state.statuses.items()}
            made, again = alerts.proposed(self._plan, state.alerts, wish, statuses, at), False
            try:
                store.keep_alerts(wish.key, self._date(), made)
            except OutsideError as error:
                if made[0].status == "drill":
                    raise
                self._failed(error)  # an actual alert and its end go out whatever the disk does
            self.parts.log(f"警报 alert {made[0].seq} {wish.by}：{made[0].action} {made[0].status}")
            self._step(agenda.AlertsKept((*state.alerts, *made)[-limits.ALERTS_KEPT :]))
        replaces = None if again or wish.action == "clear" or stood is None else stood.action
        return AlertAnswer(
            seq=made[0].seq, action=made[0].action, status=made[0].status, replaces=replaces, again=again
        )

    def situation(self) -> Situation:
        """The day that staff work on: today, or yesterday's while its window is open over midnight."""
        now, today = self.now(), self._date()
        late = any(on < today and is_open(one.day, now.utc) for (_, on), one in self.state.days.items())
        on = today - timedelta(days=1) if late else today
        own = gates(self._plan)
        days = tuple(one.day for gate in own if (one := self.state.days.get((gate, on))))
        records: dict[str, tuple[Record, ...]] = {}
        for address, record in self.parts.store.records(on):
            key = f"{address.gate} {record.cue}"
            records[key] = (*records.get(key, ()), record)
        statuses = {address.gate: status for address, status in self.state.statuses.items() if address in own}
        changes, newer = self.parts.store.changes(on), agenda.asked(self.state, now)
        kept = tuple(sorted(date for date in self.state.kept if date >= on))
        alerts = self.state.alerts
        troubled = [
            (address, one.log) for address, one in self.state.statuses.items() if address in own and one.problems
        ]
        problems = {address.gate: self.parts.store.problems(address, log) for address, log in troubled}
        strangers = sorted(address.gate for address in self._running.difference(own))
        told = (*self._doubts, *told_of(strangers, plan_waits=self._coming is not None))
        vouched = now.bound_s is not None
        return Situation(self._plan, on, days, changes, records, statuses, newer, kept, problems, alerts, vouched, told)

    def view(self) -> View:
        """Everything the page shows."""
        return view(self.situation(), self.now(), self.state.status_at_s)

    def _answer(self, change: Change, lines: tuple[str, ...], *, again: bool) -> Answer:
        return Answer(n=change.n, kind=change.kind, lines=lines, revisions=self._revisions(), again=again)

    def _chosen(self, choice: Choice, dates: tuple[date, ...], *, again: bool) -> Chosen:
        revisions = {} if choice.choose == "keep" else self._revisions()
        return Chosen(choose=choice.choose, dates=dates, revisions=revisions, again=again)

    def _revisions(self) -> dict[str, int]:
        return {day.gate: day.revision for day in self.situation().days}

    def run(self, inbox: Inbox, each_second: Callable[[], None]) -> None:
        """The loop, until None comes. The alarm rings for what is due; the second is for what nobody rings for."""
        while True:
            try:
                event = inbox.get(timeout=limits.TICK_MAX_S)
            except queue.Empty:
                event = agenda.Tick()
            if event is None:
                return
            if callable(event):
                event()
            else:
                self.handle(event)
            each_second()

    # What comes in --------------------------------------------------------------------------------

    def _known(self, event: TransportEvent | agenda.Tick) -> agenda.AgendaEvent | None:
        match event:
            case LinkUp():
                self.parts.log("已连接服务器 connected to the broker")
                return Linked(up=True)
            case LinkDown(why):
                self.parts.log(f"未连接服务器 not connected: {why}")
                return Linked(up=False)
            case Arrived():
                try:
                    known = opened(event, self.now(), self.state.gates)
                    if isinstance(known, StatusCame):
                        self._log_status(known.address, known.status)
                        self._running = self._running.difference({known.address})
                        if known.status.link == "up" and known.address.school == self._plan.school.id:
                            self._running |= {known.address}
                except BadInputError as error:
                    self.parts.log(f"拒收 refused {event.topic[:96]}: {error}")
                    return None
                else:
                    return known
                finally:
                    self.parts.transport.accept(event.receipt)  # a gate repeats until it is answered by us
            case agenda.Tick():
                return event

    # What goes out --------------------------------------------------------------------------------

    def _step(self, event: agenda.AgendaEvent) -> None:
        waiting = [event]
        while waiting:
            self._stepped = self.now()
            self.state, effects = agenda.step(self.state, self._stepped, waiting.pop(0))
            further = [self._perform(effect) for effect in effects]
            waiting += [event for event in further if event is not None]

    def _perform(self, effect: agenda.Effect) -> agenda.AgendaEvent | None:
        match effect:
            case Send(topic, message, retain):
                payload = message if isinstance(message, bytes) else encode(message)
                self.parts.transport.publish(topic, payload, retain=retain)
            case agenda.Store(address, reported):
                return self._store(address, reported)
            case Settle(address, day, window):
                try:
                    self._settle(address, day, window)
                except OutsideError as error:
                    self._failed(error)
            case Complain(code, text):
                self.parts.log(f"问题 problem {code}: {text}")
        return None

    def _store(self, address: Address, reported: Event) -> EventStored | None:
        """No ack without a store: the gate sends it again. What its button changed is folded after this event."""
        store = self.parts.store
        try:
            known, n = (lambda key: store.change_of(key) is not None), store.next_n()
            found = pressed(self._plan, address.gate, reported.presses, self._date(), n=n, known=known)
            seq = store.keep_event(address, reported, found.changes)
        except OutsideError as error:
            self.parts.log(f"问题 problem store: {error}")
            return None
        self._pressed = self._pressed or bool(found.changes)
        for _, change in found.changes:
            self.parts.log(f"变更 {change.n} {change.by}：{change.kind} {address} {' '.join(change.ids)}")
        for name in found.refused:
            self.parts.log(f"拒收 refused {address}: 按键 {name} 不是这个校门的 is not a press of this gate")
        return EventStored(address, reported.log, seq)

    def _failed(self, error: Exception) -> None:
        """What could not be folded, kept or settled is tried again; until then the rest goes on."""
        self.parts.log(f"问题 problem, tried again in {limits.STATUS_EVERY_S:.0f} s: {error}")
        self._again_s = self.parts.clock.monotonic_s() + limits.STATUS_EVERY_S

    def _settle(self, address: Address, day: GateDay, window: str | None) -> None:
        """A dead gate's silence is recorded too."""
        own = [record for owner, record in self.parts.store.records(day.date) if owner == address]
        self.parts.store.keep_unreported(address, sheet.unreported(day, window, own, self.parts.clock.utc()))

    # The fold -------------------------------------------------------------------------------------

    def _plan_changed(self, event: PlanChanged) -> None:
        """Folded, durable, then in force. Raises BadInputError or OutsideError; then the old plan goes on. One that
        counts from tomorrow is tried again until it does.
        """
        try:
            result = self._folded(event.plan)
        except FromTomorrowError:
            self._coming = event, self.parts.clock.monotonic_s() + limits.PLAN_RETRY_S
            raise
        self.parts.store.keep_plan(event.text)
        self.parts.store.keep_days(result.new)
        self._plan, self._today, self._coming = event.plan, None, None
        self._issue(result)

    def _fold_again(self) -> None:
        """A new date, a change, or a fold that failed. Without a disk the known days go on: they are durable."""
        self._pressed = False
        if self._again_s is not None:
            self._again_s = None
            self.state = replace(self.state, settled=frozenset())
        try:
            result = self._folded(self._plan)
            self.parts.store.keep_days(result.new)
        except (BadInputError, OutsideError) as error:
            self._failed(error)
            today = self._date()
            yesterday = today - timedelta(days=1)
            known = tuple(one for (_, on), one in self.state.days.items() if on >= yesterday)
            result = Folded(today, known, ())
        self._issue(result)

    def _folded(self, plan: Plan) -> Folded:
        now = self.now()
        return folded(plan, self.parts.store, now.utc, agenda.silent_dates(self.state, now), known=self.state.days)

    def _issue(self, result: Folded) -> None:
        if result.today != self._today:
            found, asked = doubts(self._plan.calendar, result.today), f"；请问 {self._plan.school.contact}"
            self._doubts = tuple(words(one, "zh") + asked for one in found)
            for one, said in zip(found, self._doubts, strict=True):
                self.parts.log(f"问题 problem {one.code}: {said}")
        self._today = result.today
        self.parts.log(f"放学表 {result.today}：{len(result.new)} 份新版，共 {len(result.days)} 份 days folded")
        self._step(DaysIssued(gates(self._plan), result.days, result.today, self._kept))

    def _date(self) -> date:
        return local(self.parts.clock.utc(), self._plan).date()

    def _log_status(self, address: Address, status: Status) -> None:
        last = self.state.statuses.get(address)
        if last is None or (last.link, last.check, last.days) != (status.link, status.check, status.days):
            told = f"，{len(status.days)} 天，自检 {' '.join(status.check) or '正常'}"
            # A will was written when the gate connected: it knows nothing of what came after.
            self.parts.log(f"{address} {status.link}{told if status.link != 'lost' else ''}")
