"""A plan's file as one text that stands alone: the national table that it names, put in. What the store keeps."""

from collections.abc import Callable
from pathlib import Path

from config import limits
from config.extends import Near, whole
from config.findings import Finding
from config.national import table, written


def standing_alone(
    text: str, folder: Path, read: Callable[[Path, int], str], near: Near | None = None
) -> tuple[str, Path | None, tuple[Finding, ...]]:
    """The text, the file of the table if it names one, and what is wrong with that. `read` raises BadInputError.

    `near`: the base plans beside it; a city's names the table for its schools.
    """
    raw = whole(text, near).raw
    calendar = (raw or {}).get("calendar")
    name = calendar.get("national") if isinstance(calendar, dict) and "table" not in calendar else None
    if not isinstance(name, str) or not name.endswith(".toml") or "/" in name:
        return text, None, ()
    file = folder / name
    made, findings = table(read(file, limits.NATIONAL_MAX_BYTES))
    return (text if made is None else f"{text}\n{written(made, 'calendar.table')}"), file, findings
