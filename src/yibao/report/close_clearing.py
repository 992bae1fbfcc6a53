"""Sections 5 and 6 of the closed year: clearing, an example of each band, groups, cuts, prepayments."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from yibao.report import close_words, words
from yibao.report.close_case import book_of
from yibao.report.close_drawings import ratio_bars, ratio_dots
from yibao.report.close_head import sums
from yibao.report.close_money import final_steps
from yibao.report.close_result import Closed, Row, total
from yibao.report.grid import Grid, columns

NAMED = 25
"""How many hospitals the chart names. A choice of display."""
GROUPED = "医共体成员（按医共体合计分档）"
MOST_REFUSED = 60
MOST_GRANTED = 60


def clearing(closed: Closed) -> dict[str, Any]:
    """Section 5."""
    funds = [_fund(closed, fund) for fund in closed.funds]
    return {
        "funds": funds, "examples": _examples(closed), "groups": _groups(closed), "new": _new(closed),
        "cuts": _cuts(closed), "bands": _band_grid(closed),
    }  # fmt: skip


def bands_of(closed: Closed) -> list[str]:
    """The bands in the order of the share table, then any other that a row carries."""
    listed = [str(row.get("label", "")) for row in closed.share_table]
    held = {str(row["band"]) for row in closed.small["clearing"] if row["band"]}
    return listed + sorted(held - set(listed))


def _drawn(row: Row) -> str:
    """The band a hospital is drawn in: members of a 医共体 stand apart, for their band is that of the whole."""
    return GROUPED if row["group_code"] else str(row["band"])


def _drawn_bands(closed: Closed, rows: Sequence[Row]) -> list[str]:
    """The bands of the share table in its order, then what else the rows are drawn in: each has its own colour."""
    listed = [str(row.get("label", "")) for row in closed.share_table]
    return listed + sorted({_drawn(row) for row in rows if row["band"]} - set(listed))


def _apart(closed: Closed, row: Row, shown: Sequence[Row]) -> str:
    """The hospital's name; with its code where another one shown has the same."""
    name = closed.hospital(row["fixmedins_code"])
    same = sum(1 for one in shown if closed.hospital(one["fixmedins_code"]) == name)
    return name if same == 1 else f"{name}（{row['fixmedins_code']}）"


def _limits(closed: Closed) -> list[float]:
    rows = closed.share_table
    return [float(row["from"]) for row in rows if row.get("from") and Decimal(row["from"]) > 0]


def _fund(closed: Closed, fund: str) -> dict[str, Any]:
    name, rows = close_words.fund(fund), closed.of("clearing", fund_type=fund)
    made = sums(closed, fund)
    ordered = sorted(rows, key=lambda row: (-row["entitlement"], row["fixmedins_code"]))
    held = made["deposit"] - made["deposit_returned"]
    whole = (f"合计\n{words.count(len(rows))}家", words.count(sum(row["cases"] for row in rows)),
             words.money(made["entitlement"]), words.money(made["booked"]),
             words.percent(words.ratio(made["booked"], made["entitlement"])), words.money(made["pay"]),
             words.money(made["excluded_due"]), words.money(made["deductions"]), words.money(held),
             words.money(made["monthly_paid"]), words.money(made["prepaid"]), words.money(made["final"]))  # fmt: skip
    heads = columns(
        "医疗机构* 病例数 应付额 记账额 比和分档 清算支付 除外应付 违规扣减 未返还保证金 已按月支付 已预付 年末应付"
    )
    dots = [{"ratio": float(row["ratio"]), "entitlement": max(float(row["entitlement"]) / 10**4, 0.01),
             "band": _drawn(row)} for row in ordered if row["ratio"] is not None and row["band"]]  # fmt: skip
    bars = [{"name": _apart(closed, row, ordered[:NAMED]), "ratio": float(row["ratio"]), "band": _drawn(row)}
            for row in ordered[:NAMED] if row["ratio"] is not None and row["band"]]  # fmt: skip
    bands = _drawn_bands(closed, rows)
    left, limits = (closed.one("values", fund_type=fund) or {}).get("fund", Decimal(0)) - made["pay"], _limits(closed)
    return {
        "name": name,
        "hospitals": words.count(len(rows)),
        "over": words.count(sum(1 for row in rows if row["ratio"] is not None and row["ratio"] > 1)),
        "retained": words.money(total(rows, "retained")),
        "shared": words.money(total(rows, "shared")),
        "left": words.money(abs(left)),
        "short": left < 0,
        "grid": Grid(
            f"{name}：各医疗机构的年度清算",
            "病例 例，金额 元，比 %",
            heads,
            [_row(closed, row) for row in ordered],
            whole,
            "按应付额从大到小。年末应付 = 清算支付 + 除外应付 − 违规扣减 − 未返还保证金 − 已按月支付 − 已预付；"
            "负数为应退回。"
            "医共体成员的分档为医共体合计的分档，比为本机构的比。",
        ),
        "dots": ratio_dots(fund, name, dots, bands, limits) if dots else None,
        "bars": ratio_bars(fund, name, bars, bands, limits) if bars else None,
    }


