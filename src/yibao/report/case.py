"""One case's way from its codes to its payment, as Steps: what was tried, what answered, and every figure on the way.

Nothing is decided here: the group, the points, the deviation and the pay are those of the result; which procedures may
lead is asked of the same SQL that grouped the case.
"""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from yibao.casemix.dip import KIND_NAMES
from yibao.engine import Engine
from yibao.flows.dip_catalogue import Saved
from yibao.kernel import Step
from yibao.report import words
from yibao.report.names import Names
from yibao.report.parameters import Parameters
from yibao.standard.icd10 import chapter_of

_CASEMIX = "yibao.casemix.dip"
_EFFECTS = {
    "not_principal": "在排除清单中，不得作为主要手术操作",
    "conservative": "在排除清单中，按内科诊疗入组",
    "scope": "只在清单所列诊断范围内可作主要手术操作",
}
_NO_PROCEDURE = "内科诊疗"
_Q4 = Decimal("0.0001")


class Book(NamedTuple):
    """What explains a case beside its own row: the run's summary, its parameters, names, and the catalogue if given."""

    summary: Mapping[str, Any]
    parameters: Parameters
    names: Names
    saved: Saved | None
    engine: Engine

    @property
    def facts(self) -> Mapping[str, Any]:
        """What the catalogue was learned with."""
        return dict(self.summary["facts"])

    def group(self, code: str) -> Mapping[str, Any] | None:
        """The catalogue's working row of a group, in fen and 10⁻⁴ 分."""
        if self.saved is None:
            return None
        rows = self.saved.catalogue.groups.filter(pc.equal(self.saved.catalogue.groups["dip_code"], code))
        return dict(rows.to_pylist()[0]) if rows.num_rows else None


def case_steps(book: Book, case: Mapping[str, Any]) -> list[Step]:
    """The steps of one case: ``case`` is its row of the trail with deviation, case_points and pay of the result."""
    grouped = case["dip_type"] != "ungrouped"
    return [
        *listed_steps(book, case),
        *layer_steps(book, case),
        *(
            [
                points_step(book, case),
                standard_step(book, case),
                deviation_step(book, case),
                *_auxiliary(book, case),
                _coefficient(book, case),
            ]
            if grouped
            else []
        ),
        _case_points(book, case),
        *_payment(book, case),
    ]


def step_of(book: Book, label: str, value: str, unit: str, detail: str, *keys: str) -> Step:
    """A step with the sources of the parameters it rests on."""
    key, source, unverified = book.parameters.source(*keys) if keys else ("", "", False)
    return Step(label, value, unit, detail, key, source, unverified)


def named(code: str, name: str) -> str:
    """A code with its name, where it has one."""
    return f"{code}（{name}）" if name else code


def listed_steps(book: Book, case: Mapping[str, Any]) -> list[Step]:
    """What the settlement list says, which procedure leads, and whether the exclusion list bars the diagnosis."""
    diagnoses = [named(code, book.names.diagnosis(code)) for code in (case["diag_codes"] or "").split("|")]
    others = f"其他诊断：{'、'.join(diagnoses[1:])}" if diagnoses[1:] else "没有其他诊断"
    hospital = named(case["fixmedins_code"], book.names.hospitals.get(case["fixmedins_code"], ""))
    barred = case["dx_barred"]
    steps = [
        Step("结算清单", case["setl_id"], "",
             f"{case['dscg_date'].isoformat()} 出院；{hospital}，{words.LEVELS[case['hosp_lv']]}"),
        Step("医疗总费用", words.money(case["medfee_sumamt"]), "元"),
        Step("主要诊断", diagnoses[0] or case["dx"], "", others),
        _principal_procedure(book, case),
    ]  # fmt: skip
    excluded = (
        f"主要诊断在排除清单中（清单编码 {barred}），不能作主要诊断，不再判断各层"
        if barred
        else "主要诊断不在排除清单中"
    )
    return [*steps, step_of(book, "排除清单", "排除" if barred else "通过", "", excluded, "dip.exclude_match")]


