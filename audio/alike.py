"""Names that are heard as one another: the same sound, or digits taken for each other at the kerb. PURE."""

from collections.abc import Mapping
from dataclasses import replace

from audio.reading import NO_OWN, read
from audio.syllables import said

CONFUSABLE = (("si4", "shi2"), ("yi1", "qi1"))
"""Digits that are taken for each other through rain and traffic: 四 and 十, 一 and 七."""


def alike(one: str, other: str, own: Mapping[str, str] = NO_OWN) -> bool:
    """Whether two names sound the same: pauses and the tones that neighbours change do not tell them apart."""
    return sounds(one, own) == sounds(other, own)


def confusable(one: str, other: str, own: Mapping[str, str] = NO_OWN) -> bool:
    """Whether two names differ in nothing but digits that are easily taken for each other: 四班 and 十班."""
    pairs = {frozenset(pair) for pair in CONFUSABLE}
    heard, other_heard = sounds(one, own), sounds(other, own)
    differing = {frozenset(pair) for pair in zip(heard, other_heard, strict=False) if len({*pair}) > 1}
    return len(heard) == len(other_heard) and bool(differing) and differing <= pairs


def sounds(text: str, own: Mapping[str, str] = NO_OWN) -> tuple[str, ...]:
    """The syllables as they are heard. Raises BadInputError for what has no reading."""
    return tuple(f"{one.sound}{one.tone}" for one in said(tuple(replace(one, pause="") for one in read(text, own))))
