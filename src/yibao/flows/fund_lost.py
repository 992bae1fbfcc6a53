"""Which entries lost a row to a fault of the file: by their number, by their linked group, or by standing beside it."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping

from yibao.flows.fund_rows import Loaded


def broken_entries(loaded: Loaded, groups: Mapping[str, list[int]]) -> tuple[dict[str, str], dict[str, str]]:
    """The entries that have a rejected row, with the name of their first, and the linked groups of rejected rows, with
    an entry of theirs."""
    broken: dict[str, str] = {}
    spoilt: dict[str, str] = {}
    nameless: list[tuple[str, int]] = []
    named: list[tuple[str, int, str]] = []
    for file, number, (entry_id, group_id) in sorted(loaded.rejected("entry_id", "group_id")):
        if entry_id:
            broken.setdefault(entry_id, f"第{number}行")
            named.append((file, number, entry_id))
        else:
            nameless.append((file, number))
        if group_id:
            spoilt.setdefault(group_id, f"凭证{entry_id}" if entry_id else f"第{number}行")
    if nameless:
        named += [(loaded.files[row], loaded.rows[row], key) for key, rows in groups.items() for row in rows]
        named.sort()
        for entry_id, number in _beside(loaded, groups, nameless, named).items():
            broken.setdefault(entry_id, f"第{number}行")
    return broken, spoilt


def _beside(
    loaded: Loaded, groups: Mapping[str, list[int]], nameless: list[tuple[str, int]], named: list[tuple[str, int, str]]
) -> dict[str, int]:
    """The entries that rows without a readable 凭证号 may belong to, each with the number of such a row.

    A row of blank 凭证号 is taken for one of the entry above, a torn one for one of the entry above or below. One lost
    line leaves its entry unbalanced, two may cancel out: an entry that balances beside a single such row is whole, and
    the row a total or a remark.
    """
    torn = {(item.place.file, item.place.row) for item in loaded.torn}
    beside: dict[str, list[int]] = defaultdict(list)
    for file, number in nameless:
        at = bisect_left(named, (file, number, ""))
        around = named[max(at - 1, 0) : at + 1 if (file, number) in torn else at]
        for entry_id in {one[2] for one in around if one[0] == file}:
            beside[entry_id].append(number)
    debit, credit = loaded.column("debit"), loaded.column("credit")
    return {
        entry_id: numbers[0]
        for entry_id, numbers in beside.items()
        if len(numbers) > 1 or sum((debit[row] or 0) - (credit[row] or 0) for row in groups.get(entry_id, ())) != 0
    }