def _principal_procedure(book: Book, case: Mapping[str, Any]) -> Step:
    codes = [code for code in (case["oprn_codes"] or "").split("|") if code]
    if not codes:
        return Step("主要手术及操作", _NO_PROCEDURE, "", "清单没有手术及操作")
    told = "；".join(_procedure(book, case, code, effect) for code, effect in _effects(book, codes).items())
    value = named(case["px"], book.names.procedure(case["px"])) if case["px"] else _NO_PROCEDURE
    return step_of(book, "主要手术及操作", value, "", f"治疗方式：{case['px_kind']}。清单所列：{told}", "dip.px_kinds")


def _effects(book: Book, codes: list[str]) -> dict[str, tuple[str, str]]:
    """Kind and exclusion effect of each listed procedure, by the catalogue's lists; empty texts without one."""
    if book.saved is None:
        return dict.fromkeys(codes, ("", ""))
    engine, lists = book.engine, book.saved.lists
    engine.put("case_px", pa.table({"oprn_code": pa.array(codes, pa.string())}))
    engine.put("px_kind", lists.px_kind)
    engine.put("px_exclusion", lists.exclusions["px_exclusion"])
    prefix = int(book.parameters.text("dip.exclude_match") == "prefix")
    engine.pipeline(_CASEMIX, ("px_code",), {"exclude_by_prefix": prefix})
    found = {
        code: (kind, effect) for code, kind, effect in engine.rows("SELECT oprn_code, px_kind, effect FROM px_code")
    }
    return {code: found[code] for code in codes}


def _procedure(book: Book, case: Mapping[str, Any], code: str, found: tuple[str, str]) -> str:
    kind, effect = found
    name = named(code, book.names.procedure(code))
    if code == case["px"]:
        return f"{name}，取为主要手术操作"
    if effect in _EFFECTS:
        return f"{name}，{_EFFECTS[effect]}"
    return f"{name}，属于{_NO_PROCEDURE}类，不作主要手术操作" if kind == _NO_PROCEDURE else name


def _keys(book: Book, case: Mapping[str, Any]) -> dict[str, str]:
    """The code a case asks for at each scope of the catalogue, in the order of assignment."""
    used = book.parameters
    core, whole = (
        int(used.decimal(f"dip.dx_chars.{kind}") or default) for kind, default in (("core", 4), ("composite", 3))
    )
    dx4, dx3 = case["dx"][: core + (core > 3)], case["dx"][:whole]  # the dot of K35.3 is no character of the code
    chapter, px, kind = chapter_of(case["dx"][:3]), case["px"], f"{case['px_kind']}组"
    keys = {"related": f"{dx4}-{px}-相关手术"} if px else {}
    keys["core"] = f"{dx4}-{px or '保守治疗'}"
    if px and used.text("dip.merge.dx3") != "false":
        keys["merged"] = f"{dx3}-{px}"
    keys["composite"] = f"{dx3}|{kind}"
    if chapter and px:
        keys["rubric"] = f"{chapter}|{px[:4]}"
    if chapter:
        keys["chapter"] = f"{chapter}|{kind}"
    return keys


def layer_steps(book: Book, case: Mapping[str, Any]) -> list[Step]:
    """The layers in the order of assignment, each with why it did not answer, until the one that did."""
    scope = case["scope"]
    if scope == "barred":
        return [Step("入组", "未入组", "", "主要诊断被排除")]
    steps = []
    rules = book.saved.lists.rules.n_rules if book.saved is not None else 0
    if scope == "unlearned":
        detail = "符合规则表中的病种，但该病种没有历史病例，没有分值"
        return [step_of(book, words.SCOPES["rule"], "符合", "", detail, "dip.layers"), Step("入组", "未入组")]
    if scope == "rule":
        return [_hit(book, case)]
    if rules:
        steps.append(step_of(book, words.SCOPES["rule"], "不符合", "", f"{rules}条规则的条件都不具备", "dip.layers"))
    for name, key in _keys(book, case).items():
        if name == scope:
            return [*steps, _hit(book, case)]
        steps.append(_missed(book, case, name, key))
    return [*steps, Step("入组", "未入组", "", "各层都没有相应的病种")]


