"""The city of `hand_city` worked on paper: cases, groups, points, point values and what each case is due.

Imports nothing of yibao: fractions and the rows as a person wrote them. Rules: RULEBOOK §4, §7–10, DIP_REGIMES A.3–A.9
(regime ``dip2_0`` with base-disease scoring), open readings as docs/internals/close.md settles them. Amounts are 元,
points 分. ``python tests/flows/hand_oracle.py`` prints the worked sheet. The hospitals' year follows in
`hand_oracle_year`.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

Row = Mapping[str, str]
F = Fraction
ZERO, ONE = F(0), F(1)
POOL, PROVINCE = "3703", "37"
MEDICAL, SURGERY = "内科诊疗", "相关手术"
CHAPTERS = {"F": "F00-F99", "H": "H00-H59", "I": "I00-I99", "J": "J00-J99", "K": "K00-K93", "M": "M00-M99"}
WEIGHTS = {2022: 1, 2023: 2, 2024: 7}
ITEMS = ("cmi", "elderly", "child", "tcm", "key_specialty", "credit")


def rounded(value: Fraction, places: int) -> Fraction:
    """四舍五入: half goes away from zero."""
    scaled = abs(value) * 10**places
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return F(whole if value >= 0 else -whole, 10**places)


def total(parts: Iterable[Fraction | int]) -> Fraction:
    return sum((F(part) for part in parts), ZERO)


def yuan(value: Fraction) -> Fraction:
    return rounded(value, 2)


def shares(amount: Fraction, weights: Mapping[str, Fraction]) -> dict[str, Fraction]:
    """A sum to the fen by exact shares; the fen left over go to the largest remainders, ties to the smaller key."""
    fen, whole = amount * 100, total(weights.values())
    exact = {key: fen * weight / whole for key, weight in weights.items()}
    parts = {key: value.numerator // value.denominator for key, value in exact.items()}
    left = fen - total(parts.values())
    for key in sorted(exact, key=lambda k: (parts[k] - exact[k], k))[: int(left)]:
        parts[key] += 1
    return {key: F(part, 100) for key, part in parts.items()}


@dataclass
class Sheet:
    """The worked sheet: result tables by name, and how each figure came about."""

    tables: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    lines: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        self.lines.append(text)

    def add(self, table: str, **row: Any) -> None:
        self.tables[table].append(row)

    def find(self, table: str, **key: Any) -> list[dict[str, Any]]:
        return [row for row in self.tables[table] if all(row[k] == v for k, v in key.items())]


def show(value: Any) -> str:
    if isinstance(value, Fraction):
        text = f"{float(value):.6f}".rstrip("0").rstrip(".")
        return text if F(text) == value else f"{text}…"
    return str(value)


# ── cases ──


@dataclass
class Case:
    """One stay: what was written, and what is worked out of it."""

    row: Row
    year: int
    month: int
    fee: Fraction  # gross
    net: Fraction  # net of excluded fees: what DIP looks at
    hifp: Fraction
    other: Fraction
    patient: Fraction
    days: int
    scope: str
    excluded: Fraction = ZERO
    excluded_due: Fraction = ZERO
    listed: Fraction = ZERO  # listed fees that stay in the fee and add points
    addon: Fraction = ZERO
    code: str = ""
    kind: str = "ungrouped"
    reach: str = ""
    local_kind: str = ""
    primary: bool = False
    group_points: Fraction = ZERO
    aux_kind: str = ""
    aux_type: str = ""
    aux: Fraction = ONE
    inst: Fraction = ONE
    q: Fraction | None = None
    deviation_type: str = ""
    factor: Fraction = ONE
    plain: Fraction = ZERO
    points: Fraction = ZERO
    bucket: str = ""
    standard: Fraction = ZERO
    due: Fraction | None = None
    plain_due: Fraction | None = None
    special: str | None = None
    flags: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> str:
        return self.row[name]

    @property
    def fund(self) -> str:
        return self.row["insutype"]

    @property
    def hosp(self) -> str:
        return self.row["fixmedins_code"]

    @property
    def booked_dip(self) -> Fraction:
        return self.hifp - self.excluded_due

    @property
    def burden(self) -> Fraction:
        """What patient and other funds pay of the fee that DIP looks at."""
        return self.net - self.booked_dip


def read_case(row: Row) -> Case:
    out, came = date.fromisoformat(row["dscg_date"]), date.fromisoformat(row["adm_date"])
    home = row["insuplc_admdvs"]
    here = not home or home[:4] == POOL
    fee, paid, hifp = F(row["medfee_sumamt"]), F(row["fund_pay_sumamt"]), F(row["hifp_pay"])
    scope = "local" if here else "offsite" if home[:2] == PROVINCE else "outside"
    days = int(row["act_ipt_days"]) if row["act_ipt_days"] else (out - came).days
    return Case(row, out.year, out.month, fee, fee, hifp, paid - hifp, fee - paid, days, scope)


def take_out_excluded(cases: Iterable[Case], tables: Mapping[str, Sequence[Row]], law: Mapping[str, Any]) -> None:
    """新药新技术: fees of items on the list on the day of discharge. Excluded, they leave the fee and the pool pays its
    share of them by item; as an add-on they stay, and add points (`score`).
    """
    for case in cases:
        for fee in tables.get("excluded_fees", ()):
            listed = [
                item for item in tables.get("excluded_items", ())
                if item["med_list_codg"] == fee["med_list_codg"]
                and item["valid_from"] <= case["dscg_date"] <= (item["valid_until"] or "9999-12-31")
            ]  # fmt: skip
            if fee["setl_id"] == case["setl_id"] and listed:
                case.excluded += F(fee["item_amount"])
        if law["dip.exclusion.mode"] == "add_on":
            case.listed, case.excluded = case.excluded, ZERO
        case.excluded_due = yuan(case.excluded * case.hifp / case.fee)
        case.net = case.fee - case.excluded


# ── the catalogue, learned from three years ──


@dataclass
class Catalogue:
    """Groups by code with weighted means and points; what cost the same level last year; auxiliary types."""

    core: set[tuple[str, str]]
    composite: set[tuple[str, str]]
    rubric: set[tuple[str, str]]
    chapter: set[tuple[str, str]]
    members: dict[str, list[Case]]
    points: dict[str, Fraction]
    unit: Fraction
    aux: dict[str, list[tuple[str, str, Fraction, Fraction]]]
    opening: Fraction = ZERO


def dx4(case: Case) -> str:
    return case["diag_codes"].split("|")[0][:5]


def px(case: Case) -> str:
    return case["oprn_codes"].split("|")[0]


def kind_of(case: Case) -> str:
    """Codes of chapters 45 and 47 are operations; a case without a procedure is treated conservatively."""
    return SURGERY if px(case)[:2] in ("45", "47") else MEDICAL


def keys(case: Case) -> dict[str, tuple[str, str]]:
    chapter = CHAPTERS.get(dx4(case)[0], "")
    return {
        "core": (dx4(case), px(case)),
        "composite": (dx4(case)[:3], kind_of(case)),
        "rubric": (chapter, px(case)[:4]),
        "chapter": (chapter, kind_of(case)),
    }


def name_of(reach: str, key: tuple[str, str]) -> str:
    left, right = key
    if reach == "core":
        return f"{left}-{right or '保守治疗'}"
    return f"{left}|{right}" if reach == "rubric" else f"{left}|{right}组"


def learn(history: Sequence[Case], law: Mapping[str, Any], sheet: Sheet) -> Catalogue:
    core_min, composite_min = int(law["dip.core.min_cases"]), int(law["dip.composite.min_cases"])
    count = {reach: Counter(keys(case)[reach] for case in history) for reach in ("core", "rubric", "chapter")}
    core = {key for key, n in count["core"].items() if n >= core_min}
    rest = Counter(keys(case)["composite"] for case in history if keys(case)["core"] not in core)
    composite = {key for key, n in rest.items() if n >= composite_min}
    rubric = {key for key, n in count["rubric"].items() if key[1] and n >= composite_min}
    learned = Catalogue(core, composite, rubric, set(count["chapter"]), defaultdict(list), {}, F(0), {})
    for case in history:
        place(case, learned)
        learned.members[case.code].append(case)
    for reach, groups in (("rubric", rubric), ("chapter", learned.chapter)):
        for key in groups:  # a fallback is measured over every case of its chapter
            learned.members[name_of(reach, key)] = [case for case in history if keys(case)[reach] == key]
    means = {code: weighted_mean(cases) for code, cases in learned.members.items()}
    learned.unit = means[law["dip.base_disease"]]
    scale = F(law["dip.score.scale"])
    learned.points = {code: rounded(mean / learned.unit * scale, 4) for code, mean in means.items()}
    for code in sorted(means):
        sheet.note(f"病种 {code}：加权次均 {show(means[code])} 元，÷ {show(learned.unit)} × 1000 = "
                   f"{show(learned.points[code])} 分")  # fmt: skip
    learned.opening = opening_value(history, learned)
    sheet.note(f"年初点值 {show(learned.opening)} 元/分")
    learned.aux = {code: aux_types(code, learned, law, sheet) for code in {name_of("core", key) for key in core}}
    return learned


def weighted_mean(cases: Sequence[Case]) -> Fraction:
    """Σ w·(mean of the year) ÷ Σ w over the years present (1:2:7)."""
    years = {case.year for case in cases}
    mean = {y: total(c.net for c in cases if c.year == y) / sum(c.year == y for c in cases) for y in years}
    return total(WEIGHTS[y] * mean[y] for y in years) / sum(WEIGHTS[y] for y in years)


def opening_value(history: Sequence[Case], learned: Catalogue) -> Fraction:
    """年初点值 = Σ w·fee ÷ Σ w·points of the groups over the history."""
    fee = total(WEIGHTS[case.year] * case.net for case in history)
    return fee / total(WEIGHTS[case.year] * learned.points[case.code] for case in history)


def place(case: Case, learned: Catalogue) -> None:
    """The group: core, else 综合 by category and kind, else chapter × procedure category, else chapter × kind."""
    asked = keys(case)
    for reach, known in (("core", learned.core), ("composite", learned.composite), ("rubric", learned.rubric),
                         ("chapter", learned.chapter)):  # fmt: skip
        if asked[reach] in known:
            case.code, case.reach = name_of(reach, asked[reach]), reach
            case.kind = "core" if reach == "core" else "composite"
            case.group_points = learned.points.get(case.code, F(0))
            return
    case.code, case.kind, case.reach = "", "ungrouped", "none"


# ── auxiliary types ──


def type_of(kind: str, case: Case, law: Mapping[str, Any]) -> str:
    if kind == "age":
        age = int(case["age"])
        return "1-6岁" if 1 <= age <= 6 else "7-17岁" if 7 <= age <= 17 else ""
    days = int(case["icu_days"] or 0)
    bands = law["dip.aux.icu_bands"]
    return next((b["label"] for b in bands if int(b["from"]) <= days <= int(b.get("until", 999))), "")


def square_sum(fees: Sequence[Fraction]) -> Fraction:
    mean = total(fees) / len(fees)
    return total((fee - mean) ** 2 for fee in fees)


def aux_types(
    code: str, learned: Catalogue, law: Mapping[str, Any], sheet: Sheet
) -> list[tuple[str, str, Fraction, Fraction]]:
    """(kind, type, coefficient 4 decimals, trigger exact) of a core group that pass the gates on last year's cases."""
    last = [case for case in learned.members[code] if case.year == max(WEIGHTS)]
    n, fees, found = len(last), [case.net for case in last], []
    for kind in law["dip.aux.kinds"]:
        ease = F(law["dip.aux.icu_factor"]) if kind == "icu" else F(1)
        if not last or n <= F(law["dip.aux.min_group_cases"]) * ease:
            continue
        by_type: dict[str, list[Fraction]] = defaultdict(list)
        for case in last:
            by_type[type_of(kind, case, law)].append(case.net)
        before, within = square_sum(fees), total(square_sum(part) for part in by_type.values())
        mean = total(fees) / n
        # CV² = Σ(x − mean)² ÷ n ÷ mean²; both sides are positive, so squares compare as the roots do
        keep = 1 - F(law["dip.aux.min_drop"])
        if not by_type.keys() - {""} or before / n / mean**2 <= F(law["dip.aux.min_cv"]) ** 2:
            continue
        if within > before * keep**2:
            continue
        for label, part in sorted(by_type.items()):
            if label and len(part) > F(law["dip.aux.min_type_cases"]) * ease:
                trigger = total(part) / len(part) / mean
                coefficient = max(rounded(trigger, 4), F(law["dip.aux.floor"]))
                found.append((kind, label, coefficient, trigger))
                sheet.note(f"辅助分型 {code} {kind} {label}：{len(part)}例次均 {show(total(part) / len(part))} ÷ "
                           f"{show(mean)} = {show(coefficient)}")  # fmt: skip
        if any(hit[0] == kind for hit in found):
            sheet.add("aux_group", dip_code=code, aux_kind=kind, n=n, cv_before=float(before / n / mean**2) ** 0.5,
                      cv_after=float(within / n / mean**2) ** 0.5)  # fmt: skip
    return found


