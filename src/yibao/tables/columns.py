"""The SQL that types and checks a column: raw text in, a typed value, the name of a fault, and notes out.

Three layers, so that a sound value costs little: ``raw`` trims, ``value`` parses (NULL when it cannot), and only a
value that failed is asked why. Tokens of faults and notes are ``column:code``.
"""

import re
from typing import NamedTuple

from yibao.standard import CODE_TABLES, Field, Kind
from yibao.tables.source import Column

_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")
_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")
_FLOAT = ("DOUBLE", "FLOAT")
_LARGEST_WEIGHT, _SMALLEST_WEIGHT, _OLDEST = 20_000, 100, 130


class ColumnSql(NamedTuple):
    """``raw`` reads the file's column as ``r_<name>``; ``value`` is the typed value; ``errors`` and ``notes`` are
    expressions that give a token or NULL. A list has two layers more: ``items``, its rewritten items ``l_<name>``
    (NULL where the cell is sound as it stands), and ``sifted``, those joined (``j_``) and those that hold (``k_``)."""

    name: str
    raw: str
    value: str
    errors: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    items: str | None = None
    sifted: str | None = None


def literal(text: str) -> str:
    """SQL text."""
    return "'" + text.replace("'", "''") + "'"


def ident(name: str) -> str:
    """SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def as_text(column: Column) -> str:
    """The file's column as the text its user sees, not trimmed."""
    name, kind = ident(column.name), column.sql_type
    if kind == "VARCHAR":
        return name
    if kind.endswith("[]"):
        return f"array_to_string(list_transform({name}, lambda c: coalesce(c, '')), '|')"
    if kind in _FLOAT:
        return f"num_text(CAST({name} AS DOUBLE))"
    if kind.startswith("TIMESTAMP"):
        return f"regexp_replace(CAST({name} AS VARCHAR), ' 00:00:00.*$', '')"
    return f"CAST({name} AS VARCHAR)"


def column_sql(column: Column, *, required: bool) -> ColumnSql:
    """The SQL for one column of a source."""
    field = column.field
    build = {
        Kind.MONEY: _money,
        Kind.BUDGET: _budget,
        Kind.DATE: _day,
        Kind.DATETIME: _moment,
        Kind.INT: _whole,
        Kind.WEIGHT_G: _whole,
        Kind.POINTS: _fraction,
        Kind.RATIO: _fraction,
        Kind.PRICE: _millionths,
        Kind.QUANTITY: _millionths,
        Kind.SIGNED_MONEY: _signed_money,
        Kind.DX_LIST: _list,
        Kind.PX_LIST: _list,
    }.get(field.kind, _coded if field.code_table else _text)
    sql = build(column)
    if not required:
        return sql
    code = "missing_principal_dx" if field.kind is Kind.DX_LIST else "missing_value"
    missing = f"CASE WHEN r_{field.name} IS NULL THEN '{field.name}:{code}' END"
    return sql._replace(errors=(missing, *sql.errors))


def _tokens(field: Field, *cases: tuple[str, str]) -> str:
    """A CASE of (condition, SQL of a fault name)."""
    whens = " ".join(f"WHEN {condition} THEN {literal(field.name + ':')} || {fault}" for condition, fault in cases)
    return f"CASE {whens} END"


def _failed(name: str) -> str:
    return f"{name} IS NULL AND r_{name} IS NOT NULL"


def _text(column: Column) -> ColumnSql:
    field, name = column.field, column.field.name
    errors = () if field.kind is Kind.TEXT else (f"'{name}:' || text_fault(r_{name})",)
    return ColumnSql(name, f"tidy({as_text(column)})", f"r_{name}", errors)


def _coded(column: Column) -> ColumnSql:
    field, name = column.field, column.field.name
    table = CODE_TABLES[field.code_table or ""]
    codes = ", ".join(literal(code) for code in table.codes)
    spellings = " ".join(f"WHEN {literal(text)} THEN {literal(code)}" for text, code in table.spellings().items())
    mapped = f"CASE r_{name} {spellings} END" if spellings else "NULL"
    return ColumnSql(
        name,
        f"tidy({as_text(column)})",
        f"CASE WHEN r_{name} IN ({codes}) THEN r_{name} ELSE {mapped} END",
        (_tokens(field, (_failed(name), f"coalesce(text_fault(r_{name}), 'unknown_code')")),),
        (f"CASE WHEN {name} <> r_{name} THEN '{name}:code_mapped' END",),
    )


