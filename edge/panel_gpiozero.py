"""The panel on a Pi's pins through gpiozero; with a `MockFactory` of its own it is the fake that ships."""

import contextlib
from typing import Literal

from gpiozero import LED, DigitalInputDevice, DigitalOutputDevice, GPIOZeroError
from gpiozero.pins.mock import MockFactory

from config import limits
from config.clock import Clock
from config.errors import OutsideError
from config.settings import PanelSettings
from edge.alphabet import ButtonMoved
from edge.panel import OnMoved
from edge.report import Lights, Pattern

_BLINK_S: dict[Pattern, float] = {"slow": 1.0, "fast": 0.2}


class GpioPanel:
    """Lamps active-high, buttons to ground. `pin_factory` None: this Pi's own; a `MockFactory` belongs to one gate."""

    def __init__(
        self, settings: PanelSettings, on_moved: OnMoved, clock: Clock, pin_factory: object | None = None
    ) -> None:
        self._on_moved, self._clock = on_moved, clock
        try:
            self._lamps = {
                name: LED(getattr(settings, name), pin_factory=pin_factory) for name in ("red", "amber", "green")
            }
            self._amplifier = DigitalOutputDevice(settings.amplifier, pin_factory=pin_factory)
            self._buttons = [
                self._button("hold", settings.hold, pin_factory),
                self._button("next", settings.next, pin_factory),
            ]
        except (GPIOZeroError, OSError, ImportError) as error:
            message = f"panel: the pins cannot be driven ({error}); check [panel] and the rights on /dev/gpiochip*"
            raise OutsideError(message) from error
        self._shown: dict[str, Pattern] = {}

    def _button(self, name: Literal["hold", "next"], pin: int, pin_factory: object | None) -> DigitalInputDevice:
        """gpiozero's `Button` has a thread each; here an edge is only handed on, and the core debounces."""
        button = DigitalInputDevice(pin, pull_up=True, bounce_time=limits.BUTTON_GLITCH_S, pin_factory=pin_factory)

        def moved(*, down: bool) -> None:
            self._on_moved(ButtonMoved(name, down, self._clock.monotonic_s()))

        button.when_activated = lambda: moved(down=True)
        button.when_deactivated = lambda: moved(down=False)
        moved(down=button.is_active)
        return button

    def show(self, lights: Lights) -> None:
        try:
            self._amplifier.value = lights.amplifier
            for name, lamp in self._lamps.items():
                pattern: Pattern = getattr(lights, name)
                if self._shown.get(name) != pattern:
                    _light(lamp, pattern)
                    self._shown[name] = pattern
        except (GPIOZeroError, OSError) as error:
            message = f"panel: {error}"
            raise OutsideError(message) from error

    def close(self) -> None:
        """The relay first; a pin that fails keeps no other from being dark."""
        with contextlib.ExitStack() as last_first:
            for button in self._buttons:
                last_first.callback(button.close)
            for output in (*self._lamps.values(), self._amplifier):
                last_first.callback(_ended, output)


def mock_panel(settings: PanelSettings, on_moved: OnMoved, clock: Clock) -> GpioPanel:
    """A panel without pins, in life only for machines that are no Pi."""
    return GpioPanel(settings, on_moved, clock, MockFactory())


def dark(settings: PanelSettings, clock: Clock, pin_factory: object | None = None) -> None:
    """Every output off: after a gate that was killed, whose pins stand as they stood."""
    GpioPanel(settings, lambda _: None, clock, pin_factory).close()


def _ended(output: DigitalOutputDevice) -> None:
    if not output.closed:
        output.off()  # closing alone leaves the level to the wiring
    output.close()


def _light(lamp: LED, pattern: Pattern) -> None:
    if pattern in _BLINK_S:
        lamp.blink(_BLINK_S[pattern], _BLINK_S[pattern])
    else:
        lamp.value = pattern == "on"