def _missed(book: Book, case: Mapping[str, Any], name: str, key: str) -> Step:
    composite = book.parameters.text("dip.composite.min_cases")
    few = f"目录没有病种 {key}：历史病例不足"
    if name == "related":
        detail = f"目录没有与 {key.removesuffix('-相关手术')} 相连、本病例又具备其相关手术的病种"
        return step_of(book, words.SCOPES[name], "不符合", "", detail, "dip.related.min_increase", "dip.related.match")
    if name in ("core", "merged"):
        keys = ("dip.core.min_cases", "dip.core.mode") if name == "core" else ("dip.merge.dx3",)
        return step_of(book, words.SCOPES[name], "不符合", "", f"{few}{book.facts['core_min']}例，未单独成组", *keys)
    detail = f"{few}{composite}例，未设组" if composite and name != "chapter" else f"目录没有病种 {key}"
    return step_of(book, words.SCOPES[name], "不符合", "", detail, "dip.composite.min_cases")


def _hit(book: Book, case: Mapping[str, Any]) -> Step:
    group = book.group(case["dip_code"])
    name = (
        book.names.group({key: str(group[key]) for key in ("dx", "px", "related", "px_kind", "scope")}) if group else ""
    )
    detail = f"由“{words.SCOPES[case['scope']]}”入组" + (f"：{name}" if name else "")
    return step_of(book, "入组", case["dip_code"], words.TYPES[case["dip_type"]], detail, "dip.layers")


def points_step(book: Book, case: Mapping[str, Any]) -> Step:
    """病种分值 and how the history made it."""
    group, facts = book.group(case["dip_code"]), book.facts
    unit = words.money((Decimal(int(facts["unit_fee_micro"])) / 10**6).quantize(Decimal("0.01"), ROUND_HALF_UP))
    base = f"基准病种 {facts['base_disease']} 的例均费用" if facts["base_disease"] else "基准费用"
    detail = f"病种历史加权例均费用 ÷ {base}{unit}元 × {facts['score_scale']}"
    if group:
        mean = words.money(Decimal(group["mean_fee"]) / 100)
        own = f"病种历史{words.count(group['n_cases'])}例"
        history = f"{'本章节同类的全部历史病例' if group['scope'] in ('rubric', 'chapter') else own}的加权例均费用"
        detail = f"{mean}元 ÷ {unit}元 × {facts['score_scale']}：{history}，除以{base}"
    return step_of(book, "病种分值", words.points(case["group_points"]), "分", detail,
                 "dip.score.method", "dip.score.scale", "dip.base_disease", "dip.year_weights")  # fmt: skip


def standard_step(book: Book, case: Mapping[str, Any]) -> Step:
    """The mean fee the case is compared with, and where it comes from."""
    basis = words.BASES[case["standard_basis"]]
    if case["std_n"] is None:
        return Step("费用标准", "无", "", basis)
    mean = (case["std_fee"] / case["std_n"]).quantize(Decimal("0.01"), ROUND_HALF_UP)
    detail = f"{basis}：{words.money(case['std_fee'])}元 ÷ {words.count(case['std_n'])}例"
    return step_of(book, "费用标准", words.money(mean), "元", detail, "dip.trim.level", "dip.trim.low", "dip.trim.high")


def deviation_step(book: Book, case: Mapping[str, Any]) -> Step:
    """The fee against its standard, and the factor that follows from it."""
    kind, used = case["deviation_type"], book.parameters
    low, high, extreme = (used.text(f"dip.deviation.{name}") for name in ("low", "high", "extreme"))
    rule = used.text("dip.deviation.low_rule" if kind == "low" else "dip.deviation.high_rule")
    times = "没有标准可比"
    if case["std_n"] is not None:
        q = (case["medfee_sumamt"] * case["std_n"] / case["std_fee"]).quantize(_Q4, ROUND_HALF_UP)
        times = f"费用是标准的{q}倍"
    by_standard = "同级支付标准（病种分值 × 机构系数 × 年初点值）"
    detail = {
        ("low", "cost_over_mean"): f"{times}，低于{low}倍，按费用与标准之比折算",
        ("low", "cost_over_standard"): f"费用低于{by_standard}的{low}倍，按实际费用计分：费用 ÷ 年初点值",
        ("high", "excess"): f"{times}，高于{high}倍，系数 = 倍数 − {high} + 1",
        ("high", "flag"): f"费用达到{by_standard}的{high}倍，分值不变，可以申请特例单议",
        ("extreme", "excess"): f"{times}，高于{extreme}倍，提交专家评议；评议之前系数 = 倍数 − {high} + 1",
        ("extreme", "flag"): f"{times}，高于{extreme}倍，提交专家评议，分值不变",
    }.get((kind, rule), f"{times}，不调整")
    value = f"{case['deviation']:.6f}"
    keys = [f"dip.deviation.{name}" for name in ("low", "high", "low_rule", "high_rule")]
    return step_of(book, f"费用偏差（{words.DEVIATIONS[kind]}）", value, "倍", detail, *keys)


