"""What the page of a simulation shows, section by section, as finished text. Holds no rule and adds up only what it
shows; the sums that must close are the room's.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from yibao.impact.measure import FUNDS
from yibao.report import impact_drawings as drawn
from yibao.report import impact_words as said
from yibao.report.grid import Column, Grid, columns
from yibao.report.impact_view import Row, View, summed
from yibao.report.page_money import Card

_BOTH = ("fee", "fund", "burden", "cash")
_AMOUNTS = tuple(f"{name}_{when}" for name in (*_BOTH, *FUNDS) for when in ("before", "after"))
TOP_CELLS = 20
"""Cells of kind and level in the page's table; all are in the workbook."""


def lead(view: View) -> list[str]:
    """A sentence for each reform: what the fund pays more or less, what patients do, how many gain and lose."""
    told = []
    for row in view.reforms:
        above = ""
        if view.threshold is not None and row["above"] is not None:
            moved = row["above"] - view.base["above"]
            above = f"；发生灾难性支出的由 {said.count(view.base['above'])} 人变为 {said.count(row['above'])} 人"
            above += f"（{said.signed_count(moved)}）" if moved else "（人数不变）"
        fee = f"医疗费用{said.large_change(row['fee_change'])}，" if row["fee_change"] else ""
        paid, left = (
            f"{said.large_change(row[f'{name}_change'])}（{said.share(row[f'{name}_change'], view.base[name])}）"
            for name in ("fund", "burden")
        )
        told.append(
            f"{view.name(row['law_no'])}：{fee}基金支出{paid}，个人负担{left}；"
            f"{said.count(row['winners'] or 0)} 人少付，{said.count(row['losers'] or 0)} 人多付{above}。"
        )
    return told


def cards(view: View) -> list[Card]:
    """The headline figures of the first reform."""
    if not view.reforms:
        return []
    row, base = view.reforms[0], view.base
    months = view.of("impact_reserve", row["law_no"])
    reserve = "；".join(
        f"{said.insutype(one['insutype'])} {said.tenths(one['reserve_before'])} → {said.tenths(one['reserve_after'])}"
        for one in months if one["reserve_before"] is not None or one["reserve_after"] is not None
    )  # fmt: skip
    found = [
        Card("基金支出的变化", said.large_change(row["fund_change"]), f"{said.signed(row['fund_change'])} 元",
             f"{said.money(base['fund'])} 元 → {said.money(row['fund'])} 元。"),
        Card("个人负担的变化", said.large_change(row["burden_change"]), f"{said.signed(row['burden_change'])} 元",
             f"{said.money(base['burden'])} 元 → {said.money(row['burden'])} 元，账户和现金都在内。"),
        Card("少付的人", f"{said.count(row['winners'] or 0)} 人", f"共少付 {said.money(row['won'] or 0)} 元",
             f"有就医的 {said.count(row['people'] or 0)} 人中，全年个人负担减少的。"),
        Card("多付的人", f"{said.count(row['losers'] or 0)} 人", f"共多付 {said.money(row['lost'] or 0)} 元",
             f"不变的 {said.count(row['unchanged'] or 0)} 人。"),
    ]  # fmt: skip
    if view.threshold is None:
        found.append(Card("灾难性支出", said.GIVEN, "", "给出一年个人负担的界限后才能判断。"))
    else:
        limit = f"全年个人负担超过 {said.money(view.threshold)} 元的人，原来 {said.count(base['above'] or 0)} 人。"
        found.append(Card("灾难性支出", f"{said.count(row['above'] or 0)} 人",
                          f"{said.signed_count((row['above'] or 0) - (base['above'] or 0))} 人", limit))  # fmt: skip
    found.append(Card("可支付月数", reserve or said.GIVEN, "", "累计结余 ÷ 月均统筹支出；累计结余含本方案引起的变化。"))
    return found


_MEASURES = (
    ("结算（笔）", "claims", False), ("医疗费用", "fee", True), ("　全自费", "own", True),
    ("　超限价", "over_limit", True), ("　先行自付", "preself", True), ("　政策范围内", "in_scope", True),
    ("基金支出", "fund", True), *((f"　{said.FUNDS[name]}", name, True) for name in FUNDS),
    ("个人负担", "burden", True), ("　个人账户", "acct", True), ("　　其中家庭共济", "mulaid", True),
    ("　现金", "cash", True),
)  # fmt: skip


