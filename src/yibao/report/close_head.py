"""Section 1 of the closed year: the headline, where the money came from and where it went, what is unverified."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from yibao.kernel import Severity
from yibao.report import close_words, words
from yibao.report.close_result import Closed, Row, total
from yibao.report.grid import Grid, columns
from yibao.report.page_money import Card

Figure = Callable[[str], Decimal | None]

SCOPES = """
    SELECT scope, count(*) AS cases, coalesce(sum(medfee_sumamt), 0) AS fee, coalesce(sum(due), 0) AS due,
        coalesce(sum(case_points), 0) AS points, coalesce(sum(booked), 0) AS booked,
        sum(CASE WHEN dip_type IS NOT NULL AND dip_type <> 'ungrouped' THEN 1 ELSE 0 END) AS grouped
    FROM cases GROUP BY scope ORDER BY scope"""


def scopes(closed: Closed) -> dict[str, dict[str, Any]]:
    """Cases, fee, due, points, booked by scope; a scope without cases has none."""
    found = {row["scope"]: row for row in closed.rows(SCOPES)}
    empty = {"cases": 0, "fee": Decimal(0), "due": Decimal(0), "points": Decimal(0), "booked": Decimal(0), "grouped": 0}
    return {code: found.get(code, {"scope": code, **empty}) for code in close_words.SCOPES}


def budget_of(closed: Closed, fund: str, kind: str, item: str | None = None, column: str = "adjusted") -> Decimal:
    """The sum of budget rows of a kind, or of one item."""
    rows = closed.of("budget", fund_type=fund, kind=kind)
    return total([row for row in rows if item is None or row["item"] == item], column)


def sums(closed: Closed, fund: str) -> dict[str, Decimal]:
    """The sums of the clearing rows of a fund."""
    rows = closed.of("clearing", fund_type=fund)
    names = (
        "entitlement",
        "booked",
        "pay",
        "pay_before",
        "retained",
        "shared",
        "cut_shared",
        "cut_retained",
        "settled",
        "excluded_due",
        "deductions",
        "deposit",
        "deposit_returned",
        "monthly_paid",
        "prepaid",
        "final",
        "fee",
        "patient",
        "points",
    )
    return {name: total(rows, name) for name in names}


def all_sums(closed: Closed) -> dict[str, Decimal]:
    """The sums over all funds."""
    each = [sums(closed, fund) for fund in closed.funds]
    return {name: sum((one[name] for one in each), Decimal(0)) for name in each[0]} if each else {}


def flow_grid(closed: Closed) -> Grid:
    """Where the money came from and where it went, line by line, a column for each fund and one for all."""
    made = {fund: sums(closed, fund) for fund in closed.funds}

    def income(fund: str) -> Decimal:
        return budget_of(closed, fund, "income")

    def lines(fund: str) -> Decimal:
        return budget_of(closed, fund, "line", None, "planned")

    def held(fund: str) -> Decimal:
        return made[fund]["deposit"] - made[fund]["deposit_returned"]

    value = {fund: closed.one("values", fund_type=fund) or {} for fund in closed.funds}
    each: list[tuple[str, Figure]] = [
        ("从哪里来：预算收入", income),
        ("　留余，不安排支出", lambda fund: income(fund) - lines(fund)),
        ("　支出总额", lines),
        ("　　其中住院DIP预算", lambda fund: budget_of(closed, fund, "line", "dip", "planned")),
        ("　　年中调整住院DIP预算", lambda fund: budget_of(closed, fund, "line", "dip")
         - budget_of(closed, fund, "line", "dip", "planned")),
        ("住院DIP预算（调整后）", lambda fund: value[fund].get("budget")),
        ("　除外费用应付", lambda fund: value[fund].get("excluded")),
        ("　可分配基金，即各病例应付额之和", lambda fund: value[fund].get("fund")),
        ("到哪里去：年度清算支付", lambda fund: made[fund]["pay"]),
        ("　可分配基金与清算支付之差（正数留在基金，负数由调剂金负担）",
         lambda fund: Decimal(value[fund].get("fund") or 0) - made[fund]["pay"]),
        ("　加：除外费用应付", lambda fund: made[fund]["excluded_due"]),
        ("　减：违规扣减", lambda fund: -made[fund]["deductions"]),
        ("　减：考核未返还的质量保证金", lambda fund: -held(fund)),
        ("医疗机构全年应得", lambda fund: made[fund]["settled"] - made[fund]["deductions"] - held(fund)),
        ("　已按月支付", lambda fund: made[fund]["monthly_paid"]),
        ("　年初已预付", lambda fund: made[fund]["prepaid"]),
        ("　年末应付（负数为应退回）", lambda fund: made[fund]["final"]),
    ]  # fmt: skip
    rows = [_flow_row(closed.funds, label, figure) for label, figure in each]
    heads = columns("项目* " + " ".join([close_words.fund(fund) for fund in closed.funds] + ["合计"]))
    return Grid(
        "钱从哪里来，到哪里去",
        "元",
        heads,
        rows,
        note="缩进的行是上一行的组成。预算收入、支出总额为全险种；住院DIP以下只含住院按病种分值付费，不含异地。",
    )


def _flow_row(funds: Sequence[str], label: str, figure: Figure) -> list[str]:
    amounts = [Decimal(figure(fund) or 0) for fund in funds]
    return [label, *(words.money(amount) for amount in [*amounts, sum(amounts, Decimal(0))])]


def lead(closed: Closed, made: dict[str, Decimal], found: dict[str, dict[str, Any]]) -> str:
    """One paragraph: where the money came from and where it went."""
    income = sum((budget_of(closed, fund, "income") for fund in closed.funds), Decimal(0))
    lines = sum((budget_of(closed, fund, "line", None, "planned") for fund in closed.funds), Decimal(0))
    dip = total(closed.small["values"], "budget")
    fund, local, more = total(closed.small["values"], "fund"), found["local"], made["pay"] - made["booked"]
    hospitals = len({row["fixmedins_code"] for row in closed.small["clearing"]})
    large = words.large
    source = (
        f"{'、'.join(close_words.fund(one) for one in closed.funds)}预算收入 {large(income)}，"
        f"留余后安排支出 {large(lines)}，"
        f"其中住院DIP（含年中调整）{large(dip)}。"
        if income
        else f"住院DIP预算 {large(dip)}。"
    )
    return source + (
        f"除外费用之外的 {large(fund)} 按分值分给 {words.count(hospitals)} 家医疗机构的 "
        f"{words.count(local['cases'])} 例病例；"
        f"各机构结算时已记账 {large(made['booked'])}。按记账额与应付额之比分档清算后支付 {large(made['pay'])}，比记账"
        f"{'多' if more >= 0 else '少'} {large(abs(more))}；扣减违规 {large(made['deductions'])}、考核未返还保证金 "
        f"{large(made['deposit'] - made['deposit_returned'])}。全年已按月支付 {large(made['monthly_paid'])}、年初预付 "
        f"{large(made['prepaid'])}，年末再付 {large(made['final'])}。"
    )


def cards(closed: Closed, made: dict[str, Decimal], found: dict[str, dict[str, Any]]) -> list[Card]:
    """The headline figures."""
    return [
        *_money_cards(closed, made),
        *_value_cards(closed),
        *_case_cards(closed, made, found),
        *_other_cards(closed),
    ]


def _money_cards(closed: Closed, made: dict[str, Decimal]) -> list[Card]:
    rows, fund = closed.small["clearing"], total(closed.small["values"], "fund")
    gain = sum(1 for row in rows if row["pay"] > row["booked"])
    loss = sum(1 for row in rows if row["pay"] < row["booked"])
    booked, pay, final = made["booked"], made["pay"], made["final"]
    paid = words.percent(words.ratio(pay, booked))
    sides = f"{words.count(gain)} 家次多于记账（结余留用），{words.count(loss)} 家次少于记账（超支自担）。"
    part = words.percent(words.ratio(final, made["settled"]))
    return [
        Card(
            "可分配基金",
            words.large(fund),
            f"{words.money(fund)} 元",
            "调整后的住院DIP预算减去除外费用，按分值全部分给病例。",
        ),
        Card(
            "医疗机构记账额",
            words.large(booked),
            f"{words.money(booked)} 元",
            "出院结算时由统筹基金记账、医疗机构垫付的金额。",
        ),
        Card("年度清算支付", words.large(pay), f"与记账额之比 {paid}", sides),
        Card("年末应付", words.large(final), f"占应结算额 {part}", "应得减去已按月支付和年初预付；负数为应退回。"),
    ]


def _case_cards(closed: Closed, made: dict[str, Decimal], found: dict[str, dict[str, Any]]) -> list[Card]:
    rows, count = closed.small["clearing"], words.count
    local, away, outside = found["local"], found["offsite"], found["outside"]
    grouped = words.percent(words.ratio(local["grouped"], local["cases"]))
    read = f"读入 {count(closed.summary.get('cases', 0))}，拒收 {count(closed.summary.get('rejected', 0))} 例"
    places = count(len({row["fixmedins_code"] for row in rows}))
    groups = count(len({row["group_code"] for row in closed.small["groups"]}))
    new = count(len({row["fixmedins_code"] for row in rows if row["is_new"]}))
    own = words.percent(words.ratio(made["patient"], made["fee"]))
    due = f"应付 {words.money(away['due'])} 元；跨省 {count(outside['cases'])} 例"
    return [
        Card("病例", f"{count(local['cases'])} 例", f"入组率 {grouped}；{read}",
             "本统筹区参保、按病种分值付费的出院病例。"),
        Card("医疗机构", f"{places} 家", f"医共体 {groups} 个，新增机构 {new} 家",
             "有本统筹区参保病例、参加年度清算的医疗机构。"),
        Card("医疗总费用", words.large(local["fee"]), f"个人负担 {own}",
             "本统筹区参保病例的费用之和，含个人负担和除外费用。"),
        Card("省内异地", f"{count(away['cases'])} 例", due, "同省其他统筹区参保，由参保地基金负担，不占本地预算。"),
    ]  # fmt: skip


def _other_cards(closed: Closed) -> list[Card]:
    special, prepay, count = closed.small["special"], closed.small["prepay"], words.count
    granted = [row for row in special if row["outcome"] == "granted"]
    given = [row for row in prepay if row["outcome"] == "granted"]
    refused = [row for row in prepay if row["outcome"] not in ("granted", "not_applied")]
    told = f"{count(len(given))} 家次，申请未获 {count(len(refused))} 家次"
    added = f"申请 {count(len(special))} 例，追加 {words.money(total(granted, 'added'))} 元"
    return [
        Card("预付金", words.large(total(given, "amount")), told, "年初按上年月均支付额和信用系数预付，年末收回。"),
        Card("特例单议", f"{count(len(granted))} 例通过", added, "限额以内、评审通过的特殊病例，另行计分。"),
    ]


def _value_cards(closed: Closed) -> list[Card]:
    made = []
    for row in closed.small["values"]:
        if row["settlement_value"] is None:  # a fund without a case insured here has no value: its row says so
            continue
        shift = words.ratio(row["settlement_value"] - row["opening_value"], row["opening_value"])
        made.append(Card(f"{close_words.fund(row['fund_type'])}结算点值", f"{row['settlement_value']:,.6f} 元/分",
                         f"年初点值 {row['opening_value']:,.6f}，差异率 {words.percent(shift)}",
                         f"每分对应的费用标准；总分值 {words.large(row['points'], '分')}。"))  # fmt: skip
    return made


def remarks(closed: Closed) -> list[str]:
    """What the run wants to be known."""
    return [str(one) for one in closed.summary.get("remarks", [])]


def findings(closed: Closed) -> dict[str, Any] | None:
    """The findings of the run: the first of each kind, worst first, and those left, which the page folds."""
    found: list[Row] = [one for one in closed.summary.get("findings") or [] if isinstance(one, dict)]
    if not found:
        return None
    seen: dict[str, int] = {}
    first: list[tuple[str, ...]] = []
    rest: list[tuple[str, ...]] = []
    for one in found:
        code = str(one.get("code", ""))
        seen[code] = seen.get(code, 0) + 1
        (first if seen[code] <= OF_A_KIND else rest).append(_finding(closed, one))
    whole = int(closed.summary.get("findings_total") or len(found))
    heads, count = columns("问题* 性质* 对象* 下一步*"), words.count
    left = f"，其中{count(len(found))}条在本页" if whole > len(found) else ""
    note = f"共{count(whole)}条{left}，全部见 findings.xlsx。" if rest or left else ""
    return {
        "first": Grid("清算过程中发现的问题", "条", heads, first, note=note),
        "rest": Grid("同类的其他问题", "条", heads, rest) if rest else None,
        "left": count(len(rest)),
    }


OF_A_KIND = 4
"""How many findings of a kind stand open on the page. A choice of display."""
_SEVERITIES = {one.value: one.label for one in Severity}


def _finding(closed: Closed, one: Row) -> tuple[str, ...]:
    severity, cause = str(one.get("severity", "")), str(one.get("cause") or "")
    message = str(one.get("message", "")) + (f"\n原因：{cause}" if cause else "")
    return (
        message,
        _SEVERITIES.get(severity, severity),
        _whose(closed, str(one.get("key") or "")) or str(one.get("place") or ""),
        str(one.get("next_step", "")),
    )


def _whose(closed: Closed, key: str) -> str:
    return close_words.FUNDS.get(key) or closed.hospital(key)
