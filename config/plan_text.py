"""A plan's table as a TOML file that people can read and go on with. Pure.

What fits on a line stands on one; of a list that does not, each item does; the order of everything is kept.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from config.extends import written

_INLINE_MAX = 100
_BARE = re.compile(r"[A-Za-z0-9_-]+")


def plan_text(raw: Mapping[str, Any]) -> str:
    """The file's text; `tomllib` reads the same table again."""
    return "\n".join(_section("", raw)).strip() + "\n"


def _section(place: str, table: Mapping[str, Any]) -> Iterator[str]:
    """The lines of a table: first its own, then the tables in it. One that needs lines of its own brings the others."""
    tables = {key: value for key, value in table.items() if isinstance(value, dict) and value}
    below = tables if not place or any(_long(key, value) for key, value in tables.items()) else {}
    arrays = {key: value for key, value in table.items() if not place and _of_tables(value)}
    for key, value in table.items():
        if key not in below and key not in arrays:
            yield from _lines(key, value)
    for key, value in table.items():
        inner = f"{place}.{_quoted(key)}".removeprefix(".")
        if key in arrays:
            for each in value:
                yield from ("", f"[[{inner}]]", *_section(inner, each))
        elif key in below:
            lines = list(_section(inner, value))
            yield from lines if lines[0] == "" else ("", f"[{inner}]", *lines)


def _of_tables(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, dict) for one in value)


def _long(key: str, value: Any) -> bool:
    return len(f"{_quoted(key)} = {_inline(value)}") > _INLINE_MAX


def _lines(key: str, value: Any) -> Iterator[str]:
    if isinstance(value, list) and _long(key, value):
        yield f"{_quoted(key)} = ["
        yield from (f"  {_inline(one)}," for one in value)
        yield "]"
    else:
        yield f"{_quoted(key)} = {_inline(value)}"


def _inline(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_quoted(key)} = {_inline(each)}" for key, each in value.items()) + " }"
    if isinstance(value, list):
        return f"[{', '.join(map(_inline, value))}]"
    return written({"": value}).removeprefix(" = ").rstrip("\n")


def _quoted(key: str) -> str:
    return key if _BARE.fullmatch(key) else json.dumps(key, ensure_ascii=False)