def side_by_side(view: View) -> Grid:
    """Every measure under each law, with its change."""
    rows = []
    for label, name, money in _MEASURES:
        text, moved = (said.money, said.signed) if money else (said.count, said.signed_count)
        if label.startswith("　") and not any(row[name] for row in (view.base, *view.reforms)):
            continue
        changes = [(row[name], row[name] - view.base[name]) for row in view.reforms]
        shown = [f"{text(value)}\n{moved(change)}" if change else text(value) for value, change in changes]
        rows.append([label, text(view.base[name]), *shown])
    ratio = [said.share(row["fund"], row["fee"]) for row in (view.base, *view.reforms)]
    rows.append(["基金支付占医疗费用", *ratio])
    for label, name in (("有就医的人（人）", "people"), ("　少付的人", "winners"), ("　多付的人", "losers"),
                        ("　不变的人", "unchanged")):  # fmt: skip
        rows.append([label, "—", *(said.count(row[name] or 0) for row in view.reforms)])
    for label, name in (("　共少付", "won"), ("　共多付", "lost")):
        rows.append([label, "—", *(said.money(row[name] or 0) for row in view.reforms)])
    if view.threshold is None:
        rows.append(["灾难性支出的人数", *([said.GIVEN] * len(view.laws))])
    else:
        rows.append(["灾难性支出的人数（人）", *(said.count(row["above"] or 0) for row in (view.base, *view.reforms))])
        over = (said.money(row["overshoot"] or 0) for row in (view.base, *view.reforms))
        rows.append(["　超过界限的部分", *over])
    heads = [Column("项目", True), *(Column(name) for name in view.laws)]
    return Grid("各方案并列", "金额 元，其余见项目", heads, rows,
                note="小字为比现行政策的增减，没有小字的不变；没有发生的组成不列。一笔冲销抵一笔结算。"
                     "人数按待遇年度计：同一人两个年度都有结算的计两次。")  # fmt: skip


def changed(view: View) -> list[dict[str, Any]]:
    """Section 2: what each reform changes."""
    found = []
    for row in view.reforms:
        told = view.told(row["law_no"])
        grades = [*told.grades, *([""] * (len(told.changes) - len(told.grades)))]
        rows = [
            (f"{one.label or one.key}\n{one.key}", said.where(one.where), one.kind,
             said.written(one.key, one.before) or "—", said.written(one.key, one.after) or "—",
             grade or "—", one.after_source or one.before_source)
            for one, grade in zip(told.changes, grades, strict=True)
        ]  # fmt: skip
        heads = columns("参数* 条件* 变化* 原来* 改为* 可信等级* 依据*")
        found.append({"name": view.name(row["law_no"]), "doubts": told.doubts,
                      "grid": Grid(f"{view.name(row['law_no'])}：改变的参数", "见各值", heads, rows)})  # fmt: skip
    return found


def response(view: View) -> dict[str, Any] | None:
    """The assumed behaviour and what it came to; None when it is off."""
    if not view.facts.response:
        return None
    named = {"response.shift": "就诊转移的比例", "response.elasticity": "就诊对个人支付比例的弹性"}
    rules = Grid(
        "行为反应的参数", "见各值", columns("参数* 条件* 值* 可信等级* 依据*"),
        [(f"{named.get(one.key, one.key)}\n{one.key}", said.where(one.parameter.where_text), one.parameter.value_text,
          one.parameter.grade.label, str(one.parameter.source)) for one in view.facts.response],
    )  # fmt: skip
    plans = []
    for row in view.reforms:
        plan = view.facts.plans.get(row["law_no"])
        if plan is None:
            continue
        cells = [one for one in plan.cells.to_pylist() if one["change_ppm"]]
        lines = [
            (f"{said.kind(one['kind'])}，{said.level(one['hosp_lv'])}，{said.insutype(one['insutype'])}",
             said.count(one["visits"]), said.share(one["share_before"], 1), said.share(one["share_after"], 1),
             said.axis_value(one["elasticity_ppm"], "ratio"), f"{one['change_ppm'] / 10_000:+,.2f}%") for one in cells
        ]  # fmt: skip
        name = view.name(row["law_no"])
        plans.append({
            "lead": f"{name}：{said.count(plan.visits)} 次就诊中，减少 {said.count(plan.gone)} 次，"
                    f"增加 {said.count(plan.added)} 次，换到其他等级 {said.count(plan.moved)} 次。",
            "grid": Grid(f"{name}：按弹性变化的就诊", "就诊 次，其余 %",
                         columns("类别、等级和险种* 就诊 个人支付比例（前） 个人支付比例（后） 弹性 就诊变化"), lines,
                         note="就诊变化 = 弹性 × 个人支付比例的相对变化；个人支付比例不变的不列。")
                    if lines else None,
            "findings": [str(one) for one in plan.findings],
        })  # fmt: skip
    return {"rules": rules, "plans": plans}


