"""The recordings that ship with the program: what a gate says when no engine speaks and no disk can be written.

The alerts say what they say; `STAND_IN` names no class, stands in for a class call alone, and the lights say the rest.
Made by `python -m audio.ship` with espeak-ng 1.52 (package espeakng-loader), through the chain of every clip. The words
stand here beside the files that say them: whoever changes one makes the other anew.
"""

from pathlib import Path

from audio.wav_file import PACKED

STAND_IN = "有班级放学，请看信号灯。"
_SOUNDS = Path(__file__).parent / "sounds"

STAND_IN_CLIP = _SOUNDS / f"stand-in{PACKED}"
ALERTS = {
    "请注意，请全体同学立即返回校内。": _SOUNDS / f"return{PACKED}",
    "请注意，请全体师生立即疏散。": _SOUNDS / f"evacuate{PACKED}",
    "请注意，请全体师生立即就地隐蔽。": _SOUNDS / f"shelter{PACKED}",
    "现在是演练。请注意，请全体同学立即返回校内。": _SOUNDS / f"drill-return{PACKED}",
    "现在是演练。请注意，请全体师生立即疏散。": _SOUNDS / f"drill-evacuate{PACKED}",
    "现在是演练。请注意，请全体师生立即就地隐蔽。": _SOUNDS / f"drill-shelter{PACKED}",
}
"""By their sentence."""
