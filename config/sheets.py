"""A plan as a school's workbook and back: every key has a cell of its own, or stands in the row's 更多 as TOML. Pure.

`broker/sheets_openpyxl.py` reads and writes the files; here a workbook is rows of cells by the title of their sheet.
"""

import copy
import difflib
import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from config.extends import written
from config.findings import Finding
from config.parsing import plain, shown
from config.sheet_cells import Cell, Formula, guarded, text_of
from config.sheet_layout import ABOUT, MORE, SHEETS, Column, Key, Sheet

Rows = Sequence[Sequence[Cell]]
Workbook = Mapping[str, Rows]


@dataclass(slots=True)
class Read:
    """The plan's table, the cell of each place in it, how that is filled in, what is wrong with the workbook.

    `misread`: the sheets of which a heading is not known: what its column held is missing, and said once.
    """

    raw: dict[str, Any] = field(default_factory=dict)
    cells: dict[str, str] = field(default_factory=dict)
    tells: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    misread: set[str] = field(default_factory=set)

    def located(self, findings: Sequence[Finding]) -> tuple[Finding, ...]:
        """All findings, by their cells; of a cell that could not be read at all, only that."""
        known = {one.place for one in self.findings}
        moved = list(self.findings)
        for one in findings:
            cell, rest = self._cell(one.place)
            follows = one.code == "missing" and cell.partition("!")[0] in self.misread
            if cell not in known and not follows:
                moved.append(replace(one, place=f"{cell} {rest}".rstrip()))
        return tuple(moved)

    def _cell(self, place: str) -> tuple[str, str]:
        """The nearest cell around a place, and what of the place it does not say."""
        at = place
        while at and at not in self.cells:
            at = at[: max(at.rfind("."), at.rfind("["), 0)]
        return (self.cells[at], place[len(at) :].lstrip(".")) if at in self.cells else (place, "")


# Out ----------------------------------------------------------------------------------------------


def workbook(raw: Mapping[str, Any]) -> dict[str, list[list[Cell]]]:
    """The sheets of a plan's table; of an empty one, the template."""
    rest = copy.deepcopy(dict(raw))
    made: dict[str, list[list[Cell]]] = {}
    for sheet in reversed(SHEETS):  # what stands in another table is taken out of it first, the school's own at last
        rows = [_row(sheet, leads, table) for leads, table in _taken(sheet, rest)]
        made[sheet.title] = [["项目", "内容"], *_fields(sheet, rest)] if sheet.form == "fields" else rows
        if sheet.form != "fields":
            made[sheet.title].insert(0, list(sheet.heads))
    about: list[list[Cell]] = [["表", "列", "怎么填"]]
    about += [[sheet.title, column.head, column.codec.tells] for sheet in SHEETS for column in sheet.columns]
    return {ABOUT: about, **{sheet.title: made[sheet.title] for sheet in SHEETS}}


def _taken(sheet: Sheet, rest: dict[str, Any]) -> list[tuple[tuple[str, ...], dict[str, Any]]]:
    """The tables that are this sheet's rows, taken out of the plan's, with what their leading columns hold."""
    if sheet.form == "fields":
        return []
    if not sheet.inner:
        found = _popped(rest, sheet.path, list if sheet.form == "array" else dict)
        return (
            [((), table) for table in found] if sheet.form == "array" else [((own,), found[own]) for own in found or ()]
        )
    rows: list[tuple[tuple[str, ...], dict[str, Any]]] = []
    for own, table in _owners(sheet, rest):
        inner = _popped(table, (sheet.inner,), list if sheet.form == "array" else dict)
        pairs = (
            [((), each) for each in inner] if sheet.form == "array" else [((key,), inner[key]) for key in inner or ()]
        )
        rows += [((own, *key), each) for key, each in pairs]
    return rows