def _auxiliary(book: Book, case: Mapping[str, Any]) -> list[Step]:
    """The auxiliary type that raises the points, where the case has one whose coefficient is not 1."""
    if not case.get("aux_type") or case["aux"] == 1:
        return []
    kind = KIND_NAMES[case["aux_kind"]]
    detail = f"{kind}“{case['aux_type']}”：该型上年例均费用 ÷ 本病种上年例均费用；符合几个分型时取触发系数最高的"
    return [step_of(book, "辅助分型", f"{case['aux']:.4f}", "倍", detail, "dip.aux.kinds", "dip.aux.floor")]


def _coefficient(book: Book, case: Mapping[str, Any]) -> Step:
    level, pool = words.LEVELS[case["hosp_lv"]], Decimal(int(book.facts["pool_mean_fee_fen"])) / 100
    means = book.saved.catalogue.levels.to_pylist() if book.saved is not None else []
    own = next((row for row in means if row["hosp_lv"] == case["hosp_lv"]), None)
    method = book.parameters.text("dip.coef.method")
    if own and method in own and Decimal(own[method]) == case["coefficient"] * 10**4:
        if method == "level_ratio":
            detail = (
                f"{level}历史加权例均费用{words.money(Decimal(own['mean_fee']) / 100)}元 ÷ 全市{words.money(pool)}元"
            )
        else:
            spent, usual = (words.money(Decimal(own[name]) / 100) for name in ("fee_own", "fee_usual"))
            detail = f"{level}历史费用{spent}元 ÷ 同样的病例按全市各病种例均费用计{usual}元"
    elif case["coefficient"] == 1:
        detail = f"{level}：没有等级系数或病种按同病同价，系数为1"
    else:
        detail = f"{level}的等级系数"
    return step_of(book, "医疗机构系数", f"{case['coefficient']:.4f}", "倍", detail, "dip.coef.method")


def _case_points(book: Book, case: Mapping[str, Any]) -> Step:
    value = words.points(case["case_points"])
    if case["dip_type"] == "ungrouped":
        facts, k = book.facts, book.parameters.text("dip.ungrouped.k")
        unit = words.money((Decimal(int(facts["unit_fee_micro"])) / 10**6).quantize(Decimal("0.01"), ROUND_HALF_UP))
        fee = words.money(case["medfee_sumamt"])
        detail = f"未入组的暂定分值：{fee}元 ÷ 基准费用{unit}元 × {facts['score_scale']} × {k}"
        return step_of(book, "病例分值", value, "分", detail, "dip.ungrouped.k")
    parts = f"{words.points(case['group_points'])} × {case['deviation']:.6f} × {case['coefficient']:.4f}"
    parts += "".join(f" × {step.value}" for step in _auxiliary(book, case))
    if case["deviation_type"] == "low" and book.parameters.text("dip.deviation.low_rule") == "cost_over_standard":
        opening = book.summary["opening_point_value"]
        parts = f"{words.money(case['medfee_sumamt'])}元 ÷ 年初点值{opening}元/分"
    return Step("病例分值", value, "分", f"{parts}，按未舍入的数相乘，在此四舍五入一次")


def _payment(book: Book, case: Mapping[str, Any]) -> list[Step]:
    budget, whole = Decimal(book.summary["budget"]), Decimal(book.summary["total_points"])
    share = case["case_points"] / whole * 100
    floor = int(budget * 100 * 10**4 * case["case_points"] // (whole * 10**4))
    spare = int(case["pay"] * 100) - floor
    tail = "，余下不足1分的部分按最大余数法补1分" if spare else "，不足1分的部分舍去"
    value = f"相当于结算点值{book.summary['point_value']}元/分"
    detail = f"预算{words.money(budget)}元 × 病例分值 ÷ 总分值{tail}；{value}"
    own = words.points(case["case_points"])
    return [
        Step("占全部分值", f"{share:.8f}", "%", f"{own} ÷ 总分值{words.points(whole)}"),
        Step("支付金额", words.money(case["pay"]), "元", detail),
    ]
