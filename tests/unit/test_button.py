"""A button: what counts as a press, whatever the contacts, a long wire or a glove do."""

import random

import pytest

from config import limits
from edge.button import Button, looked, moved, settles_s

STEP_S = 0.001


def turns(edges: list[tuple[float, bool]], until_s: float, every_s: float = 0.01) -> list[tuple[float, str]]:
    """What became of it, looked at `every_s` and with every edge."""
    found: list[tuple[float, str]] = []
    button, now_s = Button(), 0.0
    while now_s <= until_s:
        for _, down in [edge for edge in edges if now_s - every_s < edge[0] <= now_s]:
            button = moved(button, now_s, down=down)
        button, turned = looked(button, now_s)
        if turned:
            found.append((round(now_s, 3), turned))
        now_s = round(now_s + every_s, 6)
    return found


@pytest.mark.parametrize(
    ("edges", "found"),
    [
        ([], []),
        ([(0, False)], []),
        ([(0, False), (5, True), (5.2, False)], [(5.03, "pressed")]),
        ([(5, True), (5.2, False)], [(5.03, "pressed")]),  # the panel did not say how it began
        ([(5, True), (5.02, True), (5.2, False)], [(5.03, "pressed")]),  # told twice
        ([(5, True), (5.02, False)], []),  # a spark
        ([(5, True), (5.01, False), (5.02, True), (5.2, False)], [(5.05, "pressed")]),  # bounces
        ([(5, True), (5.2, False), (5.21, True), (5.22, False)], [(5.03, "pressed")]),  # bounces when let go
        ([(5, True), (5.2, False), (5.6, True), (5.8, False)], [(5.03, "pressed")]),  # a double tap
        ([(5, True), (5.2, False), (6, True), (6.2, False)], [(5.03, "pressed"), (6.03, "pressed")]),
        ([(0, True)], [(30.0, "stuck")]),  # down when the gate started: nobody pressed it
        ([(0, True), (2, False), (4, True), (4.1, False)], [(4.03, "pressed")]),
        ([(5, True), (50, False)], [(5.03, "pressed"), (15.0, "kept"), (35.0, "stuck"), (50.03, "free")]),
        (
            [(5, True), (50, False), (60, True), (95, False)],  # stuck, and once more
            [
                *((5.03, "pressed"), (15.0, "kept"), (35.0, "stuck"), (50.03, "free")),
                *((60.03, "pressed"), (70.0, "kept"), (90.0, "stuck"), (95.03, "free")),
            ],
        ),
        ([(5, True), (14.9, False)], [(5.03, "pressed")]),
        (
            [(5, True), (5.2, False), (5.6, True), (50, False)],
            [(5.03, "pressed"), (15.6, "kept"), (35.6, "stuck"), (50.03, "free")],
        ),
        ([(5, True), (50, False), (50.01, True)], [(5.03, "pressed"), (15.0, "kept"), (35.0, "stuck")]),
    ],
)
def test_what_became_of_it(edges: list[tuple[float, bool]], found: list[tuple[float, str]]) -> None:
    assert turns(edges, 100.0) == found


def test_an_edge_from_before_the_gate_looked_is_how_the_button_was_and_no_press() -> None:
    button = moved(Button(since_s=10.0, down=False), 9.9, down=True)
    assert looked(button, 10.0) == (Button(level=True, since_s=9.9, down=True), None)
    up = moved(Button(since_s=10.0, down=False), 9.9, down=False)
    assert looked(moved(looked(up, 10.0)[0], 10.0, down=True), 10.1)[1] == "pressed"


def test_it_counts_as_soon_as_it_may_and_says_when() -> None:
    button, _ = looked(Button(), 0.0)
    assert settles_s(button) == float("inf")
    button = moved(button, 5.0, down=True)
    assert settles_s(button) == 5.0 + limits.DEBOUNCE_S
    assert looked(button, 5.0 + limits.DEBOUNCE_S - STEP_S)[1] is None
    assert looked(button, 5.0 + limits.DEBOUNCE_S)[1] == "pressed"


def test_a_press_is_found_once_however_late_one_looks() -> None:
    button, _ = looked(Button(), 0.0)
    button, turned = looked(moved(button, 5.0, down=True), 9.0)
    assert (turned, looked(button, 9.0)[1]) == ("pressed", None)


def test_a_line_that_never_rests_is_never_pressed() -> None:
    rng = random.Random(7)
    button, now_s = Button(), 0.0
    for _ in range(10_000):
        now_s += rng.uniform(0, limits.DEBOUNCE_S * 0.99)
        button, turned = looked(moved(button, now_s, down=not button.level), now_s)
        assert turned is None
