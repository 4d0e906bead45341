"""All interleavings of a few events at one gate, breadth first: what holds on every way, and the diagram it draws."""

import os
import sys
from collections import Counter
from pathlib import Path

import pytest

from config.day import Pacing
from small_world import World, diagram

DEPTH = int(os.environ.get("FANGXUE_DEPTH", "4"))
"""6 at night: minutes."""
DOCUMENT = Path(__file__).parents[2] / "docs" / "gate.md"


@pytest.mark.parametrize("pacing", ["timed", "guarded", "ready"])
def test_no_order_of_events_breaks_a_rule(pacing: Pacing, capsys: pytest.CaptureFixture[str]) -> None:
    """Days, revisions, holds, presses, alerts, power cuts after every entry, a clock that goes, a player that fails."""
    world = World(pacing, "TDHRBACPXYFS" if pacing == "timed" else "TDHRBNACPXYFS")
    states, reached = world.run(DEPTH)
    with capsys.disabled():
        sys.stdout.write(f"\n{pacing}: {states} states, whole to depth {reached}\n")
    assert (reached, states > 100 * DEPTH) == (DEPTH, True)


def test_the_diagram_in_the_docs_is_what_step_does() -> None:
    """Written anew with FANGXUE_WRITE_DOCS=1."""
    arrows: Counter[tuple[str, str, str]] = Counter()
    for alphabet, depth in (("T", 14), ("TBAC", 6), ("TXYFS", 6), ("TDHR", 6)):
        world = World("timed", alphabet)
        world.run(depth)
        arrows += world.arrows
    head, fence, rest = DOCUMENT.read_text("utf-8").partition("```mermaid\n")
    drawn, end, after = rest.partition("\n```")
    if os.environ.get("FANGXUE_WRITE_DOCS"):
        DOCUMENT.write_text(head + fence + diagram(arrows) + end + after, "utf-8")
    assert drawn == diagram(arrows)
