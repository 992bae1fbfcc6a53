"""What must hold in a chart of accounts for its books and statements to close. Every breach is a Chinese sentence."""

from collections.abc import Iterable, Iterator

from yibao.fund.subjects import Chart, Element, StatementLine

SUBJECT_KINDS = frozenset(("subjects", "carried", "adjusted", "closing"))
"""Kinds of lines whose terms are subject prefixes in both statements."""

_INCOME_KINDS = SUBJECT_KINDS | {"subtotal", "result"}
_BALANCE_KINDS = frozenset(("subjects", "result", "subtotal", "total"))
_ONCE = ("result", "carried", "adjusted", "closing")


def chart_faults(chart: Chart) -> list[str]:
    """Every contradiction in the chart and between it and its rules; empty when it is sound."""
    return [
        *_subject_faults(chart),
        *_fund_faults(chart),
        *_prefix_faults(chart),
        *_rule_faults(chart),
        *(
            fault
            for fund in chart.funds
            for fault in (*_statement_faults(chart, fund), *_balance_faults(chart, fund), *_carry_faults(chart, fund))
        ),
    ]


def _subject_faults(chart: Chart) -> Iterator[str]:
    for one in chart.subjects.values():
        if one.side is not one.element.side:
            yield f"科目“{one.label}”的方向应为{one.element.side.label}方"
        if one.floor is not None and one.detail:
            yield f"科目“{one.label}”须有明细，不能设余额下限"
        if len(one.code) == 4:
            continue
        parent = chart.subjects.get(one.code[:-2])
        if parent is None:
            yield f"科目“{one.label}”没有上级科目{one.code[:-2]}"
        elif parent.element is not one.element:
            yield f"科目“{one.label}”与上级科目“{parent.label}”的要素不同"
        elif parent.funds and not one.funds:
            yield f"科目“{one.label}”各险种都有，上级科目“{parent.label}”却只限{_names(parent.funds)}"
        elif parent.funds and one.funds - parent.funds:
            yield f"科目“{one.label}”的险种{_names(one.funds - parent.funds)}没有上级科目“{parent.label}”"


def _fund_faults(chart: Chart) -> Iterator[str]:
    known = frozenset(chart.funds)
    named: list[tuple[str, Iterable[str]]] = [(f"科目“{one.label}”", one.funds) for one in chart.subjects.values()]
    named += [(f"报表项目{one.line}“{one.label}”", one.funds) for one in (*chart.income, *chart.balance)]
    named += [
        (f"划转“{one.from_subj}→{one.to_subj}”", {one.from_fund, one.to_fund} - {""})
        for one in chart.transfers
    ]  # fmt: skip
    for what, funds in named:
        if strange := frozenset(funds) - known:
            yield f"{what}的险种{_names(strange)}没有年末结转的规定"
    for fund in chart.funds:
        if not chart.splits(fund):
            continue
        for leaf in chart.leaves(fund):
            if leaf.element in (Element.NET, Element.INCOME, Element.EXPENSE) and not leaf.account:
                yield f"险种{fund}分统筹基金和个人账户，科目“{leaf.label}”却没有写明属于哪一个"


def _prefix_faults(chart: Chart) -> Iterator[str]:
    used: list[tuple[str, Iterable[str]]] = []
    used += [(f"收支渠道“{one.subj_code}”", (one.subj_code, *one.counter)) for one in chart.flows]
    used += [("月末余额规定", (one.subj_code,)) for one in chart.month_end]
    used += [(f"划转“{one.from_subj}→{one.to_subj}”", (one.from_subj, one.to_subj)) for one in chart.transfers]
    used += [("年末结转", (*one.subjects, one.to_subj)) for one in chart.carry]
    used += [
        (f"收支表项目{one.line}“{one.label}”", [prefix for _, prefix in one.terms])
        for one in chart.income
        if one.kind in SUBJECT_KINDS
    ]
    used += [
        (f"资产负债表项目{one.line}“{one.label}”", [prefix for _, prefix in one.terms])
        for one in chart.balance
        if one.kind in ("subjects", "result")
    ]
    for what, prefixes in used:
        for prefix in prefixes:
            if not prefix or not any(code.startswith(prefix) for code in chart.subjects):
                yield f"{what}用到的科目“{prefix}”不在科目表内"