def _is_exact(sql_type: str) -> bool:
    """Whether a column's numbers, times 100, stay exact in DECIMAL(38, 6); other decimals go by their text."""
    decimal = _DECIMAL.fullmatch(sql_type)
    return sql_type in _WHOLE or (decimal is not None and int(decimal[2]) <= 6 and int(decimal[1]) <= 28)


def _is_cents(sql_type: str) -> bool:
    """Whether a column's numbers are whole fen in a machine word: the usual export, and by far the fastest to read."""
    decimal = _DECIMAL.fullmatch(sql_type)
    return decimal is not None and int(decimal[2]) <= 2 and int(decimal[1]) <= 18


def _money(column: Column) -> ColumnSql:
    sql, name = _signed_money(column), column.field.name
    zero = [(f"{name} = 0", "'zero_total_fee'")] if name == "medfee_sumamt" else []
    return sql._replace(errors=(*sql.errors, _tokens(column.field, (f"{name} < 0", "'negative_amount'"), *zero)))


def _signed_money(column: Column) -> ColumnSql:
    field, name, kind = column.field, column.field.name, column.sql_type
    flavour, raw = "text", f"tidy({as_text(column)})"
    if kind in _FLOAT:
        cell = f"CAST({ident(column.name)} AS DOUBLE)"
        flavour, raw = "double", f"CASE WHEN NOT isnan({cell}) THEN {cell} END"
    elif _is_cents(kind):
        flavour, raw = "cents", ident(column.name)
    elif _is_exact(kind):
        flavour, raw = "exact", f"CAST({ident(column.name)} AS DECIMAL(38, 6))"
    errors = _tokens(field, (_failed(name), f"fen_fault_{flavour}(r_{name})"))
    return ColumnSql(name, raw, f"fen_of_{flavour}(r_{name})", (errors,))


def _millionths(column: Column) -> ColumnSql:
    """Unit prices (below 10¹⁰ 元) and quantities (below 10⁸, the only ones that may be negative): exact integers of
    10⁻⁶, the bounds those of `yibao.catalogue.scope`; a digit more than six decimals is a fault."""
    field, name, kind = column.field, column.field.name, column.sql_type
    decimal = _DECIMAL.fullmatch(kind)
    raw, value = f"tidy({as_text(column)})", f"millionths_of_text(r_{name})"
    if kind in _WHOLE or (decimal is not None and int(decimal[2]) <= 6 and int(decimal[1]) <= 18):
        raw, value = ident(column.name), f"millionths_of_exact(r_{name})"
    bound = 10**16 if field.kind is Kind.PRICE else 10**14
    value = f"CASE WHEN abs({value}) < {bound} THEN {value} END"
    failed = (_failed(name), f"number_fault(CAST(r_{name} AS VARCHAR))")
    low = [(f"{name} < 0", "'negative_number'")] if field.kind is Kind.PRICE else []
    return ColumnSql(name, raw, value, (_tokens(field, failed, *low),))


def _budget(column: Column) -> ColumnSql:
    """A sum of many amounts: read as text whatever the column's type, since few rows carry one."""
    field, name = column.field, column.field.name
    errors = _tokens(field, (_failed(name), f"budget_fault(r_{name})"), (f"{name} < 0", "'negative_amount'"))
    return ColumnSql(name, f"tidy({as_text(column)})", f"budget_of_text(r_{name})", (errors,))


def _day(column: Column) -> ColumnSql:
    field, name = column.field, column.field.name
    if column.sql_type == "DATE" or column.sql_type.startswith("TIMESTAMP"):
        fault = _tokens(field, (_failed(name), "'impossible_date'"))
        return ColumnSql(name, f"CAST({ident(column.name)} AS DATE)", f"day_in_range(r_{name})", (fault,))
    fault = _tokens(field, (_failed(name), f"day_fault(r_{name})"))
    return ColumnSql(name, f"tidy({as_text(column)})", f"day_of_text(r_{name})", (fault,))


def _moment(column: Column) -> ColumnSql:
    """A day with its time; a day alone is its first second."""
    field, name = column.field, column.field.name
    if column.sql_type == "DATE" or column.sql_type.startswith("TIMESTAMP"):
        fault = _tokens(field, (_failed(name), "'impossible_date'"))
        value = f"CASE WHEN day_in_range(CAST(r_{name} AS DATE)) IS NOT NULL THEN r_{name} END"
        return ColumnSql(name, f"CAST({ident(column.name)} AS TIMESTAMP)", value, (fault,))
    fault = _tokens(field, (_failed(name), f"day_fault(r_{name})"))
    return ColumnSql(name, f"tidy({as_text(column)})", f"moment_of_text(r_{name})", (fault,))


