"""The chart of accounts as values: subjects (会计科目), where money may flow, statement lines, and questions to them.

Read from law by `chart.read_chart`. A reference to subjects is a code prefix: ``1101`` means 1101 and all below it.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from yibao.fund.records import Side


class ChartError(ValueError):
    """A chart that contradicts itself, or a question about a subject or fund it lacks. Chinese, lists all faults."""


class Element(StrEnum):
    """The five accounting elements (会计要素)."""

    ASSET = "asset"
    LIABILITY = "liability"
    NET = "net"
    INCOME = "income"
    EXPENSE = "expense"

    @property
    def side(self) -> Side:
        """The normal side of the element's subjects."""
        return Side.DEBIT if self in (Element.ASSET, Element.EXPENSE) else Side.CREDIT

    @property
    def flow(self) -> bool:
        """Whether its subjects are carried over at year end (income and expense)."""
        return self in (Element.INCOME, Element.EXPENSE)


class Subject(NamedTuple):
    """A subject. ``funds`` are the funds that keep it, none named: all. ``account`` is pool, personal or empty.

    ``floor`` is the balance in fen its accounts never go below; ``detail`` what an account must be opened for.
    """

    code: str
    name: str
    element: Element
    side: Side
    funds: frozenset[str] = frozenset()
    floor: int | None = None
    account: str = ""
    detail: str = ""
    bank: bool = False

    @property
    def label(self) -> str:
        """``1002 收入户存款``."""
        return f"{self.code} {self.name}"

    @property
    def money(self) -> bool:
        """Whether its accounts hold money, cash or deposits: these alone have a floor."""
        return self.floor is not None

    def kept_by(self, fund_type: str) -> bool:
        """Whether the fund has the subject."""
        return not self.funds or fund_type in self.funds


class FlowRule(NamedTuple):
    """On this side the subject's counter-subjects are these prefixes and no other, by this article."""

    subj_code: str
    side: Side
    counter: tuple[str, ...]
    article: str


class TransferRule(NamedTuple):
    """A lawful linked transfer; empty funds mean two levels of one and the same fund."""

    from_fund: str
    from_subj: str
    to_fund: str
    to_subj: str


class MonthEndRule(NamedTuple):
    """A subject whose balance is zero at month end, by this article."""

    subj_code: str
    article: str


class CarryRule(NamedTuple):
    """At year end the funds' subjects (of one account, where named) are carried into ``to_subj``."""

    funds: frozenset[str]
    account: str
    subjects: tuple[str, ...]
    to_subj: str


class StatementLine(NamedTuple):
    """A line of a statement: ``terms`` are subject prefixes, or for sums signed numbers of other lines."""

    line: str
    label: str
    section: str
    level: int
    kind: str
    terms: tuple[tuple[int, str], ...]
    funds: frozenset[str] = frozenset()

    def kept_by(self, fund_type: str) -> bool:
        """Whether the fund's statement has the line."""
        return not self.funds or fund_type in self.funds

    def covers(self, code: str) -> bool:
        """Whether the subject is within the line's prefixes."""
        return any(code.startswith(prefix) for _, prefix in self.terms)


class Chart(NamedTuple):
    """The chart of accounts with its rules. ``source`` names the document and stands as basis of floor limits."""

    subjects: Mapping[str, Subject]
    flows: tuple[FlowRule, ...]
    transfers: tuple[TransferRule, ...]
    month_end: tuple[MonthEndRule, ...]
    income: tuple[StatementLine, ...]
    balance: tuple[StatementLine, ...]
    carry: tuple[CarryRule, ...]
    source: str

    @property
    def funds(self) -> tuple[str, ...]:
        """The funds the chart is made for: those whose year can be carried over."""
        return tuple(sorted({fund for rule in self.carry for fund in rule.funds}))

    def subject(self, code: str) -> Subject:
        """The subject of that code; raises ChartError."""
        found = self.subjects.get(code)
        if found is None:
            raise ChartError(f"科目表没有科目“{code}”")
        return found

    def leaves(self, fund_type: str) -> tuple[Subject, ...]:
        """The fund's subjects that no other of its subjects stands below, by code: the ones accounts are opened on."""
        if fund_type not in self.funds:
            raise ChartError(f"科目表没有险种“{fund_type}”，现有：{'、'.join(self.funds)}")
        kept = sorted(one for one in self.subjects.values() if one.kept_by(fund_type))
        # in code order what stands below a subject follows it
        return tuple(
            one for one, after in zip(kept, (*kept[1:], None), strict=True)
            if after is None or not after.code.startswith(one.code)
        )  # fmt: skip

    def splits(self, fund_type: str) -> bool:
        """Whether the fund keeps pool and personal accounts (统账结合) apart."""
        return any(one.account == "personal" for one in self.leaves(fund_type))


def flow_allowed(chart: Chart, debits: Sequence[str], credits: Sequence[str]) -> tuple[str, str, str] | None:
    """What an entry with these debit and credit subject codes breaks, or None: subject, counter-subject, article.

    Where a rule speaks about a subject on one side, every subject on the other side must be within its counters
    (社会保险基金财务制度第四十条、第四十一条).
    """
    for rule in chart.flows:
        own, other = (debits, credits) if rule.side is Side.DEBIT else (credits, debits)
        touched = [code for code in own if code.startswith(rule.subj_code)]
        if not touched:
            continue
        for code in other:
            if not code.startswith(rule.counter):
                return chart.subject(touched[0]).label, chart.subject(code).label, rule.article
    return None


def transfer_allowed(chart: Chart, from_fund: str, from_subj: str, to_fund: str, to_subj: str) -> bool:
    """Whether money may go from one fund's expense subject to the other's income subject in a linked group."""
    return any(
        from_subj.startswith(rule.from_subj)
        and to_subj.startswith(rule.to_subj)
        and ((rule.from_fund, rule.to_fund) == (from_fund, to_fund) or (not rule.from_fund and from_fund == to_fund))
        for rule in chart.transfers
    )
