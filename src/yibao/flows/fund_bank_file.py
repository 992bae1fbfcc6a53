"""Bank and treasury statements (银行对账单) as banks export them: two amount columns, or one and a side."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from yibao.engine import Engine
from yibao.flows.fund_rows import Batch, Loaded
from yibao.fund.bank import first_break, in_time_order
from yibao.fund.records import BankLine, account_no
from yibao.kernel import yuan_text

_BOOK = ("admdvs", "fund_type", "subj_code", "subj_detail")
_SIDES = {"in": "D", "out": "C"}


class BankBatch(Batch[BankLine]):
    """The lines of statements."""

    @property
    def lines(self) -> list[BankLine]:
        """The sound lines, oldest first; within a day as the statement orders them."""
        return self.records


def read_bank(engine: Engine, paths: Sequence[Path | str], account: str | None = None) -> BankBatch:
    """Statement lines from files of table ``bank_statement``, oldest first, whichever way the file runs.

    ``account`` is the account number that all rows are of; rows that name another are rejected. Without it the
    columns 医保区划, 基金险种 and 科目编码 are required. An amount of zero counts as blank. Rows under one 银行流水号
    of an account keep one when they are the same and are all rejected when they differ. Where printed balances do not
    add up within a file, the first such row is a warning: the file may be torn or edited.
    """
    loaded = Loaded(engine, "bank_statement", paths, required=() if account else _BOOK[:3])
    numbers = _numbers(loaded, account)
    cells = loaded.cells("bank_ref", "bank_date", "bank_balance", "counterparty", "memo")
    amounts = _amounts(loaded)
    keys = [(number, row[0]) for number, row in zip(numbers, cells, strict=True)]
    contents = list(zip(numbers, cells, amounts, strict=True))
    loaded.once(keys, contents, "bank_ref_repeated", "bank_ref")
    by_row: dict[int, BankLine] = {}
    rows: dict[str, list[int]] = {}
    for row, (number, (ref, day, balance, party, memo), (side, amount)) in enumerate(contents):
        if row not in loaded.faulty:
            admdvs = number.split("-")[0]
            line = BankLine(number, ref, day, side, amount, balance, party or "", memo or "", admdvs)
            by_row[row] = line
            rows[line.key] = [row]
    _check_balances(loaded, by_row)
    return loaded.batch(BankBatch, _oldest_first(loaded, by_row), rows)


def _numbers(loaded: Loaded, account: str | None) -> list[str]:
    """The account number of every row; a row that names another account than the command's is a fault."""
    parts = loaded.cells(*_BOOK)
    if account is None:
        return [account_no(*(part or "" for part in row)) for row in parts]
    wanted = (*account.split("-", 3), "")[:4]
    for row, named in enumerate(parts):
        for column, part, right in zip(_BOOK, named, wanted, strict=True):
            if part is not None and part != right:
                loaded.fault(row, "bank_other_account", column, part, f"命令里是{account}")
                break
    return [account] * len(parts)


def _amounts(loaded: Loaded) -> list[tuple[str, int]]:
    """Side and amount of every row, from the two columns or from amount and side; contradictions are faults."""
    found: list[tuple[str, int]] = []
    for row, (into, out, amount, side) in enumerate(loaded.cells("amount_in", "amount_out", "bank_amt", "bank_side")):
        ways = {(_SIDES[name], fen) for name, fen in (("in", into), ("out", out)) if fen}
        if amount and side:
            ways.add((_SIDES[side], amount))
        elif amount and not ways:
            loaded.fault(row, "bank_side_missing", "bank_side", "")
        elif not ways:
            loaded.fault(row, "bank_amount_missing", "amount_in", "")
        elif amount and amount not in {fen for _side, fen in ways}:
            ways.add(("", amount))
        if len(ways) > 1:
            loaded.fault(row, "bank_amount_twice", "amount_out", "")
        found.append(min(ways, default=("D", 0)))
    return found


def _check_balances(loaded: Loaded, lines: dict[int, BankLine]) -> None:
    """Warns of the first row of each file and account whose balance does not follow from the rows around it."""
    for rows in _runs(loaded, lines):
        broken = first_break([lines[row] for row in rows])
        if broken is not None:
            row = rows[broken.position]
            expected, stated = yuan_text(broken.expected), yuan_text(broken.stated)
            detail = f"推算为{expected}元，写的是{stated}元"
            loaded.fault(row, "bank_balance_broken", "bank_balance", stated, detail, lines[row].key)


def _runs(loaded: Loaded, lines: dict[int, BankLine]) -> Iterator[list[int]]:
    """Unbroken runs of sound rows, one file and account each, in the order of the file.

    A rejected row ends a run, since its amount is not known; a repeated row that was dropped does not.
    """
    lost = {(file, number) for file, number, _cells in loaded.rejected()}
    lost |= {(loaded.files[row], loaded.rows[row]) for row in range(len(loaded.rows)) if row not in lines}
    lost -= loaded.repeated()
    holes: dict[str, list[int]] = defaultdict(list)
    for file, number in sorted(lost):
        holes[file].append(number)
    runs: dict[tuple[str, str, int], list[int]] = defaultdict(list)
    passed: dict[str, int] = defaultdict(int)
    for row in sorted(lines, key=lambda row: (loaded.files[row], loaded.rows[row])):
        file, number = loaded.files[row], loaded.rows[row]
        while passed[file] < len(holes[file]) and holes[file][passed[file]] < number:
            passed[file] += 1
        runs[file, lines[row].acct_no, passed[file]].append(row)
    yield from runs.values()


def _oldest_first(loaded: Loaded, lines: dict[int, BankLine]) -> list[BankLine]:
    by_file: dict[Any, list[BankLine]] = defaultdict(list)
    for row, line in lines.items():
        by_file[loaded.files[row], line.acct_no].append(line)
    ordered = [line for group in by_file.values() for line in in_time_order(group)]
    return sorted(ordered, key=lambda line: line.day)
