"""Payloads that nobody should send: random ones, and good ones with something wrong. A name gives the same bytes.

`FANGXUE_FUZZ=night` makes 10,000 random and 1,000 nearly right ones a topic under a new seed; `FANGXUE_FUZZ=night:7`
those of seed 7. Without it a few hundred, always the same.
"""

import copy
import json
import os
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from jsonschema import Draft202012Validator

from wire_samples import ROOT

NIGHT, _, _SEED = os.environ.get("FANGXUE_FUZZ", "").partition(":")
SEED = int(_SEED or (random.SystemRandom().randrange(10**6) if NIGHT else 20261125))
RANDOM, NEARLY = (10_000, 1_000) if NIGHT else (200, 300)

ODD_TEXTS = (
    "", " ", "none", "centre", "east", "\u0000", "\n", "\u200b", "\u202e班", "\ufeff三年级", "\ud800", "\udfff\ud800",
    "e\u0301", "\u3164", "\U000e0041", "\U0001f469\u200d\U0001f467", "A" * 33, "班" * 201, "班" * 20_000, "{0}{why}%s",
    "../../etc", "2026-02-30", "9999-12-31", "2026-11-25T03:30:00+08:00", "2026-02-30T24:00:00Z",
    "2999-12-31T23:59:59.999Z", "1900-01-01T00:00:00Z", "2026-11-25T03:30:60Z", "2026-11-25/noon/g3c1/call#999",
    "none/none/none/none", "' OR 1=1 --", "<script>", "Asia/Shanghai\u0000", "/etc/localtime", "Asia", "GMT0",
)  # fmt: skip
ODD_NUMBERS = (
    0, -1, 1, 2, 5, 6, 24, 40, 101, 500, 501, 86400, 86401, 2**31, 2**53 - 1, 2**53, 2**63, 2**64, -(2**53), 10**40,
    0.5, -0.0, 1.0, 3.0, 1e-320, 1e9, 1e308, -1e308,
)  # fmt: skip
ODD_VALUES: tuple[Any, ...] = (
    None,
    True,
    False,
    [],
    {},
    [[]],
    {"v": 1},
    [None] * 600,
    {"": ""},
    *ODD_TEXTS,
    *ODD_NUMBERS,
)
ODD_BYTES = (
    b"\xff", b"\x00", b"\n", b"\r\n", b"\n\n", b" ", b"{}", b"\xef\xbb\xbf", b"\xc3", b"\xed\xa0\x80", b"1e999", b"NaN",
    b"-Infinity", b"\\ud800", b"\\u0000", b"9" * 5000, b"[" * 5000, b'{"a":' * 3000, b'"', b"}", b",", b"//",
    b"\x1b[2J", b"\nsignature",
)  # fmt: skip


@dataclass(frozen=True)
class Payload:
    """`name` makes it again."""

    name: str
    data: bytes


def payloads(topic: str, good: Callable[[random.Random], Any]) -> Iterator[Payload]:
    """All of one topic's: random ones and nearly right ones of `good`, in a shuffled order."""
    kinds = ["random"] * RANDOM + ["nearly"] * NEARLY
    random.Random(f"{SEED} {topic}").shuffle(kinds)
    for n, kind in enumerate(kinds):
        name = f"seed {SEED}, {topic}, {kind} {n}"
        rng = random.Random(name)
        yield Payload(name, scrap(rng) if kind == "random" else nearly(rng, good(rng)))


def scrap(rng: random.Random) -> bytes:
    """Bytes, text, or JSON of no meaning; rarely too long for any message."""
    match rng.randrange(5):
        case 0:
            return rng.randbytes(rng.choice((0, 1, 2, 3, 7, 60, 400)))
        case 1:
            return b"".join(rng.choice(ODD_BYTES) for _ in range(rng.randrange(1, 5)))
        case 2:
            return line(_anything(rng, 4))
        case 3:
            return line({"v": 1, **{rng.choice(_NAMES): _anything(rng, 2) for _ in range(rng.randrange(12))}})
        case _:
            return rng.randbytes(200_000) if rng.random() < 0.01 else line({"v": rng.choice(ODD_VALUES)})


def nearly(rng: random.Random, good: Any) -> bytes:  # noqa: ANN401 - any JSON
    """One to three of its values are wrong, or its bytes are."""
    if rng.random() < 0.3:
        return _in_bytes(rng, line(good))
    wrong = copy.deepcopy(good)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        wrong = changed(rng, wrong)
    return line(wrong)


