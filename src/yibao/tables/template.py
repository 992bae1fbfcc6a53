"""The xlsx template of a table: a sheet to fill in, 填表说明, and 代码表."""

from pathlib import Path
from typing import Any

import xlsxwriter

from yibao.standard import CODE_TABLES, TABLES, Field, Kind, TableSchema
from yibao.tables.output import atomic_path

_LAST_ROW = 100_000
_MONEY = (Kind.MONEY, Kind.BUDGET, Kind.SIGNED_MONEY)
_NUMBER = (Kind.INT, Kind.WEIGHT_G, Kind.POINTS, Kind.RATIO, Kind.PRICE, Kind.QUANTITY, *_MONEY)


def template(table: str, path: Path | str) -> None:
    """Writes the template of ``table`` with one example row, which loads without a finding. Raises OutputError.

    The header row holds national field names, each with a comment in Chinese; code columns are text with a dropdown of
    codes; 填表说明 explains every column and 代码表 lists the codes.
    """
    schema = TABLES[table]
    with atomic_path(path) as part:
        book = xlsxwriter.Workbook(part)
        formats = {
            "must": book.add_format({"bold": True, "bg_color": "#FCE4D6", "border": 1}),
            "may": book.add_format({"bold": True, "bg_color": "#DCE6F1", "border": 1}),
            "text": book.add_format({"num_format": "@"}),
            "date": book.add_format({"num_format": "yyyy-mm-dd"}),
            "money": book.add_format({"num_format": "0.00"}),
            "decimal": book.add_format({"num_format": "General"}),
            "int": book.add_format({"num_format": "0"}),
            "wrap": book.add_format({"text_wrap": True, "valign": "top"}),
        }
        data = book.add_worksheet(schema.name)
        guide = book.add_worksheet("填表说明")
        codes = book.add_worksheet("代码表")
        ranges = _write_codes(codes, schema, formats)
        _write_data(data, schema, formats, ranges)
        _write_guide(guide, schema, formats)
        book.close()


def _cell_format(field: Field) -> str:
    if field.kind in (Kind.DATE, Kind.DATETIME):
        return "date"
    if field.kind in _MONEY:
        return "money"
    if field.kind in (Kind.PRICE, Kind.QUANTITY):
        return "decimal"
    return "int" if field.kind in _NUMBER else "text"


def _write_codes(page: Any, schema: TableSchema, formats: dict[str, Any]) -> dict[str, str]:
    """Two columns a code table, code and name; returns the cell range of each table's codes for the dropdowns."""
    ranges: dict[str, str] = {}
    for field in schema.fields:
        if not field.code_table or field.code_table in ranges:
            continue
        table, column = CODE_TABLES[field.code_table], 2 * len(ranges)
        page.set_column(column, column, 12, formats["text"])
        page.set_column(column + 1, column + 1, 30)
        page.write_string(0, column, table.name, formats["may"])
        page.write_string(0, column + 1, table.label, formats["may"])
        for row, (code, name) in enumerate(table.codes.items(), start=1):
            page.write_string(row, column, code, formats["text"])
            page.write_string(row, column + 1, name)
        letter = xlsxwriter.utility.xl_col_to_name(column)
        ranges[table.name] = f"=代码表!${letter}$2:${letter}${len(table.codes) + 1}"
    page.freeze_panes(1, 0)
    return ranges


def _write_data(page: Any, schema: TableSchema, formats: dict[str, Any], ranges: dict[str, str]) -> None:
    for column, field in enumerate(schema.fields):
        must = field.name in schema.required
        page.set_column(column, column, max(12, len(field.name) + 2), formats[_cell_format(field)])
        page.write_string(0, column, field.name, formats["must" if must else "may"])
        page.write_comment(0, column, _comment(field, must))
        _write_example(page, column, field, formats)
        if field.code_table:
            page.data_validation(
                1, column, _LAST_ROW, column,
                {"validate": "list", "source": ranges[field.code_table], "error_title": "代码不在代码表里",
                 "error_message": f"请从下拉框里选{field.label}的代码，含义见“代码表”。", "error_type": "warning"},
            )  # fmt: skip
    page.freeze_panes(1, 0)


def _comment(field: Field, must: bool) -> str:
    parts = [field.label, "必填" if must else "可不填", field.kind.label]
    parts += [f"单位：{field.unit}"] if field.unit else []
    parts += [field.note] if field.note else []
    return "\n".join(parts)


def _write_example(page: Any, column: int, field: Field, formats: dict[str, Any]) -> None:
    if not field.example:
        return
    style = formats[_cell_format(field)]
    if field.kind in _NUMBER:
        page.write_number(1, column, float(field.example), style)
    else:
        page.write_string(1, column, field.example, style)


def _write_guide(page: Any, schema: TableSchema, formats: dict[str, Any]) -> None:
    page.write_string(0, 0, f"{schema.label}：{schema.note}" if schema.note else schema.label)
    header = ("列名", "中文名", "必填", "类型", "单位", "代码表", "示例", "说明", "也接受的列名")
    for column, text in enumerate(header):
        page.set_column(column, column, (18, 22, 8, 16, 8, 18, 26, 44, 44)[column])
        page.write_string(2, column, text, formats["may"])
    for row, field in enumerate(schema.fields, start=3):
        cells = (
            field.name, field.label, "是" if field.name in schema.required else "", field.kind.label, field.unit,
            CODE_TABLES[field.code_table].label if field.code_table else "", field.example, field.note,
            "、".join(field.aliases),
        )  # fmt: skip
        for column, text in enumerate(cells):
            page.write_string(row, column, text, formats["wrap"])
    page.freeze_panes(3, 0)
