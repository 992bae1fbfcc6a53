"""Sections 2 to 4 of the closed year: the budget and its warning, the point values, the months."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from yibao.report import close_words, words
from yibao.report.close_drawings import month_bars, plan_bars
from yibao.report.close_money import value_formula
from yibao.report.close_result import Closed, Row, total
from yibao.report.grid import Grid, columns


def budget(closed: Closed) -> dict[str, Any]:
    """Section 2: income, lines and adjustments; the DIP line by month against what was booked."""
    return {"lines": _line_grid(closed), "funds": [_fund_months(closed, fund) for fund in closed.funds]}


def _line_grid(closed: Closed) -> Grid:
    rows: list[Sequence[str]] = []
    for fund in closed.funds:
        name = close_words.fund(fund)
        income, lines = (
            closed.of("budget", fund_type=fund, kind="income"),
            closed.of("budget", fund_type=fund, kind="line"),
        )
        rows += [_line(name, "收入", row) for row in income]
        earned, planned = total(income, "planned"), total(lines, "planned")
        if income:
            rows.append((f"{name}收入合计", "合计", words.money(earned), "—", words.money(total(income, "adjusted"))))
            kept = words.percent(words.ratio(earned - planned, earned))
            rows.append((f"　{name}：留余（收入减支出总额）", f"占收入{kept}", words.money(earned - planned), "—", "—"))
        rows += [_line(name, "支出指标", row) for row in lines]
        raised = total(lines, "adjusted") - planned
        rows.append(
            (
                f"{name}支出总额",
                "合计",
                words.money(planned),
                words.money(raised) if raised else "—",
                words.money(planned + raised),
            )
        )
    return Grid("预算收入和支出指标", "元", columns("项目* 类别* 年初预算 年中调整 调整后预算"), rows,
                note="支出总额 = 收入 ×（1 − 留余比例）；住院DIP没有单独编列的，为支出总额减去其他各项。"
                     "只有就医人数合理变化、待遇政策调整、重大公共卫生事件可以调整，须经批准。")  # fmt: skip


def _line(fund: str, kind: str, row: Row) -> Sequence[str]:
    change = row["adjusted"] - row["planned"]
    return (f"　{fund}：{row['label']}", kind, words.money(row["planned"]), words.money(change) if change else "—",
            words.money(row["adjusted"]))  # fmt: skip


GRADES = ("绿", "黄", "橙", "红")
"""The usual words of the warning, the mildest first; others stand after them."""


def progress(closed: Closed, fund: str) -> list[dict[str, Any]]:
    """Each month's DIP budget and booked amount; beside them what the run says of the year so far."""
    planned = {int(row["item"]): row["adjusted"] for row in closed.of("budget", fund_type=fund, kind="month")}
    spent: dict[int, Decimal] = {}
    for row in closed.of("months", fund_type=fund):
        spent[row["month"]] = spent.get(row["month"], Decimal(0)) + row["booked"]
    said = {int(row["month"]): row for row in closed.progress(fund)}
    rows = []
    for month in range(1, 13):
        row = said.get(month, {})
        in_time, since = (Decimal(str(row[name])) if row.get(name) else None for name in ("budget", "booked"))
        rows.append({"month": month, "plan": planned.get(month, Decimal(0)), "booked": spent.get(month, Decimal(0)),
                     "in_time": in_time, "since": since, "grade": str(row.get("label") or ""),
                     "share": since / in_time if since is not None and in_time else None})  # fmt: skip
    return rows


def _grades(closed: Closed) -> list[str]:
    held = {str(row.get("label") or "") for fund in closed.funds for row in closed.progress(fund)} - {""}
    return [one for one in GRADES if one in held] + sorted(held - set(GRADES))


def _fund_months(closed: Closed, fund: str) -> dict[str, Any]:
    found = progress(closed, fund)
    name = close_words.fund(fund)
    rows = [
        (f"{row['month']}月", words.money(row["plan"]), words.money(row["booked"]), _money(row["in_time"]),
         _money(row["since"]), words.percent(row["share"]), row["grade"] or "—") for row in found
    ]  # fmt: skip
    heads = columns("月份* 当月预算 当月记账 按时间进度的预算 累计记账 累计记账与进度之比 预警*")
    return {
        "grid": Grid(f"{name}：住院DIP各月预算和记账", "金额 元，比 %", heads, rows,
                     note="按时间进度的预算 = 全年住院DIP预算 × 月数 ÷ 12；预警按累计记账与它的比分级。"),
        "chart": plan_bars(fund, name, found, _grades(closed)),
        "last": found[-1]["grade"], "share": words.percent(found[-1]["share"]), "name": name,
    }  # fmt: skip


def _money(value: Decimal | None) -> str:
    return "—" if value is None else words.money(value)


