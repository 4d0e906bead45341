"""A school for stories: a centre and two gates with clocks of their own, a network and plugs that can be pulled.

Time goes from instant to instant. `heard` and `sheet` are what a story ends in: what parents heard, and what the record
sheet says.
"""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from audio.player_fake import FakePlayer, Sound
from broker import sheet
from broker.agenda import Tick as Look
from broker.centre import Centre
from broker.centre import Parts as CentreParts
from broker.store import Store
from broker.view import GateView, View
from broker.wire import topics
from broker.wire.messages import decode
from broker.wire.topics import Address
from broker.wire.transport_memory import MemoryBroker, MemoryTransport
from broker.wish import AlertWish, Wish
from config import limits
from config.clock_fake import FakeClock
from config.day import GateDay
from config.lint import read
from config.settings import ClockSettings
from edge.alphabet import ButtonMoved, Idle, Tick
from edge.inbox import Inbox
from edge.journal_fake import MemoryJournal
from edge.report import Lights
from edge.runtime import Parts, Runtime
from edge.view import waiting_here
from gate_life import Clips
from school_rig import TEN, TEXT, FakeAlarm

LENGTH_S = 6.0
PLAN = TEXT.replace("count = 2", "count = 8", 1).replace("every_s = 45", "every_s = 60\nrepeat = 1")
"""Eight classes leave by the east gate from 11:30 on, a minute apart; two by the west gate."""
CALM_S = 180.0
"""The longest step of time."""
MOMENT_S = 0.001
"""The shortest."""


class Ears(FakePlayer):
    """A loudspeaker, and what was heard of it: (true instant, sentence, the sound)."""

    def __init__(self, pi: "Pi") -> None:
        super().__init__(lambda played: pi.inbox.put(played), pi.clock, lambda _: LENGTH_S)
        self._pi = pi

    def play(self, token: str, clip: Path, gain_db: float) -> None:
        before = len(self.heard)
        super().play(token, clip, gain_db)
        if len(self.heard) > before:
            audible = self._pi.true.utc() + timedelta(milliseconds=limits.PLAY_AHEAD_MS)
            self._pi.sounds.append((audible, clip.name, self.heard[-1]))


class Lamps:
    def __init__(self) -> None:
        self.lights = Lights()

    def show(self, lights: Lights) -> None:
        self.lights = lights

    def close(self) -> None:
        self.lights = Lights()


class Pi:
    """A gate: what a power cut leaves is its card. Its clock has no chip, and nobody vouches for it at first."""

    def __init__(self, name: str, broker: MemoryBroker, true: FakeClock) -> None:
        self.name, self.true, self._broker = name, true, broker
        self.clock = FakeClock(true.utc())
        self.card = MemoryJournal()
        self.sounds: list[tuple[datetime, str, Sound]] = []
        self.runtime: Runtime | None = None
        self.wakes_s = 0.0
        self.power_on()

    def power_on(self) -> None:
        address = Address("shifan", self.name)
        self.inbox, self.lamps = Inbox(), Lamps()
        self.player = Ears(self)
        self._transport = MemoryTransport(
            self._broker, str(address), [topics.down_filter(address)], lambda: self._on.will(), self.clock
        )
        clips = Clips(self.inbox)
        parts = Parts(self.clock, self.card, self._transport, self.player, self.lamps, clips, lambda _: None)
        self.runtime = Runtime(address, "test", parts, "0badcafe")
        self._transport.start(self.inbox.put)

    def power_cut(self) -> None:
        """No goodbye; dark and silent."""
        self.player.lose_power()
        self.lamps.close()
        self._broker.cut(self._transport.name)
        self._transport.stop()
        self.runtime, self._off_at = None, self.true.utc()

    def power_back(self) -> None:
        off_s = (self.true.utc() - self._off_at).total_seconds()
        self.clock.step(-off_s)  # the rig let it go on
        self.clock.reboot(off_s)
        self.power_on()

    def press(self, button: Literal["hold", "next"]) -> None:
        """A finger, a third of a second ago."""
        now_s = self.clock.monotonic_s()
        for down, ago_s in ((True, 0.3), (False, 0.1)):
            self.inbox.put(ButtonMoved(button, down, now_s - ago_s))

    @property
    def _on(self) -> Runtime:
        assert self.runtime is not None, f"{self.name} has no power"
        return self.runtime

    @property
    def lights(self) -> str:
        """What parents see."""
        lit = self.lamps.lights
        names = [f"{lamp} {getattr(lit, lamp)}" for lamp in ("red", "amber", "green") if getattr(lit, lamp) != "off"]
        return ", ".join(names) or "dark"

    def turn(self) -> bool:
        """Whether something moved."""
        if self.runtime is None:
            return False
        self.player.turn()
        moved = not self.inbox.empty()
        while not self.inbox.empty():
            event = self.inbox.get()
            assert event is not None
            self.runtime.handle(event)
        return moved

    def wait_s(self) -> float:
        """Seconds in which nothing happens here: what `next_wake_s` says, but more than a second where it is calm."""
        if self.runtime is None:
            return CALM_S
        wake_s, now, state = self.runtime.next_wake_s(), self.runtime.now(), self.runtime.state
        if self.player.due_s is not None:
            return min(wake_s, max(MOMENT_S, self.player.due_s - self.clock.monotonic_s()))
        if wake_s < limits.TICK_MAX_S or not isinstance(state.doing, Idle) or now.bound_s is None:
            return wake_s
        due_s = [(one.begins - now.utc).total_seconds() for one in waiting_here(state, now)]
        soon_s = min(
            [state.waits_until_s - now.monotonic_s, *(one_s - 1 for one_s in due_s if one_s > 0)], default=CALM_S
        )
        return min(CALM_S, max(wake_s, soon_s))

    def tick(self) -> None:
        if self.runtime is not None and self.clock.monotonic_s() >= self.wakes_s:
            self.runtime.handle(Tick())
            self.wakes_s = 0.0

    def heard(self) -> list[str]:
        """What parents heard; a sentence that broke off ends in dots."""
        return [f"{_clock(at)} {_short(say)}{'' if of.whole else '……'}" for at, say, of in self.sounds]


