"""The tables of keys in our documents, and what the models say of the same keys."""

import re
from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

Row = tuple[str, str, str]
"""Key, default, range, as the document has them."""


def rows(text: str) -> list[Row]:
    found = re.findall(r"^\| `([\w.]+)` \| (.+?) \| (.+?) \| .+ \|$", text, re.MULTILINE)
    return [(key, default, span) for key, default, span in found]


def keys(model: type[BaseModel], inner: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Every key of a model that is a value, `broker.port` for one in a table."""
    for name, field in model.model_fields.items():
        key = f"{inner}{field.alias or name}"
        tables = [one for one in parts(field.annotation) if isinstance(one, type) and issubclass(one, BaseModel)]
        if not tables:
            yield key, field
        else:
            yield from keys(tables[0], f"{key}.")


def untrue(row: Row, field: FieldInfo) -> list[str]:
    """What the row should say and does not: the default, each choice, each limit that is a number."""
    _, default, span = row
    wanted = [("default", one, default) for one in written_default(field)]
    wanted += [("choice", f"`{one}`", span) for one in choices(field.annotation)]
    wanted += [("limit", number(one), span) for one in limits(field)]
    return [f"{what} {one}" for what, one, where in wanted if one not in where]


def written_default(field: FieldInfo) -> list[str]:
    if field.is_required():
        return ["必填"]
    value = field.get_default()
    if isinstance(value, tuple):
        return [f"`{one}`" for one in value]
    if isinstance(value, bool):
        return [f"`{str(value).lower()}`"]
    if isinstance(value, BaseModel):
        return ["—"]
    return ["—" if value is None or value == {} else number(value) if isinstance(value, int | float) else f"`{value}`"]


def number(value: float) -> str:
    return f"{value:g}"


def parts(annotation: Any) -> Iterator[Any]:  # noqa: ANN401 - any type expression
    yield annotation
    for one in get_args(annotation) if get_origin(annotation) is not Literal else ():
        yield from parts(one)


def choices(annotation: Any) -> list[object]:  # noqa: ANN401 - any type expression
    return [choice for one in parts(annotation) if get_origin(one) is Literal for choice in get_args(one)]


def limits(field: FieldInfo) -> list[float]:
    """Least and most, of the value or of what an optional one holds."""
    facts = list(field.metadata)
    for one in parts(field.annotation):
        for fact in getattr(one, "__metadata__", ()):
            facts += fact.metadata if isinstance(fact, FieldInfo) else [fact]
    return [getattr(fact, name) for fact in facts for name in ("ge", "le") if getattr(fact, name, None) is not None]
