"""The panel's seam: the lights and the amplifier relay of a gate. Buttons come with the hold."""

from typing import Protocol

from edge.report import Lights


class Panel(Protocol):
    """Shows what it is told; flashing is its own matter. Dark and relay open when closed."""

    def show(self, lights: Lights) -> None:
        """Raises OutsideError when the pins cannot be driven."""
        ...

    def close(self) -> None:
        """Dark, and the pins given back; may be called twice."""
        ...