class Situation:
    """`until` brings the school to a time of the day. `server_off` and `server_back`: the centre's plug."""

    def __init__(self, folder: Path, text: str = PLAN) -> None:
        self.clock = FakeClock(TEN, error_s=0.1)
        self.broker = MemoryBroker(self.clock)
        self.folder, self.text = folder, text
        self.server_on = False
        self.server_back()
        self.east, self.west = (Pi(name, self.broker, self.clock) for name in ("east", "west"))
        self.pis = (self.east, self.west)
        self.go(5)

    def server_off(self) -> None:
        """The centre, and the broker on the same machine, which forgets."""
        self.server_on = False
        self.broker.stop()
        self.broker.forget()
        self._transport.stop()
        self.store.close()

    def server_back(self) -> None:
        self.server_on = True
        self.broker.start()
        self.plan, _ = read(self.text, "plan.toml")
        self.store = Store(self.folder / "centre.sqlite")
        self._transport = MemoryTransport(self.broker, "centre", [topics.up_filter()], None)
        parts = CentreParts(self.clock, self.store, self._transport, FakeAlarm(), lambda _: None)
        self.centre = Centre(self.plan, self.text, ClockSettings(source="owner"), parts)
        self._transport.start(self.centre.handle)

    def network_cut(self) -> None:
        for pi in self.pis:
            self.broker.unplug(f"shifan/{pi.name}")

    def network_back(self) -> None:
        for pi in self.pis:
            self.broker.plug(f"shifan/{pi.name}")

    # Time -----------------------------------------------------------------------------------------

    def until(self, clock: str, *, days: int = 0) -> None:
        """To this time of the day by the school's clocks, or of a later day."""
        hours, minutes, seconds = (int(part) for part in clock.split(":"))
        there = TEN.replace(hour=hours - 8, minute=minutes, second=seconds) + timedelta(days=days)
        self.go((there - self.clock.utc()).total_seconds())

    def go(self, seconds: float = 0.0) -> None:
        self._turn()
        while seconds > MOMENT_S / 2:
            step_s = max(MOMENT_S, min([seconds, *(pi.wakes_s - pi.clock.monotonic_s() for pi in self.pis)]))
            seconds -= step_s
            for clock in (self.clock, *(pi.clock for pi in self.pis)):
                clock.advance(step_s)
            self._turn()

    def _turn(self) -> None:
        if self.server_on:
            self.centre.handle(Look())
        for pi in self.pis:
            pi.tick()
        for _ in range(50):
            self.broker.deliver()
            moved = [pi.turn() for pi in self.pis]
            if not any(moved):
                break
        else:
            raise AssertionError("it never settled")
        for pi in self.pis:
            pi.wakes_s = pi.clock.monotonic_s() + pi.wait_s()

    # People ---------------------------------------------------------------------------------------

    def ask(self, kind: str, **more: object) -> None:
        """Staff, on the page."""
        key = f"{kind}-{self.clock.utc():%H%M%S}"
        self.centre.submit(Wish.model_validate({"key": key, "by": "王老师", "kind": kind, **more}))
        self.go(1)

    def alert(self, action: str, **more: object) -> None:
        """The page's button: a clear names the alert that is shown."""
        seen = {"clears": self.page().clears} if action == "clear" else {}
        wish = {"key": f"{action}-{self.clock.utc():%H%M%S}", "by": "李主任", "action": action, **seen, **more}
        self.centre.alert(AlertWish.model_validate(wish))
        self.go(1)

    def resume(self) -> None:
        """All holds that the page shows."""
        holds = [hold.id for gate in self.page().gates for hold in gate.holds]
        self.ask("resume", ids=tuple(dict.fromkeys(holds)))

    def page(self) -> View:
        return self.centre.view()

    def shown(self, gate: str = "east") -> GateView:
        return next(one for one in self.page().gates if one.id == gate)

    def sheet(self, gate: str = "east") -> list[str]:
        """The record sheet of a gate, class by class, and its sum; of the first day."""
        address = Address("shifan", gate)
        payload = self.store.day(address, TEN.date())
        assert payload is not None
        day = decode(payload, GateDay, limits.GATE_DAY_MAX_BYTES)
        lines = sheet.lines(day, [record for owner, record in self.store.records(TEN.date()) if owner == address])
        names = {one.id: one.name for one in self.plan.classes}
        return [*(f"{names[line.cue.classes[0]]} {sheet.word(line)}" for line in lines), sheet.summary(lines)]


def _clock(at: datetime) -> str:
    return f"{at + timedelta(hours=8, milliseconds=10):%H:%M:%S}"


def _short(say: str) -> str:
    return say.removeprefix("请注意，").removesuffix("正在放学。")
