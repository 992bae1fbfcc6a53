"""The people's side of a simulation's page: burden by group, winners and losers, catastrophic spending."""

from typing import Any

from yibao.report import impact_drawings as drawn
from yibao.report import impact_words as said
from yibao.report.charts import Chart
from yibao.report.grid import Column, Grid, columns
from yibao.report.impact_view import Row, View


def burden(view: View) -> dict[str, Any]:
    """Section 4: patients' burden by group."""
    charts: list[Chart] = []
    for dimension in ("age", "identity"):
        rows = _means(view, dimension)
        if rows:
            charts.append(drawn.groups(dimension, rows, view.laws))
    return {"charts": charts, "grids": [_groups(view, one) for one in said.DIMENSIONS]}


def _sorted(view: View, law_no: int, dimension: str) -> list[Row]:
    rows = view.of("impact_burden", law_no, dimension=dimension)
    return sorted(rows, key=lambda row: said.order(dimension, row["value"]))


def _means(view: View, dimension: str) -> list[Row]:
    """Mean burden by group under each law; the people are those of the first reform's comparison."""
    rows: list[Row] = []
    for at, law in enumerate(view.reforms):
        for one in _sorted(view, law["law_no"], dimension):
            if not one["people"]:
                continue
            name = said.value(dimension, one["value"])
            whens = (("before", view.laws[0]), ("after", view.name(law["law_no"])))
            for when, told in whens[1 if at else 0 :]:
                rows.append({"name": name, "law": told, "mean": one[f"burden_{when}"] / 100 / one["people"]})
    return rows


def _groups(view: View, dimension: str) -> Grid | None:
    rows = []
    for law in view.reforms:
        for one in _sorted(view, law["law_no"], dimension):
            rows.append((
                said.value(dimension, one["value"]), view.name(law["law_no"]),
                said.count(one["members"]) if one["members"] else "—", said.count(one["people"]),
                *said.moved(one["burden_before"], one["burden_after"]),
                said.mean(one["burden_before"], one["people"]), said.mean(one["burden_after"], one["people"]),
                said.share(one["burden_before"], one["fee_before"]), said.share(one["burden_after"], one["fee_after"]),
            ))  # fmt: skip
    if not rows:
        return None
    name = said.DIMENSIONS[dimension]
    heads = [Column(name, True), *columns(
        "方案* 参保人数 有就医的人 负担（前） 负担（后） 增减 幅度 人均（前） 人均（后） 占费用（前） 占费用（后）"
    )]  # fmt: skip
    note = {"level": "一人在几个等级都就医的，在各等级各计一次。",
            "catastrophic": f"界限：全年个人负担超过 {said.money(view.threshold)} 元。"}.get(dimension, "")  # fmt: skip
    return Grid(f"按{name}", "人数 人，金额 元，人均 元/人", heads, rows, note=note)


def people(view: View) -> list[dict[str, Any]]:
    """Section 5: winners and losers of each reform."""
    found = []
    acted = "打开了行为反应：负担的变化里也有就诊多了或少了的部分。" if view.facts.response else ""
    for law in view.reforms:
        rows = view.of("impact_change", law["law_no"])
        whole = sum(row["people"] for row in rows)
        listed = [
            (said.band(row["band_no"]), said.count(row["people"]), said.share(row["people"], whole),
             said.signed(row["change"]), said.mean(row["change"], row["people"])) for row in rows
        ]  # fmt: skip
        sides = {side: sum(row["people"] for row in rows if row["side"] == side) for side in said.SIDES}
        moved = [{"band": said.band(row["band_no"]), "people": row["people"], "side": row["side"]}
                 for row in rows if row["side"] in ("winner", "loser")]  # fmt: skip
        name = view.name(law["law_no"])
        total = ("合计", said.count(whole), "100.00%" if whole else "—", said.signed(law["burden_change"]), "")
        found.append({
            "name": name,
            "lead": "，".join(f"{label} {said.count(sides[side])} 人" for side, label in said.SIDES.items()),
            "chart": drawn.bands(law["law_no"], name, moved) if moved else None,
            "grid": Grid(f"{name}：全年个人负担的变化", "人数 人，金额 元，人均 元/人",
                         columns("全年个人负担* 人数 占比 负担变化 人均变化"), listed, total,
                         "“没有就医”是名单上没有结算的参保人，任何方案都不影响他们。" + acted),
        })  # fmt: skip
    return found


def catastrophic(view: View) -> Grid | None:
    """Section 6: people above the threshold by insurance and identity; None without a threshold."""
    if view.threshold is None:
        return None
    rows, whole = [], []
    names = ("insured", "people", "above_before", "above_after", "began", "ended", "over_before", "over_after")
    for law in view.reforms:
        mine = view.of("impact_catastrophic", law["law_no"])
        for one in mine:
            label = f"{said.insutype(one['insutype'])}，{said.identity(one['identity'])}"
            rows.append((label, view.name(law["law_no"]), *_above(one)))
        sums = {name: sum(row[name] for row in mine) for name in names}
        whole.append(("全部", view.name(law["law_no"]), *_above(sums)))
    heads = columns(
        "险种和身份* 方案* 参保人数 有就医的人 人数（前） 人数（后） 新增 减少 占参保（前） 占参保（后） "
        "超过（前） 超过（后）"
    )
    source = f"界限的依据：{view.facts.threshold_source}。" if view.facts.threshold_source else ""
    return Grid("灾难性支出的人", "人数 人，金额 元", heads, [*rows, *whole],
                note=f"全年个人负担（账户和现金）超过 {said.money(view.threshold)} 元。{source}"
                     "参保人数含没有就医的人；占比为统计数。")  # fmt: skip


def _above(row: Row) -> tuple[str, ...]:
    names = ("insured", "people", "above_before", "above_after", "began", "ended")
    return (
        *(said.count(row[name]) for name in names), said.share(row["above_before"], row["insured"]),
        said.share(row["above_after"], row["insured"]), said.money(row["over_before"]), said.money(row["over_after"]),
    )  # fmt: skip
