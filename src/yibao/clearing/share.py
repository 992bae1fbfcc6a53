"""结余留用、合理超支分担: the piecewise-linear table that turns entitlement and booked amount into pay.

With E the entitlement (应付) and x = booked ÷ E, a band from (inclusive) to (exclusive) pays
E × (start + rate × (x − from)).
The percentages are the law's (``settle.share``); no text gives national bands. The table may jump, so that a fen more
booked can be worth much: `jumps` names the places. Everything is exact; the pay is rounded half up once.
Source: S4 三(四)3, 经办规程 2025 art.33, RULEBOOK §10.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from yibao.clearing.faults import TermsError, error, info, percent, warning
from yibao.kernel import Finding, exact_ratio, half_up_ratio, yuan_text

KEY = "settle.share"
_COLUMNS = ("from", "to", "start", "rate")


class Band(NamedTuple):
    """One band (档): from ``low`` (inclusive) to ``high`` (exclusive, None is open), multiples of the entitlement."""

    low: Fraction
    high: Fraction | None
    start: Fraction
    rate: Fraction
    label: str

    def at(self, x: Fraction) -> Fraction:
        """Pay over entitlement on the band's line, also at its excluded end."""
        return self.start + self.rate * (x - self.low)


class Shared(NamedTuple):
    """What the table pays. ``retained`` is what is paid above booked (结余留用), ``shared`` what is paid above the
    entitlement (基金分担的超支); at most one of the two is not zero. ``ratio`` is None without an entitlement.
    """

    pay: int
    ratio: Fraction | None
    band: str
    retained: int
    shared: int


class Balance(NamedTuple):
    """病种结余: what DIP owes less what was booked after review, and its name."""

    balance: int
    kind: str


def parse_table(rows: Sequence[Mapping[str, str]]) -> tuple[Band, ...]:
    """The bands of a law table with columns from, to, start, rate, label. Raises TermsError with every fault listed:
    no row, an unreadable or negative number, not from 0, a gap, an overlap, an end not after its start, an open band
    before the last, a last band that ends, more than the entitlement below 1, more than booked from 1 on.
    """
    found: list[Finding] = []
    if not rows:
        found.append(_fault("share_empty", "没有任何一档", "至少写一档，从0起，末档不写 to"))
    bands = [band for number, row in enumerate(rows, 1) if (band := _read(number, row, found)) is not None]
    if not found:
        found += _order(bands)
    if not found:
        for number, band in enumerate(bands, 1):
            found += _heights(number, band)
    if found:
        raise TermsError(found)
    return tuple(bands)


def _fault(code: str, message: str, step: str) -> Finding:
    return error(code, f"参数“{KEY}”：{message}", "结余留用、合理超支分担标准写得不完整或自相矛盾", step, key=KEY)


def _read(number: int, row: Mapping[str, str], found: list[Finding]) -> Band | None:
    """A row as a band, or None with its faults added to ``found``."""
    values: dict[str, Fraction] = {}
    for column in _COLUMNS:
        text = row.get(column, "").strip()
        if column == "to" and not text:
            continue
        try:
            values[column] = exact_ratio(text)
        except ValueError:
            found.append(_fault("share_unreadable", f"第{number}档 {column} 的值“{text}”不是数", "写成小数或百分数"))
            continue
        if values[column] < 0:
            found.append(_fault("share_negative", f"第{number}档 {column} 的值“{text}”为负", "改为不小于0的数"))
    if len(values) < len(_COLUMNS) - (not row.get("to", "").strip()):
        return None
    label = row.get("label", "").strip() or f"第{number}档"
    return Band(values["from"], values.get("to"), values["start"], values["rate"], label)


def _order(bands: Sequence[Band]) -> list[Finding]:
    """Faults in how the bands follow each other."""
    found = []
    if bands[0].low != 0:
        found.append(_fault("share_not_from_zero", "第1档不是从0起", "把第1档的 from 改为0"))
    for number, (band, following) in enumerate(pairwise(bands), 1):
        if band.high is None:
            found.append(_fault("share_open_inside", f"第{number}档没有写 to，却还有下一档", "补写 to"))
        elif following.low > band.high:
            found.append(
                _fault("share_gap", f"第{number}档与第{number + 1}档之间有空缺", "把两档的 to 和 from 改为同一数")
            )
        elif following.low < band.high:
            found.append(
                _fault("share_overlap", f"第{number}档与第{number + 1}档重叠", "把两档的 to 和 from 改为同一数")
            )
    found += [
        _fault("share_reversed", f"第{number}档的 to 不大于 from", "改正这一档的起止")
        for number, band in enumerate(bands, 1)
        if band.high is not None and band.high <= band.low
    ]
    if bands[-1].high is not None:
        found.append(_fault("share_last_not_open", "末档写了 to，超过它的没有规定", "末档不写 to"))
    return found


