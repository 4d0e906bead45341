"""Pinyin to the phonemes of Kokoro: IPA with the tone as an arrow behind the vowel, and their numbers. PURE.

The numbers are the model's vocabulary (version 1.0), as far as Mandarin needs it. Who alters a phoneme raises
`VERSION`: the clips are rendered anew.
"""

from audio.syllables import SOUNDS, Reading, Syllable, said

VERSION = 1

NUMBERS = {
    ",": 3, ".": 4, " ": 16, "ʦ": 20, "ʨ": 21, "ꭧ": 23, "a": 43, "e": 47, "f": 48, "i": 51, "j": 52, "k": 53, "l": 54,
    "m": 55, "n": 56, "o": 57, "p": 58, "s": 61, "t": 62, "u": 63, "w": 65, "x": 66, "y": 67, "ɔ": 76, "ɕ": 77, "ə": 83,
    "ɚ": 85, "ɛ": 86, "ɥ": 99, "ɨ": 101, "ŋ": 112, "ɻ": 126, "ʂ": 130, "ʊ": 135, "ɤ": 140, "ʰ": 162, "↓": 169, "→": 171,
    "↗": 172, "↘": 173,
}  # fmt: skip

_INITIALS = {
    "zh": "ꭧ", "ch": "ꭧʰ", "sh": "ʂ", "b": "p", "p": "pʰ", "m": "m", "f": "f", "d": "t", "t": "tʰ", "n": "n", "l": "l",
    "g": "k", "k": "kʰ", "h": "x", "j": "ʨ", "q": "ʨʰ", "x": "ɕ", "r": "ɻ", "z": "ʦ", "c": "ʦʰ", "s": "s",
}  # fmt: skip
"""The longest first."""
_FINALS = {
    "a": "a", "o": "wo", "e": "ɤ", "ai": "ai", "ei": "ei", "ao": "au", "ou": "ou", "an": "an", "en": "ən", "ang": "aŋ",
    "eng": "əŋ", "ong": "ʊŋ", "er": "ɚ", "i": "i", "ia": "ja", "ie": "je", "iao": "jau", "iu": "jou", "ian": "jɛn",
    "in": "in", "iang": "jaŋ", "ing": "iŋ", "iong": "jʊŋ", "io": "jɔ", "iai": "jai", "u": "u", "ua": "wa", "uo": "wo",
    "uai": "wai", "ui": "wei", "uan": "wan", "un": "wən", "uang": "waŋ", "ueng": "wəŋ", "v": "y", "ve": "ɥe",
    "van": "ɥɛn", "vn": "yn",
}  # fmt: skip
_ALONE = (
    *(("yu", "v"), ("yi", "i"), ("you", "iu"), ("y", "i")),
    *(("wu", "u"), ("wei", "ui"), ("weng", "ueng"), ("wen", "un"), ("w", "u")),
)
"""How a final is written without an initial, and as it is written behind one."""
_ARROWS = {1: "→", 2: "↗", 3: "↓", 4: "↘", 5: ""}
_GAPS = {"": "", " ": " ", ",": ", ", ".": ". "}


def phonemes(reading: Reading) -> str:
    """A sentence, glued by word, with the tones as they are said; it ends with a full stop: its voice falls there."""
    spoken = "".join(f"{_phonemes(one)}{_GAPS[one.pause]}" for one in said(reading))
    return spoken.rstrip(" ,.") + "."


def numbers(reading: Reading) -> list[int]:
    """What the model is given. Every sound of `SOUNDS` has its numbers."""
    return [NUMBERS[sign] for sign in phonemes(reading)]


def _phonemes(one: Syllable) -> str:
    """The arrow stands behind the vowel, before a nasal."""
    sound = _SOUNDS[one.sound]
    vowels = sound.rstrip("nŋ")
    return vowels + _ARROWS[one.tone] + sound[len(vowels) :]


def _sound(sound: str) -> str:
    initial = next((one for one in _INITIALS if sound.startswith(one)), "")
    final = sound.removeprefix(initial)
    if initial in {"j", "q", "x"} and final[0] == "u":
        final = f"v{final[1:]}"
    if initial in {"zh", "ch", "sh", "r", "z", "c", "s"} and final == "i":
        return _INITIALS[initial] + "ɨ"
    if not initial:
        written, meant = next((pair for pair in _ALONE if sound.startswith(pair[0])), ("", ""))
        final = meant + sound.removeprefix(written)
    return "ɔ" if final == "o" and not initial else _INITIALS.get(initial, "") + _FINALS[final]


_SOUNDS = {sound: _sound(sound) for sound in SOUNDS}
