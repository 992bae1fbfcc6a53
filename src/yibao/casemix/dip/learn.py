"""Learns a DIP catalogue (病种目录库) from a history of cases: which groups exist, what they cost, their points.

Reads the tables ``cases``, ``case_px`` (and ``case_dx`` when rules look at secondary diagnoses) of an `Engine`;
leaves its working tables there. Source: DIP 3.0 draft ch.3–5, regimes by parameter (DIP_REGIMES A.3, A.4).
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from fractions import Fraction
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

import pyarrow as pa

from yibao.casemix.dip.regime import Regime
from yibao.casemix.dip.rules import Rules
from yibao.casemix.dip.score import coverage_threshold, weighted_mean, weighted_quotient, year_weights
from yibao.engine import Engine
from yibao.kernel import POINT_SCALE, half_up, half_up_ratio
from yibao.standard.icd10 import chapter_of

PACKAGE = "yibao.casemix.dip"
PREPARE = ("dx_code", "px_code", "case_px_first", "case_main", "rule_hit")
LEARN_CORE = ("core_key", "related_scope", "case_related", "related_key")
LEARN = (
    "rest_after_core", "merged_key", "composite_count", "composite_key", "chapter_key", "core_kind", "dip_group",
)  # fmt: skip
ASSIGN = ("related_hit", "key_group", "assigned")
MEASURE = ("trim_bound", "measured", "reference")
LEVELS = ("1", "2", "3")


class LearnError(ValueError):
    """No catalogue can be learned; the message is Chinese and says what is missing."""


class GroupingLists(NamedTuple):
    """What grouping joins with besides the cases: rules, exclusions and the attribute table (px_kind)."""

    rules: Rules
    exclusions: dict[str, pa.Table]
    px_kind: pa.Table


class Catalogue(NamedTuple):
    """A learned catalogue.

    ``groups`` (grain dip_code): keys, counts, weighted means in fen rounded half up, points 10⁻⁴.
    ``reference`` (grain dip_code, hosp_lv, dscg_year): cases and fees after trimming, the standard of deviations.
    ``levels`` (grain hosp_lv): weighted mean fee and ratios to the pool. ``facts``: unit, thresholds, years.
    """

    groups: pa.Table
    related_part: pa.Table
    related_rank: pa.Table
    reference: pa.Table
    levels: pa.Table
    facts: dict[str, object]


def prepare(engine: Engine, lists: GroupingLists, regime: Regime, first_year: int = 0) -> None:
    """Makes stay, case_main and rule_hit for the cases at hand; the same for history and for pricing."""
    for name, table in {**lists.rules.tables, **lists.exclusions, "px_kind": lists.px_kind}.items():
        engine.put(name, table)
    if not lists.rules.needs_other_dx:
        engine.put(
            "case_dx",
            pa.table(
                {
                    "case_no": pa.array([], pa.int64()),
                    "seq": pa.array([], pa.int32()),
                    "diag_code": pa.array([], pa.string()),
                }
            ),
        )
    engine.pipeline(PACKAGE, ("stay",), {"first_year": first_year})
    categories = [row[0] for row in engine.rows("SELECT DISTINCT substr(dx, 1, 3) FROM stay ORDER BY 1")]
    engine.put(
        "dx_chapter",
        pa.table(
            {
                "dx3": pa.array(categories, pa.string()),
                "chapter": pa.array([chapter_of(category) for category in categories], pa.string()),
            }
        ),
    )
    engine.pipeline(PACKAGE, PREPARE, regime.sql_params)


def _core_minimum(engine: Engine, regime: Regime) -> tuple[int, dict[str, object]]:
    if regime.core_coverage is None:
        return regime.core_min, {}
    counts = [n for n, groups in engine.rows("SELECT n, count(*) FROM core_count GROUP BY n") for _ in range(groups)]
    threshold, covered = coverage_threshold(counts, regime.core_coverage)
    return threshold, {"core_covered": covered}


def put_related(engine: Engine, groups: pa.Table) -> None:
    """Makes related_part (a group's related codes) and related_rank (which wins a tie) from the groups."""
    rows = [row for row in groups.select(["dip_code", "related", "tie_rank"]).to_pylist() if row["related"]]
    parts = [
        (row["dip_code"], code, len(row["related"].split("|"))) for row in rows for code in row["related"].split("|")
    ]
    engine.put(
        "related_part",
        pa.table(
            {
                "dip_code": pa.array([p[0] for p in parts], pa.string()),
                "oprn_code": pa.array([p[1] for p in parts], pa.string()),
                "n_codes": pa.array([p[2] for p in parts], pa.int64()),
            }
        ),
    )
    engine.put(
        "related_rank",
        pa.table(
            {
                "dip_code": pa.array([row["dip_code"] for row in rows], pa.string()),
                "nth": pa.array([row["tie_rank"] for row in rows], pa.int64()),
            }
        ),
    )


def _keep_whole_groups(engine: Engine, core_min: int, tie: str) -> None:
    """Takes back splits until every related group, and the group it was split from, keeps the threshold of cases.

    Each split was judged alone; a case with two of the codes goes to one group only. So the cases are counted where
    they would go, groups under the threshold are dropped, and where the rest of a pair is under it its last split in
    the order of ties; repeated until nothing is dropped (DIP 3.0 draft: a core group has n ≥ T; count after moves).
    """
    while True:
        ranks = _tie_ranks(engine, tie)
        order = {"related_code": pa.array(list(ranks), pa.string()), "nth": pa.array(list(ranks.values()), pa.int64())}
        engine.put("related_order", pa.table(order))
        engine.pipeline(PACKAGE, ("related_count",))
        kept = engine.rows("SELECT dx, px, related_code, n, n_rest FROM related_count ORDER BY dx, px, nth")
        drop = {code for _, _, code, n, _ in kept if n < core_min}
        touched = {(dx, px) for dx, px, code, _, _ in kept if code in drop}
        last = {(dx, px): (code, n_rest) for dx, px, code, _, n_rest in kept}
        drop |= {code for pair, (code, n_rest) in last.items() if pair not in touched and n_rest < core_min}
        if not drop:
            return
        engine.put("related_dropped", pa.table({"related_code": pa.array(sorted(drop), pa.string())}))
        engine.con.execute(
            "DELETE FROM related_key WHERE dx || '-' || px || '-' || related IN "
            "(SELECT related_code FROM related_dropped)"
        )


def _tie_ranks(engine: Engine, rule: str) -> dict[str, int]:
    """Which of several related groups wins a tie: the dearest in the history or the first by code (dip.related.tie)."""
    rows = engine.rows("SELECT dx || '-' || px || '-' || related, n, fee FROM related_key")
    if rule == "dearest":
        rows.sort(key=lambda row: (-Fraction(row[2], row[1]), row[0]))
    elif rule == "first":
        rows.sort(key=lambda row: row[0])
    else:
        raise LearnError(f"相关操作并列时的取组规则“{rule}”不认识，应为 dearest 或 first（参数 dip.related.tie）")
    return {row[0]: nth for nth, row in enumerate(rows, start=1)}


def _groups(engine: Engine, regime: Regime) -> pa.Table:
    """The table dip_group with each group's rank among related ties; put back for the assignment to read."""
    ranks = _tie_ranks(engine, regime.related_tie)
    groups = engine.fetch("SELECT * FROM dip_group ORDER BY dip_code")
    twice = [code for code, n in Counter(groups["dip_code"].to_pylist()).items() if n > 1]
    if twice:
        raise LearnError(
            f"病种编码重复：{'、'.join(sorted(twice)[:5])}；分组规则表（dip_rules）中的编码不得在两个层次使用，"
            "也不得与由病例学习得到的病种编码相同，请改用别的编码"
        )
    ranked = groups.append_column(
        "tie_rank", pa.array([ranks.get(code, 0) for code in groups["dip_code"].to_pylist()], pa.int64())
    )
    engine.put("dip_group", ranked)
    put_related(engine, ranked)
    return ranked


class _Means(NamedTuple):
    """Exact weighted means in fen: of each group and each group at each level as (numerator, denominator), of the pool
    and of each level as fractions.
    """

    group: dict[str, tuple[int, int]]
    group_level: dict[tuple[str, str], tuple[int, int]]
    pool: Fraction
    level: dict[str, Fraction]


_Years = dict[int, tuple[int, int]]


def _add(years: _Years, year: int, n: int, fee: int) -> None:
    had = years.get(year, (0, 0))
    years[year] = (had[0] + n, had[1] + fee)


def _means(reference: pa.Table, weights: Mapping[int, int], basis: str) -> _Means:
    """``reference`` is in the order of its key, so each group's rows stand together."""
    group: dict[str, tuple[int, int]] = {}
    group_level: dict[tuple[str, str], tuple[int, int]] = {}
    columns = (reference[name].to_pylist() for name in ("dip_code", "hosp_lv", "dscg_year", "n", "fee"))
    for code, rows in groupby(zip(*columns, strict=True), key=itemgetter(0)):
        whole: _Years = {}
        for level, part in groupby(rows, key=itemgetter(1)):
            years = {year: (n, fee) for _, _, year, n, fee in part}
            for year, (n, fee) in years.items():
                _add(whole, year, n, fee)
            if (mean := weighted_quotient(years, weights, basis)) is not None:
                group_level[code, level] = mean
        if (mean := weighted_quotient(whole, weights, basis)) is not None:
            group[code] = mean
    level_sums: dict[str, _Years] = defaultdict(dict)
    pool_sums: _Years = {}
    own = reference.group_by(["hosp_lv", "dscg_year"]).aggregate([("n_own", "sum"), ("fee_own", "sum")])
    for row in own.to_pylist():
        _add(level_sums[row["hosp_lv"]], row["dscg_year"], row["n_own_sum"], row["fee_own_sum"])
        _add(pool_sums, row["dscg_year"], row["n_own_sum"], row["fee_own_sum"])
    pool = weighted_mean(pool_sums, weights, basis)
    if not pool:
        raise LearnError("历史病例中没有可用于测算次均费用的病例，请检查结算日期范围和医疗总费用")
    levels = {level: weighted_mean(years, weights, basis) for level, years in level_sums.items() if level}
    return _Means(group, group_level, pool, {level: mean for level, mean in levels.items() if mean is not None})


def _auto_base(engine: Engine, regime: Regime) -> str:
    """The steadiest operated core group (lowest CV of kept cases) with enough cases (基准病种, S4 三(一))."""
    engine.pipeline(PACKAGE, ("base_candidate",))
    found = engine.rows("SELECT operated, dip_code, n, fee, fee_square FROM base_candidate")
    rows = [row[1:] for row in found if row[0]] or [row[1:] for row in found]
    if not rows:
        raise LearnError(
            "历史病例没有形成核心病种，无法选取基准病种；请增加历史数据，或改用平均费用法（dip.score.method: all_mean）"
        )
    enough = [row for row in rows if row[1] >= regime.base_min] or rows
    return str(min(enough, key=lambda row: (Fraction(int(row[1]) * int(row[3]), int(row[2]) ** 2), row[0]))[0])


def _unit(engine: Engine, regime: Regime, means: _Means) -> tuple[Fraction, str]:
    """The fee in fen that ``scale`` points stand for, and the base disease where the method has one."""
    if regime.score_method == "all_mean":
        return means.pool, ""
    if regime.score_method == "quota" and regime.score_quota_fen:
        return Fraction(regime.score_quota_fen), ""
    if regime.score_method == "base_disease":
        base = regime.base_disease if regime.base_disease != "auto" else _auto_base(engine, regime)
        if base not in means.group:
            raise LearnError(f"基准病种“{base}”在历史病例中没有成组，请改选基准病种（参数 dip.base_disease）或写 auto")
        return Fraction(*means.group[base]), base
    raise LearnError(f"分值测算方法“{regime.score_method}”不认识（参数 dip.score.method）")


def _scored(groups: pa.Table, reference: pa.Table, means: _Means, unit: Fraction, scale: int) -> pa.Table:
    counted = reference.group_by("dip_code").aggregate([("n_all", "sum")])
    counts = dict(zip(counted["dip_code"].to_pylist(), counted["n_all_sum"].to_pylist(), strict=True))
    known = [means.group.get(code) for code in groups["dip_code"].to_pylist()]
    groups = groups.filter(pa.array([mean is not None for mean in known]))
    codes = groups["dip_code"].to_pylist()
    # points = mean ÷ unit × scale in 10⁻⁴ 分, as score.group_points has it, without reducing each fraction
    above, below = scale * POINT_SCALE * unit.denominator, unit.numerator
    added = {
        "n_cases": [counts[code] for code in codes],
        "mean_fee": [half_up(*means.group[code]) for code in codes],
        **{f"mean_fee_lv{level}": [_fee(means.group_level.get((code, level))) for code in codes] for level in LEVELS},
        "points": [half_up(means.group[code][0] * above, means.group[code][1] * below) for code in codes],
    }
    for name, column in added.items():
        groups = groups.append_column(name, pa.array(column, pa.int64()))
    return groups


def _fee(mean: tuple[int, int] | None) -> int | None:
    return None if mean is None else half_up(*mean)


def _levels(reference: pa.Table, means: _Means) -> pa.Table:
    """Grain hosp_lv: the level's weighted mean fee and its ratio to the pool's (``level_ratio``); its cases' fees, what
    the same cases cost at the groups' means over all levels, and the ratio of the two (``case_mix_ratio``, S4 三(三):
    病种结构). Fees in fen, each group's usual fee rounded once; ratios 10⁻⁴.
    """
    own: dict[str, int] = defaultdict(int)
    usual: dict[str, int] = defaultdict(int)
    summed = reference.group_by(["dip_code", "hosp_lv"]).aggregate([("n_own", "sum"), ("fee_own", "sum")])
    columns = ("dip_code", "hosp_lv", "n_own_sum", "fee_own_sum")
    for code, level, n, fee in zip(*(summed[name].to_pylist() for name in columns), strict=True):
        if level in means.level and n and code in means.group:
            above, below = means.group[code]
            own[level] += fee
            usual[level] += half_up(above * n, below)
    levels = sorted(means.level)
    whole = pa.int64()
    return pa.table(
        {
            "hosp_lv": pa.array(levels, pa.string()),
            "mean_fee": pa.array([half_up_ratio(means.level[level]) for level in levels], whole),
            "fee_own": pa.array([own[level] for level in levels], whole),
            "fee_usual": pa.array([usual[level] for level in levels], whole),
            "level_ratio": pa.array([half_up_ratio(means.level[level] / means.pool, 10**4) for level in levels], whole),
            "case_mix_ratio": pa.array(
                [half_up_ratio(Fraction(own[level], usual[level]), 10**4) for level in levels], whole
            ),
        }
    )


def learn(engine: Engine, lists: GroupingLists, regime: Regime) -> Catalogue:
    """Learns the catalogue from the engine's tables ``cases`` and ``case_px``.

    Only the last years that carry a weight are learned from. Raises LearnError when nothing can be learned.
    """
    years = [row[0] for row in engine.rows("SELECT DISTINCT year(dscg_date) FROM cases ORDER BY 1")]
    if not years:
        raise LearnError("没有可用的历史病例：请检查输入文件、日期范围和被退回的行")
    weights = year_weights(years[-1], regime.year_weights)
    prepare(engine, lists, regime, first_year=min(weights))
    engine.pipeline(PACKAGE, ("core_count",), regime.sql_params)
    core_min, covered = _core_minimum(engine, regime)
    params = {**regime.sql_params, "core_min": core_min}
    engine.pipeline(PACKAGE, LEARN_CORE, params)
    _keep_whole_groups(engine, core_min, regime.related_tie)
    engine.pipeline(PACKAGE, LEARN, params)
    groups = _groups(engine, regime)
    engine.pipeline(PACKAGE, (*ASSIGN, *MEASURE), params)
    reference = engine.fetch("SELECT * FROM reference ORDER BY dip_code, hosp_lv, dscg_year")
    means = _means(reference, weights, regime.weight_basis)
    unit, base = _unit(engine, regime, means)
    scored = _scored(groups, reference, means, unit, regime.score_scale)
    points = dict(zip(scored["dip_code"].to_pylist(), scored["points"].to_pylist(), strict=True))
    by_year: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    columns = ("dip_code", "dscg_year", "n_all", "fee_all")
    for code, year, n, fee in zip(*(reference[name].to_pylist() for name in columns), strict=True):
        by_year[year][0] += fee
        by_year[year][1] += n * points.get(code, 0)
    facts: dict[str, object] = {
        "regime": regime.name,
        "score_method": regime.score_method,
        "score_scale": regime.score_scale,
        "base_disease": base,
        "unit_fee_micro": half_up_ratio(unit, 10**4),
        "pool_mean_fee_fen": half_up_ratio(means.pool),
        "core_min": core_min,
        "years": {str(year): weights[year] for year in sorted(weights) if year in years},
        "history_cases": engine.count("stay"),
        "history_fee_fen": sum(fee for fee, _ in by_year.values()),
        "history_points": sum(worth for _, worth in by_year.values()),
        "history_by_year": {str(year): by_year[year] for year in sorted(by_year)},
        **covered,
    }
    related = [engine.fetch(f"SELECT * FROM {name} ORDER BY dip_code") for name in ("related_part", "related_rank")]
    return Catalogue(scored, related[0], related[1], reference, _levels(reference, means), facts)


def assign(engine: Engine, catalogue: Catalogue, lists: GroupingLists, regime: Regime) -> str:
    """Puts every case of the engine's ``cases`` into a group of ``catalogue``; makes and names table ``assigned``."""
    prepare(engine, lists, regime)
    engine.put("dip_group", catalogue.groups)
    engine.put("related_part", catalogue.related_part)
    engine.put("related_rank", catalogue.related_rank)
    engine.con.execute(
        "CREATE OR REPLACE TABLE related_scope AS SELECT DISTINCT dx, px FROM dip_group WHERE scope = 'related'"
    )
    engine.pipeline(PACKAGE, ("case_related", *ASSIGN), regime.sql_params)
    return "assigned"
