"""进销存: between two stocktakes, opening + purchases ± changes − closing must be what was sold (RULEBOOK §14 R35).

`balance` makes ``stock_span`` (every span between two stocktakes of a drug at a place) and ``stock_fault`` (those that
do not add up) of the table ``stock_moves``; quantities are 10⁻⁶ of the unit. A place and drug without two stocktakes is
not judged: no rule fires on missing data. `blocks` says where settlement waits, if the law says that it does.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa

from yibao.engine import Engine
from yibao.trace.kinds import CHANGES_IN, CHANGES_OUT, INFNOS, Kind
from yibao.trace.terms import Terms

STOCK_KINDS = (
    Kind(
        "stock_oversold",
        "卖出的比进货和库存能卖的多",
        "核对销售和进货票据，多出的数量疑似串换或虚记，按实际追回",
        "R35",
    ),
    Kind("stock_missing", "账面应有的库存少了", "核对漏传的销售、退货、报损，补传后重新盘存", "R35", False),
)
"""What stock that does not add up is called."""


def signs() -> pa.Table:
    """What a move of stock does to purchases, changes and sales, by transaction and type of change."""
    rows = []
    for infno in INFNOS:
        for change in ("", *CHANGES_IN, *CHANGES_OUT):
            moved = (change in CHANGES_IN) - (change in CHANGES_OUT) if infno == "3502" else 0
            bought, sold = (infno == "3503") - (infno == "3504"), (infno == "3505") - (infno == "3506")
            rows.append((infno, change, bought, moved, sold))
    names = ("infno", "inv_chg_type", "bought", "changed", "sold")
    return pa.table({name: pa.array([row[at] for row in rows]) for at, name in enumerate(names)})


def balance(engine: Engine) -> None:
    """Makes ``stock_span`` and ``stock_fault`` of ``stock_moves``."""
    engine.put("stock_sign", signs())
    engine.pipeline("yibao.trace", ("stock_span", "stock_fault"))


def blocks(spans: Iterable[Mapping[str, Any]], terms: Terms) -> set[tuple[str, str]]:
    """The places and drugs whose last span does not add up, where the law makes settlement wait for it."""
    last: dict[tuple[str, str], Mapping[str, Any]] = {}
    for span in spans:
        key = (span["fixmedins_code"], span["med_list_codg"])
        if key not in last or span["opened"] > last[key]["opened"]:
            last[key] = span
    return {key for key, span in last.items() if span["excess"] != 0} if terms.stock_blocks else set()
