"""The worked examples of the DIP families on grouping, points, thresholds and coefficients, each under its own id."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pyarrow as pa
import pytest
from dip_city import ALL_LAYERS, REGIME, groups, lists, put_cases
from vectors import FAMILIES, Vector, ids, of

from yibao.casemix.dip import Catalogue, assign, score
from yibao.casemix.dip.learn import put_related
from yibao.casemix.dip.rules import cell_holds
from yibao.engine import Engine, load_sql
from yibao.kernel import half_up, half_up_ratio, points, points_text

SQL = "yibao.casemix.dip"


def yuan_text(fen: Fraction) -> str:
    return f"{Decimal(half_up_ratio(fen)).scaleb(-2):.2f}"


def place(
    cases: list[dict[str, Any]], table: pa.Table, regime: Any = REGIME, **with_lists: Any
) -> list[tuple[str, str]]:
    """(dip_code, dip_type) of hand-made cases under hand-made groups, by the product's own SQL."""
    ruled = {rule["dip_code"]: rule["layer"] for rule in with_lists.get("rules", ())}
    known = [{"dip_code": code, "scope": "rule", "dip_type": layer} for code, layer in ruled.items()]
    table = pa.concat_tables([table, groups(known)])
    with Engine() as engine:
        put_cases(engine, cases)
        put_related(engine, table)
        empty = pa.table({"dip_code": pa.array([], pa.string())})
        catalogue = Catalogue(
            table, engine.fetch("FROM related_part"), engine.fetch("FROM related_rank"), empty, empty, {}
        )
        assign(engine, catalogue, lists(**with_lists), regime)
        return engine.rows("SELECT dip_code, dip_type FROM assigned ORDER BY case_no")


def threshold(v: Vector) -> None:
    given = v.inputs
    if "pool" in given:
        assert v.expected["result"] == "THRESHOLD_BELOW_PROVINCE_FLOOR"
        assert score.below_province_floor(given["threshold"], 50)
        assert not score.below_province_floor(50, 50)
    elif given["mode"] == "coverage":
        least, covered = score.coverage_threshold(given["counts"], Fraction(given["share"]))
        assert (str(least), str(covered)) == (v.expected["threshold"], v.expected["covered"])
        assert f"{covered / sum(given['counts']):.4f}" == v.expected["coverage"]
    else:
        counts = pa.table({"dx": list(given["counts"]), "px": [""] * 2, "n": list(given["counts"].values())})
        with Engine() as engine:
            engine.put("core_count", counts)
            engine.run(load_sql(SQL, "core_key"), {"core_min": given["threshold"]})
            assert engine.rows("SELECT dx FROM core_key") == [(v.expected["core"],)]


def related_split(v: Vector) -> None:
    """Through related_key.sql: 20 cases without the related procedure, 20 with it, at the stated means."""
    without, with_it = (int(Decimal(str(v.inputs[name])) * 100) for name in ("mean_without", "mean_with"))
    increase = score.split_increase(Fraction(without), Fraction(with_it))
    assert f"{Decimal(half_up_ratio(increase, 10**4)).scaleb(-2):.2f}" == v.expected["increase_pct"]
    cases = [{"dx": ["K35.3"], "px": ["47.0100"], "fee": without} for _ in range(20)]
    cases += [{"dx": ["K35.3"], "px": ["47.0100", "54.5101"], "fee": with_it} for _ in range(20)]
    cut = Fraction(v.inputs["cut"])
    with Engine() as engine:
        put_cases(engine, cases)
        from yibao.casemix.dip.learn import prepare

        prepare(engine, lists(), REGIME)
        params = {**REGIME.sql_params, "increase_num": cut.numerator, "increase_den": cut.denominator}
        engine.pipeline(SQL, ("core_count", "core_key", "related_scope", "case_related", "related_key"), params)
        split = engine.rows("SELECT related FROM related_key")
    assert split == ([("54.5101",)] if v.expected["split"] == "yes" else [])