# ── points ──


def local_lists(case: Case, learned: Catalogue, tables: Mapping[str, Sequence[Row]], law: Mapping[str, Any]) -> None:
    """中医优势, 日间, 床日, 基层病种: what list the case is paid by, and its points."""
    listed = {(row["list_kind"], row["dip_code"]): row["list_points"] for row in tables.get("local_lists", ())}
    case.primary = ("primary_care", case.code) in listed
    if ("bed_day", case.code) in listed and case.days >= int(law["dip.bed_day.min_days"]):
        case.local_kind, case.group_points = "bed_day", F(listed["bed_day", case.code]) * case.days
    elif ("day", case.code) in listed and case.days <= int(law["dip.day.max_days"]):
        case.local_kind = "day"
        stays = [c.net for c in learned.members[case.code] if c.days <= int(law["dip.day.max_days"])]
        if given := listed["day", case.code]:
            case.group_points = F(given)
        elif stays:
            mean = total(stays) / len(stays)
            case.group_points = rounded(mean / learned.unit * F(law["dip.score.scale"]), 4)
    elif ("tcm", case.code) in listed and F(case["tcm_fee"] or 0) >= F(law["dip.tcm.min_share"]) * case.fee:
        case.local_kind = "tcm"
        case.group_points = F(listed["tcm", case.code]) if listed["tcm", case.code] else case.group_points
    if case.local_kind:
        case.primary = False
    elif case.primary and listed["primary_care", case.code]:
        case.group_points = F(listed["primary_care", case.code])


