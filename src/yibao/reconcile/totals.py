"""Totals of transaction 3201 against totals, or against lines summed up to the same shape."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

PERIOD = ("stmt_begndate", "stmt_enddate")
GROUPS = ("insutype", "clr_type", "setl_optins")


class Compared(NamedTuple):
    """One group of totals: its period and group ('' where not divided), each field's two sums (None: not there)."""

    begin: date | None
    end: date | None
    group: tuple[str, ...]
    sums: dict[str, tuple[int | None, int | None]]

    @property
    def equal(self) -> bool:
        """Whether both sides have the group and nothing differs."""
        return all(ours == theirs for ours, theirs in self.sums.values())


Key = tuple[date | None, date | None, tuple[str, ...]]
Row = Mapping[str, Any]


def sign_of(row: Row, fields: Sequence[str]) -> int:
    """-1 for a row of refunds written as positive amounts, else 1."""
    flagged = row.get("refd_setl_flag") == "1"
    return -1 if flagged and sum(int(row.get(name) or 0) for name in fields) > 0 else 1


def totals_by(
    rows: Iterable[Row], groups: Sequence[str], fields: Sequence[str], count: bool
) -> dict[Key, dict[str, int]]:
    """Rows of totals summed by period and the groups that both sides have."""
    found: dict[Key, dict[str, int]] = {}
    for row in rows:
        key = (row.get(PERIOD[0]), row.get(PERIOD[1]), tuple(str(row.get(name) or "") for name in groups))
        sums = found.setdefault(key, dict.fromkeys((*(("setl_cnt",) if count else ()), *fields), 0))
        sign = sign_of(row, fields)
        for name in fields:
            sums[name] += sign * int(row.get(name) or 0)
        if count:
            sums["setl_cnt"] += int(row.get("fixmedins_setl_cnt") or 0)
    return found


def lines_by(
    days: Iterable[Row], keys: Iterable[Key], groups: Sequence[str], fields: Sequence[str]
) -> dict[Key, dict[str, int]]:
    """Lines that were summed by day and group, gathered into the periods and groups of ``keys``.

    What lies outside every key is gathered under a key without period.
    """
    wanted = list(keys)
    found: dict[Key, dict[str, int]] = {key: dict.fromkeys(("setl_cnt", *fields), 0) for key in wanted}
    for row in days:
        group = tuple(str(row.get(name) or "") for name in groups)
        home = next((key for key in wanted if key[2] == group and _within(row.get("day"), key)), (None, None, group))
        sums = found.setdefault(home, dict.fromkeys(("setl_cnt", *fields), 0))
        for name in ("setl_cnt", *fields):
            sums[name] += int(row[name])
    return found


def _within(day: date | None, key: Key) -> bool:
    return day is None or ((key[0] is None or key[0] <= day) and (key[1] is None or day <= key[1]))


def compare_totals(ours: Mapping[Key, Mapping[str, int]], theirs: Mapping[Key, Mapping[str, int]]) -> list[Compared]:
    """The groups of both sides, in order, with both sums of every field."""
    keys = sorted({*ours, *theirs}, key=lambda key: (key[2], key[0] or date.min, key[1] or date.min))
    found = []
    for key in keys:
        mine, other = ours.get(key, {}), theirs.get(key, {})
        fields = list(dict.fromkeys((*mine, *other)))
        found.append(Compared(key[0], key[1], key[2], {name: (mine.get(name), other.get(name)) for name in fields}))
    return found
