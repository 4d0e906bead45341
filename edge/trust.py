"""How far the gate's time can be from the school's, and who says so. Pure: what clocks and centre say comes as data.

1. Three sources, by rank. *centre*: an exchange with it, the best of a burst. *kernel*: the wall clock, while the
   kernel says that it is synchronised. *chip*: a clock chip, since this gate set it from one of the other two.
2. A source that speaks leaves an anchor: its time at a monotonic instant, and how wrong that can be. From then on the
   monotonic clock carries it, and the bound grows by what a crystal may be off, whatever becomes of the source.
3. The gate's time is the anchor with the smallest bound now. Sources further apart than both bounds and 2 s cannot
   both be right: a Problem, and no average. The higher rank wins: the school's time is the centre's; the kernel is
   compared with others now, the chip was once.
4. A step of the wall clock ends every anchor: nobody knows what happened to the machine, it may have slept. All
   sources are asked again at once.
5. The monotonic clock outlives a process, not the machine: the next process of the same boot goes on from the stored
   anchor. After a reboot that is only a floor: a kernel or a chip below it is certainly wrong; it vouches for nothing.
   The centre may be below it: one that was ahead is set back, and the floor follows.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from broker.wire.messages import Ask, Time
from config import limits
from config.clock import Instant
from edge.sources import RANK, Anchor, Anchored, ChipSet, Reading, Source


@dataclass(frozen=True, slots=True)
class Trust:
    """`asked`: (n, monotonic_s) of the question on its way; `burst`: questions left at short distance.

    `wall_s`: wall clock minus monotonic clock; a change is a step. `refused`: what a source said below the floor.
    `kept`, `chip_set`: what the journal holds. `chip`: the one last read; `chip_fault`: why it cannot be read or set.
    `kernel_at_s`, `chip_at_s`: when they are read next.
    """

    start: int
    boot: str = ""
    n: int = 0
    asked: tuple[int, float] | None = None
    burst: int = limits.ASK_BURST
    ask_at_s: float = 0.0
    anchors: dict[Source, Anchor] = field(default_factory=dict)
    wall_s: float | None = None
    refused: dict[Source, str] = field(default_factory=dict)
    kept: Anchored | None = None
    chip_set: ChipSet | None = None
    chip: str = ""
    chip_fault: str = ""
    kernel_at_s: float = 0.0
    chip_at_s: float = 0.0


def begun(start: int, boot: str, kept: Anchored | None, chip_set: ChipSet | None) -> Trust:
    """A process starts. In the same boot it goes on from the stored anchor; `watched` sees a step that came between."""
    trust = Trust(start, boot, kept=kept, chip_set=chip_set)
    if kept is None or not boot or kept.boot != boot:
        return trust
    return replace(trust, anchors={kept.source: kept.anchor()}, wall_s=kept.wall_s)


# The choice ---------------------------------------------------------------------------------------


def now(trust: Trust, wall: datetime, monotonic_s: float) -> Instant:
    """The school's time; without an anchor the wall clock, vouched for by nobody."""
    source = chosen(trust, monotonic_s)
    if source is None:
        return Instant(wall, monotonic_s, None)
    anchor = trust.anchors[source]
    return Instant(anchor.at(monotonic_s), monotonic_s, anchor.bound_s(monotonic_s))


def chosen(trust: Trust, monotonic_s: float, of: tuple[Source, ...] = RANK) -> Source | None:
    """The source with the smallest bound now, of those that no higher one contradicts."""
    good = [source for source in _believed(trust, monotonic_s) if source in of]
    return min(good, key=lambda source: trust.anchors[source].bound_s(monotonic_s), default=None)


def problems(trust: Trust, monotonic_s: float) -> dict[str, str]:
    """What a person must look at, by code; empty text: nothing."""
    believed, first = _believed(trust, monotonic_s), chosen(trust, monotonic_s)
    apart = [
        f"{source} {trust.anchors[source].ahead_s(trust.anchors[first]):+.1f} s from {first}"
        for source in RANK
        if first is not None and source in trust.anchors and source not in believed
    ]
    bound_s = trust.anchors[first].bound_s(monotonic_s) if first else 0.0
    wide = f"the time may be {bound_s:.0f} s wrong" if bound_s > limits.BOUND_PROBLEM_S else ""
    disagree = "; ".join([*apart, *(f"{source}: {why}" for source, why in trust.refused.items())])
    return {"clock-disagree": disagree, "clock-wide": wide, "clock-chip": trust.chip_fault}


