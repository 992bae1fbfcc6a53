"""``yibao explain`` on the folder of ``yibao settle``: one settlement as a bill, with the law beside it."""

import json
from pathlib import Path

from yibao import tables
from yibao.benefit.plan import RESULT_NAMES
from yibao.benefit.steps import Cited, bill
from yibao.engine import Engine
from yibao.flows.settle_results import MADE_BY
from yibao.kernel import Step


def explain_settlement(folder: Path, setl_id: str) -> list[Step] | None:
    """The steps of a settlement of a folder of ``yibao settle``; None where the trail has none of that id.

    Raises ResultFolderError when the folder is not a finished result.
    """
    tables.read_summary(folder, MADE_BY)
    with Engine() as engine:
        tables.open_view(engine, "trail", folder, "trail.parquet", MADE_BY)
        tables.open_view(engine, "settlements", folder, "settlements.parquet", MADE_BY)
        found = engine.fetch(
            "SELECT t.*, s.init_setl_id, s.psn_no, s.fixmedins_code, s.setl_time, s.kind FROM trail AS t "
            "JOIN settlements AS s ON s.setl_id = t.setl_id WHERE t.setl_id = $setl_id", {"setl_id": setl_id},
        ).to_pylist()  # fmt: skip
    if not found:
        return None
    row = found[0]
    who = Step("结算", row["setl_id"], "", f"人员 {row['psn_no']}，机构 {row['fixmedins_code']}，{row['setl_time']}")
    if row["init_setl_id"]:
        undone = f"冲销 {row['init_setl_id']}，各项金额与原结算相反；原结算怎样得出，请查原结算ID"
        return [who, Step("冲销", f"{row['total'] / 100:,.2f}", "元", undone)]
    facts = json.loads((folder / "terms.json").read_text(encoding="utf-8"))
    terms = facts["terms"].get(str(row["place"]), {"used": {}})
    cited = {key: Cited(*values) for key, values in terms["used"].items()}
    return [who, *bill(facts["plan"], row["place"], cited, [row[name] for name in RESULT_NAMES])]


def is_settled(folder: Path) -> bool:
    """Whether the folder is a finished result of ``yibao settle``."""
    try:
        tables.read_summary(folder, MADE_BY)
    except tables.ResultFolderError:
        return False
    return True
