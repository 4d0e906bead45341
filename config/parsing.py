"""From a TOML table to a frozen model: every fault becomes a Finding with its place, none is raised. Pure."""

import difflib
import json
import tomllib
from collections.abc import Iterable
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from config.findings import Finding
from config.types import Frozen

T = TypeVar("T", bound=Frozen)


def loaded(text: str, most_bytes: int) -> tuple[dict[str, Any] | None, tuple[Finding, ...]]:
    """A TOML file as plain data; dates become text, so that they are checked like everything else."""
    if len(text.encode("utf-8", "replace")) > most_bytes:
        return None, (Finding("too_large", "-", args={"most": str(most_bytes)}),)
    try:
        return json.loads(json.dumps(tomllib.loads(text), default=str)), ()
    except (RecursionError, ValueError) as error:
        return None, (Finding("toml", "-", args={"detail": str(error)[:120]}),)


def made(place: str, value: Any, model: type[T]) -> tuple[T | None, tuple[Finding, ...]]:  # noqa: ANN401 - raw data
    """One table as its model, or the reasons why not."""
    if not isinstance(value, dict):
        return None, (Finding("not_table", place or "-", shown(value)),)
    try:
        return model.model_validate_json(json.dumps(value)), ()
    except ValidationError as error:
        return None, tuple(finding(place, one, model) for one in error.errors())


def finding(place: str, error: ErrorDetails, model: type[Frozen]) -> Finding:
    where = ".".join([*([place] if place else []), *(str(part) for part in error["loc"] if part != "[key]")])
    value, kind, ctx = shown(error["input"]), error["type"], error.get("ctx", {})
    limit = ", ".join(
        f"{name} {ctx[name]}" for name in ("gt", "ge", "lt", "le", "max_length", "min_length") if name in ctx
    )
    match kind:
        case "missing":
            return Finding("missing", where)
        case "extra_forbidden":
            names = [field.alias or name for name, field in model.model_fields.items()]
            return unknown(where, str(error["loc"][-1]), names)
        case "literal_error":
            return Finding("bad_choice", where, value, {"choices": str(ctx["expected"]).replace(" or ", ", ")})
        case "string_pattern_mismatch":
            return Finding("bad_id", where, value)
        case "string_too_long" | "string_too_short":
            return Finding("bad_text", where, value)
        case "int_type" | "float_type" | "string_type" | "bool_type" | "tuple_type" | "dict_type" | "int_from_float":
            return Finding("bad_type", where, value, {"kind": _KINDS[kind]})
        case _ if limit:
            return Finding("bad_range", where, value, {"limit": limit})
    detail = str(error["msg"]).removeprefix("Value error, ")
    if detail == "bad_time":
        return Finding("bad_time", where, value)
    if "is not a date" in detail or "date" in detail.split():
        return Finding("bad_date", where, value)
    if "reserved" in detail:
        return Finding("bad_id", where, value)
    if "character" in detail or "is empty" in detail:
        return Finding("bad_text", where, value)
    return Finding("bad_value", where, value, {"detail": detail[:120]})


_SHOWN_MAX = 60
_KINDS = {
    "int_type": "整数 (whole number)",
    "int_from_float": "整数 (whole number)",
    "float_type": "数 (number)",
    "string_type": "带引号的文字 (text in quotes)",
    "bool_type": "true / false",
    "tuple_type": "方括号列表 (list in brackets)",
    "dict_type": "表 (table)",
}


def unknown(place: str, key: str, known: Iterable[str]) -> Finding:
    near = difflib.get_close_matches(key, list(known), n=1)
    return Finding("unknown_key", place, args={"hint": f"（{near[0]}?）" if near else ""})


def shown(value: object) -> str:
    """A value as it stands in a file, shortened; control characters made visible."""
    if value is None or isinstance(value, dict):
        return ""
    text = json.dumps(value, ensure_ascii=False)
    text = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)
    return text if len(text) <= _SHOWN_MAX else text[: _SHOWN_MAX - 1] + "…"