def _believed(trust: Trust, monotonic_s: float) -> list[Source]:
    """By rank, each that agrees with all before it."""
    believed: list[Source] = []
    for source in RANK:
        one = trust.anchors.get(source)
        if one and all(_agree(one, trust.anchors[other], monotonic_s, limits.DISAGREE_S) for other in believed):
            believed.append(source)
    return believed


def _agree(one: Anchor, other: Anchor, monotonic_s: float, besides_s: float = 0.0) -> bool:
    return abs(one.ahead_s(other)) <= one.bound_s(monotonic_s) + other.bound_s(monotonic_s) + besides_s


def _anchored(trust: Trust, source: Source, new: Anchor) -> Trust:
    """A source spoke. What is held of it stays if it is still the better; a source that contradicts itself was set."""
    old = trust.anchors.get(source)
    if old and _agree(old, new, new.monotonic_s) and old.bound_s(new.monotonic_s) <= new.error_s:
        return trust
    return replace(trust, anchors={**trust.anchors, source: new})


# The wall clock and the kernel --------------------------------------------------------------------


def watched(trust: Trust, wall: datetime, monotonic_s: float) -> Trust:
    """Notice a step of the wall clock: every anchor ends, and all sources are asked at once."""
    wall_s = wall.timestamp() - monotonic_s
    if trust.wall_s is not None and abs(wall_s - trust.wall_s) < limits.CLOCK_SAME_S:
        return trust
    if trust.wall_s is None or abs(wall_s - trust.wall_s) <= limits.CLOCK_STEP_S:
        return replace(trust, wall_s=wall_s)
    trust = replace(trust, wall_s=wall_s, anchors={}, refused={}, kernel_at_s=monotonic_s, chip_at_s=monotonic_s)
    return asking(trust, monotonic_s)


def kernel_read(trust: Trust, wall: datetime, monotonic_s: float, error_s: float | None) -> Trust:
    """The wall clock; `error_s` None: the kernel is not synchronised, and what it said before is carried on."""
    trust = replace(trust, kernel_at_s=monotonic_s + limits.KERNEL_EVERY_S)
    if error_s is None:
        return _refused(trust, "kernel", "")
    new = Anchor(wall, monotonic_s, error_s + limits.KERNEL_ERROR_S)
    return _above_floor(trust, "kernel", new, (trust.kept,))


def _above_floor(trust: Trust, source: Source, new: Anchor, been: tuple[Anchored | ChipSet | None, ...]) -> Trust:
    """It becomes the source's anchor, unless its time is before one that has been: then nothing of it stays."""
    trust = _refused(trust, source, "")
    slack_s = new.error_s + limits.DISAGREE_S
    for one in been:
        if one and new.utc + timedelta(seconds=slack_s + one.error_s) < one.utc:
            return _refused(trust, source, f"{new.utc:%Y-%m-%d %H:%M:%S} is before {one.utc:%Y-%m-%d %H:%M:%S}")
    return _anchored(trust, source, new)


def _refused(trust: Trust, source: Source, why: str) -> Trust:
    refused = {of: one for of, one in trust.refused.items() if of != source}
    if not why:
        return replace(trust, refused=refused)
    anchors = {of: one for of, one in trust.anchors.items() if of != source}
    return replace(trust, refused={**refused, source: why}, anchors=anchors)


# The chip -----------------------------------------------------------------------------------------


def chip_read(trust: Trust, reading: Reading | None, monotonic_s: float, took_s: float, fault: str = "") -> Trust:
    """A chip that this gate never set says nothing; neither does another one (the card was moved), nor a `fault`."""
    trust = replace(trust, chip_at_s=monotonic_s + limits.CHIP_EVERY_S, chip_fault=fault)
    if reading is None:
        return trust
    trust, known = replace(trust, chip=reading.chip), trust.chip_set
    if known is None or known.chip != reading.chip:
        return trust
    age_s = abs((reading.utc - known.utc).total_seconds())
    error_s = known.error_s + age_s * reading.ppm / 1e6 + 0.5 + took_s  # it shows the second that is running
    new = Anchor(reading.utc + timedelta(seconds=0.5), monotonic_s, error_s)
    return _above_floor(trust, "chip", new, (trust.kept, known))