def last_year_standard(case: Case, learned: Catalogue) -> tuple[str, list[Fraction]]:
    """Fees the deviation is judged by: same level last year, else same level all years, else the whole group."""
    known = learned.members.get(case.code, []) if case.code else []
    level = [c for c in known if c["hosp_lv"] == case["hosp_lv"]]
    last = [c for c in level if c.year == case.year - 1]
    basis = "same_level_last_year" if last else "same_level_all_years" if level else "group" if known else "none"
    return basis, [c.net for c in last or level or known]


def deviate(case: Case, learned: Catalogue, law: Mapping[str, Any]) -> None:
    """q = fee ÷ standard: below 0.5 × q; above 2 × (q − 2 + 1), above 5 the same and to the panel."""
    if case.kind == "ungrouped" or case.local_kind in ("day", "bed_day"):  # points of the day, not of the stay
        case.deviation_type = "exempt" if case.local_kind else "ungrouped"
        return
    _, fees = last_year_standard(case, learned)
    q = case.q = case.net / (total(fees) / len(fees))
    low, high, extreme = (F(law[f"dip.deviation.{name}"]) for name in ("low", "high", "extreme"))
    if q < low:
        case.deviation_type, case.factor = "low", q
    elif q > high:
        case.deviation_type, case.factor = ("extreme" if q > extreme else "high"), q - high + 1
    else:
        case.deviation_type = "normal"