def composite_pool(v: Vector) -> None:
    given = v.inputs
    if "counts" not in given:
        with Engine() as engine:
            engine.put("composite_count", pa.table({"dx": ["C54"], "px_kind": ["相关手术"], "n": [given["pooled"]]}))
            engine.run(load_sql(SQL, "composite_key"), {"composite_min": given["threshold"], "drop_small": 1})
            assert str(engine.count("composite_key") == 1) == v.expected["keep"]
        return
    cases = [
        {"dx": [f"{given['dx3']}.{digit}"], "px": ["36.0700"]}
        for digit, n in enumerate(given["counts"])
        for _ in range(n)
    ]
    from yibao.casemix.dip.learn import learn

    with Engine() as engine:
        put_cases(engine, cases)
        learned = learn(engine, lists(), REGIME).groups.to_pylist()
    assert str(sum(row["scope"] == "core" for row in learned)) == v.expected["core_groups"]
    pooled = {row["dip_code"]: row["n_cases"] for row in learned if row["scope"] == "composite"}
    assert pooled == {v.expected["key"]: int(v.expected["pooled"])}


def composite_key(v: Vector) -> None:
    px = {"手术": ["47.0100"], "介入": ["36.0700"], "治疗性操作": ["99.1000"], "诊断性操作": ["88.0100"],
          "简单操作": ["89.0100"], None: []}[v.inputs["attribute"]]  # fmt: skip
    kinds = ("相关手术", "治疗性操作", "诊断性操作", "内科诊疗")
    table = groups(
        [{"dip_code": f"K35|{kind}组", "scope": "composite", "dx": "K35", "px_kind": kind} for kind in kinds]
    )
    assert place([{"dx": [v.inputs["dx"]], "px": px}], table) == [(v.expected["key"], "composite")]


def low_birth_weight(v: Vector) -> None:
    rules = national_rules("dip.rules.newborn")
    case = {"dx": [v.inputs["dx"]], "days": v.inputs["day_age"], "weight": v.inputs["birth_weight_g"]}
    found = place([case], groups([]), rules=rules)[0]
    assert found == (("", "ungrouped") if v.expected["group"] == "none" else (v.expected["group"], "early"))


def national_rules(*keys: str) -> list[dict[str, str]]:
    from datetime import date

    from yibao.packs import load_law

    view = load_law("national").at(date(2026, 1, 1))
    return [row for key in keys for row in view.table(key, regime="dip3_0_draft")]


def national_codes() -> dict[str, list[str]]:
    from datetime import date

    from yibao.packs import load_law

    codes: dict[str, list[str]] = {}
    for row in load_law("national").at(date(2026, 1, 1)).table("dip.code_lists"):
        codes.setdefault(row["list"], []).append(row["code"])
    return codes


LAYERS = {"先期": "early", "并项": "merged", "诊断辅助": "aux_dx", "基本": "core", "综合": "composite"}


def order_of_layers(v: Vector) -> None:
    hit = [LAYERS[name] for name in v.inputs["layers_hit"]]
    rules = [{"layer": layer, "dip_code": layer, "dx": "K35"} for layer in ALL_LAYERS[:3] if layer in hit]
    table = groups(
        [{"dip_code": "core", "scope": "core", "dx": "K35.3", "px": "47.0100"}] * ("core" in hit)
        + [{"dip_code": "composite", "scope": "composite", "dx": "K35", "px_kind": "相关手术"}]
    )
    found = place([{"dx": ["K35.300"], "px": ["47.0100"]}], table, rules=rules)
    assert found[0][0] == LAYERS[v.expected["assigned"]]


