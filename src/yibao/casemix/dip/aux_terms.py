"""The terms of auxiliary types (辅助分型) and of the local catalogue (本地目录), read from the law of a city on a day.

Nothing here has a value of its own: where the law does not enable a thing (``dip.aux.kinds``, a list of the local
catalogue) it is off; where it does, a key it lacks is an error that names it. Source: DIP 3.0 draft ch.5 s.2
(DIP_REGIMES A.5); S4 三(一).
"""

from collections.abc import Collection, Iterable, Mapping
from fractions import Fraction
from typing import NamedTuple

import pyarrow as pa

from yibao.casemix.dip.regime import RegimeError
from yibao.casemix.dip.rules import RuleError, dx_prefixes
from yibao.law import View

KIND_NAMES = {
    "cci": "合并症指数（CCI）",
    "severity": "疾病严重程度",
    "tumour": "肿瘤严重程度",
    "age": "年龄",
    "icu": "监护病房天数",
    "newborn": "新生儿体重",
}
SEVERITY = ("死亡", "重度", "中度", "轻度")
"""Types of severity in the order of first match; their places from 1 are what aux_value.sql answers."""
TUMOUR = ("死亡", "高费用一", "高费用二", "转移或并发", "功能衰竭等", "重要器官病损等", "其他")
"""The same of a malignant tumour."""
NEVER = -1
"""A bound of days that no stay is within: the law gives none."""

_WHOLE, _TEXT = pa.int64(), pa.string()
BAND_SCHEMA = pa.schema([
    ("type_no", _WHOLE), ("aux_kind", _TEXT), ("aux_type", _TEXT), ("low", _WHOLE), ("high", _WHOLE),
    ("day_low", _WHOLE), ("day_high", _WHOLE),
])  # fmt: skip
DX_SCHEMA = pa.schema([("mark", _TEXT), ("category", _TEXT), ("weight", _WHOLE), ("prefix", _TEXT)])


class AuxTerms(NamedTuple):
    """What the law says of auxiliary types; ``kinds`` is empty where it enables none.

    ``bands`` (grain type_no): the types of each kind as bands of a value, bounds inclusive, NULL open. ``dx`` (grain
    mark, category, prefix): what a further diagnosis counts for.
    """

    kinds: tuple[str, ...]
    min_group: int
    min_type: int
    icu_factor: Fraction
    min_cv: Fraction
    min_drop: Fraction
    floor: Fraction
    serious_days: int
    multiple: Fraction
    share: Fraction
    cost_base: str
    bands: pa.Table
    dx: pa.Table

    @property
    def sql_params(self) -> dict[str, int]:
        """The parameters that the SQL files bind."""
        return {
            "severity": int("severity" in self.kinds),
            "serious_days": self.serious_days,
            "multiple_num": self.multiple.numerator,
            "multiple_den": self.multiple.denominator,
            "share_num": self.share.numerator,
            "share_den": self.share.denominator,
        }

    @property
    def said(self) -> dict[str, str]:
        """The scalar terms as text, for a summary and to see that they are still the same."""
        plain = self._asdict()
        return {name: str(value) for name, value in plain.items() if name not in ("bands", "dx")}

    @property
    def needs_dx(self) -> bool:
        """Whether a kind in force looks at further diagnoses."""
        return bool({"cci", "severity", "tumour"} & set(self.kinds))


NO_AUX = AuxTerms(
    (), 0, 0, Fraction(1), Fraction(0), Fraction(0), Fraction(1), 0, Fraction(1), Fraction(1), "",
    BAND_SCHEMA.empty_table(), DX_SCHEMA.empty_table(),
)  # fmt: skip
"""No auxiliary types."""


class LocalTerms(NamedTuple):
    """Which cases of a listed group the local catalogue takes, and which groups may be 基层病种 (None: not said)."""

    tcm_share: Fraction
    day_max: int
    bed_day_min: int
    primary_cv: Fraction | None
    primary_share: Fraction | None
    elderly_from: int | None
    child_until: int | None

    @property
    def sql_params(self) -> dict[str, int]:
        """The parameters that the SQL files bind; an age that the law does not say is one that nobody has."""
        return {
            "day_max": self.day_max,
            "bed_day_min": self.bed_day_min,
            "tcm_num": self.tcm_share.numerator,
            "tcm_den": self.tcm_share.denominator,
            "elderly_from": 2**31 if self.elderly_from is None else self.elderly_from,
            "child_until": NEVER if self.child_until is None else self.child_until,
        }


def read_local(view: View, regime: str, listed: Collection[str]) -> LocalTerms:
    """The terms of the local catalogue. ``listed`` are the kinds of lists that name a group: what they need must be
    said by the law; the rest may be.
    """

    def said(key: str, kind: str = "") -> bool:
        return kind in listed or view.has(key, regime=regime)

    tcm, day, bed = "dip.tcm.min_share", "dip.day.max_days", "dip.bed_day.min_days"
    cv, share = "dip.primary.max_cv", "dip.primary.min_share"
    old, young = "dip.coef.elderly_from", "dip.coef.child_until"
    return LocalTerms(
        view.ratio(tcm, regime=regime) if "tcm" in listed else Fraction(1),
        view.integer(day, regime=regime) if said(day, "day") else NEVER,
        view.integer(bed, regime=regime) if "bed_day" in listed else 1,
        view.ratio(cv, regime=regime) if said(cv) else None,
        view.ratio(share, regime=regime) if said(share) else None,
        view.integer(old, regime=regime) if said(old) else None,
        view.integer(young, regime=regime) if said(young) else None,
    )


