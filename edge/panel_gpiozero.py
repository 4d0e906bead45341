"""The panel on a Pi's pins through gpiozero; with a `MockFactory` of its own it is the fake that ships."""

from gpiozero import LED, DigitalOutputDevice, GPIOZeroError
from gpiozero.pins.mock import MockFactory

from config.errors import OutsideError
from config.settings import PanelSettings
from edge.report import Lights, Pattern

_BLINK_S: dict[Pattern, float] = {"slow": 1.0, "fast": 0.2}


class GpioPanel:
    """Active-high pins. `pin_factory` None: this Pi's own; a `MockFactory` belongs to one gate alone."""

    def __init__(self, settings: PanelSettings, pin_factory: object | None = None) -> None:
        self._factory = pin_factory
        try:
            self._lamps = {
                name: LED(getattr(settings, name), pin_factory=pin_factory) for name in ("red", "amber", "green")
            }
            self._amplifier = DigitalOutputDevice(settings.amplifier, pin_factory=pin_factory)
        except (GPIOZeroError, OSError, ImportError) as error:
            message = f"panel: the pins cannot be driven ({error}); check [panel] and the rights on /dev/gpiochip*"
            raise OutsideError(message) from error
        self._shown: dict[str, Pattern] = {}

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
        for device in (self._amplifier, *self._lamps.values()):
            if not device.closed:
                device.off()  # closing alone leaves the level to the wiring
            device.close()


def mock_panel(settings: PanelSettings) -> GpioPanel:
    """A panel without pins, in life only for machines that are no Pi."""
    return GpioPanel(settings, MockFactory())


def _light(lamp: LED, pattern: Pattern) -> None:
    if pattern in _BLINK_S:
        lamp.blink(_BLINK_S[pattern], _BLINK_S[pattern])
    else:
        lamp.value = pattern == "on"
