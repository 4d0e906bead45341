"""A school's workbook as bytes (.xlsx), by openpyxl, which nothing else imports.

What a stranger sent is unpacked within limits. Formulas are never evaluated and never written; macros, links, pictures
and comments are not looked at.
"""

import io
import warnings
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import openpyxl
from openpyxl import Workbook as Book
from openpyxl.styles import Alignment, Font

from config import limits
from config.errors import BadInputError
from config.sheet_cells import Cell, Formula

_NO_WORKBOOK = (
    "不是 .xlsx 文件，或已损坏、有密码 → 在 Excel 或 WPS 中“另存为”.xlsx"
    " (is no .xlsx file, or damaged, or locked: save it anew)"
)
_TOO_LARGE = "太大：{what}，至多 {most} → 只留放学方案的表 (too large: keep only the sheets of the plan)"
_WIDTH = 16
_ROWS, _COLUMNS = 1_048_576, 256
"""How far is looked: all rows of Excel; columns beyond the limit, but not for 16,384 of them in each row."""
_BROKEN = (
    zipfile.BadZipFile,  # no packing, or a checksum that is wrong
    zlib.error,  # bytes that cannot be unpacked
    EOFError,  # cut off inside a part
    RuntimeError,  # a part with a password, or packed in a way nobody knows
    SyntaxError,  # no XML (ParseError)
    OSError,  # no workbook in it
    LookupError,  # a part, a text or a style that is named and not there
    ValueError,  # a value that cannot be, and what defusedxml forbids
    TypeError,  # an attribute that openpyxl does not know
    AttributeError,  # an element that openpyxl counts on
)
"""What zipfile, the XML readers and openpyxl raise for a file that somebody damaged, or made to do damage. An assertion
is not in it: that is a fault of ours.
"""


def read(data: bytes) -> dict[str, list[list[Cell]]]:
    """The cells of each sheet. Raises BadInputError."""
    # Without it an entity of a few bytes becomes gigabytes; openpyxl only uses it when it is there.
    assert openpyxl.DEFUSEDXML, "defusedxml must be installed, and not be switched off"
    _unpacked(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of styles and extensions that it does not know
            book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
            return {str(sheet.title): _rows(sheet) for sheet in _few(book.worksheets)}
    except BadInputError:
        raise
    except _BROKEN as error:
        raise BadInputError(_NO_WORKBOOK) from error


def _unpacked(data: bytes) -> None:
    """Looks at every part as it is declared and as it really is, before anybody keeps one in memory."""
    _within(len(data), limits.WORKBOOK_MAX_BYTES, "文件字节 bytes")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as parts:
            infos = parts.infolist()
            _within(len(infos), limits.WORKBOOK_PARTS_MAX, "部件 parts")
            _within(sum(one.file_size for one in infos), limits.WORKBOOK_UNPACKED_MAX_BYTES, "解压后字节 unpacked")
            _within(len(infos) - len({one.filename for one in infos}), 0, "重名部件 parts of one name")
            real = 0
            for one in infos:
                with parts.open(one) as stream:
                    while block := stream.read(64 * 1024):
                        real += len(block)
                        _within(real, limits.WORKBOOK_UNPACKED_MAX_BYTES, "解压后字节 unpacked")
                ratio = one.file_size // max(one.compress_size, 1)
                if one.file_size > limits.WORKBOOK_SMALL_BYTES:
                    _within(ratio, limits.WORKBOOK_RATIO_MAX, "压缩比 ratio")
    except BadInputError:
        raise
    except _BROKEN as error:
        raise BadInputError(_NO_WORKBOOK) from error


def _within(count: int, most: int, what: str) -> None:
    if count > most:
        raise BadInputError(_TOO_LARGE.format(what=f"{what} {count}", most=most))


def _few(sheets: Sequence[Any]) -> Sequence[Any]:
    _within(len(sheets), limits.WORKBOOK_SHEETS_MAX, "表 sheets")
    return sheets


def _rows(sheet: Any) -> list[list[Cell]]:
    """Its rows and columns up to the limits; what lies beyond them is an error, not cut off, as far as Excel writes."""
    rows: list[list[Cell]] = []
    last, blank = 0, None
    for n, row in enumerate(sheet.iter_rows(min_row=1, max_row=_ROWS, min_col=1, max_col=_COLUMNS), 1):
        if row is blank:  # of the rows that are missing; a style for a whole column leads to a million of them
            rows += [[]] if n <= limits.WORKBOOK_ROWS_MAX else []
            continue
        cells = [_cell(one) for one in row]
        while cells and cells[-1] is None:
            cells.pop()
        blank = blank if cells else row
        _within(len(cells), limits.WORKBOOK_COLUMNS_MAX, f"{sheet.title} 列 columns")
        _within(n if cells else 0, limits.WORKBOOK_ROWS_MAX, f"{sheet.title} 行 rows")
        rows += [cells] if n <= limits.WORKBOOK_ROWS_MAX else []
        last = n if cells else last
    return rows[:last]


def _cell(cell: Any) -> Cell:
    if cell.value is None:
        return None
    if cell.data_type == "f":
        return Formula(str(cell.value))
    value: Cell = cell.value
    return value


def written(sheets: Mapping[str, Sequence[Sequence[Cell]]]) -> bytes:
    """These cells as a file; texts stay texts, whatever they begin with."""
    book = Book()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for n, row in enumerate(rows, 1):
            for k, value in enumerate(row, 1):
                assert not isinstance(value, Formula), "nobody writes a formula"
                cell = sheet.cell(n, k, value)
                if isinstance(value, str):
                    cell.data_type = "s"
                    cell.number_format = "@"  # a time typed over it stays what was typed
                    cell.alignment = Alignment(wrap_text="\n" in value, vertical="top")
        for k in range(1, len(rows[0]) + 1):
            sheet.cell(1, k).font = Font(bold=True)
            sheet.column_dimensions[openpyxl.utils.get_column_letter(k)].width = _WIDTH
        sheet.freeze_panes = "A2"
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()