def _row(closed: Closed, row: Row) -> Sequence[str]:
    marks = [words.LEVELS.get(row["hosp_lv"] or "", ""), *(["新增"] if row["is_new"] else []),
             *(["医共体成员"] if row["group_code"] else [])]  # fmt: skip
    share = f"{words.percent(row['ratio'])}\n{row['band'] or '—'}"
    return (
        f"{closed.hospital(row['fixmedins_code'])}\n{'，'.join(marks)}", words.count(row["cases"]),
        words.money(row["entitlement"]), words.money(row["booked"]), share, words.money(row["pay"]),
        words.money(row["excluded_due"]), words.money(row["deductions"]),
        words.money(row["deposit"] - row["deposit_returned"]), words.money(row["monthly_paid"]),
        words.money(row["prepaid"]), words.money(row["final"]),
    )  # fmt: skip


def _band_grid(closed: Closed) -> Grid:
    rows = []
    for fund in closed.funds:
        own = closed.of("clearing", fund_type=fund)
        for band in [*bands_of(closed), ""]:
            held = [row for row in own if (row["band"] or "") == band]
            if held:
                rows.append(
                    (
                        f"{band or '没有应付额，不分档'}\n{close_words.fund(fund)}",
                        words.count(len(held)),
                        *(
                            words.money(total(held, name))
                            for name in ("entitlement", "booked", "retained", "shared", "pay")
                        ),
                        words.percent(words.ratio(total(held, "pay"), total(held, "entitlement"))),
                    )
                )
    return Grid("各档的医疗机构", "机构 家，金额 元，比 %",
                columns("分档和险种* 机构数 应付额 记账额 结余留用 基金分担超支 清算支付 支付与应付之比"), rows,
                note="结余留用：支付多于记账的部分；基金分担超支：支付多于应付的部分，都是核减以前的数。")  # fmt: skip


def _examples(closed: Closed) -> list[dict[str, Any]]:
    """For each band of the share table the plainest hospital in it: largest entitlement, neither new nor of a group."""
    book = book_of(closed)
    told: list[dict[str, Any]] = []
    for band in bands_of(closed):
        rows = [row for row in closed.small["clearing"] if row["band"] == band]
        plain = [row for row in rows if not row["is_new"] and not row["group_code"]] or rows
        best = min(plain, key=lambda row: (-row["entitlement"], row["fixmedins_code"], row["fund_type"]), default=None)
        if best is None:
            told.append({"title": band, "who": "本年没有医疗机构在这一档", "steps": []})
            continue
        who = f"{closed.hospital(best['fixmedins_code'])}，{close_words.fund(best['fund_type'])}"
        told.append({"title": band, "who": who, "steps": final_steps(closed, book, best)})
    return told


def _groups(closed: Closed) -> Grid | None:
    rows: list[Sequence[str]] = []
    for group in closed.small["groups"]:
        fund, code = group["fund_type"], group["group_code"]
        name = group["group_name"] or code
        share = words.percent(words.ratio(group["booked"], group["entitlement"]))
        rows.append(
            (
                f"{name}\n{close_words.fund(fund)}，"
                f"{close_words.shown('groups', 'group_method', group['group_method'])}",
                f"{words.count(group['members'])}家合计",
                words.money(group["entitlement"]),
                words.money(group["booked"]),
                f"{share}\n{group['band'] or '—'}",
                words.money(group["pay"]),
                words.money(group["pay"] - group["booked"]),
            )
        )
        for row in closed.of("clearing", fund_type=fund, group_code=code):
            rows.append(
                (
                    f"　{closed.hospital(row['fixmedins_code'])}",
                    f"成员，{words.LEVELS.get(row['hosp_lv'] or '', '')}",
                    words.money(row["entitlement"]),
                    words.money(row["booked"]),
                    words.percent(row["ratio"]),
                    words.money(row["pay"]),
                    words.money(row["pay"] - row["booked"]),
                )
            )
    if not rows:
        return None
    weight = closed.parameters.text("clearing.group.primary_weight")
    return Grid("医共体：作为一个整体清算，再分给成员", "金额 元，比 %",
                columns("医共体和成员* 说明* 应付额 记账额 比和分档 清算支付 支付减记账"), rows,
                note="成员先各得记账与应付中较小者，医共体多出的结余按应付额分配"
                     + (f"，一级及以下机构的权重为{weight}倍。" if weight else "，向基层机构倾斜。"))  # fmt: skip