def _owners(sheet: Sheet, raw: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """The tables in which this sheet's rows stand, by their ids."""
    tables = raw.get(sheet.path[0])
    if isinstance(tables, dict):
        pairs = list(tables.items())
    else:
        pairs = [(one.get("id"), one) for one in (tables if isinstance(tables, list) else ()) if isinstance(one, dict)]
    return [(own, table) for own, table in pairs if isinstance(own, str) and isinstance(table, dict)]


def _popped(table: dict[str, Any], path: Key, kind: type) -> Any:
    """The tables under a key, taken out when there are any: an empty list stays, for it says something."""
    *outer, key = path
    for one in outer:
        table = table.get(one, {})
    value = table.get(key)
    if not isinstance(value, kind) or not value or not all(isinstance(one, dict) for one in _each(value)):
        return []
    return table.pop(key)


def _each(value: Any) -> Sequence[Any]:
    return list(value.values()) if isinstance(value, dict) else value


def _row(sheet: Sheet, leads: Sequence[str], table: dict[str, Any]) -> list[Cell]:
    cells: list[Cell] = [column.codec.write(own) for column, own in zip(sheet.leads, leads, strict=True)]
    cells += [_cell_of(column, table) for column in sheet.columns[len(leads) :]]
    cells[-1] = _more(table)
    return cells


def _fields(sheet: Sheet, rest: dict[str, Any]) -> Iterator[list[Cell]]:
    for column in sheet.columns[:-1]:
        yield [column.head, _cell_of(column, rest)]
    yield [MORE, _more({key: value for key, value in rest.items() if value != {}})]


def _cell_of(column: Column, table: dict[str, Any]) -> Cell:
    """The value's cell, and it is taken out; None when there is none, or it needs TOML."""
    *outer, key = column.key
    for one in outer:
        table = table.get(one, {})
    cell = column.codec.fits(table[key]) if key in table else None
    if cell is not None:
        del table[key]
    return cell


def _more(table: Mapping[str, Any]) -> Cell:
    rest = {key: value for key, value in table.items() if value != {} or key != "sentences"}
    return guarded(written(rest).rstrip("\n")) if rest else None


# In -----------------------------------------------------------------------------------------------


def read_workbook(book: Workbook) -> Read:
    """The plan's table of these sheets, whatever is wrong with them."""
    read = Read()
    titles = [ABOUT, *(sheet.title for sheet in SHEETS)]
    for title in book:
        if title not in titles:
            read.findings.append(_unknown(f"{title}!A1", title, titles))
    for sheet in SHEETS:
        rows = book.get(sheet.title, ())
        for place in (".".join(sheet.path[:1]), ".".join(sheet.path)):
            read.cells.setdefault(place, f"{sheet.title}!A2")
        if sheet.form == "fields":
            _read_fields(sheet, rows, read)
        else:
            _read_rows(sheet, rows, read)
    return read


def _unknown(place: str, name: str, known: Sequence[str]) -> Finding:
    near = next(iter(difflib.get_close_matches(name, known, n=1, cutoff=0.5)), "")
    return Finding("unknown_key", place, shown(name), {"hint": f"（{near}?）" if near else ""})


def _read_fields(sheet: Sheet, rows: Rows, read: Read) -> None:
    columns = {column.head: column for column in sheet.columns}
    read.cells |= dict.fromkeys(("v", "school"), f"{sheet.title}!A2")
    seen: set[str] = set()
    for n, row in enumerate(rows[1:], 2):
        head, cell = (text_of(one) for one in (*row, None, None)[:2])
        place = f"{sheet.title}!B{n}"
        if not head and not cell:
            continue
        if head not in columns:
            read.findings.append(_unknown(f"{sheet.title}!A{n}", head, list(columns)))
            continue
        if head in seen:
            read.findings.append(Finding("twin", f"{sheet.title}!A{n}", shown(head)))
            continue
        seen.add(head)
        _put(columns[head], row[1] if len(row) > 1 else None, read.raw, "", place, read=read)


def _read_rows(sheet: Sheet, rows: Rows, read: Read) -> None:
    columns = {column.head: column for column in sheet.columns}
    at: dict[int, Column] = {}
    for k, cell in enumerate(rows[0] if rows else ()):
        head, place = text_of(cell), f"{sheet.title}!{letter(k)}1"
        if head in columns and columns[head] not in at.values():
            at[k] = columns[head]
        elif head:
            read.findings.append(_unknown(place, head, sheet.heads))
            read.misread.add(sheet.title)
    for n, row in enumerate(rows[1:], 2):
        if all(text_of(cell) == "" for cell in row):
            continue
        for k, cell in enumerate(row):
            if k not in at and text_of(cell):
                read.findings.append(_unknown(f"{sheet.title}!{letter(k)}{n}", text_of(cell), ()))
        _read_row(sheet, n, at, row, read)


def _read_row(sheet: Sheet, n: int, at: Mapping[int, Column], row: Sequence[Cell], read: Read) -> None:
    """One row's table, put where it belongs; the cell of each of its columns, also of an empty one, is remembered."""
    where = {column: f"{sheet.title}!{letter(k)}{n}" for k, column in at.items()}
    held = {column: row[k] if k < len(row) else None for k, column in at.items()}
    leads: list[str] = []
    for column in sheet.leads:
        own = column.codec.read(held.get(column))
        if not own:
            read.findings.append(Finding("missing", where.get(column, f"{sheet.title}!A{n}")))
            return
        leads.append(own)
    table: dict[str, Any] = {}
    own = next((column for column in at.values() if column.key == ("id",)), None)
    place = _placed(sheet, leads, own.codec.read(held[own]) if own else "", table, where, read=read)
    if place is None:
        return
    read.cells[place] = f"{sheet.title}!A{n}"
    for column, cell in held.items():
        if column.key:
            _put(column, cell, table, place, where[column], read=read)


def _placed(
    sheet: Sheet, leads: list[str], own: str, table: dict[str, Any], where: Mapping[Column, str], *, read: Read
) -> str | None:
    """Puts a table into the plan; its place, or None when nothing can hold it."""
    held: Any
    if sheet.inner:
        owner = next((one for key, one in _owners(sheet, read.raw) if key == leads[0]), None)
        cell = where[sheet.leads[0]]
        if owner is None:
            kind = {"gates": "校门 (gate)", "windows": "时段 (window)"}[sheet.path[0]]
            read.findings.append(Finding("no_such", cell, shown(leads[0]), {"kind": kind, "hint": ""}))
            return None
        place, held, rest, last = f"{sheet.path[0]}.{plain(leads[0])}.{sheet.inner}", owner, leads[1:], sheet.inner
    else:
        place, held, rest, last = ".".join(sheet.path), read.raw, leads, sheet.path[-1]
        for key in sheet.path[:-1]:
            held = held.setdefault(key, {})
    tables: Any = held.setdefault(last, [] if sheet.form == "array" else {}) if isinstance(held, dict) else None
    if not rest and isinstance(tables, list):
        tables.append(table)
        return f"{place}.{plain(own)}" if own else f"{place}[{len(tables) - 1}]"
    if rest and isinstance(tables, dict) and rest[0] not in tables:
        tables[rest[0]] = table
        return f"{place}.{plain(rest[0])}"
    lead = where[sheet.leads[-1]] if leads else next(iter(where.values()))
    read.findings.append(Finding("twin", lead, shown(leads[-1]) if leads else ""))
    return None


def _put(column: Column, cell: Cell, table: dict[str, Any], place: str, where: str, *, read: Read) -> None:
    """One cell's value into its table."""
    key = ".".join(column.key)
    if key != MORE:
        read.cells[f"{place}.{key}".removeprefix(".")] = where
        read.tells[where] = column.codec.tells
    if isinstance(cell, Formula):
        detail = "公式不计算，请填写它的结果 (formulas are not evaluated: write the result)"
        read.findings.append(Finding("bad_value", where, shown(cell.text), {"detail": detail}))
    elif text_of(cell) == "":
        return
    elif key != MORE:
        *outer, last = column.key
        for one in outer:
            inner = table.setdefault(one, {})
            table = inner if isinstance(inner, dict) else {}
        table[last] = column.codec.read(cell)
    else:
        try:
            more = json.loads(json.dumps(tomllib.loads(text_of(cell)), default=str))
        except (RecursionError, ValueError) as error:
            read.findings.append(Finding("toml", where, args={"detail": plain(str(error))[:120]}))
            return
        for path in _merged(table, more, place):
            if path.startswith("!"):
                read.findings.append(Finding("twin", where, path[1:]))
            else:
                read.cells[path] = where


def _merged(table: dict[str, Any], more: dict[str, Any], place: str) -> Iterator[str]:
    """Adds to a table; the places that are new, and with a ! the keys that stood there."""
    for key, value in more.items():
        path = f"{place}.{plain(key)}".removeprefix(".")
        if key not in table:
            table[key] = value
            yield path
        elif isinstance(table[key], dict) and isinstance(value, dict):
            yield from _merged(table[key], value, path)
        else:
            yield f"!{key}"


def letter(k: int) -> str:
    """The letters of a column, counted from 0."""
    text = ""
    while k >= 0:
        text, k = chr(ord("A") + k % 26) + text, k // 26 - 1
    return text
