"""From a TOML table to a frozen model: every fault becomes a Finding with its place, none is raised. Pure."""

import difflib
import json
import tomllib
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from config.findings import Finding
from config.types import Frozen

T = TypeVar("T", bound=Frozen)


def loaded(text: str, most_bytes: int) -> tuple[dict[str, Any] | None, tuple[Finding, ...]]:
    """A TOML file as plain data; dates become text, so that they are checked like everything else."""
    if len(text.encode("utf-8", "replace")) > most_bytes:
        return None, (Finding("too_large", "-", args={"most": str(most_bytes)}),)
    try:
        # Editors of other systems begin a file with U+FEFF.
        return json.loads(json.dumps(tomllib.loads(text.removeprefix("\ufeff")), default=str)), ()
    except (RecursionError, ValueError) as error:
        return None, (Finding("toml", "-", args={"detail": plain(str(error))[:120]}),)


def decoded(data: bytes, most_bytes: int) -> tuple[str | None, tuple[Finding, ...]]:
    """A file's bytes as text, or the reason why not."""
    if len(data) > most_bytes:
        return None, (Finding("too_large", "-", args={"most": str(most_bytes)}),)
    try:
        return data.decode("utf-8"), ()
    except UnicodeDecodeError as error:
        return None, (Finding("not_text", "-", args={"byte": str(error.start)}),)


def made(place: str, value: Any, model: type[T]) -> tuple[T | None, tuple[Finding, ...]]:  # noqa: ANN401 - raw data
    """One table as its model, or the reasons why not."""
    if not isinstance(value, dict):
        return None, (Finding("not_table", place or "-", shown(value)),)
    try:
        return model.model_validate_json(json.dumps(value)), ()
    except ValidationError as error:
        return None, once(finding(place, one, model) for one in error.errors())


def once(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Without what only follows: a key missing because it was misspelt, a list too short because an item is bad."""
    found = tuple(findings)
    meant = {f"{one.place.rpartition('.')[0]}.{one.args['near']}" for one in found if one.args.get("near")}
    return tuple(
        one
        for one in found
        if not (one.code == "missing" and (one.place if "." in one.place else f".{one.place}") in meant)
        and not (one.code == "bad_range" and any(other.place.startswith(f"{one.place}[") for other in found))
    )


def finding(place: str, error: ErrorDetails, model: type[Frozen]) -> Finding:
    """What pydantic found, with the place as people look for it: `calendar.terms[0].to`."""
    where, value = _place(place, error["loc"]), shown(error["input"])
    kind, ctx = error["type"], error.get("ctx", {})
    limit = ", ".join(f"{sign} {ctx[name]}" for name, sign in _SIGNS.items() if name in ctx)
    match kind:
        case "missing":
            return Finding("missing", where)
        case "extra_forbidden":
            return unknown(where, str(error["loc"][-1]), _keys(model, error["loc"][:-1]))
        case "literal_error":
            return Finding("bad_choice", where, value, {"choices": str(ctx["expected"]).replace(" or ", ", ")})
        case "string_pattern_mismatch":
            return Finding("bad_id", where, value)
        case "string_too_long" | "string_too_short":
            return Finding("bad_text", where, value)
        case "model_type":
            return Finding("not_table", where, value)
        case "bad_id" | "bad_text" | "bad_date" | "bad_time":
            return Finding(kind, where, value)
        case _ if kind in _KINDS:
            return Finding("bad_type", where, value, {"kind": _KINDS[kind]})
        case _ if limit:
            return Finding("bad_range", where, value, {"limit": limit})
    return Finding("bad_value", where, value, {"detail": plain(error["msg"])[:120]})


_SHOWN_MAX = 60
_SIGNS = {"gt": ">", "ge": "≥", "lt": "<", "le": "≤", "max_length": "≤", "min_length": "≥"}
_KINDS = {
    "int_type": "整数 (whole number)",
    "int_from_float": "整数 (whole number)",
    "float_type": "数 (number)",
    "finite_number": "数 (number)",
    "string_type": "带引号的文字 (text in quotes)",
    "bool_type": "true / false",
    "tuple_type": "方括号列表 (list in brackets)",
    "dict_type": "表 (table)",
}


def unknown(place: str, key: str, known: Iterable[str]) -> Finding:
    """A key nobody reads, with what may have been meant."""
    near = next(iter(difflib.get_close_matches(key, list(known), n=1)), "")
    return Finding("unknown_key", place or '""', args={"hint": f"（{near}?）" if near else "", "near": near})


def shown(value: object) -> str:
    """A value as it stands in a file, shortened; control characters made visible."""
    if value is None or isinstance(value, dict):
        return ""
    text = plain(json.dumps(value, ensure_ascii=False))
    return text if len(text) <= _SHOWN_MAX else text[: _SHOWN_MAX - 1] + "…"


def plain(text: str) -> str:
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)


def _place(place: str, loc: Sequence[int | str]) -> str:
    path = place
    for part in loc:
        if isinstance(part, int):
            path += f"[{part}]"
        elif part != "[key]":
            path += f".{plain(part)}"
    return path.removeprefix(".") or "-"


def _keys(model: type[BaseModel], loc: Sequence[int | str]) -> list[str]:
    """The keys that the table at `loc` may have."""
    for part in loc:
        fields = {field.alias or name: field for name, field in model.model_fields.items()}
        inner = _inner(fields[part].annotation) if isinstance(part, str) and part in fields else None
        model = inner or model
    return [field.alias or name for name, field in model.model_fields.items()]


def _inner(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for one in get_args(annotation) if (found := _inner(one))), None)