def _whole(column: Column) -> ColumnSql:
    field, name = column.field, column.field.name
    weight = field.kind is Kind.WEIGHT_G
    parse = "gram_of_text" if weight else "int_of_text"
    raw, value = f"tidy({as_text(column)})", f"{parse}(r_{name})"
    failed = (_failed(name), f"number_fault(r_{name})")
    if column.sql_type in _WHOLE:
        raw, value = ident(column.name), f"TRY_CAST(r_{name} AS INTEGER)"
        failed = (_failed(name), "'bad_number'")
    if weight:
        odd = f"{value} NOT BETWEEN {_SMALLEST_WEIGHT} AND {_LARGEST_WEIGHT}"
        note = _tokens(field, (odd, "'weight_implausible'"))
        bad = _tokens(field, (f"{value} IS NULL AND r_{name} IS NOT NULL", failed[1]))
        return ColumnSql(name, raw, f"CASE WHEN NOT ({odd}) THEN {value} END", (bad,), (note,))
    low = ("age_out_of_range" if name == "age" else "negative_number", f"{name} < 0")
    cases = [failed, (low[1], literal(low[0]))]
    if name == "age":
        cases.append((f"{name} > {_OLDEST}", "'age_out_of_range'"))
    return ColumnSql(name, raw, value, (_tokens(field, *cases),))


def _fraction(column: Column) -> ColumnSql:
    """Points and ratios: exact decimals, never a float; a digit more than the column holds is a fault."""
    field, name = column.field, column.field.name
    places = 4 if field.kind is Kind.POINTS else 6
    pattern = f"'[+-]?[0-9]{{1,{18 - places}}}([.][0-9]{{1,{places}}}0*)?'"
    value = f"CASE WHEN regexp_full_match(r_{name}, {pattern}) THEN TRY_CAST(r_{name} AS {field.kind.sql_type}) END"
    errors = _tokens(field, (_failed(name), f"number_fault(r_{name})"), (f"{name} < 0", "'negative_number'"))
    return ColumnSql(name, f"tidy({as_text(column)})", value, (errors,))


def dropped_items(name: str, short: str) -> str:
    """SQL of the malformed codes that are left out of a list as written in column ``name``."""
    items = f"{short}_items({ident(name)})"
    return f"[c for c in {items}{'[2:]' if short == 'dx' else ''} if c <> '' and not {short}_ok(c)]"


def _list(column: Column) -> ColumnSql:
    field, name = column.field, column.field.name
    dx = field.kind is Kind.DX_LIST
    short = "dx" if dx else "px"
    items, cell = f"l_{name}", f"r_{name}"
    bad = f"[c for c in {items}{'[2:]' if dx else ''} if c <> '' and not {short}_ok(c)]"
    sound = f"[c for c in {items} if {short}_ok(c)]"
    errors: tuple[str, ...] = ()
    if dx:
        first = f"{items}[1]"
        errors = (
            _tokens(
                field,
                (f"{first} = ''", "'missing_principal_dx'"),
                (f"NOT dx_ok({first})", f"CASE WHEN wide({first}) THEN 'full_width' ELSE 'bad_dx_code' END"),
            ),
        )
    notes = (
        _tokens(field, (f"len(k_{name}) < len({items}) AND len({bad}) > 0", f"'{short}_code_dropped'")),
        *(f"CASE WHEN {items} IS NOT NULL THEN '{name}:' || {note} END" for note in (
            f"dot_note({cell}, j_{name})", f"case_note({cell}, j_{name})", f"separator_note({cell})",
        )),
    )  # fmt: skip
    value = f"CASE WHEN {items} IS NULL THEN {cell} ELSE nullif(joined(k_{name}), '') END"
    sifted = f"joined({items}) AS j_{name}, {sound} AS k_{name}"
    listed = f"CASE WHEN {cell} IS NOT NULL AND NOT {short}_list_ok({cell}) THEN {short}_items({cell}) END"
    return ColumnSql(name, f"tidy({as_text(column)})", value, errors, notes, listed, sifted)
