"""What must hold on any day when people act at the gate: lights, alerts, pacing. Checkers like those of
world_checkers.py: they know what was seen, and nothing of the inside of `step`.
"""

from collections.abc import Iterator
from datetime import timedelta

from broker.wire.messages import Status, decode
from config import limits
from config.alerts import sentence
from edge.book import Begun, Pressed, Recorded
from world import GATES, Plays, Renders, Sends, Shows, Told, What, Wrote
from world_checkers import AHEAD_S, CHECKERS, EPS_S, Watch, calls

BEGINS_S = 1.2
"""From knowing of an alert to its first word: the player lets go (0.5 s) or the amplifier takes its lead (0.6 s)."""
REACHES_S = 2.0
"""From the page to the loudspeaker of each gate, while nothing is wrong."""
AGAIN_S = limits.ALERT_EVERY_S + limits.PLAYED_GRACE_S + 2.0
"""An alert is never silent for longer, whatever the player does."""


class Rules:
    """What is remembered between two effects. `well`: no fault is planned on this day."""

    def __init__(self, watch: Watch, *, well: bool) -> None:
        self.watch, self.well = watch, well
        self.open: dict[str, set[str]] = {gate: set() for gate in GATES}
        self.spoke_s = dict.fromkeys(GATES, float("-inf"))
        self.rendered_s: dict[tuple[str, str], float] = {}
        self.raised_s: float | None = None
        watch.checkers = (
            *CHECKERS,
            self.lights,
            self.relay,
            self.alert_alone,
            self.alert_speaks,
            self.told,
            self.paced,
            self.quiet,
            self.ending,
        )

    def seen(self, where: str, what: What) -> None:
        match what:
            case Renders(say):
                self.rendered_s.setdefault((where, say), self.watch.world.t)
            case Wrote(Begun(record=record)):
                self.open[where].add(record.cue)
            case Wrote(Recorded(record=record)):
                self.open[where].discard(record.cue)
            case Plays(token) if token.startswith("alert-"):
                self.spoke_s[where] = self.watch.world.t
            case _:
                pass

    # Lights ---------------------------------------------------------------------------------------

    def lights(self, watch: Watch, where: str, what: What) -> Iterator[str]:
        """An alert flashes red, a hold is red, a class that leaves is green, who cannot call is amber."""
        self.seen(where, what)
        if not isinstance(what, Shows):
            return
        book, lights, machine = watch.books[where], what.lights, watch.gates[where]
        if book.alert is not None:
            if lights.red != "fast" or lights.green != "off":
                yield f"an alert stands, and the lights are {lights}"
        elif book.held:
            if lights.red != "on" or lights.green != "off":
                yield f"held by {sorted(book.held)}, and not red"
        elif lights.green == "on":
            if not self.open[where]:
                yield "green, and no class is called"
        elif (
            machine.runtime is not None
            and machine.runtime.now().bound_s is None
            and not self.open[where]
            and lights.amber == "off"
        ):
            yield "it does not know the time, and no amber"

    def relay(self, watch: Watch, where: str, what: What) -> Iterator[str]:
        """The amplifier is on before anything sounds."""
        if isinstance(what, Plays):
            lamps = watch.gates[where].lamps
            if not lamps.lights.amplifier and not lamps.broken and "panel" not in self.troubles(where):
                yield f"{what.token} sounds, and the amplifier is off"

    def troubles(self, where: str) -> set[str]:
        runtime = self.watch.gates[where].runtime
        return set(runtime.state.book.problems) if runtime is not None else set()

    # Alerts ---------------------------------------------------------------------------------------

    def alert_alone(self, watch: Watch, where: str, what: What) -> Iterator[str]:
        """While an alert stands nobody is called; what speaks is that alert, unless it was silenced here."""
        if not isinstance(what, Plays):
            return
        alert = watch.books[where].alert
        if calls(what):
            if alert is not None:
                yield f"{what.token} begins in {alert.id}"
        elif alert is None or not what.token.startswith(f"alert-{alert.id}|"):
            yield f"{what.token} speaks, and {alert and alert.id} stands"
        elif watch.books[where].silenced:
            yield f"{what.token} speaks, and was silenced"

    def alert_speaks(self, watch: Watch, where: str, what: What) -> Iterator[str]:
        """It begins within its limit, and never ends by itself; looked at with every effect, wherever it was."""
        t = watch.world.t
        for gate in GATES:
            book, machine = watch.books[gate], watch.gates[gate]
            if book.alert is None or book.silenced or not machine.up:
                continue
            says = (book.alert.say, sentence(book.alert.action, book.alert.status))
            ready = [
                self.rendered_s[gate, say] for say in says if (gate, say) in self.rendered_s and say in book.rendered
            ]
            since_s = max(book.alerted_s, watch.started[gate], min(ready, default=t))
            if self.spoke_s[gate] < since_s and t > since_s + BEGINS_S:
                yield f"{gate}: {book.alert.id} is known for {t - since_s:.1f} s, and does not speak"
            elif t > max(self.spoke_s[gate], since_s) + AGAIN_S:
                yield f"{gate}: {book.alert.id} is silent for {t - self.spoke_s[gate]:.1f} s"
        if self.raised_s is not None and t > self.raised_s + REACHES_S:
            yield from (f"{gate} has heard of no alert" for gate in GATES if self.spoke_s[gate] < self.raised_s)
            self.raised_s = None
        if self.well and isinstance(what, Told) and what.text == "store keep_alerts":
            clear = watch.centre.store.alerts()[-1].action == "clear"
            self.raised_s = None if clear else t

    def quiet(self, watch: Watch, where: str, what: What) -> Iterator[str]:
        """In quiet an actual alert sounds and nothing else, and no saying lasts into it."""
        book, machine = watch.books.get(where), watch.gates.get(where)
        if (
            not isinstance(what, Plays)
            or book is None
            or book.day is None
            or machine is None
            or machine.runtime is None
        ):
            return
        if not calls(what) and book.alert is not None and book.alert.status == "actual":
            return
        now = machine.runtime.now().utc
        lasts_s = machine.player.heard[-1].ends_s - machine.clock.monotonic_s() if what.sounds else 0.0
        begins, ends = now + timedelta(seconds=AHEAD_S + EPS_S), now + timedelta(seconds=lasts_s - EPS_S)
        for span in book.day.quiet:
            if span.begins < ends and (span.to is None or begins < span.to):
                yield f"{what.token} sounds from {now} on for {lasts_s:.1f} s, and quiet is {span.begins} to {span.to}"

    def ending(self, watch: Watch, where: str, what: What) -> Iterator[str]:
        """What is said at the end is said when no call of the window is open any more."""
        if not isinstance(what, Plays) or not what.token.split("|")[0].endswith("/close"):
            return
        book = watch.books[where]
        cues = book.day.cues if book.day is not None else ()
        own = (cue for cue in cues if cue.kind == "call" and cue.window == what.token.split("/")[1])
        if waits := [cue.id for cue in own if cue.state == "planned" and cue.id not in book.done]:
            yield f"{what.token} is said, and {waits} wait"

    def told(self, watch: Watch, where: str, what: What) -> Iterator[str]:
        """A status says `alert` while one stands, never after."""
        if isinstance(what, Sends) and what.topic.endswith("/up/status") and where in watch.books:
            status, alert = decode(what.payload, Status), watch.books[where].alert
            if (status.doing == "alert") != (alert is not None):
                yield f"it says {status.doing}, and {alert and alert.id} stands"

    # Pacing ---------------------------------------------------------------------------------------

    def paced(self, watch: Watch, where: str, what: What) -> Iterator[str]:
        """Where people pace nobody is called who was not let go, and a press lets go one at a time."""
        if not isinstance(what, Wrote):
            return
        book, entry, t = watch.books[where], what.entry, watch.world.t
        if isinstance(entry, Begun) and (cue := book.cue(entry.record.cue)) is not None and book.by_hand(cue):
            lasts_s = (cue.until - cue.at).total_seconds() + 1.0
            here_s = t - book.released.get(cue.id, float("-inf"))
            there = cue.released is not None and watch.world.utc < cue.released + timedelta(seconds=lasts_s)
            window = book.window(cue)
            if window is not None and watch.world.utc + timedelta(milliseconds=limits.LEAD_MS) < window.opens:
                yield f"{cue.id} begins before its window"
            early = window is not None and watch.world.utc < window.opens + timedelta(seconds=lasts_s)
            if here_s > lasts_s and not there and not early:
                yield f"{cue.id} begins, and nobody let it go"
        if isinstance(entry, Pressed) and entry.press.button == "next" and entry.press.result == "done":
            waiting = {
                cue for cue, at_s in book.released.items()
                if cue != entry.press.target and t - at_s < 20 and cue not in book.done and cue not in self.open[where]
                and not any(begun == cue for begun, _ in book.begun)
            }  # fmt: skip
            if waiting:
                yield f"{entry.press.target} is let go, and {sorted(waiting)} waits"