def _new(closed: Closed) -> Grid | None:
    rows = [row for row in closed.small["clearing"] if row["is_new"]]
    if not rows:
        return None
    shown = [(closed.hospital(row["fixmedins_code"]), close_words.fund(row["fund_type"]), words.count(row["cases"]),
              words.money(row["entitlement"]), words.money(row["booked"]), words.money(row["pay_before"]),
              words.money(row["pay"])) for row in rows]  # fmt: skip
    rule = closed.parameters.text("clearing.new.rule")
    note = {
        "booked": "新增定点机构支付不超过记账额：不享受结余留用。",
        "as_others": "新增定点机构与其他机构同样清算。",
    }.get(rule, "")
    return Grid(
        "新增定点医疗机构",
        "病例 例，金额 元",
        columns("医疗机构* 险种* 病例数 应付额 记账额 核减前支付 清算支付"),
        shown,
        note=note,
    )


def _cuts(closed: Closed) -> dict[str, Any]:
    """What the closed budget cut, by fund and by hospital."""
    rows = [row for row in closed.small["clearing"] if row["cut_shared"] or row["cut_retained"]]
    by_fund = []
    for fund in closed.funds:
        made, value = sums(closed, fund), closed.one("values", fund_type=fund) or {}
        reserve = total(
            [row for row in closed.of("budget", fund_type=fund, kind="line") if row["item"] == "reserve"], "adjusted"
        )
        limit = value.get("fund", Decimal(0)) + reserve
        by_fund.append((close_words.fund(fund), words.money(value.get("fund", Decimal(0))), words.money(reserve),
                        words.money(limit), words.money(made["pay"] + made["cut_shared"] + made["cut_retained"]),
                        words.money(made["cut_shared"]), words.money(made["cut_retained"]), words.money(made["pay"]),
                        words.money(limit - made["pay"])))  # fmt: skip
    shown = sorted(rows, key=lambda row: (-(row["cut_shared"] + row["cut_retained"]), row["fixmedins_code"]))[:NAMED]
    cut = [
        (
            closed.hospital(row["fixmedins_code"]),
            close_words.fund(row["fund_type"]),
            words.money(row["pay_before"]),
            words.money(row["cut_shared"]),
            words.money(row["cut_retained"]),
            words.money(row["pay"]),
        )
        for row in shown
    ]
    more = f"另有{words.count(len(rows) - len(shown))}家次，见 close.xlsx。" if len(rows) > len(shown) else ""
    return {
        "limit": Grid(
            "总额封顶",
            "元",
            columns("险种* 可分配基金 调剂金 支付上限 核减前支付 核减超支分担 核减结余留用 清算支付 上限余额"),
            by_fund,
            note="清算支付合计不超过可分配基金加调剂金；超过时先按比例核减基金分担的超支，再按比例核减结余留用，点值不重算。",
        ),
        "rows": Grid(
            "被核减的医疗机构",
            "元",
            columns("医疗机构* 险种* 核减前支付 核减超支分担 核减结余留用 清算支付"),
            cut,
            note=more,
        )
        if cut
        else None,
    }


def prepay(closed: Closed) -> dict[str, Any]:
    """Section 6: prepayments granted, and refused with the reason by name."""
    rows = closed.small["prepay"]
    counted = [
        (
            close_words.fund(fund),
            close_words.PREPAY.get(code, code),
            words.count(len(held)),
            words.money(total(held, "amount")),
        )
        for fund in closed.funds
        for code in _ordered({str(row["outcome"]) for row in rows}, close_words.PREPAY)
        if (held := [row for row in rows if row["fund_type"] == fund and row["outcome"] == code])
    ]
    given = sorted(
        (row for row in rows if row["outcome"] == "granted"), key=lambda row: (-row["amount"], row["fixmedins_code"])
    )
    not_given = [row for row in rows if row["outcome"] not in ("granted", "not_applied")]
    return {
        "counted": Grid("预付金申请的结果", "机构 家次，金额 元", columns("险种* 结果* 家次 预付金额"), counted),
        "granted": _prepay_grid(closed, given, "已预付的医疗机构", MOST_GRANTED) if given else None,
        "refused": _prepay_grid(closed, not_given, "没有预付的医疗机构和原因", MOST_REFUSED) if not_given else None,
        "months": closed.parameters.text("prepay.months"),
        "reserve": closed.parameters.text("prepay.min_reserve_months"),
    }  # fmt: skip


def _ordered(found: set[str], known: Mapping[str, str]) -> list[str]:
    return [code for code in known if code in found] + sorted(found - set(known))


def _prepay_grid(closed: Closed, rows: Sequence[Row], caption: str, most: int) -> Grid:
    shown = [
        (closed.hospital(row["fixmedins_code"]), close_words.fund(row["fund_type"]),
         close_words.PREPAY.get(row["outcome"], row["outcome"]), row["credit_lv"] or "—",
         "—" if row["credit"] is None else f"{row['credit']:.2f}", words.money(row["last_year_paid"]),
         words.money(row["mean"]), words.money(row["amount"])) for row in rows[:most]
    ]  # fmt: skip
    heads = columns("医疗机构* 险种* 结果* 信用等级* 信用系数 上年支付额 月均支付额 预付金额")
    more = f"另有{words.count(len(rows) - most)}家次，见 close.xlsx。" if len(rows) > most else ""
    return Grid(caption, "金额 元，信用系数 倍", heads, shown, note=more)
