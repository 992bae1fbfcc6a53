"""Child tables with ``seq`` in the place of list columns."""

from yibao.engine import Engine
from yibao.tables.columns import ident

_CODE = {"diag_codes": "diag_code", "oprn_codes": "oprn_code"}


def explode(engine: Engine, table: str, column: str, into: str, *, key: str = "setl_id", where: str = "TRUE") -> str:
    """Makes the table ``into`` (``key``, ``seq`` from 1, ``diag_code`` or ``oprn_code``) and returns its name.

    One row a code of the list column (``diag_codes`` or ``oprn_codes``), in the order of the list, so that ``seq`` 1
    is the principal one; rows without a code give none. ``where`` is SQL over ``table`` that picks the rows.
    """
    engine.con.execute(f"""
        CREATE OR REPLACE TABLE {ident(into)} AS
        SELECT {ident(key)}, CAST(generate_subscripts(items, 1) AS INTEGER) AS seq, unnest(items) AS {_CODE[column]}
        FROM (SELECT {ident(key)}, string_split({ident(column)}, '|') AS items
              FROM {ident(table)} WHERE {ident(column)} IS NOT NULL AND ({where}))""")
    return into
