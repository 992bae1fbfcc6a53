"""A hand-made city under three laws: eight settlements of five people, every figure small enough to add up on paper.

Law 0 against reform 1 (two keys changed, so an interaction) and reform 2 (one key). Amounts in fen. The threshold of
catastrophic spending is 3,000 元 a year.
"""

from datetime import date
from typing import Any

import pyarrow as pa

from yibao.engine import Engine
from yibao.impact.measure import FUNDS, INPUTS

THRESHOLD = 3_000_00
LAWS = [
    (0, "现行政策", "base", "", "", None),
    (1, "提高住院支付比例", "reform", "", "", None),
    (2, "提高门诊起付线", "reform", "", "", None),
    (11, "", "single", "benefit.rate", "支付比例", 1),
    (12, "", "single", "benefit.deductible", "起付线", 1),
    (21, "", "single", "benefit.deductible", "起付线", 2),
]
# claim_no, setl_id, psn_no, day, insutype, kind, hosp_lv, institution, fee
CLAIMS = [
    (1, "S1", "P1", date(2025, 1, 10), "310", "inpatient", "3", "H3", 10_000_00),
    (2, "S2", "P1", date(2025, 2, 10), "310", "outpatient", "1", "H1", 200_00),
    (3, "S3", "P2", date(2025, 2, 12), "390", "inpatient", "2", "H2", 6_000_00),
    (4, "S4", "P2", date(2025, 3, 1), "390", "outpatient", "1", "H1", 300_00),
    (5, "S5", "P3", date(2025, 3, 2), "390", "outpatient", "1", "H1", 100_00),
    (6, "S6", "P4", date(2025, 3, 3), "310", "chronic", "2", "H2", 1_000_00),
    (7, "S7", "P4", date(2025, 3, 4), "310", "chronic", "2", "H2", 1_000_00),
    (8, "S8", "P4", date(2025, 3, 5), "310", "chronic", "2", "H2", -1_000_00),
]
# law, claim: outcome, hifp, hifmi, maf, acct, mulaid (cash is the rest)
PAID: dict[int, dict[int, tuple[str, int, int, int, int, int]]] = {
    0: {
        1: ("settled", 6_000_00, 500_00, 0, 1_000_00, 200_00), 2: ("settled", 100_00, 0, 0, 100_00, 0),
        3: ("settled", 2_000_00, 0, 500_00, 0, 0), 4: ("settled", 100_00, 0, 0, 0, 0), 5: ("settled", 0, 0, 0, 0, 0),
        6: ("settled", 700_00, 0, 0, 0, 0), 7: ("settled", 700_00, 0, 0, 0, 0), 8: ("reversed", -700_00, 0, 0, 0, 0),
    },
    1: {
        1: ("settled", 7_000_00, 300_00, 0, 1_000_00, 200_00), 2: ("settled", 50_00, 0, 0, 100_00, 0),
        3: ("settled", 3_000_00, 0, 400_00, 0, 0), 4: ("settled", 0, 0, 0, 0, 0), 5: ("settled", 0, 0, 0, 0, 0),
        6: ("settled", 700_00, 0, 0, 0, 0), 7: ("settled", 700_00, 0, 0, 0, 0), 8: ("reversed", -700_00, 0, 0, 0, 0),
    },
    2: {
        1: ("settled", 6_000_00, 500_00, 0, 1_000_00, 200_00), 2: ("settled", 0, 0, 0, 200_00, 0),
        3: ("settled", 2_000_00, 0, 500_00, 0, 0), 4: ("settled", 0, 0, 0, 0, 0), 5: ("settled", 0, 0, 0, 0, 0),
        6: ("settled", 700_00, 0, 0, 0, 0), 7: ("settled", 700_00, 0, 0, 0, 0), 8: ("reversed", -700_00, 0, 0, 0, 0),
    },
}  # fmt: skip
# law 11 is the rate alone: the outpatients as before; law 12 the deductible alone: the inpatients as before
SINGLES = {
    11: {"hifp": 10_900_00, "hifmi": 250_00, "maf": 400_00, "acct": 1_100_00},
    12: {"hifp": 8_750_00, "hifmi": 500_00, "maf": 500_00, "acct": 1_100_00},
    21: {"hifp": 8_700_00, "hifmi": 500_00, "maf": 500_00, "acct": 1_200_00},
}
PEOPLE = [
    ("P1", 66, "1", "none", "310"), ("P2", 35, "2", "dibao", "390"), ("P3", None, "2", "none", "390"),
    ("P4", 82, "1", "none", "310"), ("P5", 4, "2", "none", "390"),
]  # fmt: skip
CONTRIBUTIONS = [
    (law, insutype, people, personal, subsidy, 0)
    for law, extra in ((0, 0), (1, 0), (2, 100_00))
    for insutype, people, personal, subsidy in (("310", 2, 5_000_00 + extra, 0), ("390", 3, 1_200_00, 2_100_00))
]
BALANCES = [("310", 20_000_00), ("390", 5_000_00)]


