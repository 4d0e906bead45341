"""Whether a sound card's own volume lets anything out, as `amixer scontents` tells it. PURE.

Muted is a fault, never a setting: how loud a gate is stands in the plan, and is made in its samples.
"""

import re

_CONTROL = re.compile(r"^Simple mixer control '([^']*)'", re.MULTILINE)
_ALL_PASSES = frozenset({"Master", "PCM", "Digital"})
"""Everything that sounds goes through each of these."""
_ONE_SUFFICES = frozenset({"Speaker", "Headphone", "Headphones", "Front", "Line Out", "Lineout", "HDMI", "Analogue"})
"""Ways out: it is silent only when all that there are have been closed. A headphone that is off is usual."""


def muted(contents: str) -> str:
    """The controls that keep the card silent; empty when it may be heard, or when that cannot be told."""
    closed: dict[str, bool] = {}
    _, *parts = _CONTROL.split(contents)
    for name, control in zip(parts[::2], parts[1::2], strict=True):
        if channels := re.findall(r"Playback .*\[.*", control):
            closed[name] = all("[off]" in one or "[0%]" in one for one in channels)
    ways = [name for name in closed if name in _ONE_SUFFICES]
    silent = [name for name in closed if name in _ALL_PASSES and closed[name]]
    silent += ways if all(closed[name] for name in ways) else []
    return ", ".join(silent)
