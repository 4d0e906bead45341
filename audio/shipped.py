"""The recordings that ship with the program: what a gate says when no engine speaks and no disk can be written.

The alerts say what they say; `STAND_IN` names no class, stands in for a class call alone, and the lights say the rest.
Made by `python -m audio.ship` with espeak-ng 1.52 (package espeakng-loader), through the chain of every clip.
"""

from pathlib import Path

from audio.wav_file import PACKED
from config.alerts import SENTENCES

STAND_IN = "有班级放学，请看信号灯。"
_FOLDER = Path(__file__).parent / "sounds"
_NAMES = ("return", "evacuate", "shelter", "drill-return", "drill-evacuate", "drill-shelter")

STAND_IN_CLIP = _FOLDER / f"stand-in{PACKED}"
ALERTS = {say: _FOLDER / f"{name}{PACKED}" for say, name in zip(SENTENCES, _NAMES, strict=True)}