def fund(view: View) -> dict[str, Any]:
    """Section 3: fund spending by month, insurance and fund, kind and level."""
    monthly: list[Row] = []
    base: dict[Any, int] = {}
    for law in view.reforms:
        for key, row in summed(view.of("impact_fund", law["law_no"]), lambda one: one["month"], _AMOUNTS).items():
            base[key] = row["fund_before"]
            monthly.append({"month": key, "law": view.name(law["law_no"]), "fund": row["fund_after"],
                            "change": row["fund_after"] - row["fund_before"]})  # fmt: skip
    start = [{"month": month, "law": view.laws[0], "fund": amount, "change": 0} for month, amount in base.items()]
    return {
        "months": drawn.months([*start, *monthly], view.laws) if start else None,
        "insurances": _insurances(view),
        "cells": [cell for law in view.reforms if (cell := _cells(view, law)) is not None],
    }


def _insurances(view: View) -> Grid:
    rows = []
    for law in view.reforms:
        found = summed(view.of("impact_fund", law["law_no"]), lambda one: one["insutype"], _AMOUNTS)
        for code, row in sorted(found.items(), key=lambda one: str(one[0])):
            for name in ("fund", *FUNDS):
                before, after = row[f"{name}_before"], row[f"{name}_after"]
                if name == "fund" or before or after:
                    label = said.insutype(str(code)) if name == "fund" else f"　{said.FUNDS[name]}"
                    rows.append((label, view.name(law["law_no"]), *said.moved(before, after)))
    return Grid("各险种参保人的基金支出", "元", columns("险种和基金* 方案* 现行 改革后 增减 增减幅度"), rows,
                note="缩进的行是上一行的组成；没有发生的基金不列。")  # fmt: skip


def _cells(view: View, law: Row) -> dict[str, Any] | None:
    found = summed(view.of("impact_fund", law["law_no"]), lambda one: (one["kind"], one["hosp_lv"]),
                   ("claims_before", "claims_after", *_AMOUNTS))  # fmt: skip
    if not found:
        return None
    named = [(f"{said.kind(cell[0])}·{said.level(cell[1])}", row) for cell, row in found.items()]
    named.sort(key=lambda one: (-abs(one[1]["fund_after"] - one[1]["fund_before"]), -one[1]["fund_before"], one[0]))
    rows = [
        (label, said.count(row["claims_before"]), said.count(row["claims_after"]), said.money(row["fee_after"]),
         *said.moved(row["fund_before"], row["fund_after"]), *said.moved(row["burden_before"], row["burden_after"])[2:])
        for label, row in named[:TOP_CELLS]
    ]  # fmt: skip
    name = view.name(law["law_no"])
    left = f"变化最大的{TOP_CELLS}格，共{len(named)}格，全部在 impact.xlsx。" if len(named) > TOP_CELLS else ""
    amounts = [(label, row["fund_after"] - row["fund_before"]) for label, row in named]
    touched = [(label, amount) for label, amount in amounts if amount]
    heads = columns(
        "类别和机构等级* 结算（前） 结算（后） 医疗费用（后） 基金（前） 基金（后） 基金增减 幅度 负担增减 负担幅度"
    )
    return {
        "chart": drawn.changes(f"cells-{law['law_no']}", f"{name}：各类别、各等级机构的基金支出增减", touched,
                               "基金支出比现行增减", "没有变化的不画。") if touched else None,
        "grid": Grid(f"{name}：按类别和机构等级", "结算 笔，金额 元", heads, rows, note=left),
    }  # fmt: skip