def values(closed: Closed) -> dict[str, Any]:
    """Section 3: opening and settlement value by fund, with the formula in figures."""
    rows = []
    for row in closed.small["values"]:
        rows.append((close_words.fund(row["fund_type"]), words.money(row["budget"]), words.money(row["excluded"]),
                     words.money(row["fund"]), words.money(row["booked"]), words.money(row["fee"]),
                     words.percent(row["ratio"], 4), words.points(row["points"]), f"{row['opening_value']:,.6f}",
                     *_settled_at(row)))  # fmt: skip
    heads = columns("险种* 住院DIP预算 除外费用 可分配基金 记账额 医疗总费用 记账比 总分值 年初点值 结算点值 差异率")
    formulas = [
        {
            "fund": close_words.fund(row["fund_type"]),
            "text": f"{value_formula(row)} = {row['settlement_value']:,.6f} 元/分",
        }
        for row in closed.small["values"]
        if row["settlement_value"] is not None
    ]
    exact = closed.parameters.text("settle.entitlement.basis") in ("", "times_ratio") and closed.parameters.text(
        "settle.ratio_level"
    ) in ("", "pool")
    return {
        "grid": Grid("年初点值和结算点值", "金额 元，分值 分，点值 元/分，比 %", heads, rows,
                     note="医疗总费用不含除外费用。点值只作显示，病例应付按精确份额分配，不用四舍五入后的点值相乘。"),
        "formulas": formulas, "exact": exact, "buckets": _bucket_grid(closed),
    }  # fmt: skip


def _settled_at(row: Row) -> tuple[str, str]:
    """The settlement value and how far it is from the opening one; a fund without a case insured here has none."""
    value, opening = row["settlement_value"], row["opening_value"]
    if value is None:
        return "无", "—"
    return f"{value:,.6f}", words.percent(words.ratio(value - opening, opening))


BUCKETS = """
    SELECT fund_type, bucket, count(*) AS cases, sum(case_points) AS points, sum(medfee_sumamt) AS fee, sum(due) AS due
    FROM cases WHERE scope = 'local' GROUP BY fund_type, bucket ORDER BY fund_type, bucket"""


def _bucket_grid(closed: Closed) -> Grid:
    found = {(row["fund_type"], row["bucket"]): row for row in closed.rows(BUCKETS)}
    rows = []
    for fund in closed.funds:
        whole = sum((row["points"] or Decimal(0) for (one, _), row in found.items() if one == fund), Decimal(0))
        for code in [
            *close_words.BUCKETS,
            *sorted({b for f, b in found if f == fund} - set(close_words.BUCKETS), key=str),
        ]:
            row = found.get((fund, code))
            if row is not None:
                rows.append(
                    (
                        close_words.fund(fund),
                        close_words.BUCKETS.get(code, str(code)),
                        words.count(row["cases"]),
                        words.points(row["points"] or Decimal(0)),
                        words.percent(words.ratio(row["points"] or 0, whole)),
                        words.money(row["fee"]),
                        words.money(row["due"] or Decimal(0)),
                        words.percent(words.ratio(row["due"] or 0, row["fee"])),
                    )
                )
    return Grid("总分值的构成：每个病例只在一个类别", "病例 例，分值 分，金额 元，占比 %",
                columns("险种* 计分类别* 病例数 分值 分值占比 医疗总费用 应付额 应付与费用之比"), rows)  # fmt: skip


def months(closed: Closed) -> dict[str, Any]:
    """Section 4: what was budgeted, booked and paid in each month."""
    funds = []
    for fund in closed.funds:
        name, rows = close_words.fund(fund), closed.of("months", fund_type=fund)
        names = ("budget", "booked", "base", "extra", "excluded_due", "gross", "deposit", "paid")
        each = [{"month": month, "cases": sum(row["cases"] for row in rows if row["month"] == month),
                 **{column: total([row for row in rows if row["month"] == month], column) for column in names}}
                for month in range(1, 13)]  # fmt: skip
        shown = [
            (f"{one['month']}月", words.count(one["cases"]), *(words.money(one[column]) for column in names))
            for one in each
        ]
        whole = (
            "全年",
            words.count(sum(one["cases"] for one in each)),
            *(words.money(total(rows, column)) for column in names),
        )
        heads = columns("出院月份* 病例数 预算 记账额 基本支付 调剂支付 除外应付 应付合计 质量保证金 实付")
        funds.append({
            "name": name, "chart": month_bars(fund, name, each),
            "grid": Grid(f"{name}：月度结算", "病例 例，金额 元", heads, shown, whole),
            "over": words.count(sum(1 for row in rows if row["booked"] > row["budget"])), "all": words.count(len(rows)),
        })  # fmt: skip
    used = closed.parameters
    return {
        "funds": funds,
        "deposit": used.text("settle.deposit"),
        "redistribute": used.text("settle.month.redistribute"),
    }