def read_aux(view: View, regime: str) -> AuxTerms:
    """The terms of auxiliary types of the regime. Raises MissingParameter and RegimeError."""
    where = {"regime": regime}
    if not view.has("dip.aux.kinds", **where):
        return NO_AUX
    kinds = tuple(view.items("dip.aux.kinds", **where))
    severe = bool({"severity", "tumour"} & set(kinds))
    tumour = "tumour" in kinds
    return AuxTerms(
        kinds=kinds,
        min_group=view.integer("dip.aux.min_group_cases", **where),
        min_type=view.integer("dip.aux.min_type_cases", **where),
        icu_factor=view.ratio("dip.aux.icu_factor", **where) if "icu" in kinds else Fraction(1),
        min_cv=view.ratio("dip.aux.min_cv", **where),
        min_drop=view.ratio("dip.aux.min_drop", **where),
        floor=view.ratio("dip.aux.floor", **where),
        serious_days=view.integer("dip.aux.serious_days", **where) if severe else 0,
        multiple=view.ratio("dip.aux.tumour_multiple", **where) if tumour else Fraction(1),
        share=view.ratio("dip.aux.tumour_share", **where) if tumour else Fraction(1),
        cost_base=view.text("dip.aux.tumour_cost_base", **where) if tumour else "",
        bands=bands_table(view, regime, kinds),
        dx=dx_table(view, regime, kinds),
    )


_BAND_KEYS = {"cci": "dip.aux.cci_tiers", "age": "dip.aux.age_bands", "icu": "dip.aux.icu_bands",
              "newborn": "dip.aux.weight_bands"}  # fmt: skip


def bands_table(view: View, regime: str, kinds: Iterable[str]) -> pa.Table:
    """The types of the kinds as bands of a value (BAND_SCHEMA), in the order of the law.

    An age row of days (``day_from``, ``day_until``) is for those under one year; a row ``by: severity`` (65 and
    older in the draft) makes no type, its cases are corrected through severity.
    """
    rows: list[dict[str, object]] = []
    for kind in kinds:
        if kind in ("severity", "tumour"):
            names = SEVERITY if kind == "severity" else TUMOUR
            rows += [_band(kind, name, place, place) for place, name in enumerate(names, start=1)]
            continue
        key = _BAND_KEYS[kind]
        for row in view.table(key, regime=regime):
            if row.get("by"):
                continue
            bounds = [_bound(key, row, name) for name in ("from", "until", "day_from", "day_until")]
            if kind == "age":
                bounds[:2] = [_bound(key, row, name) for name in ("age_from", "age_until")]
                if bounds[0] is None and bounds[1] is None:
                    bounds[:2] = [0, 0]
            if not row.get("label") or all(bound is None for bound in bounds):
                raise RegimeError(f"参数 {key} 的每一行应有 label 和界限，现为 {dict(row)}")
            rows.append(_band(kind, row["label"], *bounds))
    return pa.Table.from_pylist([{"type_no": n, **row} for n, row in enumerate(rows, start=1)], schema=BAND_SCHEMA)


def _band(
    kind: str, label: str, low: int | None, high: int | None, day_low: int | None = None, day_high: int | None = None
) -> dict[str, object]:
    return {"aux_kind": kind, "aux_type": label, "low": low, "high": high, "day_low": day_low, "day_high": day_high}


def _bound(key: str, row: Mapping[str, str], name: str) -> int | None:
    text = row.get(name, "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit()):
        raise RegimeError(f"参数 {key} 的 {name} 应为非负整数，现为 {text}")
    return int(text)


def dx_table(view: View, regime: str, kinds: Collection[str]) -> pa.Table:
    """What further diagnoses count for (DX_SCHEMA): CCI categories with weights, the severe and the moderate list, the
    malignant range, whose category is the 3-character one.
    """
    rows: list[tuple[str, str, int, str]] = []
    try:
        if "cci" in kinds:
            key = "dip.aux.cci"
            for row in view.table(key, regime=regime):
                weight = _bound(key, row, "weight")
                if not row.get("category") or not weight:
                    raise RegimeError(f"参数 {key} 的每一行应有 category 和大于0的 weight，现为 {dict(row)}")
                rows += [("cci", row["category"], weight, prefix) for prefix in dx_prefixes(row.get("dx", ""))]
        if {"severity", "tumour"} & set(kinds):
            for mark in ("severe", "moderate"):
                found = view.table(f"dip.aux.{mark}", regime=regime)
                rows += [(mark, mark, 1, prefix) for row in found for prefix in dx_prefixes(row.get("dx", ""))]
        if "tumour" in kinds:
            given = dx_prefixes(view.text("dip.aux.tumour_range", regime=regime))
            rows += [("tumour", prefix[:3], 1, prefix) for prefix in given]
    except RuleError as error:
        raise RegimeError(f"辅助分型的诊断表读不出来：{error}") from error
    names = DX_SCHEMA.names
    return pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in sorted(set(rows))], schema=DX_SCHEMA)
