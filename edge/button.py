"""One push button as the core knows it: which edges are a press, and when a press has become a stuck button. Pure.

A long wire picks up sparks and contacts bounce, so only a level that stood for `DEBOUNCE_S` counts; edges may come in
any number. A gloved hand presses twice where it means once: presses closer than `PRESS_AGAIN_S` are one.
"""

import math
from dataclasses import dataclass, replace
from typing import Literal

from config import limits

Turned = Literal["pressed", "kept", "stuck", "free"]
"""What became of a button: pressed once; kept down on purpose; so long that nobody means it; let go after that."""


@dataclass(frozen=True, slots=True)
class Button:
    """`level`: as the last edge said, since `since_s` (monotonic). `down`: as it counts; None before it is known.

    `kept`: that was told of this press. A button that is down when the gate starts was not pressed: it is let go first.
    """

    level: bool = False
    since_s: float = -math.inf
    down: bool | None = None
    pressed_s: float = -math.inf
    kept: bool = True
    stuck: bool = False


def moved(button: Button, at_s: float, *, down: bool) -> Button:
    """An edge, as the wire gave it; one from before the gate looked is only how the button was then."""
    if at_s < button.since_s:
        return Button(level=down, since_s=at_s)
    return button if button.level == down and button.down is not None else replace(button, level=down, since_s=at_s)


def looked(button: Button, now_s: float) -> tuple[Button, Turned | None]:
    """What counts by now. Called with every event; whatever came between, a press is found once."""
    stood_s = now_s - button.since_s
    if now_s >= settles_s(button):
        was, button = button.down, replace(button, down=button.level)
        if not button.level and button.stuck:
            return replace(button, stuck=False), "free"
        if button.level and was is False:
            button = replace(button, kept=False)
            if button.since_s - button.pressed_s >= limits.PRESS_AGAIN_S:
                return replace(button, pressed_s=button.since_s), "pressed"
    elif button.down and not button.kept and stood_s >= limits.KEPT_S:
        return replace(button, kept=True), "kept"
    elif button.down and not button.stuck and stood_s >= limits.STUCK_S:
        return replace(button, stuck=True), "stuck"
    return button, None


def settles_s(button: Button) -> float:
    """Monotonic instant at which the level will have stood long enough to count; never, if it counts already."""
    return button.since_s + limits.DEBOUNCE_S if button.level != button.down else math.inf
