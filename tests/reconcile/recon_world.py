"""Random small worlds of two sides in which nearly everything goes wrong, and the room's own answer to them."""

import random
from datetime import date, timedelta

import pyarrow as pa
from recon_oracle import judge

from yibao import tables
from yibao.engine import Engine, load_sql
from yibao.reconcile.ladder import PACKAGE, Terms, compare
from yibao.standard import TABLES
from yibao.standard.reconcile import AMOUNTS
from yibao.tables.load import macros

DAY = date(2025, 3, 1)
WAYS = (
    "same", "same", "none", "twice", "amount", "day", "class", "spelt", "blank", "split", "split", "back", "other",
    "person",
)  # fmt: skip
SPELT = ("{}", "{}", "{}", "{}", " {}", "00{}", "{}x", "Ａ{}")


def world(dice: random.Random, name: str) -> list[dict]:
    """Up to five rows a side of two people, with identifiers and amounts that meet often; or one side and what became
    of it on the other."""
    if dice.random() < 0.3:
        return [
            one_row(dice, side, name)
            for side in ("ours", "theirs")
            for _ in range(dice.choice((0, 1, 1, 2, 2, 3, 4, 5)))
        ]
    ours = [one_row(dice, "ours", name) for _ in range(dice.choice((1, 1, 2, 3)))]
    return [*ours, *(new for row in ours for new in became(dice, row))]


def became(dice: random.Random, row: dict) -> list[dict]:
    """What the other side may have made of a row: the same, none, two, another, two that sum to it, or taken back."""
    same = {**row, "side": "theirs"}
    total, fund, cash = row["amounts"]
    half = fund // 2
    match dice.choice(WAYS):
        case "none":
            return []
        case "twice":
            return [same, dict(same)]
        case "amount":
            return [{**same, "amounts": (total + 500, fund + 500, cash)}]
        case "day":
            return [{**same, "day": row["day"] + dice.choice((1, 2, 9))}]
        case "class":
            return [{**same, "cls": ("H1", "340")}]
        case "spelt":
            return [{**same, "setl_id": row["setl_id"] and "0" + row["setl_id"].lower()}]
        case "blank":
            return [{**same, "setl_id": None, "mdtrt_id": dice.choice((None, row["mdtrt_id"]))}]
        case "other":
            return [{**same, "setl_id": f"Z{dice.randrange(10**6)}"}]
        case "person":
            return [{**same, "setl_id": None, "mdtrt_id": None, "psn_no": dice.choice((None, row["psn_no"]))}]
        case "split":
            part = {**same, "setl_id": row["setl_id"] and row["setl_id"] + dice.choice(("", "A"))}
            return [{**part, "amounts": (half, half, 0)}, {**same, "amounts": (total - half, fund - half, cash)}]
        case "back":
            taken = {**same, "back": 1, "amounts": (-total, -fund, -cash), "init": row["setl_id"]}
            return [same, {**taken, "setl_id": dice.choice((row["setl_id"], f"R{dice.randrange(10**6)}"))}] * (
                0 if row["back"] or not total else 1
            )
    return [same]


def one_row(dice: random.Random, side: str, name: str) -> dict:
    fund, cash = dice.choice((0, 1000, 2000, 3000)), dice.choice((0, 0, 1000))
    back = int(dice.random() < 0.2 and fund + cash > 0)
    sign = -1 if back else 1
    spell = dice.choice(SPELT)
    blank = dice.random()
    return {
        "side": side,
        "setl_id": None if blank < 0.2 else "3.7E+17" if blank < 0.25 else spell.format(f"{name}S{dice.randrange(3)}"),
        "mdtrt_id": None if dice.random() < 0.3 else f"{name}M{dice.randrange(3)}",
        "psn_no": None if dice.random() < 0.2 else f"{name}P{dice.randrange(2)}",
        "init": f"{name}S{dice.randrange(3)}" if back and dice.random() < 0.5 else None,
        "day": dice.choice((0, 0, 0, 1, 9)),
        "cls": ("H1", dice.choice(("310", "310", "390"))),
        "back": back,
        "amounts": (sign * (fund + cash), sign * fund, sign * cash),
    }


def numbered(rows: list[dict]) -> list[dict]:
    """Rows with their line numbers, a series a side; a row takes away where its amounts say so."""
    counts = {"ours": 0, "theirs": 0}
    for row in rows:
        row["back"] = int(sum(row["amounts"]) < 0)
        counts[row["side"]] += 1
        row["no"] = counts[row["side"]]
    return rows


def answer(engine: Engine, rows: list[dict]) -> list[tuple[str, frozenset]]:
    """What the room says, in the shape of the oracle; the session's totals are proved on the way."""
    engine.once("yibao.tables", macros)
    schema = TABLES["recon_lines"]
    for side in ("ours", "theirs"):
        mine = [row for row in rows if row["side"] == side]
        columns = {field.name: pa.nulls(len(mine), pa.int64() if field.name in AMOUNTS else pa.string())
                   for field in schema.fields}  # fmt: skip
        for name, key in (
            ("setl_id", "setl_id"),
            ("mdtrt_id", "mdtrt_id"),
            ("psn_no", "psn_no"),
            ("init_setl_id", "init"),
        ):
            columns[name] = pa.array([row[key] and row[key].strip() for row in mine], pa.string())
        columns["setl_time"] = pa.array([DAY + timedelta(row["day"]) for row in mine], pa.date32())
        columns["fixmedins_code"] = pa.array([row["cls"][0] for row in mine], pa.string())
        columns["insutype"] = pa.array([row["cls"][1] for row in mine], pa.string())
        for at, name in enumerate(("medfee_sumamt", "fund_pay_sumamt", "psn_cash_pay")):
            columns[name] = pa.array([row["amounts"][at] for row in mine], pa.int64())
        columns |= {
            "line_no": pa.array([row["no"] for row in mine], pa.int64()), "sound": pa.array([True] * len(mine)),
            "src_file": pa.array([side] * len(mine), pa.string()),
            "src_row": pa.array([row["no"] for row in mine], pa.int64()),
        }  # fmt: skip
        engine.put(f"{side}_rows", pa.table(columns))
        engine.con.execute(
            "CREATE OR REPLACE TEMP VIEW loaded AS "
            f"SELECT *, CASE WHEN NOT lost_digits(setl_id) THEN setl_id END AS lead_id FROM {side}_rows"
        )
        engine.run(load_sql(PACKAGE, "line"), {"minus": True}, table=f"{side}_line")
    engine.put("rejected_id", pa.table({name: pa.array([], pa.string()) for name in
               ("side", "setl_id", "mdtrt_id", "src_file", "setl_id_form", "mdtrt_id_form")}
               | {"src_row": pa.array([], pa.int64())}))  # fmt: skip
    compare(engine, Terms("setl_id", True), lambda table, into, names: tables.put_forms(engine, table, into, names))
    assert engine.rows("SELECT count(*) FROM closing WHERE difference <> told")[0][0] == 0
    found: dict[str, tuple[str, set]] = {}
    for item, kind, side, line in engine.rows("SELECT item, kind, side, line_no FROM verdict WHERE kind <> 'same'"):
        found.setdefault(item, (kind, set()))[1].add((side, line))
    return sorted(
        ((kind, frozenset(lines)) for kind, lines in found.values()), key=lambda one: (one[0], sorted(one[1]))
    )


def expected(rows: list[dict]) -> list[tuple[str, frozenset]]:
    """The oracle's answer; blanks around an identifier are gone when a file is read."""
    return judge([{**row, "setl_id": row["setl_id"] and row["setl_id"].strip()} for row in rows])
