"""A message that stops the centre does it once: after the restart it is set aside, and the day goes on."""

from pathlib import Path

import pytest

from broker.post import opened
from broker.wire.messages import Status
from broker.wire.transport import Arrived
from config.errors import OutsideError
from school_rig import School


def arrived(school: School) -> Arrived:
    topic = "fangxue/v1/shifan/east/up/status"
    return Arrived(topic, school.broker.retained[topic], retained=True, receipt=0, monotonic_s=0.0)


@pytest.mark.parametrize("fault", [AssertionError, ValueError, RecursionError])
def test_a_retained_status_that_stops_the_centre_does_not_keep_it_from_starting(
    tmp_path: Path, fault: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    school = School(tmp_path)
    school.settle_in()

    def stopping(message: object, *rest: object) -> object:
        found = opened(message, *rest)  # type: ignore[arg-type]  # of the function it stands for
        if isinstance(getattr(found, "status", None), Status) and found.status.version == "9-poison":  # type: ignore[union-attr]  # the same
            raise fault
        return found

    monkeypatch.setattr("broker.centre.opened", stopping)
    school.east.status(version="9-poison")
    school.go()  # the transport in memory takes the fault for a lost link
    with pytest.raises(fault):
        school.centre.handle(arrived(school))
    school.stop()
    school.start()  # the supervisor
    school.go(2)  # the broker brings the retained status again
    assert [line for line in school.said if "set-aside" in line and "/east/up/status" in line]
    school.stop()
    school.start()
    school.go(2)
    monkeypatch.undo()  # where it stopped does not matter to what is remembered
    assert school.centre.view().gates[0].link == "never"
    school.east.status()
    school.go(2)
    assert [gate.link for gate in school.centre.view().gates] == ["up", "up"]


def test_a_disk_that_fails_as_well_hides_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    school = School(tmp_path)
    school.settle_in()

    def fails(*_: object) -> None:
        raise OutsideError("disk")

    def stops(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr("broker.centre.opened", stops)
    monkeypatch.setattr(school.store, "keep_stopped", fails)
    with pytest.raises(AssertionError):
        school.centre.handle(arrived(school))


def test_a_message_that_met_a_failing_disk_is_not_set_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    school = School(tmp_path)
    school.settle_in()

    def fails(*_: object) -> None:
        raise OutsideError("disk")

    monkeypatch.setattr("broker.centre.opened", fails)
    with pytest.raises(OutsideError):
        school.centre.handle(arrived(school))
    monkeypatch.undo()
    assert school.store.stopped() == set()