def related_match(v: Vector) -> None:
    given = v.inputs
    code = {name: f"1{n}.0000" for n, name in enumerate(("a", "b", "c", "x"))}
    table = groups([
        {"dip_code": name, "scope": "related" if related else "core", "dx": "K35.3", "px": "47.0100",
         "related": "|".join(code[one] for one in related)}
        for name, related in given["candidates"].items()
    ])  # fmt: skip
    case = [{"dx": ["K35.3"], "px": ["47.0100", *(code[one] for one in given["case_related"])]}]
    expected = v.expected["group"].removeprefix("LOCAL_RULE:").split(",")
    regime = REGIME._replace(related_match=given["mode"])
    found = place(case, table, regime)[0][0]
    turned = table.set_column(
        table.schema.get_field_index("tie_rank"),
        "tie_rank",
        pa.array([-rank for rank in table["tie_rank"].to_pylist()], pa.int64()),
    )
    other = place(case, turned, regime)[0][0]
    assert sorted({found, other}) == sorted(expected), "only a tie may hang on the local rule's rank"


def tumour(v: Vector) -> None:
    px = {"化疗": "99.2500", "免疫": "99.2800", "靶向": "99.2505"}
    case = {"dx": [v.inputs["dx"], *v.inputs["secondary"]], "px": [px[name] for name in v.inputs["therapies"]]}
    found = place([case], groups([]), rules=national_rules("dip.rules.tumour"), codes=national_codes())[0]
    assert (found[0] or "none") == v.expected["key"]


def tuberculosis(v: Vector) -> None:
    case = {"dx": [v.inputs["dx"], *(["U84.300"] if v.inputs["resistance_code_present"] else [])]}
    rules = national_rules("dip.rules.tuberculosis")
    assert place([case], groups([]), rules=rules)[0][0] == v.expected["key"]
    assert place([{"dx": [v.inputs["dx"]]}], groups([]), rules=rules)[0][0] == ""


def burns(v: Vector) -> None:
    """With age_split the rule row carries the age bound, which is a figure of the table, not of the program."""
    key = v.expected["key"]
    rule = {"layer": "aux_dx", "dip_code": key, "dx": v.inputs["principal"], "dx_other": v.inputs["area"],
            "age_max": str(v.inputs["child_below"] - 1)}  # fmt: skip
    codes = [v.inputs["principal"], v.inputs["area"]]
    found = place(
        [{"dx": codes, "age": v.inputs["age"]}, {"dx": codes, "age": v.inputs["child_below"]}], groups([]), rules=[rule]
    )
    assert [code for code, _ in found] == [key, ""]


def exclusion(v: Vector) -> None:
    given = v.inputs
    px = [code for code in (given["principal_procedure"], given["next_procedure"]) if code]
    rule = {
        "list": "px",
        "code": given["principal_procedure"],
        "effect": given["rule"],
        "scope": "|".join(given["scope"]),
    }
    with Engine() as engine:
        put_cases(engine, [{"dx": [given["dx"]], "px": px}])
        from yibao.casemix.dip.learn import prepare

        prepare(engine, lists(exclusions=[rule]), REGIME)
        led = engine.rows("SELECT px FROM case_main")[0][0]
    assert (led or "保守治疗") == v.expected["effective"]


def diagnosis_merge(v: Vector) -> None:
    given = v.inputs
    cases = [{"dx": [dx], "px": [given["procedure"]]} for dx in given["dx"] for _ in range(8)]
    from yibao.casemix.dip.learn import learn

    with Engine() as engine:
        put_cases(engine, cases)
        learn(engine, lists(), REGIME._replace(merge_dx3=True))
        found = engine.rows("SELECT DISTINCT g.dx || '|' || g.px FROM assigned JOIN dip_group AS g USING (dip_code)")
    assert found == [(v.expected["keys"].split(";")[0],)]


def procedure_cell(v: Vector) -> None:
    assert str(cell_holds(v.inputs["cell"], v.inputs["codes"])) == v.expected["hit"]
    rules = [{"layer": "merged", "dip_code": "M", "dx": "D18", "px": v.inputs["cell"]}]
    found = place([{"dx": ["D18.0"], "px": v.inputs["codes"]}], groups([]), rules=rules)
    assert (found[0][0] == "M") == (v.expected["hit"] == "True")


