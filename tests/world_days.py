"""One seed is one school day: it is lived, judged, and, if it fails, told with the least that still makes it fail."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from world import START, World
from world_checkers import Watch
from world_faults import CALM, Fault, School
from world_mixes import Happening, arm
from world_rules import Rules
from world_trouble import Trouble, calm


@dataclass(frozen=True, slots=True)
class Told:
    """How a day ended."""

    seed: int
    mix: tuple[Happening, ...]
    violations: tuple[str, ...]
    last: tuple[str, ...]
    trace_hash: str


def live(seed: int, mix: Sequence[Happening], *, reraise: bool = False) -> Told:
    """A whole day: the morning, the window, its end, and the time the system needs to come to rest."""
    happenings = tuple(dict.fromkeys(mix))
    world = World(seed)
    world.reraise = reraise
    school = School(world)
    watch = Watch(world, school.gates, school.centre)
    world.watch = watch
    Rules(watch, well=not any(isinstance(happening, Fault) for happening in happenings))
    for happening in happenings:
        arm(school, happening)
    school.boot()
    world.on(CALM, school.calm)
    if any(isinstance(happening, Trouble) for happening in happenings):
        world.on(CALM, partial(calm, school))
    world.run(CALM + 15)
    if not world.violations:
        for found in watch.soon_well():
            world.violate("soon well", found)
    end = _end(school)
    while not world.violations and world.t < end:
        world.run(end)
        end = _end(school)
    if not world.violations:
        for found in watch.finish(school.restored):
            world.violate("the day", found)
    return Told(seed, happenings, tuple(world.violations), tuple(world.lines[-50:]), world.trace_hash)


def _end(school: School) -> float:
    """Every window has closed, what is silent was written down, and the news went round."""
    centre = school.centre.centre
    closes = [window.closes for window in centre.view().windows] if centre is not None else []
    days = centre.situation().days if centre is not None else ()
    notices = [cue.until for day in days for cue in day.cues if cue.window is None]
    latest = max([START + timedelta(seconds=170), *closes, *notices])
    return (latest - START).total_seconds() + 140


def least(mix: Sequence[Happening], fails: Callable[[Sequence[Happening]], bool]) -> tuple[Happening, ...]:
    """The happenings without any one of which it no longer fails; greedily."""
    for happening in tuple(mix):
        without = [one for one in mix if one is not happening]
        if fails(without):
            mix = without
    return tuple(mix)


def report(told: Told) -> str:
    """The seed, the smallest set that still fails, and the last that was seen."""
    needed = least(told.mix, lambda mix: bool(live(told.seed, mix).violations))
    names = " ".join(one.name for one in needed) or "nothing going wrong"
    return "\n".join([f"seed {told.seed} fails with {names}: {told.violations[0]}", *told.last])