def tables() -> dict[str, pa.Table]:
    """The hand-made city as the tables that the room reads."""
    claims = [
        {"claim_no": no, "setl_id": setl, "psn_no": psn, "day": day, "year": 2025, "month": f"{day:%Y-%m}",
         "insutype": insutype, "kind": kind, "hosp_lv": level, "offsite": "none", "fixmedins_code": place,
         "medfee": fee}
        for no, setl, psn, day, insutype, kind, level, place, fee in CLAIMS
    ]  # fmt: skip
    fees = {row["claim_no"]: row["medfee"] for row in claims}
    amounts = [amount(law, no, fees[no], *paid) for law, rows in PAID.items() for no, paid in rows.items()]
    whole = sum(fees.values())
    singles = []
    for law, given in SINGLES.items():
        row = {"law_no": law, **dict.fromkeys((*FUNDS, "acct", "cash"), 0), **given}
        row["cash"] = whole - sum(row[name] for name in FUNDS) - row["acct"]
        singles.append(row)
    named = {
        "sim_law": [dict(zip(("law_no", "name", "role", "key", "label", "of_law"), one, strict=True)) for one in LAWS],
        "sim_claim": claims, "sim_amount": amounts, "sim_single": singles,
        "sim_person": [
            dict(zip(("psn_no", "age", "gend", "identity", "insutype"), one, strict=True)) for one in PEOPLE
        ],
        "sim_contribution": [
            dict(zip(("law_no", "insutype", "people", "personal", "subsidy", "aided"), one, strict=True))
            for one in CONTRIBUTIONS
        ],
        "sim_balance": [{"insutype": insutype, "balance": fen} for insutype, fen in BALANCES],
    }  # fmt: skip
    return {name: pa.Table.from_pylist(rows, INPUTS[name]) for name, rows in named.items()}


def amount(
    law: int, no: int, fee: int, outcome: str, hifp: int, hifmi: int, maf: int, acct: int, mulaid: int
) -> dict[str, Any]:
    """A row of amounts in which the patient pays the rest in cash; a tenth of the fee is out of scope."""
    cash = fee - hifp - hifmi - maf - acct
    return {
        "law_no": law, "claim_no": no, "outcome": outcome, "own": fee // 10, "over_limit": 0, "preself": 0,
        "in_scope": fee - fee // 10, "hifp": hifp, "hifob": 0, "hifmi": hifmi, "maf": maf, "cvlserv": 0, "oth": 0,
        "acct": acct, "mulaid": mulaid, "cash": cash,
    }  # fmt: skip


def put(engine: Engine, given: dict[str, pa.Table] | None = None) -> None:
    """Puts the tables into the session."""
    for name, table in (given or tables()).items():
        engine.put(name, table)