def trimming(v: Vector) -> None:
    cases = [{"dx": ["K35.3"], "px": ["47.0100"], "fee": fee * 10_000} for fee in range(1, 41)]
    from yibao.casemix.dip.learn import learn

    regime = REGIME._replace(
        trim_level="group", trim_low=Fraction(v.inputs["low"]), trim_high=Fraction(v.inputs["high"]), trim_min=25
    )
    with Engine() as engine:
        put_cases(engine, cases)
        learned = learn(engine, lists(), regime)
        low, high = engine.rows("SELECT low, high FROM trim_bound WHERE trim_key = 'K35.3-47.0100'")[0]
        kept = engine.rows("SELECT n FROM reference WHERE dip_code = 'K35.3-47.0100'")[0][0]
    assert (yuan_text(Fraction(int(low), 1000)), yuan_text(Fraction(int(high), 1000))) == (
        v.expected["lo"],
        v.expected["hi"],
    )
    assert str(kept) == v.expected["kept"]
    mean = next(row["mean_fee"] for row in learned.groups.to_pylist() if row["dip_code"] == "K35.3-47.0100")
    assert yuan_text(Fraction(mean)) == v.expected["mean"]


def variation(v: Vector) -> None:
    fees = [fee * 100 for fee in v.inputs["costs"]]
    assert f"{score.coefficient_of_variation(fees):.4f}" == v.expected["cv_pop"]
    assert f"{score.coefficient_of_variation(fees, 1):.4f}" == v.expected["cv_sample"]


def weighted(
    means: list[Any], weights: list[int], cases: list[int] | None = None, basis: str = "mean_of_means"
) -> Fraction:
    sizes = cases or [1] * len(means)
    years = {y: (n, m * n * 100) for y, (m, n) in enumerate(zip(means, sizes, strict=True)) if m is not None}
    mean = score.weighted_mean(years, dict(enumerate(weights)), basis)
    assert mean is not None
    return mean


def points_by_mean(v: Vector) -> None:
    given = v.inputs
    mean, pool = (weighted(given[name], given["weights"]) for name in ("group_means", "all_means"))
    assert (yuan_text(mean), yuan_text(pool)) == (v.expected["mi"], v.expected["M"])
    assert points_text(score.group_points(mean, pool, given["scale"])) == v.expected["score"]


def points_by_unit(v: Vector) -> None:
    given = v.inputs
    unit = Fraction(given.get("benchmark") or given["quota"])
    assert points_text(score.group_points(Fraction(given["mi"]), unit, given["scale"])) == v.expected["score"]


def missing_year(v: Vector) -> None:
    given = v.inputs
    assert yuan_text(weighted(given["group_means"], given["weights"])) == v.expected["mi"]
    plain = sum(
        Fraction((m or 0) * w * 100, sum(given["weights"]))
        for m, w in zip(given["group_means"], given["weights"], strict=True)
    )
    assert yuan_text(Fraction(plain)) == v.expected["not_renormalised"] != v.expected["mi"]


def weight_basis(v: Vector) -> None:
    given = v.inputs
    for basis, name in (("mean_of_means", "mean_of_means"), ("pooled", "pooled")):
        assert yuan_text(weighted(given["means"], given["weights"], given["cases"], basis)) == v.expected[name]


def cost_points(v: Vector) -> None:
    (mine, pool), (printed,) = list(v.inputs.values()), list(v.expected.values())
    assert points_text(score.cost_ratio_points(Fraction(mine), Fraction(pool))) == printed


def total_kept(v: Vector) -> None:
    given = v.inputs
    factor = score.keep_total(given["cases"], given["standard"], given["proposed"])
    paid = [p * factor for p in given["proposed"]]
    assert f"{Decimal(half_up_ratio(factor, 10**6)).scaleb(-6):.6f}" == v.expected["factor"]
    assert ",".join(points_text(half_up_ratio(p, 10**4)) for p in paid) == v.expected["paid"]
    assert sum(n * p for n, p in zip(given["cases"], paid, strict=True)) == Fraction(v.expected["check"])


