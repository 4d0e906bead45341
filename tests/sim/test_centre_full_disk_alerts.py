"""An alert and a disk that takes nothing: whoever can run must not wait for a file."""

from pathlib import Path

import pytest

from broker.wish import AlertWish
from config.errors import OutsideError
from school_rig import School


@pytest.fixture
def school(tmp_path: Path) -> School:
    made = School(tmp_path)
    made.settle_in()
    return made


def wish(key: str, action: str, **more: object) -> AlertWish:
    return AlertWish.model_validate({"key": key, "by": "李主任", "action": action, **more})


def came(school: School) -> list[tuple[str, str]]:
    return [
        (message["action"], message["status"]) for what, message in school.east.took() if what == "alert" and message
    ]


def full(*_: object) -> None:
    raise OutsideError("disk full")


def test_an_actual_alert_and_its_end_reach_the_gates_on_a_full_disk_and_that_is_told(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(school.store, "keep_alerts", full)
    school.east.took()
    school.centre.alert(wish("a1", "evacuate"))
    school.go(1)
    assert came(school) == [("evacuate", "actual")]
    assert school.centre.view().alert is not None
    assert [line for line in school.said if "disk full" in line]
    school.centre.alert(wish("a2", "clear", clears=school.centre.view().clears, confirmed=True))
    school.go(1)
    assert [action for action, _ in came(school)] == ["clear"]


def test_a_drill_waits_for_the_disk(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(school.store, "keep_alerts", full)
    drill = wish("a1", "evacuate", drill=True, until=school.clock.utc().replace(minute=50))
    school.east.took()
    with pytest.raises(OutsideError):
        school.centre.alert(drill)
    school.go(1)
    assert (came(school), school.centre.view().alert) == ([], None)
