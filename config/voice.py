"""What a voice can say of a text, for who checks a plan; the part that speaks provides it. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from config import limits

Own = Mapping[str, str]
"""The school's own readings."""


def by_signs(say: str, _: Own) -> float:
    """Where no voice is at hand."""
    return len(say) * limits.SIGN_S


@dataclass(frozen=True, slots=True)
class Voice:
    """`unreadable`: the signs of a text that it cannot read. `lasts`: seconds of a sentence. `sounds`: two names that
    are heard as one give the same; it may be unknown. `is_pinyin`: whether an own reading can be spoken.
    """

    unreadable: Callable[[str, Own], str] = lambda _, __: ""
    lasts: Callable[[str, Own], float] = by_signs
    sounds: Callable[[str, Own], str] | None = None
    is_pinyin: Callable[[str], bool] = lambda _: True


MUTE = Voice()
"""Where no voice is at hand: everything can be said."""