def changed(rng: random.Random, of: Any) -> Any:  # noqa: ANN401 - any JSON
    """One value of it, anywhere, is missing, doubled, odd, of another place, or has an unknown neighbour."""
    places = list(_places(of))
    if not places:
        return rng.choice(ODD_VALUES)
    holder, key = rng.choice(places)
    value = holder[key]
    match rng.randrange(9):
        case 0:
            del holder[key]
        case 1 | 2 | 3:
            holder[key] = rng.choice(ODD_VALUES)
        case 4 if isinstance(value, str):
            spot = rng.randrange(len(value) + 1)
            holder[key] = value[:spot] + rng.choice(ODD_TEXTS) + value[spot + rng.randrange(2) :]
        case 4 | 5 if isinstance(value, int | float) and not isinstance(value, bool):
            holder[key] = rng.choice((value + 1, value - 1, -value, float(value), str(value), *ODD_NUMBERS))
        case 5 if isinstance(value, list) and value:
            holder[key] = value * rng.choice((2, 3, 150)) if rng.random() < 0.6 else value[::-1]
        case 6:
            other_holder, other_key = rng.choice(places)
            holder[key] = copy.deepcopy(other_holder[other_key])
        case 7 if isinstance(holder, dict):
            holder[rng.choice((*ODD_TEXTS[:20], *_NAMES))] = rng.choice(ODD_VALUES)
        case 8 if isinstance(holder, dict):
            holder[key.upper() if isinstance(key, str) else key] = holder.pop(key)
        case _:
            holder[key] = [value] if rng.random() < 0.5 else {"v": value}
    return of


def line(message: object) -> bytes:
    """One line of JSON; half a surrogate pair is escaped, since UTF-8 cannot hold it."""
    text = json.dumps(message, ensure_ascii=False, separators=(",", ":"))
    try:
        return text.encode()
    except UnicodeEncodeError:
        return json.dumps(message, separators=(",", ":")).encode()


def wrong(kind: str, data: bytes) -> list[str]:
    """What a foreign program finds wrong with it by docs/wire alone."""
    text = data.decode()
    message = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    schema = json.loads((ROOT / f"docs/wire/{kind}.schema.json").read_text("utf-8"))
    found = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER).iter_errors(message)
    return [error.message for error in found] + ["two lines"] * ("\n" in text)


def _in_bytes(rng: random.Random, good: bytes) -> bytes:
    spot = rng.randrange(len(good) + 1)
    match rng.randrange(7):
        case 0:
            return good[:spot]
        case 1:
            return good + rng.choice(ODD_BYTES)
        case 2:
            return rng.choice(ODD_BYTES) + good
        case 3:
            return good[:spot] + rng.choice(ODD_BYTES) + good[spot:]
        case 4:
            return good[:spot] + bytes([rng.randrange(256)]) + good[spot + 1 :]
        case 5:  # one key twice
            head, _, tail = good.partition(b"{")
            return head + b"{" + tail.partition(b",")[0] + b"," + tail
        case _:
            return good.replace(b":", b" :\t", 3) + good[spot:]


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    assert len({key for key, _ in pairs}) == len(pairs), "a key stands twice"
    return dict(pairs)


def _no_number(name: str) -> None:
    raise AssertionError(f"{name} is no number")


def _places(of: Any) -> Iterator[tuple[Any, Any]]:  # noqa: ANN401 - any JSON
    """Every (holder, key) inside, containers before what they hold."""
    keys = list(of) if isinstance(of, dict) else range(len(of)) if isinstance(of, list) else ()
    for key in keys:
        yield of, key
        yield from _places(of[key])


def _anything(rng: random.Random, depth: int) -> Any:  # noqa: ANN401 - any JSON
    if depth == 0 or rng.random() < 0.4:
        return rng.choice(ODD_VALUES)
    if rng.random() < 0.5:
        return [_anything(rng, depth - 1) for _ in range(rng.randrange(4))]
    return {rng.choice((*_NAMES, *ODD_TEXTS[:12])): _anything(rng, depth - 1) for _ in range(rng.randrange(5))}


_NAMES = (
    "v", "school", "gate", "date", "revision", "cues", "windows", "id", "at", "until", "log", "seq", "records", "start",
    "n", "received_at", "sent_at", "error_s", "cue", "window", "due", "days", "slip", "holds", "by", "key", "kind",
)  # fmt: skip
