"""A card that goes or comes back between the calls is told, once."""

import contextlib
import queue
import threading
from pathlib import Path
from typing import Any

import pytest

from audio.player import Played
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

    watch = CardWatch(check, tell, threading.Event(), trouble=trouble, every_s=0.001)
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


def test_a_card_that_went_and_came_back_between_two_looks_is_in_order_without_a_call() -> None:
    """Its clip failed, and that is a Problem: the look that this asks for knows that it was the card."""
    says: queue.Queue[str] = queue.Queue()
    failed, fault = threading.Event(), ["no card"]
    watch = CardWatch(lambda: fault[0], lambda event: says.put(event.why), failed, trouble=False, every_s=LIMIT_S)
    failed.set()
    assert says.get(timeout=LIMIT_S) == "no card"
    fault[0] = ""
    failed.set()  # for the next look at its time
    assert says.get(timeout=LIMIT_S) == ""
    watch.close()


@pytest.mark.parametrize("card", ["", "NoSuchCard"])
def test_every_gate_watches_its_own_card_until_it_ends(
    card: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Any] = []

    class Seen(CardWatch):
        def __init__(self, *arguments: Any, **named: Any) -> None:  # noqa: ANN401 - as they come
            super().__init__(*arguments, **named, every_s=10 * LIMIT_S)
            made.append((*arguments, named["trouble"], self))

    monkeypatch.setattr(cli, "CardWatch", Seen)
    player = f'kind = "alsa"\ncard = "{card}"' if card else 'kind = "null"'
    head = 'v = 1\nschool = "lab"\ngate = "east"\ndata = "d"\nvoice = "tone"'
    text = f'{head}\n[player]\n{player}\n[panel]\nkind = "mock"\n'
    inbox = Inbox()
    with contextlib.ExitStack() as ends:
        runtime, _ = cli._made(read(text, "gate.toml", GateSettings, "en"), tmp_path, inbox, SystemClock(), ends)
        ((check, tell, _, trouble, watch),) = made
        assert (bool(check()), trouble) == (bool(card), bool(card))
        gone = PartFailed("player", "gone")
        tell(gone)
        came = [inbox.get(timeout=LIMIT_S)]
        while came[-1] != gone:
            came.append(inbox.get(timeout=LIMIT_S))
        runtime.parts.player.play("one", tmp_path / "missing.wav", 0.0)
        while not isinstance(came[-1], Played):
            came.append(inbox.get(timeout=LIMIT_S))
        assert came[-1].result == "failed"
        if card:  # looked at because of that
            while came[-1] != PartFailed("player", check()):
                came.append(inbox.get(timeout=LIMIT_S))
        assert not watch._closed.is_set()
    assert watch._closed.is_set()
