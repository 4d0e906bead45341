"""What a guard's button did becomes a Change: a hold that works offline is known here as soon as it is told. Pure."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from broker.wire.messages import Press
from config.changes import Change
from config.plan import Plan
from config.timetable import local

GUARD = "门卫"


@dataclass(frozen=True, slots=True)
class Pressed:
    """The changes to be stored with the event, each with its date; `refused`: presses in another gate's name."""

    changes: tuple[tuple[date, Change], ...]
    refused: tuple[str, ...]


def pressed(
    plan: Plan, gate: str, presses: Iterable[Press], today: date, *, n: int, known: Callable[[str], bool]
) -> Pressed:
    """What the hold presses of one event change, of that gate alone. `n`: the next number; `known`: a key that stands.

    A press of a clock that runs ahead is of today: it must not hold the gate tomorrow.
    """
    changes: dict[str, tuple[date, Change]] = {}
    refused = []
    for press in presses:
        if not press.id.startswith(f"{gate}/"):
            refused.append(press.id)
        elif press.button == "hold" and press.result == "done" and press.id not in changes and not known(press.id):
            change = Change.model_validate(
                {
                    "v": 1, "n": n + len(changes), "key": press.id, "at": press.at, "by": GUARD, "gate": gate,
                    "kind": "resume" if press.ends else "hold", "ids": press.ends or (press.id,),
                }
            )  # fmt: skip
            changes[press.id] = (min(local(press.at, plan).date(), today), change)
    return Pressed(tuple(changes.values()), tuple(refused))
