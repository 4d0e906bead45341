"""The panel on mock pins: each pattern, the relay, dark at the end; two panels know nothing of each other."""

import threading

import pytest
from gpiozero import PinInvalidState
from gpiozero.pins.mock import MockFactory, MockPin
from gpiozero.threads import GPIOThread

from config import limits
from config.clock_fake import FakeClock
from config.errors import OutsideError
from config.settings import PanelSettings
from edge.alphabet import ButtonMoved
from edge.panel_gpiozero import GpioPanel, dark
from edge.report import Lights, Pattern
from gate_rig import NOON

PINS = PanelSettings(kind="mock")
NAMES = ("red", "amber", "green", "amplifier")


def panel_of(factory: MockFactory, moves: list[ButtonMoved] | None = None) -> GpioPanel:
    return GpioPanel(PINS, (moves if moves is not None else []).append, FakeClock(NOON), factory)


def states(factory: MockFactory) -> dict[str, list[bool]]:
    """Every state each pin had, from the making of the panel on."""
    return {name: [one.state for one in factory.pin(getattr(PINS, name)).states] for name in NAMES}


def test_every_lamp_and_the_relay_follow_what_is_shown_and_nothing_else_moves() -> None:
    factory = MockFactory()
    panel = panel_of(factory)
    panel.show(Lights(red="on"))
    panel.show(Lights(red="on", amplifier=True))
    panel.show(Lights(amber="on", amplifier=True))
    panel.show(Lights(green="on"))
    panel.show(Lights())
    dark, once = [False, False], [False, False, True, False]
    assert {name: len(of) > 0 and of[0] for name, of in states(factory).items()} == dict.fromkeys(NAMES, False)
    changes = {name: _changes(of) for name, of in states(factory).items()}
    assert changes == dict.fromkeys(NAMES, _changes(once))
    assert _changes(dark) == [False]
    panel.close()


def _changes(of: list[bool]) -> list[bool]:
    return [one for n, one in enumerate(of) if n == 0 or of[n - 1] != one]


@pytest.mark.parametrize(("pattern", "each_s"), [("slow", 1.0), ("fast", 0.2)])
def test_a_flashing_lamp_begins_lit_and_showing_it_again_does_not_begin_anew(pattern: str, each_s: float) -> None:
    factory = MockFactory()
    panel = panel_of(factory)
    lights = Lights(red=pattern)  # type: ignore[arg-type]  # one of its patterns
    panel.show(lights)
    lamp = panel._lamps["red"]
    thread = lamp._blink_thread
    panel.show(lights)
    assert lamp._blink_thread is thread
    assert thread._args[:2] == (each_s, each_s)
    panel.show(Lights(red="on"))
    assert (lamp._blink_thread, factory.pin(PINS.red).state) == (None, True)
    panel.close()


def test_closed_twice_it_is_dark_and_the_pins_are_free() -> None:
    factory = MockFactory()
    panel = panel_of(factory)
    panel.show(Lights(red="fast", amber="on", green="slow", amplifier=True))
    panel.close()
    panel.close()
    assert [factory.pin(getattr(PINS, name)).state for name in NAMES] == [False] * 4
    again = panel_of(factory)
    again.close()


class Tearing(MockPin):  # type: ignore[misc]  # gpiozero has no types
    """A pin that can be torn off: what drives it raises."""

    torn = False

    def _set_state(self, value: bool) -> None:
        if self.torn:
            raise PinInvalidState("torn off")
        super()._set_state(value)


def test_a_pin_that_fails_keeps_no_other_from_being_dark() -> None:
    factory = MockFactory(pin_class=Tearing)
    panel = panel_of(factory)
    panel.show(Lights(red="on", amber="on", green="fast", amplifier=True))
    factory.pin(PINS.amber).torn = True
    with pytest.raises(PinInvalidState):
        panel.close()
    assert [factory.pin(getattr(PINS, name)).state for name in ("red", "green", "amplifier")] == [False] * 3
    factory.pin(PINS.amber).torn = False
    panel.close()


def test_after_a_gate_that_was_killed_every_output_is_driven_off() -> None:
    factory = MockFactory()
    for name in NAMES:  # as the kernel leaves them
        pin = factory.pin(getattr(PINS, name))
        pin.function, pin.state = "output", True
    dark(PINS, FakeClock(NOON), factory)
    assert [factory.pin(getattr(PINS, name)).state for name in NAMES] == [False] * 4


def flashing(before: frozenset[threading.Thread] = frozenset()) -> frozenset[threading.Thread]:
    """Threads that flash a lamp, without those that another test left behind."""
    return frozenset(one for one in threading.enumerate() if isinstance(one, GPIOThread)) - before


def test_ten_thousand_changes_leave_no_thread_and_nothing_lit() -> None:
    factory, before = MockFactory(), flashing()
    panel = panel_of(factory)
    patterns: tuple[Pattern, ...] = ("off", "on", "slow", "fast")
    most = 0
    for n in range(10_000):
        red, amber, green = patterns[n % 4], patterns[n // 4 % 4], patterns[n // 16 % 4]
        panel.show(Lights(red=red, amber=amber, green=green, amplifier=n % 2 == 1))
        most = max(most, len(flashing(before)))
    assert most == 3  # one for each lamp that flashes
    panel.close()
    assert flashing(before) == frozenset()
    assert [factory.pin(getattr(PINS, name)).state for name in NAMES] == [False] * 4


def test_two_panels_on_two_factories_are_independent() -> None:
    one, other = MockFactory(), MockFactory()
    first, second = panel_of(one), panel_of(other)
    first.show(Lights(red="on", amplifier=True))
    assert [one.pin(getattr(PINS, name)).state for name in NAMES] == [True, False, False, True]
    assert [other.pin(getattr(PINS, name)).state for name in NAMES] == [False] * 4
    first.close()
    second.show(Lights(green="on"))
    assert other.pin(PINS.green).state
    second.close()


def test_pins_that_are_taken_name_the_remedy() -> None:
    factory = MockFactory()
    panel = panel_of(factory)
    with pytest.raises(OutsideError, match="check"):
        panel_of(factory)
    panel.close()


def test_a_button_tells_its_level_and_every_edge_until_the_panel_is_closed() -> None:
    factory, moves = MockFactory(), list[ButtonMoved]()
    panel = panel_of(factory, moves)
    factory.pin(PINS.hold).drive_low()
    factory.pin(PINS.hold).drive_high()
    factory.pin(PINS.next).drive_low()
    factory.pin(PINS.next).drive_high()
    assert [(move.button, move.down) for move in moves] == [
        ("hold", False), ("next", False), ("hold", True), ("hold", False), ("next", True), ("next", False),
    ]  # fmt: skip
    assert [factory.pin(pin).bounce for pin in (PINS.hold, PINS.next)] == [limits.BUTTON_GLITCH_S] * 2
    panel.close()
    factory.pin(PINS.next).drive_low()
    assert len(moves) == 6
