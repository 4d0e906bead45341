"""What goes wrong at a real gate stands on the page of a real centre, with its reason, until it is over."""

from pathlib import Path

from edge.alphabet import PartFailed
from whole_rig import Whole


def test_a_problem_of_a_gate_stands_on_the_page_until_it_is_over(tmp_path: Path) -> None:
    school = Whole(tmp_path)

    def shown() -> list[list[tuple[str, str]]]:
        return [[(one.code, one.why) for one in gate.problems] for gate in school.centre.view().gates]

    assert shown() == [[], []]
    began = school.clock.utc()
    school.east.inbox.put(PartFailed("panel", "pin 17 is taken"))
    school.go(3)
    assert shown() == [[("panel", "pin 17 is taken")], []]
    assert 0 <= (school.centre.view().gates[0].problems[0].since - began).total_seconds() <= 1
    school.stop_centre()
    school.start_centre()
    school.go(3)
    assert shown() == [[("panel", "pin 17 is taken")], []]
    school.east.inbox.put(PartFailed("panel", ""))
    school.go(3)
    assert shown() == [[], []]
    school.stop_centre()