def _rule_faults(chart: Chart) -> Iterator[str]:
    seen = set()
    for rule in chart.flows:
        if (rule.subj_code, rule.side) in seen:
            yield f"收支渠道“{rule.subj_code}”{rule.side.label}方重复"
        seen.add((rule.subj_code, rule.side))
    for one in chart.transfers:
        if bool(one.from_fund) != bool(one.to_fund) or (one.from_fund and one.from_fund == one.to_fund):
            yield f"划转“{one.from_subj}→{one.to_subj}”的险种应当两边都写且不同，或两边都不写"
        legs = [chart.subjects.get(code) for code in (one.from_subj, one.to_subj)]
        if not one.from_fund and [leg.detail for leg in legs if leg is not None].count("agency") != 1:
            yield f"上下级划转“{one.from_subj}→{one.to_subj}”须有一方、也只有一方的科目以经办机构为明细"
        for fund, prefix in ((one.from_fund, one.from_subj), (one.to_fund, one.to_subj)):
            if fund in chart.funds and not any(leaf.code.startswith(prefix) for leaf in chart.leaves(fund)):
                yield f"划转“{one.from_subj}→{one.to_subj}”：险种{fund}没有科目{prefix}"


def _lines_of(chart: Chart, lines: tuple[StatementLine, ...], fund: str, name: str, kinds: Iterable[str]) -> list[str]:
    """Faults every statement may have: a kind not known, a number twice, a sum over a line that comes later."""
    faults: list[str] = []
    seen: set[str] = set()
    every = {one.line for one in lines}
    for one in (one for one in lines if one.kept_by(fund)):
        what = f"险种{fund}的{name}项目{one.line}“{one.label}”"
        if one.kind not in kinds:
            faults.append(f"{what}的种类“{one.kind}”不认识")
        if one.line in seen:
            faults.append(f"{what}重复")
        seen.add(one.line)
        subjects = one.kind in SUBJECT_KINDS or (one.kind == "result" and lines is chart.balance)
        if not subjects:
            later = [
                term for _, term in one.terms if term not in every or (term not in seen and _has(lines, fund, term))
            ]
            faults += [f"{what}合计了没有的或排在其后的项目{term}" for term in later]
        elif any(sign < 0 for sign, _ in one.terms):
            faults.append(f"{what}的科目前不能写减号")
    return faults


def _has(lines: tuple[StatementLine, ...], fund: str, line: str) -> bool:
    return any(one.line == line and one.kept_by(fund) for one in lines)


def _statement_faults(chart: Chart, fund: str) -> Iterator[str]:
    yield from _lines_of(chart, chart.income, fund, "收支表", _INCOME_KINDS)
    lines = [one for one in chart.income if one.kept_by(fund)]
    for kind in _ONCE:
        if (count := sum(one.kind == kind for one in lines)) != 1:
            yield f"险种{fund}的收支表应有一项“{kind}”，现有{count}项"
    for leaf in chart.leaves(fund):
        wanted = int(leaf.element.flow)
        count = sum(one.covers(leaf.code) for one in lines if one.kind == "subjects" and one.level == 1)
        if count != wanted:
            yield f"险种{fund}的科目“{leaf.label}”在收支表主项中出现{count}次，应为{wanted}次"
        for one in lines:
            meant = leaf.element is Element.NET or (leaf.element.flow and one.kind in ("carried", "closing"))
            if one.kind in ("carried", "adjusted", "closing") and one.covers(leaf.code) != meant:
                yield f"险种{fund}的收支表项目{one.line}“{one.label}”{'漏了' if meant else '多了'}科目“{leaf.label}”"


def _balance_faults(chart: Chart, fund: str) -> Iterator[str]:
    yield from _lines_of(chart, chart.balance, fund, "资产负债表", _BALANCE_KINDS)
    lines = [one for one in chart.balance if one.kept_by(fund)]
    if (count := sum(one.kind == "total" for one in lines)) != 2:
        yield f"险种{fund}的资产负债表应有两项总计“total”，现有{count}项"
    for leaf in chart.leaves(fund):
        count = sum(one.covers(leaf.code) for one in lines if one.kind in ("subjects", "result") and one.level == 1)
        if count != 1:
            yield f"险种{fund}的科目“{leaf.label}”在资产负债表主项中出现{count}次，应为1次"


def _carry_faults(chart: Chart, fund: str) -> Iterator[str]:
    rules = [rule for rule in chart.carry if fund in rule.funds]
    leaves = chart.leaves(fund)
    for leaf in leaves:
        fit = [one for one in rules if leaf.code.startswith(one.subjects) and one.account in ("", leaf.account)]
        if len(fit) != int(leaf.element.flow):
            yield f"险种{fund}的科目“{leaf.label}”有{len(fit)}条年末结转的规定，应为{int(leaf.element.flow)}条"
    for rule in rules:
        target = next((leaf for leaf in leaves if leaf.code == rule.to_subj), None)
        if target is None or target.element is not Element.NET:
            yield f"险种{fund}年末结转到“{rule.to_subj}”，它不是该险种的末级结余科目"
        elif rule.account and target.account != rule.account:
            yield f"险种{fund}年末结转到“{target.label}”，它不属于同一账户"
        elif target.detail:
            yield f"险种{fund}年末结转到“{target.label}”，它须有明细"


def _names(funds: Iterable[str]) -> str:
    return "、".join(sorted(funds))
