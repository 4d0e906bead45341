"""Staff send classes to other gates, make it rain and take it back, while real gates call: everybody is heard once."""

import os
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from broker.situation import RefusedError
from broker.view import View
from plan_days import HALL
from situation_rig import PLAN, Situation

RAIN = PLAN.replace("[[windows]]", f"{HALL}[[windows]]", 1)
SEEDS = range(200) if os.environ.get("FANGXUE_NIGHT") else (0, 4)
"""4 undoes what was called elsewhere."""
GATES = ("east", "west")
Deed = Callable[[random.Random, View], dict[str, object]]
DEEDS: dict[str, Deed] = {
    "a class to a gate": lambda rng, view: {
        "kind": "reroute", "gate": rng.choice(GATES), "class": rng.choice(view.classes).id,
    },
    "all of a gate": lambda rng, _: {"kind": "reroute", "gate": rng.choice(GATES), "from_gate": rng.choice(GATES)},
    "rain or not": lambda rng, _: {"kind": "day_type", "day_type": rng.choice(("rain", "normal"))},
    "another order": lambda rng, view: {
        "kind": "move", "classes": tuple(one.id for one in rng.sample(view.classes, 2)),
    },
    "undo": lambda rng, view: {"kind": "undo", "undoes": rng.choice([one.n for one in view.changes] or [1])},
    "delay": lambda _, __: {"kind": "delay", "window": "noon", "delay_s": 30.0},
    "skip": lambda rng, view: {"kind": "skip", "class": rng.choice(view.classes).id},
}  # fmt: skip


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_staff_rearrange_nobody_is_called_twice_and_nobody_is_forgotten(seed: int, tmp_path: Path) -> None:
    rng, school = random.Random(seed), Situation(tmp_path, RAIN)
    school.centre.confirm_time("李主任")
    school.until("11:29:00")
    done: list[object] = []
    for _ in range(8):
        school.go(rng.uniform(5, 70))
        wish = rng.choice(list(DEEDS.values()))(rng, school.page())
        at = f"{school.clock.utc():%H:%M:%S}"
        try:
            school.ask(str(wish.pop("kind")), confirmed=True, **wish)
            done.append((at, wish))
        except RefusedError as error:
            done.append((at, wish, error.code))
    school.until("12:30:00")
    here = school.centre.situation()
    heard = Counter(record.cue for _, record in school.store.records(here.on) if record.heard == "yes")
    planned = {cue.id for _, cue in here.cues(None) if cue.kind == "call" and cue.state == "planned"}
    calls = {cue: times for cue, times in heard.items() if cue.endswith("/call")}
    assert (set(calls.values()), planned - set(calls)) == ({1}, set()), f"seed {seed}: {done}"
