"""The panel's seam: lights and amplifier relay out, buttons in."""

from collections.abc import Callable
from typing import Protocol

from edge.alphabet import ButtonMoved
from edge.report import Lights

OnMoved = Callable[[ButtonMoved], None]
"""Called with every edge, on any thread, and once with each button's level when the panel is made."""


class Panel(Protocol):
    """Shows what it is told; flashing is its own matter. Dark and relay open when closed."""

    def show(self, lights: Lights) -> None:
        """Raises OutsideError when the pins cannot be driven."""
        ...

    def close(self) -> None:
        """Dark, and the pins given back; may be called twice."""
        ...
