"""The measured tables of a simulation as the page and the workbook read them: rows by law, names of laws, sums."""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from yibao.impact.measure import Impact
from yibao.report.impact_facts import ImpactFacts, ReformFacts

Row = Mapping[str, Any]
_Key = TypeVar("_Key", bound=Hashable)


class View:
    """Tables as rows. ``base`` and ``reforms`` are rows of the summary, reforms in their order."""

    def __init__(self, impact: Impact, facts: ImpactFacts) -> None:
        self.impact, self.facts = impact, facts
        self._rows = {name: table.to_pylist() for name, table in impact.tables.items()}
        summary = self._rows["impact_summary"]
        self.base: Row = next(row for row in summary if row["role"] == "base")
        self.reforms: list[Row] = [row for row in summary if row["role"] == "reform"]
        self.laws = [self.name(row["law_no"]) for row in (self.base, *self.reforms)]
        self._facts = {one.law_no: one for one in facts.reforms}

    @property
    def threshold(self) -> int | None:
        """Above how many fen of burden a year spending is catastrophic; None where that is not given."""
        return self.impact.threshold

    def name(self, law_no: int) -> str:
        """The name of a law; laws of one name are told apart by their number."""
        names = {row["law_no"]: row["name"] or ("现行政策" if not row["law_no"] else f"方案{row['law_no']}")
                 for row in self._rows["impact_summary"]}  # fmt: skip
        mine = str(names[law_no])
        return mine if list(names.values()).count(mine) == 1 else f"{mine}（{law_no}）"

    def told(self, law_no: int) -> ReformFacts:
        """What is told of a reform beside its figures."""
        return self._facts.get(law_no) or ReformFacts(law_no)

    def of(self, table: str, law_no: int | None = None, **wanted: Any) -> list[Row]:
        """The rows of a table, of one law and with the values wanted."""
        return [
            row
            for row in self._rows[table]
            if (law_no is None or row["law_no"] == law_no) and all(row[key] == one for key, one in wanted.items())
        ]


def summed(rows: Iterable[Row], key: Callable[[Row], _Key], names: Sequence[str]) -> dict[_Key, dict[str, int]]:
    """Sums of the names by key, in the order in which keys come."""
    found: dict[_Key, dict[str, int]] = {}
    for row in rows:
        slot = found.setdefault(key(row), dict.fromkeys(names, 0))
        for name in names:
            slot[name] += row[name]
    return found