def set_chip(trust: Trust, monotonic_s: float) -> ChipSet | None:
    """What the chip just read is to be set to, if it is due: once a day, and when it is wrong."""
    source = chosen(trust, monotonic_s, ("centre", "kernel"))
    if source is None or not trust.chip:
        return None
    utc, bound_s = trust.anchors[source].at(monotonic_s), trust.anchors[source].bound_s(monotonic_s)
    last = trust.chip_set if trust.chip_set and trust.chip_set.chip == trust.chip else None
    fresh = last is not None and 0 <= (utc - last.utc).total_seconds() < limits.CHIP_SET_EVERY_S
    wrong = "chip" in trust.refused or ("chip" in trust.anchors and "chip" not in _believed(trust, monotonic_s))
    if bound_s > limits.CHIP_SET_BOUND_S or (fresh and not wrong):
        return None
    return ChipSet(chip=trust.chip, utc=utc.replace(microsecond=0), error_s=bound_s + 1)  # whole seconds


# What outlives the process ------------------------------------------------------------------------


def to_keep(trust: Trust, monotonic_s: float) -> Anchored | None:
    """The anchor that the journal should hold from now on: after a burst, and seldom. A chip can be read anew."""
    source = chosen(trust, monotonic_s, ("centre", "kernel"))
    if source not in ("centre", "kernel") or trust.wall_s is None or (source == "centre" and trust.burst):
        return None
    anchor, error_s = trust.anchors[source], trust.anchors[source].error_s + limits.WIRE_INSTANT_S
    if error_s > limits.TOLERANCE_S or (trust.kept and _serves(trust.kept, trust.boot, trust.wall_s, anchor)):
        return None
    return Anchored(
        source=source, boot=trust.boot, utc=anchor.utc, monotonic_s=anchor.monotonic_s, error_s=error_s,
        wall_s=trust.wall_s,
    )  # fmt: skip


def _serves(kept: Anchored, boot: str, wall_s: float, anchor: Anchor) -> bool:
    """Whether the next process could go on from it, and not much worse than from the anchor."""
    same = kept.boot == boot and abs(kept.wall_s - wall_s) <= limits.CLOCK_STEP_S
    fresh = anchor.monotonic_s - kept.monotonic_s < limits.ANCHOR_KEPT_S
    return same and fresh and _agree(kept.anchor(), anchor, anchor.monotonic_s)


# The exchange with the centre ---------------------------------------------------------------------


def asking(trust: Trust, monotonic_s: float) -> Trust:
    """Begin a burst of questions: after a connect, or a step."""
    return replace(trust, burst=limits.ASK_BURST, ask_at_s=monotonic_s, asked=None)


def ask(trust: Trust, monotonic_s: float) -> tuple[Trust, Ask | None]:
    """The question that is due now, if one is."""
    if monotonic_s < trust.ask_at_s:
        return trust, None
    n, burst = trust.n + 1, max(0, trust.burst - 1)
    pause_s = limits.ASK_EVERY_S if _vouches(trust, monotonic_s + limits.ASK_EVERY_S) else limits.ASK_AGAIN_S
    next_s = monotonic_s + (limits.ASK_BURST_EVERY_S if burst else pause_s)
    made = replace(trust, n=n, burst=burst, asked=(n, monotonic_s), ask_at_s=next_s)
    return made, Ask(v=1, start=trust.start, n=n)


def _vouches(trust: Trust, monotonic_s: float) -> bool:
    """Whether what is known now is still good enough then."""
    source = chosen(trust, monotonic_s)
    return source is not None and trust.anchors[source].bound_s(monotonic_s) <= limits.TOLERANCE_S


def answered(trust: Trust, time: Time, monotonic_s: float) -> Trust:
    """An answer that came at `monotonic_s`. One to an old question, too late or impossible changes nothing."""
    if trust.asked is None or (time.start, time.n) != (trust.start, trust.asked[0]) or time.error_s is None:
        return trust
    spent_s = monotonic_s - trust.asked[1]
    kept_s = (time.sent_at - time.received_at).total_seconds()
    if kept_s < 0 or kept_s > spent_s + 2 * limits.WIRE_INSTANT_S or spent_s - kept_s > limits.ASK_AGAIN_S:
        return trust
    half_s = max(0.0, spent_s - kept_s) / 2
    error_s = half_s + 2 * limits.WIRE_INSTANT_S + time.error_s
    new = Anchor(time.sent_at + timedelta(seconds=half_s), monotonic_s, error_s)
    return _anchored(replace(trust, asked=None), "centre", new)
