"""Two files of one hospital's year with every kind of difference planted in known places, and the key to them.

Amounts are drawn from a few dozen values and people come again on the same day, so that a match by amount alone would
invent pairs. The other side is written in GB18030, in another order, and with other headers.
"""

import random
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

HEADS = (
    "结算ID,就诊ID,人员编号,结算时间,险种类型,定点医药机构编号,"
    "医疗费总额,基金支付总额,个人账户支出,个人现金支出,退费结算标志,原结算ID"
)
THEIR_HEADS = (
    "医保结算号,就诊流水号,个人编号,结算日期,险种,机构编号,总费用,医保基金支付,个账支付,现金支付,退费标志,原结算号"
)
EACH = 4
AMOUNTS = ("medfee_sumamt", "fund_pay_sumamt", "acct_pay", "psn_cash_pay")


class Row(NamedTuple):
    """A settlement; amounts in fen, negative where it takes another back."""

    setl_id: str
    mdtrt_id: str
    psn_no: str
    day: date
    insutype: str
    code: str
    fund: int
    acct: int
    cash: int
    flag: str = "0"
    init: str = ""

    @property
    def amounts(self) -> tuple[int, int, int, int]:
        return self.fund + self.acct + self.cash, self.fund, self.acct, self.cash

    def back(self, number: str, later: int = 0) -> "Row":
        """The row that takes this one back."""
        return self._replace(setl_id=number, day=self.day + timedelta(later), fund=-self.fund, acct=-self.acct,
                             cash=-self.cash, flag="1", init=self.setl_id)  # fmt: skip


class Planted(NamedTuple):
    """Both files, their rows, and the key: kind, the ids of ours, the ids of theirs."""

    ours: Path
    theirs: Path
    rows: tuple[list[Row], list[Row]]
    key: Counter


def settlement(dice: random.Random, n: int) -> Row:
    fund, acct, cash = dice.randrange(1, 40) * 1_250, dice.choice((0, 0, 500, 1_800)), dice.choice((0, 1_000, 4_550))
    return Row(
        f"S{n:012d}", f"M{n // 2:012d}" if n % 5 == 0 else f"M9{n:011d}", f"3703{n % 4_000:08d}",
        date(2025, 1, 1) + timedelta(n % 30), dice.choice(("310", "310", "390")), f"H3703030{n % 3:04d}",
        fund, acct, cash,
    )  # fmt: skip


def plant(folder: Path, count: int, seed: int = 7) -> Planted:
    """Writes ``ours.csv`` (UTF-8) and ``theirs.csv`` (GB18030) with about ``count`` settlements each."""
    dice = random.Random(seed)
    base = [settlement(dice, n) for n in range(1, count + 1)]
    spots = dice.sample(range(count // 8, count, 7), 18 * EACH)
    ours, theirs = {n: [row] for n, row in enumerate(base)}, {n: [row] for n, row in enumerate(base)}
    key: Counter = Counter()
    for turn, at in enumerate(spots):
        kind = _KINDS[turn % len(_KINDS)]
        mine, its, told = change(kind, base[at], turn)
        ours[at], theirs[at] = mine, its
        if told:
            key[told, *(tuple(sorted(row.setl_id for row in side)) for side in picked(told, mine, its))] += 1
    rows = [row for at in ours for row in ours[at]], [row for at in theirs for row in theirs[at]]
    dice.shuffle(rows[1])
    write(folder / "ours.csv", HEADS, rows[0], "utf-8")
    write(folder / "theirs.csv", THEIR_HEADS, rows[1], "gb18030")
    return Planted(folder / "ours.csv", folder / "theirs.csv", rows, key)


_KINDS = (
    "missing_ours", "missing_theirs", "doubled_ours", "doubled_theirs", "reversed_ours", "reversed_theirs", "void_ours",
    "void_theirs", "split", "merged", "amount", "fund_only", "other_day", "other_class", "wide", "zeros", "blank",
    "spoilt",
)  # fmt: skip


def change(kind: str, row: Row, turn: int) -> tuple[list[Row], list[Row], str]:
    """What becomes of a row on either side, and what it is to be called."""
    half = row._replace(fund=row.fund - 250, cash=0, acct=0)
    rest = row._replace(setl_id=f"{row.setl_id}B", fund=250)
    known = {
        "missing_ours": ([], [row]),
        "missing_theirs": ([row], []),
        "doubled_ours": ([row, row], [row]),
        "doubled_theirs": ([row], [row, row]),
        "reversed_ours": ([row, row.back(f"R{turn:06d}")], [row]),
        "reversed_theirs": ([row], [row, row.back(f"R{turn:06d}", 2)]),
        "void_ours": ([row, row.back(f"R{turn:06d}", 1)], []),
        "void_theirs": ([], [row, row.back(f"R{turn:06d}")]),
        "split": ([row], [half, rest]),
        "merged": ([half._replace(setl_id=f"{row.setl_id}A"), rest], [row]),
        "amount": ([row], [row._replace(cash=row.cash + 37)]),
        "fund_only": ([row], [row._replace(fund=row.fund - 100, cash=row.cash + 100)]),
        "other_day": ([row], [row._replace(day=row.day + timedelta(1))]),
        "other_class": ([row], [row._replace(insutype="340")]),
        "wide": ([row], [row._replace(setl_id=row.setl_id.replace("0", "０"))]),
        "zeros": ([row._replace(setl_id=f"00{turn + 1:08d}")], [row._replace(setl_id=f"{turn + 1}")]),
        "blank": ([row._replace(setl_id="")], [row]),
        "spoilt": ([row], [row._replace(setl_id="2.02501E+17")]),
    }[kind]
    name = {"fund_only": "amount", "wide": "linked", "zeros": "linked", "blank": "linked", "spoilt": "linked"}.get(
        kind, kind
    )
    return *known, name


def picked(kind: str, mine: list[Row], its: list[Row]) -> tuple[list[Row], list[Row]]:
    """The rows that a difference names: of what is doubled or taken back only the further row."""
    if kind.startswith(("doubled", "reversed")):
        return ([mine[-1]], []) if kind.endswith("ours") else ([], [its[-1]])
    return mine, its


def write(path: Path, heads: str, rows: list[Row], codec: str) -> None:
    with path.open("w", encoding=codec, newline="") as stream:
        stream.write(heads + "\n")
        for row in rows:
            cells = [f"{one / 100:.2f}" for one in row.amounts]
            stream.write(
                ",".join((*row[:3], row.day.isoformat(), row.insutype, row.code, *cells, row.flag, row.init)) + "\n"
            )
