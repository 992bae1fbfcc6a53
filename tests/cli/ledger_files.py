"""Files of a small month for the command-line tests: accounts, limits, entries good and bad, a bank statement."""

from collections.abc import Sequence
from pathlib import Path

ENTRY_HEADS = (
    "凭证号,业务,记账日期,医保区划,基金险种,科目编码,明细,借方金额,贷方金额,"
    "结算依据,关联凭证号,预留到期日,关联组号,银行流水号"
)
LIMITS = """医保区划,基金险种,科目编码,限额类别,年度,限额,依据
370300,310,500101,年度预算,2025,1000.00,市人代会批准的预算
"""
INSTITUTION = """医保区划,基金险种,科目编码,明细,启用日期
370300,310,210101,H37030100001,2025-01-01
"""
BANK_HEADS = "交易日期,银行流水号,收入金额,支出金额,余额,对方户名"
BANK = f"""{BANK_HEADS}
2025-01-03,B2,3000.00,,3000.00,财政专户
2025-01-10,B3,,800.00,2200.00,市立医院
2025-01-20,B9,1.50,,2201.50,结息
"""


def entry(entry_id: str, day: str, *lines: str, action: str = "", fund: str = "310", settles: str = "结算单1",
          refers: str = "", expires: str = "", group: str = "", bank_ref: str = "") -> str:  # fmt: skip
    """The rows of one entry; a line is ``科目,明细,借方,贷方``."""
    tail = f"{settles},{refers},{expires},{group},{bank_ref}\n"
    return "".join(f"{entry_id},{action},{day},370300,{fund},{line},{tail}" for line in lines or (",,,",))


GOOD = (
    entry("P1", "2025-01-02", "1003,,5000.00,", "400101,,,5000.00", settles="税务划款1", bank_ref="B1")
    + entry("P2", "2025-01-03", "1004,,3000.00,", "1003,,,3000.00", settles="拨付单1", bank_ref="B2")
    + entry("P3", "2025-01-04", "500101,,800.00,", "1004,,,800.00", action="预留", expires="2025-01-20")
    + entry("P4", "2025-01-10", action="预留转记账", refers="P3", bank_ref="B3")
)
BAD = {
    "unbalanced": entry("X1", "2025-01-12", "500101,,9.00,", "1004,,,8.00"),
    "fraction_of_fen": entry("X2", "2025-01-12", "500101,,0.005,", "1004,,,0.005"),
    "over_budget": entry("X3", "2025-01-12", "500101,,900.00,", "1004,,,900.00"),
    "account_unknown": entry("X4", "2025-01-12", "500188,,9.00,", "1004,,,9.00"),
    "settles_missing": entry("X5", "2025-01-12", "500101,,9.00,", "1004,,,9.00", settles=""),
    "flow_not_allowed": entry("X6", "2025-01-12", "1004,,9.00,", "400101,,,9.00"),
    "below_floor": entry("X7", "2025-01-12", "500102,,90000.00,", "1004,,,90000.00"),
    "negative_amount": entry("X8", "2025-01-12", "500101,,-9.00,", "1004,,,-9.00"),
}


def write(path: Path, text: str) -> Path:
    """A file of that text."""
    path.write_text(text, encoding="utf-8")
    return path


def entries(path: Path, rows: str | Sequence[str]) -> Path:
    """A csv of entries."""
    return write(path, ENTRY_HEADS + "\n" + "".join(rows))
