"""A message that stops the program does it once: after the restart it is set aside, and the stored day goes on."""

import pytest

from broker.wire.messages import digest, encode
from config.errors import OutsideError
from gate_life import Life, ready
from gate_rig import call, day


@pytest.mark.parametrize("fault", [AssertionError, ValueError, RecursionError])
def test_a_message_that_stops_the_program_is_set_aside_after_the_restart(
    fault: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    life = ready()
    poison = encode(day(call(3, 0), revision=2))

    def stopping(payload: bytes) -> str:
        if payload == poison:
            raise fault
        return digest(payload)

    monkeypatch.setattr("edge.runtime.digest", stopping)
    with pytest.raises(fault):
        life.say(f"day/{day().date}", poison, retain=True)
    monkeypatch.undo()  # where it stopped does not matter to what is remembered
    again = Life(journal=life.journal)
    again.exchange()
    again.say(f"day/{day().date}", poison, retain=True)
    assert again.problems() == ["set-aside"]
    again.run(60.1)
    assert again.player.played == [call(1, 0).say]  # the stored day goes on
    again.say(f"day/{day().date}", encode(day(call(2, 20), revision=3)))
    assert again.runtime.state.book.days[day().date].day.revision == 3


def test_a_message_that_met_a_failing_device_is_not_set_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    life = ready()

    def fails(_: bytes) -> str:
        raise OutsideError("card")

    newer = encode(day(call(3, 0), revision=2))
    monkeypatch.setattr("edge.runtime.digest", lambda data: digest(data) if data != newer else fails(data))
    with pytest.raises(OutsideError):
        life.say(f"day/{day().date}", newer)
    monkeypatch.undo()
    again = Life(journal=life.journal)
    again.say(f"day/{day().date}", newer)
    assert again.runtime.state.book.days[day().date].day.revision == 2