def _heights(number: int, band: Band) -> list[Finding]:
    """A band that pays more than the entitlement where less was booked, or more than booked where more was."""
    found = []
    if band.low < 1:
        end = Fraction(1) if band.high is None else min(band.high, Fraction(1))
        if band.at(end) > 1:
            found.append(_fault("share_above_due", f"第{number}档在记账低于应付时支付超过应付", "降低 start 或 rate"))
    if band.high is None or band.high > 1:
        first = max(band.low, Fraction(1))
        above = band.at(first) > first or (band.rate > 1 if band.high is None else band.at(band.high) > band.high)
        if above:
            found.append(
                _fault("share_above_booked", f"第{number}档在记账超过应付时支付超过记账", "降低 start 或 rate")
            )
    return found


def jumps(table: Sequence[Band]) -> list[tuple[Fraction, Fraction, Fraction]]:
    """Where the pay jumps: (x, pay over entitlement just below, and from there on)."""
    return [
        (after.low, before.at(after.low), after.start)
        for before, after in pairwise(table)
        if before.at(after.low) != after.start
    ]


def jump_findings(table: Sequence[Band]) -> list[Finding]:
    """A remark on each jump: up, a fen more booked brings more pay; down (a warning), it loses pay."""
    found = []
    for x, before, after in jumps(table):
        say = info if after > before else warning
        at = f"{percent(x)}处由应付额的{percent(before)}跳到{percent(after)}"
        found.append(
            say(
                "share_jump",
                f"结余留用标准在记账与应付之比{at}",
                "分段标准在该处不连续，记账多一分钱支付额就大变",
                "清算时关注比值贴近该处的机构；可改为按结余的一定比例留用",
                key=KEY,
            )
        )
    return found


def apply_table(table: Sequence[Band], entitlement: int, booked: int) -> Shared:
    """The pay of one unit. Without an entitlement nothing is paid: the last band when there are bookings.

    An entitlement below zero (minus_patient without a floor) is the pay as it stands, a claim on the unit: only a case
    may have a floor (DIP_REGIMES A.14), and there is nothing to retain or to share.

    Raises ValueError on a negative booked amount: the caller has made it a finding.
    """
    if booked < 0:
        raise ValueError("a booked amount is not negative")
    if entitlement <= 0:
        return Shared(entitlement, None, table[-1].label if booked else table[0].label, 0, 0)
    x = Fraction(booked, entitlement)
    band = next(one for one in reversed(table) if one.low <= x)
    pay = half_up_ratio(entitlement * band.at(x))
    retained = max(pay - booked, 0) if booked <= entitlement else 0
    shared = max(pay - entitlement, 0) if booked > entitlement else 0
    return Shared(pay, x, band.label, retained, shared)


def reasonable_booked(entitlement: int, booked: int, claimed: int) -> int:
    """What counts as booked where an overrun must be claimed: the entitlement and the recognised part above it."""
    overrun = booked - max(entitlement, 0)
    return booked if overrun <= 0 else max(entitlement, 0) + min(max(claimed, 0), overrun)


def bear_overrun(overrun: int, reasonable: int, fund_share: Fraction) -> tuple[int, int]:
    """合理超支分担: (the fund's part of a recognised overrun, half up once; what the hospital bears of the whole)."""
    fund = half_up_ratio(min(max(reasonable, 0), overrun) * fund_share)
    return fund, overrun - fund


def disease_balance(payable: int, booked_after_audit: int) -> Balance:
    """病种结余 (DIP_REGIMES A.9.2): payable less booked after review; 结余, 超支 or 持平."""
    balance = payable - booked_after_audit
    return Balance(balance, "结余" if balance > 0 else "超支" if balance < 0 else "持平")


def in_words(shared: Shared, entitlement: int, booked: int) -> str:
    """The share of one unit as a sentence for its statement."""
    x = "—" if shared.ratio is None else percent(shared.ratio)
    due = f"应付{yuan_text(entitlement)}元，记账{yuan_text(booked)}元，之比{x}（{shared.band}）"
    return f"{due}，支付{yuan_text(shared.pay)}元"
