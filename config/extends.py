"""`extends = "city.toml"`: a plan and the base plans beside it become one table, and each finding keeps its file. Pure.

The rule: tables are merged key by key, `[[classes]]` and `[[windows]]` by their `id`; what the plan itself says wins,
and what is new stands behind. Every other value, also a list, is replaced whole. `without` names what is left out.
"""

import json
import re
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any

from config import limits
from config.findings import Finding
from config.parsing import decoded, loaded, plain, shown

Near = Callable[[str], bytes | str]
"""The bytes of a file beside the plan by its name, or why it cannot be read."""
_NAME = re.compile(r"[^./\\\0-\x1f][^/\\\0-\x1f]{0,99}")
_KEYS = ("extends", "without")


@dataclass(frozen=True, slots=True)
class Whole:
    """A plan's table with everything that it extends. `files`: whose file a place is in, "" for the plan itself."""

    raw: dict[str, Any] | None
    findings: tuple[Finding, ...] = ()
    files: dict[str, str] = field(default_factory=dict)


def whole(text: str, near: Near | None = None, file: str = "", above: tuple[str, ...] = ()) -> Whole:
    """The plan of this text. `file`: its name, "" for the first; `above`: by which files it was named."""
    raw, findings = loaded(text, limits.PLAN_MAX_BYTES)
    if raw is None:
        return Whole(None, tuple(_of(file, one) for one in findings))
    found = [] if raw.get("v") == 1 and type(raw["v"]) is int else [Finding("v", "v", shown(raw.get("v")), file=file)]
    wanted, without = (raw.pop(key, None) for key in _KEYS)
    own = dict.fromkeys(_paths("", raw), file)
    if wanted is None:
        if without is not None:
            found.append(Finding("without", "without", shown(without), file=file))
        return Whole(raw, tuple(found), own)
    base = _base(wanted, near, file, above)
    if base.raw is None:
        return Whole(None, (*found, *base.findings))
    merged = _merged(base.raw, raw)
    values = own.keys() - {place[: dot.start()] for place in own for dot in re.finditer(r"\.", place)}
    files = {place: one for place, one in base.files.items() if not _inside(place, values)} | own
    for n, place in enumerate(without if isinstance(without, list) else [without] if without is not None else []):
        if not _dropped(merged, place):
            found.append(Finding("without", f"without[{n}]", shown(place), file=file))
    return Whole(merged, (*found, *base.findings), files)


def owner(files: Mapping[str, str], place: str) -> str:
    """Whose file a place is in: that of the nearest table around it that stands somewhere."""
    while place and place not in files:
        place = place[: max(place.rfind("."), place.rfind("["), 0)]
    return files.get(place, "")


def flattened(text: str, near: Near | None = None) -> str:
    """The plan as one file that extends nothing; legal only for a plan that was read without fault."""
    raw = whole(text, near).raw
    assert raw is not None, "a plan that was taken can be read again"
    return written(raw)


def written(raw: Mapping[str, Any]) -> str:
    """A table as a TOML file of one line a key."""
    return "".join(f"{key} = {_toml(value)}\n" for key, value in raw.items())


def _base(wanted: object, near: Near | None, file: str, above: tuple[str, ...]) -> Whole:
    """The base plan, with what it extends itself."""
    value = shown(wanted)
    if not isinstance(wanted, str) or not _NAME.fullmatch(wanted):
        return Whole(None, (Finding("base_name", "extends", value, file=file),))
    if wanted in (*above, file) or len(above) >= limits.BASES_MAX:
        return Whole(None, (Finding("base_circle", "extends", value, {"most": str(limits.BASES_MAX)}, file=file),))
    data = "extends" if near is None else near(wanted)
    if isinstance(data, str):
        return Whole(None, (Finding("base_unread", "extends", value, {"detail": plain(data)[:120]}, file=file),))
    text, findings = decoded(data, limits.PLAN_MAX_BYTES)
    if text is None:
        return Whole(None, tuple(_of(wanted, one) for one in findings))
    return whole(text, near, wanted, (*above, file))


def _of(file: str, one: Finding) -> Finding:
    return Finding(one.code, one.place, one.value, one.args, one.severity, file)


def _merged(base: Any, own: Any) -> Any:
    if isinstance(base, dict) and isinstance(own, dict):
        return {key: _merged(base[key], own[key]) if key in base and key in own else {**base, **own}[key]
                for key in (*base, *(key for key in own if key not in base))}  # fmt: skip
    if _by_id(base) and _by_id(own):
        ours = {table["id"]: table for table in own}
        known = {table["id"] for table in base}
        both = [_merged(table, ours[table["id"]]) if table["id"] in ours else table for table in base]
        return [*both, *(table for table in own if table["id"] not in known)]
    return own


def _by_id(value: object) -> bool:
    """Whether it is an array of tables with ids of their own, that can be told apart."""
    ids = [table.get("id") if isinstance(table, dict) else None for table in value] if isinstance(value, list) else []
    return bool(ids) and all(isinstance(one, str) for one in ids) and len(set(ids)) == len(ids)


def _paths(place: str, value: Any) -> list[str]:
    """Every place of a table as findings name it."""
    inner: list[tuple[str, Any]] = []
    if isinstance(value, dict):
        inner = [(f"{place}.{plain(key)}" if place else plain(key), each) for key, each in value.items()]
    elif _by_id(value):
        inner = [(f"{place}.{plain(each['id'])}", each) for each in value]
    elif isinstance(value, list):
        inner = [(f"{place}[{n}]", each) for n, each in enumerate(value)]
    return [one for where, each in inner for one in (where, *_paths(where, each))]


def _inside(place: str, values: AbstractSet[str]) -> bool:
    """Whether this place of the base lies at or in a value that the plan replaced."""
    while place and place not in values:
        place = place[: max(place.rfind("."), place.rfind("["), 0)]
    return bool(place)


def _dropped(raw: dict[str, Any], place: object) -> bool:
    """Takes `windows.evening` out of the table; whether it was there."""
    key, _, own = place.partition(".") if isinstance(place, str) else ("", "", "")
    tables = raw.get(key)
    if isinstance(tables, dict) and own in tables:
        del tables[own]
        return True
    kept = [table for table in tables if table["id"] != own] if isinstance(tables, list) and _by_id(tables) else tables
    found = kept is not tables and isinstance(tables, list) and len(kept or ()) < len(tables)
    if found:
        raw[key] = kept
    return found


def _toml(value: Any) -> str:
    """A value on one line: texts of JSON are texts of TOML, but for one sign."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_toml(key)} = {_toml(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