def score(case: Case, learned: Catalogue, inst: Mapping[str, Fraction], law: Mapping[str, Any]) -> None:
    """Points before special review: group points × deviation × institution × auxiliary, rounded once."""
    deviate(case, learned, law)
    if case.kind == "ungrouped":
        worth = case.net / learned.unit * F(law["dip.score.scale"]) * F(law["dip.ungrouped.k"])
        case.plain = rounded(worth, 4)
    else:
        if not case.local_kind and not case.primary:
            hits = [hit for hit in learned.aux.get(case.code, ()) if type_of(hit[0], case, law) == hit[1]]
            if hits:
                best = max(hits, key=lambda hit: hit[3])
                case.aux_kind, case.aux_type, case.aux = best[0], best[1], best[2]
        case.inst = F(1) if case.primary else inst[case.hosp]
        case.plain = rounded(case.group_points * case.factor * case.inst * case.aux, 4)
    case.addon = rounded(case.listed / learned.unit * F(law["dip.score.scale"]) * F(law["dip.exclusion.addon_k"]), 4)
    case.plain += case.addon
    case.points = case.plain
    if case.local_kind:
        case.bucket = case.local_kind
    elif case.primary:
        case.bucket = "primary"
    elif case.aux != 1:
        case.bucket = "aux"
    else:
        case.bucket = case.kind


