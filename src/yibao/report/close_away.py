"""Sections 9, 10 and 12 of the closed year: offsite cases by home pool, beds, indicators."""

from collections.abc import Mapping, Sequence
from typing import Any

from yibao.report import close_words, words
from yibao.report.close_drawings import bed_dots
from yibao.report.close_result import Closed, Row, total
from yibao.report.grid import Grid, columns

TOP = 20
MOST_OVER = 40


def offsite(closed: Closed) -> dict[str, Any]:
    """Section 9: what home pools owe, and at which hospitals their people were treated."""
    rows = closed.small["offsite"]
    names = ("points", "fee", "booked", "due")
    homes = sorted({(str(row["insuplc_admdvs"])[:4] + "00", row["fund_type"]) for row in rows})
    by_home = []
    for home, fund in homes:
        own = [row for row in rows if row["fund_type"] == fund and str(row["insuplc_admdvs"]).startswith(home[:4])]
        by_home.append((home, close_words.fund(fund), words.count(sum(row["cases"] for row in own)),
                        words.points(total(own, "points")), *(words.money(total(own, name)) for name in names[1:]),
                        words.percent(words.ratio(total(own, "due"), total(own, "booked")))))  # fmt: skip
    whole = ("合计", "", words.count(sum(row["cases"] for row in rows)), words.points(total(rows, "points")),
             *(words.money(total(rows, name)) for name in names[1:]),
             words.percent(words.ratio(total(rows, "due"), total(rows, "booked"))))  # fmt: skip
    heads = columns("参保地（统筹区代码）* 险种* 病例数 分值 医疗总费用 记账额 参保地应付 应付与记账之比")
    return {
        "homes": Grid(
            "省内异地病例，按参保地",
            "病例 例，分值 分，金额 元，比 %",
            heads,
            by_home,
            whole if by_home else (),
            "按本地病种目录和结算点值计算，由参保地基金负担，含除外费用应付；分值不计入本地总分值，不占本地预算。",
        ),
        "hospitals": _by_hospital(closed) if rows else None,
        "any": bool(rows),
    }


def _by_hospital(closed: Closed) -> Grid:
    by: dict[str, list[Row]] = {}
    for row in closed.small["offsite"]:
        by.setdefault(str(row["fixmedins_code"]), []).append(row)
    ordered = sorted(by, key=lambda code: (-total(by[code], "due"), code))
    shown = [
        (
            closed.hospital(code),
            words.count(sum(row["cases"] for row in by[code])),
            *(words.money(total(by[code], name)) for name in ("fee", "booked", "due")),
        )
        for code in ordered[:TOP]
    ]
    more = f"只列应付最多的{TOP}家，共{words.count(len(ordered))}家。" if len(ordered) > TOP else ""
    return Grid(
        "收治省内异地病例的医疗机构",
        "病例 例，金额 元",
        columns("医疗机构* 病例数 医疗总费用 记账额 参保地应付"),
        shown,
        note=more,
    )


def beds(closed: Closed) -> dict[str, Any]:
    """Section 10: hospitals over their paid beds by name, supply and demand by county and level."""
    rows = closed.small["beds"]
    over = sorted((row for row in rows if row["excess"]), key=lambda row: (-row["excess"], row["fixmedins_code"]))
    supply = [row for row in closed.small["bed_supply"] if row["utilisation"] is not None]
    return {
        "any": bool(rows), "hospitals": words.count(len(rows)), "over_n": words.count(len(over)),
        "excess": words.count(sum(row["excess"] for row in over)), "over": _bed_grid(closed, over) if over else None,
        "supply": _supply_grid(closed.small["bed_supply"]), "chart": bed_dots(supply) if supply else None,
        "rule": {"flag": "只作提示", "deduct": "按超出的占比扣减"}.get(closed.parameters.text("beds.excess.rule"), ""),
    }  # fmt: skip