def add_on(v: Vector) -> None:
    given = v.inputs
    group = points(given["group_score"])
    extra, total = score.add_on_points(group, given["eligible_cost"], Fraction(given["M"]), 1000, Fraction(given["k"]))
    assert (points_text(extra), points_text(total)) == (v.expected["addon"], v.expected["total"])


def bed_days(v: Vector) -> None:
    given = v.inputs
    day, stay = score.bed_day_points(Fraction(given["day_mean"]), Fraction(given["M"]), 1000, given["days"])
    assert (points_text(day), points_text(stay)) == (v.expected["day_score"], v.expected["case_score"])


def case_mix_index(v: Vector) -> None:
    """CMI as hospital.sql computes it, with a scale of 1 so that it prints as the glossary does."""
    rows = [("H1", points(s)) for s, n in zip(v.inputs["scores"], v.inputs["cases"], strict=True) for _ in range(n)]
    size = len(rows)
    with Engine() as engine:
        engine.put("grouped", pa.table({
            "case_no": list(range(size)), "fixmedins_code": [h for h, _ in rows], "hosp_lv": [""] * size,
            "dip_type": ["core"] * size, "group_points": [p for _, p in rows], "medfee_sumamt": [1] * size,
        }))  # fmt: skip
        engine.put("case_points", pa.table({"case_no": list(range(size)), "case_points": [p for _, p in rows]}))
        engine.put("share", pa.table({"case_no": list(range(size)), "pay": [0] * size}))
        engine.run(load_sql("yibao.payment", "hospital"), {"scale": 1})
        assert points_text(engine.rows("SELECT cmi FROM hospital")[0][0]) == v.expected["cmi"]


def dip_points(v: Vector) -> None:
    """RULEBOOK's own example: 9000/10000/11000 at 1:2:7 against a base disease of 8000 = 1000 points."""
    mean = weighted(v.inputs["costs"], [int(w * 10) for w in v.inputs["w"]])
    assert yuan_text(mean) == v.expected["avg"]
    unit = Fraction(v.inputs["benchmark_cost"] * 100)
    assert points_text(score.group_points(mean, unit, v.inputs["benchmark_pts"])) == v.expected["pts"]


CHECKS = {
    "临界值": threshold, "相关操作拆分": related_split, "综合病种": composite_pool, "综合病种入组": composite_key,
    "先期分组": low_birth_weight, "入组顺序": order_of_layers, "相关操作匹配": related_match, "肿瘤诊断辅助": tumour,
    "结核诊断辅助": tuberculosis, "烧伤诊断辅助": burns, "费用裁剪": trimming, "变异系数": variation,
    "病种分值-平均费用法": points_by_mean, "病种分值-基准病种法": points_by_unit, "病种分值-标准定额法": points_by_unit,
    "年份缺失": missing_year, "加权口径": weight_basis, "药品分值": cost_points, "耗材分值": cost_points,
    "总分值不变": total_kept, "新药新技术加成": add_on, "床日分值": bed_days, "排除列表": exclusion,
    "诊断并项": diagnosis_merge, "手术操作并项": procedure_cell, "CMI": case_mix_index, "DIP分值": dip_points,
}  # fmt: skip


@pytest.mark.parametrize("vector", of(*CHECKS), ids=ids(*CHECKS))
def test_the_worked_example_holds(vector: Vector) -> None:
    CHECKS[vector.family](vector)


def test_half_up_is_the_only_rounding_used() -> None:
    assert [half_up(5, 10), half_up(-5, 10), half_up(4, 10)] == [1, -1, 0]


def test_every_checked_family_exists() -> None:
    if FAMILIES:
        assert set(CHECKS) <= FAMILIES