# ── special review ──


def review(cases: Sequence[Case], learned: Catalogue, tables: Mapping[str, Sequence[Row]], law: Mapping[str, Any],
           sheet: Sheet) -> None:  # fmt: skip
    """特例单议: who may apply, the review's answer, and the quota of the whole pool, both funds together."""
    by_id = {case["setl_id"]: case for case in cases}
    passed: list[tuple[Fraction, str, Row, Case]] = []
    for ask in tables.get("special_reviews", ()):
        case = by_id.get(ask["setl_id"])
        if case is None:
            continue
        standard = case.group_points * case.inst * case.aux * learned.opening
        if case.kind == "ungrouped":
            standard = (case.plain - case.addon) * learned.opening
        mean_days = F(sum(c.days for c in learned.members.get(case.code, ())) or 1,
                      len(learned.members.get(case.code, ())) or 1)  # fmt: skip
        enough = {"high_cost": case.net >= F(law["dip.special_review.min_multiple"]) * standard,
                  "long_stay": case.days >= F(law["dip.special_review.los_multiple"]) * mean_days}  # fmt: skip
        result = ask["review_result"]
        if case.scope != "local":
            case.special = "not_local"
        elif not enough.get(ask["review_reason"], True):
            case.special = "not_eligible"
        elif result in ("pending", "fail"):
            case.special = {"pending": "pending", "fail": "failed"}[result]
        else:
            passed.append((case.net - standard, case["setl_id"], ask, case))
        sheet.add("special", setl_id=case["setl_id"], fixmedins_code=case.hosp, fund_type=case.fund,
                  review_reason=ask["review_reason"], fee=case.net, standard=yuan(standard), case=case,
                  multiple=rounded(case.net / standard, 4))  # fmt: skip
    local = sum(case.scope == "local" for case in cases)
    quota = int(F(law["dip.special_review.quota"]) * local)
    sheet.note(f"特例单议限额：{local} 例 × {law['dip.special_review.quota']}，取整 {quota} 例")
    for nth, (_, _, ask, case) in enumerate(sorted(passed, key=lambda one: (-one[0], one[1]))):
        if nth >= quota:
            case.special = "over_quota"
            continue
        case.special, case.bucket = "granted", "special"
        item = ask["review_result"] == "pass_item"
        reviewed = rounded(case.net / learned.opening, 4) if item else F(ask["review_points"])
        if law["dip.special_review.keep_better"] == "true" and case.plain > reviewed:
            continue
        case.points, case.addon = reviewed, ZERO


