"""A card that goes or comes back between the calls is told, once."""

import contextlib
import queue
from pathlib import Path
from typing import Any

import pytest

from config.clock import SystemClock
from config.settings import GateSettings, read
from edge import cli
from edge.alphabet import PartFailed
from edge.card import CardWatch
from edge.inbox import Inbox

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


@pytest.mark.parametrize("card", ["", "NoSuchCard"])
def test_every_gate_watches_its_own_card_until_it_ends(
    card: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Any] = []

    class Seen(CardWatch):
        def __init__(self, *arguments: Any, **named: Any) -> None:  # noqa: ANN401 - as they come
            super().__init__(*arguments, **named, every_s=LIMIT_S)
            made.append((*arguments, named["trouble"], self))

    monkeypatch.setattr(cli, "CardWatch", Seen)
    player = f'kind = "alsa"\ncard = "{card}"' if card else 'kind = "null"'
    head = 'v = 1\nschool = "lab"\ngate = "east"\ndata = "d"\nvoice = "tone"'
    text = f'{head}\n[player]\n{player}\n[panel]\nkind = "mock"\n'
    inbox = Inbox()
    with contextlib.ExitStack() as ends:
        cli._made(read(text, "gate.toml", GateSettings, "en"), tmp_path, inbox, SystemClock(), ends)
        ((check, tell, trouble, watch),) = made
        assert (bool(check()), trouble) == (bool(card), bool(card))
        gone = PartFailed("player", "gone")
        tell(gone)
        came = [inbox.get(timeout=LIMIT_S)]
        while came[-1] != gone:
            came.append(inbox.get(timeout=LIMIT_S))
        assert not watch._closed.is_set()
    assert watch._closed.is_set()