def split(view: View) -> list[dict[str, Any]]:
    """Section 7: one parameter at a time, with what is left over."""
    found = []
    for law in view.reforms:
        rows = view.of("impact_split", law["law_no"])
        if not rows:
            continue
        name = view.name(law["law_no"])
        touched = [fund for fund in FUNDS if any(row[fund] for row in rows)]
        listed = [(_part(row), *(said.signed(row[fund]) for fund in ("fund", *touched, "burden"))) for row in rows]
        heads = [Column("参数", True), *map(Column, ("基金支出", *(said.FUNDS[fund] for fund in touched), "个人负担"))]
        found.append({
            "chart": drawn.waterfall(law["law_no"], name, _steps(rows)),
            "grid": Grid(f"{name}：逐项分解", "元", heads, listed[:-1], listed[-1],
                         "每行是只改这一项的变化；交互项 = 全部改革 − 各单项之和，因此各行之和正好等于全部改革。"
                         "没有变化的基金不列。"),
        })  # fmt: skip
    return found


def _part(row: Row) -> str:
    return said.PARTS[row["part"]] if row["part"] in said.PARTS else f"{row['label'] or row['key']}\n{row['key']}"


def _steps(rows: Sequence[Row]) -> list[tuple[str, int]]:
    """The bars of the waterfall: the largest singles, the rest of them as one, then the others in order."""
    singles = sorted((row for row in rows if row["part"] == "single"), key=lambda row: (-abs(row["fund"]), row["seq"]))
    labels = [str(row["label"] or row["key"]) for row in singles]
    shown = [(label if labels.count(label) == 1 else f"{label}（{row['key']}）", int(row["fund"]))
             for label, row in zip(labels, singles, strict=True)]  # fmt: skip
    rest = shown[drawn.TOP :]
    steps = shown[: drawn.TOP] + ([(f"其余{len(rest)}项", sum(amount for _, amount in rest))] if rest else [])
    return steps + [(said.PARTS[row["part"]], int(row["fund"])) for row in rows if row["part"] != "single"]


def reserve(view: View) -> Grid:
    """Section 8: contributions, spending of the basic fund, balance and months."""
    rows = []
    for law in view.reforms:
        for one in view.of("impact_reserve", law["law_no"]):
            rows.append((
                said.insutype(one["insutype"]), view.name(law["law_no"]),
                *(_pair(one, name) for name in ("paid", "spent", "balance")),
                f"{said.tenths(one['reserve_before'])}\n→ {said.tenths(one['reserve_after'])}",
            ))  # fmt: skip
    return Grid("缴费、统筹支出和可支付月数", "金额 元，月数 月",
                columns("险种* 方案* 缴费和补助 统筹基金支出 累计结余 可支付月数"), rows,
                note="上行现行、下行改革后。统筹基金支出只含基本医保统筹（大病、大额、救助另有资金）；累计结余为期末数，"
                     "改革后的等于现行的加缴费的变化、减统筹支出的变化。没有给出的写“—”。")  # fmt: skip


def _pair(row: Row, name: str) -> str:
    return f"{said.money(row[f'{name}_before'])}\n→ {said.money(row[f'{name}_after'])}"


def examples(view: View) -> list[dict[str, Any]]:
    """Section 9: people who gain or lose, with the command that opens the settlement under both laws."""
    told = []
    for law in view.reforms:
        for row in view.of("impact_example", law["law_no"]):
            told.append(_example(view, law["law_no"], row))
    return told