# ── point values and what is due ──


def value(fund: str, cases: Sequence[Case], budget: Fraction, learned: Catalogue, law: Mapping[str, Any],
          sheet: Sheet) -> None:  # fmt: skip
    """结算点值 of a fund, the standard of every case and what the pool owes for it."""
    own = [case for case in cases if case.fund == fund and case.scope == "local"]
    excluded = total(case.excluded_due for case in own)
    fund_sum = budget - excluded if law["dip.exclusion.charge"] == "dip" else budget
    fee, booked = total(case.net for case in own), total(case.booked_dip for case in own)
    points = total(case.points for case in own)
    ratio = booked / fee
    pv = fund_sum / ratio / points
    sheet.add("values", fund_type=fund, budget=budget, excluded=excluded, fund=fund_sum, booked=booked, fee=fee,
              ratio=ratio, points=points, opening_value=learned.opening, settlement_value=pv,
              cases=len(own))  # fmt: skip
    sheet.note(f"{fund}：基金 {show(fund_sum)}，记账 {show(booked)} ÷ 费用 {show(fee)} = 比例 {show(ratio)}；"
               f"Σ分值 {show(points)}；结算点值 {show(pv)} 元/分")  # fmt: skip
    exact = shares(fund_sum, {case["setl_id"]: case.points for case in own})
    for case in (c for c in cases if c.fund == fund and c.scope != "outside"):
        case.standard = yuan(case.points * pv)
        plain = yuan(case.plain * pv)
        if law["settle.entitlement.basis"] == "minus_patient":
            case.due = floored(case.standard - case.burden, law)
            case.plain_due = floored(plain - case.burden, law)
        elif case.scope == "offsite" or law["settle.ratio_level"] != "pool":
            near = [case] if case.scope == "offsite" or law["settle.ratio_level"] == "case" else [
                other for other in own if other.hosp == case.hosp
            ]  # fmt: skip
            part = total(c.booked_dip for c in near) / total(c.net for c in near)
            case.due, case.plain_due = yuan(case.points * pv * part), yuan(case.plain * pv * part)
        else:
            case.due = exact[case["setl_id"]]
            case.plain_due = case.due if case.plain == case.points else yuan(case.plain * pv * ratio)


def floored(amount: Fraction, law: Mapping[str, Any]) -> Fraction:
    return max(amount, F(0)) if law["settle.case_floor"] == "true" else amount


# ── flags: 违规行为监督个性特征 ──


def flag(cases: Sequence[Case], learned: Catalogue, law: Mapping[str, Any]) -> None:
    """Marks for the eye; they never change a score."""
    window = timedelta(int(law["dip.flags.readmit_days"]))
    for case in cases:
        said = []
        known = learned.members.get(case.code, []) if case.code else []
        came, out = (date.fromisoformat(case[name]) for name in ("adm_date", "dscg_date"))
        before = [
            other for other in cases
            if other is not case and other["psn_no"] == case["psn_no"] and dx4(other)[:3] == dx4(case)[:3]
            and timedelta(0) <= came - date.fromisoformat(other["dscg_date"]) <= window
        ]  # fmt: skip
        if before:
            said.append("readmission")
        level = [c for c in known if c["hosp_lv"] == case["hosp_lv"]] or known
        if known and case.net < F(law["dip.flags.low_ratio"]) * yuan(weighted_mean(level)):
            said.append("low_standard")
        longest = F(law["dip.flags.long_multiple"]) * F(sum(c.days for c in known), len(known) or 1)
        if known and case.local_kind != "bed_day" and case.days >= longest:
            said.append("long_stay")
        deaths = sum(c["dscg_way"] == "5" for c in known)
        low_risk = case.kind == "core" and deaths <= F(law["dip.flags.low_risk_mortality"]) * len(known)
        if low_risk and case["dscg_way"] == "5":
            said.append("death_risk")
        if case["act_ipt_days"] and int(case["act_ipt_days"]) != (out - came).days:
            said.append("record_quality")
        case.flags = tuple(sorted(said))


