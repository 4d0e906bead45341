"""Whether a sound card's own volume lets anything out, as `amixer scontents` tells it. PURE.

Muted is a fault, never a setting: how loud a gate is stands in the plan, and is made in its samples.
"""

import re

_CONTROL = re.compile(r"^Simple mixer control '([^']*)',(\d+)", re.MULTILINE)
_CHANNEL = re.compile(r"Playback [^\n]*?\[[^\n]*?(?= Capture|$)", re.MULTILINE)
_LEAST = re.compile(r"\[0%\](?! \[-?[0-9.]+dB\])|\[0%\] \[-(?:[3-9]\d|\d{3,})\.")
"""At its least, and that is nothing at the kerb: 30 dB down, or it is not told how far. Some say 0 % and mean −6 dB."""
_ALL_PASSES = ("Master", "PCM", "Digital")
"""Everything that sounds goes through each of these. Of two with one name (a headset's game and chat) we use one."""
_ONE_SUFFICES = frozenset({"Speaker", "Headphone", "Headphones", "Front", "Line Out", "Lineout", "HDMI", "Analogue"})
"""Ways out: it is silent only when all that there are have been closed. A headphone that is off is usual."""


def muted(contents: str) -> str:
    """The controls that keep the card silent; empty when it may be heard, or when that cannot be told."""
    closed: dict[tuple[str, str], bool] = {}
    _, *parts = _CONTROL.split(contents)
    for name, index, control in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
        if channels := _CHANNEL.findall(control):
            closed[name, index] = all("[off]" in one or _LEAST.search(one) for one in channels)
    sets = [[one for one in closed if one[0] == name] for name in _ALL_PASSES]
    sets.append([one for one in closed if one[0] in _ONE_SUFFICES])
    silent = [one for ones in sets if all(closed[one] for one in ones) for one in ones]
    return ", ".join(dict.fromkeys(name for name, _ in silent))