def _bed_grid(closed: Closed, over: Sequence[Row]) -> Grid:
    shown = [
        (
            f"{closed.hospital(row['fixmedins_code'])}\n"
            f"{words.LEVELS.get(row['hosp_lv'] or '', '')}，{row['admdvs'] or '—'}",
            *(
                _count(row[name])
                for name in ("auth_beds", "agreement_beds", "open_beds", "paid_bed_days", "occupied", "excess")
            ),
            words.percent(row["utilisation"]),
            f"{row['peak_month']}月" if row["peak_month"] else "—",
        )
        for row in over[:MOST_OVER]
    ]
    heads = columns("医疗机构* 编制床位 协议床位 开放床位 可支付床日 占用床日 超出床日 使用率 最高的月份")
    more = f"共{words.count(len(over))}家，列{len(shown)}家。" if len(over) > len(shown) else ""
    return Grid("占用超过可支付床位的医疗机构", "床位 张，床日 床日，使用率 %", heads, shown,
                note=f"可支付床位取协议床位与编制床位中较小者，可支付床日为它乘以日数。{more}")  # fmt: skip


def _supply_grid(rows: Sequence[Row]) -> Grid:
    shown = [
        (str(row["admdvs"] or "—"), words.LEVELS.get(row["hosp_lv"] or "", ""),
         *(_count(row[name]) for name in ("hospitals", "auth_beds", "agreement_beds", "occupied")),
         words.percent(row["utilisation"]), *(_count(row[name]) for name in ("cases", "persons")),
         words.number(row["beds_per_1000"], 2)) for row in rows
    ]  # fmt: skip
    heads = columns("区县* 等级* 机构数 编制床位 协议床位 占用床日 使用率 出院病例 参保人 每千人编制床位")
    return Grid(
        "床位供需，按区县和等级",
        "机构 家，床位 张，床日 床日，病例 例，参保人 人，每千人床位 张，使用率 %",
        heads,
        shown,
        note="区县为医疗机构所在区县的医保区划代码；参保人为该区县的参保人数。",
    )


def _count(value: Any) -> str:
    return "—" if value is None else words.count(value)


def indicators(closed: Closed) -> Grid:
    """Section 12."""
    rows = [
        (f"{row['label']}\n{row['name']}", str(row["value"]), str(row["formula"] or ""))
        for row in closed.small["indicators"]
    ]
    return Grid("运行指标", "各指标自带单位", columns("指标* 数值 算法*"), rows)


def dates(closed: Closed) -> Grid | None:
    """When the year's work is due, as the law and the calendar of working days say."""
    held: Mapping[str, str] = closed.summary.get("dates") or {}
    if not held:
        return None
    rows = [(label, held[key]) for key, label in _DATES.items() if held.get(key)]
    rows += [
        (f"{month}月结算的最迟拨付日", held[key]) for month in range(1, 13) if held.get(key := f"month_{month}_pay_by")
    ]
    return Grid("办理时限", "日期", columns("事项* 最迟日期*"), rows)


_DATES = {
    "cleared_by": "年度清算完成", "first_published": "第一次集中发布", "second_published": "第二次集中发布",
}  # fmt: skip
ENDS, ENOUGH = 8, 30
"""How many hospitals are shown at each end, and how many cases make an index worth comparing. Choices of display."""


def consumption(closed: Closed) -> Grid | None:
    """The hospitals that spend most and least for the same groups."""
    rows = [row for row in closed.small["consumption"] if row["cost_index"] is not None and row["cases"] >= ENOUGH]
    ordered = sorted(rows, key=lambda row: (-row["cost_index"], row["fixmedins_code"]))
    if not ordered:
        return None
    shown = ordered if len(ordered) <= 2 * ENDS else [*ordered[:ENDS], *ordered[-ENDS:]]
    levels = {row["fixmedins_code"]: row["hosp_lv"] or "" for row in closed.small["coefficients"]}
    cells = [
        (closed.hospital(row["fixmedins_code"]), words.LEVELS.get(levels.get(row["fixmedins_code"], ""), ""),
         words.count(row["cases"]), words.number(row["cost_index"]), words.number(row["time_index"])) for row in shown
    ]  # fmt: skip
    heads = columns("医疗机构* 等级* 入组病例 费用消耗指数 时间消耗指数")
    note = "本机构病例与全市同病种平均数之比的平均数；大于1，同样的病花费较多或住院较长。"
    note += f"不足{ENOUGH}例的机构不列。"
    return Grid("费用和时间消耗指数：最高和最低的医疗机构", "病例 例，指数 倍", heads, cells, note=note)