# ── institution coefficients ──


def coefficients(
    history: Sequence[Case], learned: Catalogue, tables: Mapping[str, Sequence[Row]], law: Mapping[str, Any],
    sheet: Sheet,
) -> dict[str, Fraction]:  # fmt: skip
    """基本系数 by level + 加成系数 of last year's CMI, elderly, child and TCM shares, specialties and credit."""
    last = max(WEIGHTS)
    credit = {r["fixmedins_code"]: r["credit_lv"] for r in tables.get("assessments", ()) if int(r["year"]) == last}
    found = {}
    for hospital in tables["providers"]:
        code = hospital["fixmedins_code"]
        own = [case for case in history if case.hosp == code and case.year == last]
        measures: dict[str, Fraction | str] = {}
        if own:
            n = len(own)
            grouped = [learned.points[c.code] for c in own if c.code]
            measures["cmi"] = total(grouped) / len(grouped) / F(law["dip.score.scale"])
            measures["elderly"] = F(sum(int(c["age"]) >= int(law["dip.coef.elderly_from"]) for c in own), n)
            measures["child"] = F(sum(int(c["age"]) <= int(law["dip.coef.child_until"]) for c in own), n)
            measures["tcm"] = total(F(c["tcm_fee"] or 0) for c in own) / total(c.net for c in own)
        measures["key_specialty"] = F(hospital["key_specialties"] or 0)
        measures["credit"] = credit.get(code, "")
        add = {item: best_step(item, measure, law) for item, measure in measures.items()}
        add = {item: add.get(item, ZERO) for item in ITEMS}
        addon = min(total(add.values()), F(law["dip.coef.addon_cap"]))
        base = F(law["dip.coef.level"][hospital["hosp_lv"]])
        found[code] = base + addon
        sheet.add("coefficients", fixmedins_code=code, hosp_lv=hospital["hosp_lv"], base=base, addon=addon, **add,
                  coefficient=base + addon)  # fmt: skip
        for item in ITEMS:
            measure = measures.get(item, "")
            sheet.add("addon_items", fixmedins_code=code, item=item, measure=said(item, measure), add=add[item])
        sheet.note(f"{code} 系数：基本 {show(base)} + 加成 {show(addon)}（"
                   + "，".join(f"{k} {show(m)}→{show(add[k])}" for k, m in measures.items()) + "）")  # fmt: skip
    return found


def said(item: str, measure: Fraction | str) -> str:
    """A measure for people: CMI with four decimals, shares in percent with two."""
    if isinstance(measure, str) or item == "key_specialty":
        return str(measure) or "无数据"
    return f"{float(rounded(measure, 4)):.4f}" if item == "cmi" else f"{float(rounded(measure, 4)) * 100:.2f}%"


def best_step(item: str, measure: Fraction | str, law: Mapping[str, Any]) -> Fraction:
    steps = [step for step in law["dip.coef.addons"] if step["item"] == item]
    reached: Callable[[Mapping[str, str]], bool] = (
        (lambda step: bool(measure) and str(measure) <= step["from"]) if item == "credit"
        else (lambda step: F(measure) >= F(step["from"]))
    )  # fmt: skip
    return max((F(step["add"]) for step in steps if reached(step)), default=F(0))


if __name__ == "__main__":
    import hand_city
    import hand_oracle_year

    print("\n".join(hand_oracle_year.work(hand_city.base(), hand_city.LAW, hand_city.YEAR).lines))