def _example(view: View, law_no: int, row: Row) -> dict[str, Any]:
    name = view.name(law_no)
    head = said.PICKS[row["pick"]] if row["pick"] == "extreme" else f"{said.kind(row['kind'])}{said.PICKS['typical']}"
    claim_change = None if row["setl_id"] is None else row["burden_after"] - row["burden_before"]
    steps = [
        ("全年个人负担", f"{said.money(row['person_before'])} → {said.money(row['person_after'])} 元",
         f"{said.signed(row['person_after'] - row['person_before'])} 元"),
    ]  # fmt: skip
    if row["setl_id"] is not None:
        where = f"{row['day']} {said.kind(row['kind'])}，{said.level(row['hosp_lv'])}，{row['fixmedins_code']}"
        steps += [
            (f"结算 {row['setl_id']}", f"{said.money(row['medfee'])} 元", where),
            ("　基金支付", f"{said.money(row['fund_before'])} → {said.money(row['fund_after'])} 元", ""),
            ("　个人负担", f"{said.money(row['burden_before'])} → {said.money(row['burden_after'])} 元",
             f"{said.signed(claim_change)} 元"),
        ]  # fmt: skip
    runs = [run for run in (view.facts.base_run, view.told(law_no).run) if run and row["setl_id"] is not None]
    who = f"{said.value('age', row['age_band'])}，{said.identity(row['identity'])}，{row['year']}年度"
    return {
        "title": f"{name}：{said.SIDES[row['side']]}，{head}（{row['psn_no']}）", "who": who, "steps": steps,
        "commands": [f"yibao explain {row['setl_id']} --run {run}" for run in runs],
    }  # fmt: skip


def search(view: View) -> dict[str, Any] | None:
    """Section 10: the frontier of a search; None where there was none."""
    asked = view.facts.search
    if asked is None:
        return None
    best = {one.trial.values: str(nth) for nth, one in enumerate(asked.choices, start=1)}

    def text(values: Sequence[int]) -> str:
        named = zip(asked.labels, asked.units, values, strict=True)
        return "，".join(
            f"{label} {said.axis_value(one, unit)}{'元' if unit == 'yuan' else ''}" for label, unit, one in named
        )

    counted = bool(asked.trials) and all(one.above is not None for one in asked.trials)
    dots = [
        {"fund": one.fund, "height": one.above if counted else one.burden, "text": best.get(one.values, ""),
         "state": "前沿" if one.values in best else "达到目标" if one.fund <= asked.target else "超过目标"}
        for one in asked.trials
    ]  # fmt: skip
    rows = [
        (f"{nth} {text(one.trial.values)}", said.money(one.trial.fund), said.signed(one.trial.fund - asked.target),
         said.count(one.trial.above), said.money(one.trial.burden), one.reason)
        for nth, one in enumerate(asked.choices, start=1)
    ]  # fmt: skip
    bounds = "；".join(
        f"{label} {said.axis_value(axis.low, unit)}—{said.axis_value(axis.high, unit)}，"
        f"步长 {said.axis_value(axis.step, unit)}"
        for label, unit, axis in zip(asked.labels, asked.units, asked.axes, strict=True)
    )
    return {
        "lead": f"在“{asked.law}”上改变：{bounds}。目标：基金支出不超过 {said.money(asked.target)} 元。"
                f"试算 {len(asked.trials)} 组，前沿上 {len(asked.choices)} 组。",
        "chart": drawn.frontier(dots, asked.target, counted) if dots else None,
        "grid": Grid("前沿：达到目标的取值，没有别的取值在人数和负担上都更好", "金额 元，人数 人",
                     columns("取值* 基金支出 比目标 灾难性支出人数 个人负担 理由*"), rows,
                     note="前沿给出取舍，不替人决定。试算之外的取值没有算过。"),
    }  # fmt: skip


def checks(view: View) -> Grid:
    """Section 11: every total that must close."""
    rows = []
    for one in view.impact.closings:
        label, counts = said.closing(one)
        text = said.count if counts else said.money
        rows.append((label, view.name(one.law_no), text(one.one), text(one.other), "相符" if one.closes else "不符"))
    return Grid("总数核对", "见项目", columns("应相等的两个数* 方案* 左 右 结果*"), rows)


def doubts(view: View) -> list[Mapping[str, str]]:
    """Unverified parameters of law 0 and of the reforms, each once."""
    found: dict[str, Mapping[str, str]] = {}
    for one in (*view.facts.doubts, *(doubt for reform in view.facts.reforms for doubt in reform.doubts)):
        found.setdefault(f"{one.key}={one.value}", one._asdict())
    return list(found.values())
