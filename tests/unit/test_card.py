"""A card that goes or comes back between the calls is told, once."""

import queue

from edge.alphabet import PartFailed
from edge.card import CardWatch

LIMIT_S = 30.0


def told(answers: list[str], *, trouble: bool) -> list[str]:
    """What is told of these looks, the last of which is repeated for ever."""
    looked: queue.Queue[str] = queue.Queue()
    says: list[str] = []
    left = iter(answers)

    def check() -> str:
        why = next(left, answers[-1])
        looked.put(why)
        return why

    def tell(event: PartFailed) -> None:
        assert event.part == "player"
        says.append(event.why)

    watch = CardWatch(check, tell, trouble=trouble, every_s=0.001)
    for _ in range(len(answers) + 2):
        looked.get(timeout=LIMIT_S)
    watch.close()
    return says


def test_a_card_that_goes_and_comes_back_is_told_each_time() -> None:
    assert told(["", "no card", "no card", "muted", "", ""], trouble=False) == ["no card", "muted", ""]


def test_what_was_in_order_at_the_start_and_stays_so_is_not_told() -> None:
    """A clip that failed for another reason stays a problem until one was heard."""
    assert told(["", "", ""], trouble=False) == []


def test_a_card_that_was_not_there_at_the_start_and_came_is_in_order() -> None:
    assert told(["no card", "", ""], trouble=True) == ["no card", ""]
