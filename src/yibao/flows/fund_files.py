"""The ledger's input files: entries (凭证), accounts (账户), limits (限额), read whole with every fault at its place.

An entry is one or more rows of one file under one 凭证号. It is taken whole or left out whole: where any of its rows is
faulty, all of them are rejected, and so is every entry of its linked group: nothing half is ever posted. Bank
statements are read in `fund_bank_file`.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from yibao.engine import Engine
from yibao.flows.fund_lost import broken_entries
from yibao.flows.fund_rows import Batch, Loaded, collector_paused
from yibao.fund.chart import Chart, ChartError, account_for
from yibao.fund.outcomes import Outcome
from yibao.fund.records import Account, Action, Book, Entry, Limit, LimitKind, Line, account_no
from yibao.fund.view import Answer
from yibao.kernel import Finding, Severity

_HEADER = ("action", "entry_date", "admdvs", "fund_type", "settles", "refers", "expires", "group_id", "bank_ref")
_GROUP = _HEADER.index("group_id")
_LINE = ("subj_code", "subj_detail", "debit", "credit", "seq", "memo")
_MAY_BE_BLANK = (Action.SETTLE, Action.VOID, Action.REVERSE)
_FIRST_YEAR, _LAST_YEAR = 1900, 2100
_Cells = tuple[Any, ...]


class EntryBatch(Batch[Entry]):
    """The entries of files."""

    @property
    def entries(self) -> list[Entry]:
        """The sound entries in the order of their first rows."""
        return self.records


def read_entries(engine: Engine, paths: Sequence[Path | str]) -> EntryBatch:
    """Entries from files of table ``ledger_entries``, in the order of their first rows.

    The columns of the whole entry (业务、日期、账套、结算依据 …) must agree over its rows; blank agrees with anything.
    Different 摘要 are joined by “；” in the order of the lines. Lines stand in the order of ``seq`` where every row has
    one, else as written. An amount of zero counts as blank. An entry that stands in two files with the same rows is
    taken once, with different rows not at all. Rejected rows without a readable 凭证号 also take the entries beside
    them that may have lost a line. Where a file could not be read, no linked group is taken.
    """
    with collector_paused():
        loaded = Loaded(engine, "ledger_entries", paths)
        made, spoilt = _made(loaded)
        entries: list[Entry] = []
        rows_of: dict[str, list[int]] = {}
        for entry, rows in made:
            if entry.group_id in spoilt:
                why = spoilt[entry.group_id]
                for row in rows:
                    loaded.fault(row, "entry_group_rejected", "group_id", entry.group_id, why, entry.key)
            elif entry.group_id and loaded.unread:
                for row in rows:
                    loaded.fault(row, "entry_group_unsure", "group_id", entry.group_id, loaded.unread[0], entry.key)
            else:
                entries.append(entry)
                rows_of[entry.entry_id] = rows
        return loaded.batch(EntryBatch, entries, rows_of)


def _made(loaded: Loaded) -> tuple[list[tuple[Entry, list[int]]], dict[str, str]]:
    """The entries that are sound in themselves, with their rows; and the linked groups that miss an entry, with its
    number."""
    groups: dict[str, list[int]] = defaultdict(list)
    for row, entry_id in enumerate(loaded.column("entry_id")):
        groups[entry_id].append(row)
    reader = _Reader(loaded)
    broken, spoilt = broken_entries(loaded, groups)
    made: list[tuple[Entry, list[int]]] = []
    for entry_id, rows in groups.items():
        entry, kept = reader.entry(entry_id, rows, broken.get(entry_id, ""))
        if entry is not None:
            made.append((entry, kept))
        else:
            for row in rows:
                spoilt.setdefault(reader.headers[row][_GROUP] or "", f"凭证{entry_id}")
    return made, spoilt


class _Reader:
    """Makes entries of rows, given by their numbers in the loaded columns."""

    def __init__(self, loaded: Loaded) -> None:
        self.loaded = loaded
        self.headers = loaded.cells(*_HEADER)
        self.lines = loaded.cells(*_LINE)
        self._numbered = any(number is not None for number in loaded.column("seq"))
        self._accounts: dict[_Cells, str] = {}

    def entry(self, entry_id: str, rows: list[int], broken: str) -> tuple[Entry | None, list[int]]:
        """The entry of these rows with the rows it is made of; None when any of them is faulty."""
        rows = self._one_file(entry_id, rows)
        if rows[0] in self.loaded.faulty:
            return None, rows
        if len(rows) > 1:
            rows = self._in_order(entry_id, rows)
        header = self._header(entry_id, rows)
        action = Action(header[0] or Action.POST)
        lines = self._lines(entry_id, rows, action, header)
        if broken or not self.loaded.faulty.isdisjoint(rows):
            self._reject(entry_id, rows, broken)
            return None, rows
        memos = dict.fromkeys([memo for row in rows if (memo := self.lines[row][5])])
        _action, day, admdvs, fund_type, settles, *others = header
        memo = "；".join(memos)
        return Entry(entry_id, action, admdvs, fund_type, day, settles or "", memo, lines, *others), rows

    def _reject(self, entry_id: str, rows: list[int], broken: str) -> None:
        """The rows that are sound themselves, left out for the sake of the others."""
        faulty = next((row for row in rows if row in self.loaded.faulty), rows[0])
        for row in rows:
            if row not in self.loaded.faulty:
                why = broken or self.loaded.row_name(faulty, row)
                self.loaded.fault(row, "entry_row_rejected", "entry_id", entry_id, why, entry_id)

    def _one_file(self, entry_id: str, rows: list[int]) -> list[int]:
        """The rows in the first file; those in others are faults: repeated ones drop out, others spoil the entry."""
        files = self.loaded.files
        if files[rows[0]] == files[rows[-1]]:
            return rows
        by_file: dict[str, list[int]] = defaultdict(list)
        for row in rows:
            by_file[files[row]].append(row)
        first, *others = by_file.values()
        if all(self._content(other) == self._content(first) for other in others):
            for row in rows[len(first) :]:
                self.loaded.fault(row, "duplicate_row", key=entry_id)
            return first
        for row in rows:
            beside = next(other[0] for other in by_file.values() if row not in other)
            name = self.loaded.row_name(beside, row)
            self.loaded.fault(row, "entry_in_two_files", "entry_id", entry_id, name, entry_id)
        return rows

    def _content(self, rows: Iterable[int]) -> Counter[_Cells]:
        return Counter((*self.headers[row], *self.lines[row]) for row in rows)

    def _in_order(self, entry_id: str, rows: list[int]) -> list[int]:
        """The rows in the order of their lines. A repeated row or line number is a fault."""
        if not self._numbered and len({self.lines[row] for row in rows}) == len(rows):
            return rows
        first: dict[_Cells, int] = {}
        kept: list[int] = []
        for row in rows:
            cells = self.lines[row]
            before = first.setdefault(cells if cells[4] is None else (cells[4],), row)
            if before == row:
                kept.append(row)
            elif cells[4] is not None and self._content([row]) == self._content([before]):
                self.loaded.fault(row, "duplicate_row", key=entry_id)
            else:
                code = "line_repeated" if cells[4] is None else "line_number_reused"
                beside = self.loaded.row_name(before, row)
                self.loaded.fault(row, code, "seq" if cells[4] is not None else "", cells[4], beside, entry_id)
                kept.append(row)
        if all(self.lines[row][4] is not None for row in kept):
            kept.sort(key=lambda row: self.lines[row][4])
        return kept

    def _header(self, entry_id: str, rows: list[int]) -> _Cells:
        """What the rows agree on; a column on which two of them differ is a fault of the second."""
        headers = self.headers
        first = headers[rows[0]]
        if [headers[row] for row in rows].count(first) == len(rows):
            return first
        agreed: list[Any] = []
        for i, column in enumerate(_HEADER):
            filled = [row for row in sorted(rows) if self.headers[row][i] is not None]
            value = self.headers[filled[0]][i] if filled else None
            for row in filled:
                other = self.headers[row][i]
                if other != value:
                    detail = f"{self.loaded.row_name(filled[0], row)}是“{value}”，这一行是“{other}”"
                    self.loaded.fault(row, "entry_header_differs", column, other, detail, entry_id)
                    break
            agreed.append(value)
        return tuple(agreed)

    def _lines(self, entry_id: str, rows: list[int], action: Action, header: _Cells) -> tuple[Line, ...]:
        """The lines of an entry; none for a void, a reverse or a whole settle, whose rows name no account."""
        if action in _MAY_BE_BLANK and not any(any(self.lines[row][:4]) for row in rows):
            return ()
        made: list[Line] = []
        for row in rows:
            subj_code, detail, debit, credit = self.lines[row][:4]
            if debit and credit:
                self.loaded.fault(row, "line_both_sides", "credit", "", key=entry_id)
            elif not debit and not credit:
                self.loaded.fault(row, "line_without_amount", "debit", "", key=entry_id)
            if subj_code is None and (detail or debit or credit):
                self.loaded.fault(row, "line_without_subject", "subj_code", "", key=entry_id)
            elif subj_code is not None:
                made.append(Line(self._number((*header[2:4], subj_code, detail or "")), *_side(debit, credit)))
        return tuple(made)

    def _number(self, parts: _Cells) -> str:
        number = self._accounts.get(parts)
        if number is None:
            number = self._accounts[parts] = account_no(*parts)
        return number


def _side(debit: int | None, credit: int | None) -> tuple[str, int]:
    return ("D", debit) if debit else ("C", credit or 0)


def refusals(batch: EntryBatch, answers: Iterable[Answer]) -> list[Finding]:
    """The ledger's refusals of a batch as findings, each at its entry's first row."""
    return [
        Finding(
            answer.outcome.value, Severity.ERROR, _reason(answer), batch.place(answer.key), "",
            answer.outcome.next_step, "", answer.key,
        )
        for answer in answers
        if not answer.outcome.stands
    ]  # fmt: skip


def reasons(answers: Iterable[Answer]) -> dict[str, str]:
    """Why each refused entry was refused, for `write_refused`."""
    return {answer.key: _reason(answer) for answer in answers if not answer.outcome.stands}


def _reason(answer: Answer) -> str:
    outcome: Outcome = answer.outcome
    return f"{outcome.label}：{answer.detail}" if answer.detail else outcome.label


def read_accounts(engine: Engine, paths: Sequence[Path | str], chart: Chart) -> Batch[Account]:
    """Accounts to open from files of table ``ledger_accounts``, each one that the chart has for its fund.

    A blank 账户名称 becomes the subject's name. Rows of one account that differ are all rejected.
    """
    loaded = Loaded(engine, "ledger_accounts", paths)
    cells = loaded.cells("admdvs", "fund_type", "subj_code", "subj_detail", "acct_name", "opened")
    loaded.once([row[:4] for row in cells], cells, "account_repeated", "subj_code")
    accounts: list[Account] = []
    rows: dict[str, list[int]] = {}
    for row, (admdvs, fund_type, subj_code, detail, name, opened) in enumerate(cells):
        try:
            account = account_for(chart, Book(admdvs, fund_type), subj_code, detail or "", opened)
        except ChartError as error:
            loaded.fault(row, "account_not_in_chart", "subj_code", subj_code, str(error))
        if row not in loaded.faulty:
            accounts.append(account._replace(name=name or account.name))
            rows[account.key] = [row]
    return loaded.batch(Batch, accounts, rows)


def read_limits(engine: Engine, paths: Sequence[Path | str]) -> Batch[Limit]:
    """Limits from files of table ``ledger_limits``; an empty amount lifts the limit.

    ``version`` and ``year`` are 0: whoever commits them gives both. A budget needs its year; a floor or ceiling
    bounds the balance over all years and may not have one. Rows of one limit that differ are all rejected.
    """
    loaded = Loaded(engine, "ledger_limits", paths)
    cells = loaded.cells(
        "admdvs", "fund_type", "subj_code", "subj_detail", "limit_kind", "year", "limit_amount", "basis"
    )
    loaded.once([row[:6] for row in cells], cells, "limit_repeated", "limit_kind")
    limits: list[Limit] = []
    rows: dict[str, list[int]] = {}
    for row, (admdvs, fund_type, subj_code, detail, kind, year, amount, basis) in enumerate(cells):
        if kind == LimitKind.BUDGET and not (year and _FIRST_YEAR <= year <= _LAST_YEAR):
            loaded.fault(row, "limit_year_missing", "year", year)
        if kind != LimitKind.BUDGET and year:
            loaded.fault(row, "limit_year_unexpected", "year", year)
        if row not in loaded.faulty:
            number = account_no(admdvs, fund_type, subj_code, detail or "")
            limit = Limit(number, LimitKind(kind), year or 0, 0, amount, basis, admdvs, 0)
            limits.append(limit)
            rows[limit.key] = [row]
    return loaded.batch(Batch, limits, rows)
