"""A DIP regime: the parameters of grouping and points, read from the law of a city on a day.

Nothing here has a value of its own; a key the law lacks is an error that names it (DESIGN §5).
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from yibao.law import View


class Regime(NamedTuple):
    """Grouping and scoring parameters of one regime (``dip2020``, ``dip2_0``, ``dip3_0_draft``)."""

    name: str
    draft: bool
    layers: tuple[str, ...]
    core_chars: int
    composite_chars: int
    core_mode: str
    core_min: int
    core_coverage: Fraction | None
    composite_min: int
    drop_small: bool
    merge_dx3: bool
    related_increase: Fraction
    related_match: str
    related_tie: str
    exclude_match: str
    year_weights: tuple[int, ...]
    weight_basis: str
    trim_level: str
    trim_low: Fraction
    trim_high: Fraction
    trim_min: int
    score_method: str
    score_scale: int
    score_quota_fen: int | None
    base_disease: str
    base_min: int
    ungrouped_k: Fraction

    @property
    def sql_params(self) -> dict[str, int]:
        """The parameters that the SQL files bind. Trim bounds are permille, as the percentiles are printed."""
        return {
            "core_len": self.core_chars + (self.core_chars > 3),  # the dot of K35.3 is no character of the code
            "composite_len": self.composite_chars,
            "core_min": self.core_min,
            "composite_min": self.composite_min,
            "drop_small": int(self.drop_small),
            "merge_dx3": int(self.merge_dx3),
            "increase_num": self.related_increase.numerator,
            "increase_den": self.related_increase.denominator,
            "subset": int(self.related_match == "subset"),
            "exclude_by_prefix": int(self.exclude_match == "prefix"),
            "by_group": int(self.trim_level == "group"),
            "trim_min": self.trim_min,
            "low_permille": _permille(self.trim_low),
            "high_permille": _permille(self.trim_high),
        }


class RegimeError(ValueError):
    """A parameter that grouping cannot use as written. The message is Chinese and names the key."""


def _permille(share: Fraction) -> int:
    value = share * 1000
    if value.denominator != 1:
        raise RegimeError(f"参数 dip.trim.low、dip.trim.high 应精确到千分之一，现为 {share}")
    return value.numerator


def _weights(items: Sequence[str]) -> tuple[int, ...]:
    if not items or not all(item.isascii() and item.isdigit() for item in items) or not any(int(i) for i in items):
        raise RegimeError(f"参数 dip.year_weights 应为整数，如 1|2|7，现为 {'|'.join(items)}")
    return tuple(int(item) for item in items)


def read_regime(view: View) -> Regime:
    """The regime in force on the view's day. Raises MissingParameter for a key that the law leaves open."""
    name = view.text("dip.regime")
    where = {"regime": name}
    mode = view.text("dip.core.mode", **where)
    method = view.text("dip.score.method", **where)
    trim = view.text("dip.trim.level", **where)
    return Regime(
        name=name,
        draft=view.has("dip.regime.status", **where) and view.text("dip.regime.status", **where) == "draft",
        layers=tuple(view.items("dip.layers", **where)),
        core_chars=view.integer("dip.dx_chars.core", **where),
        composite_chars=view.integer("dip.dx_chars.composite", **where),
        core_mode=mode,
        core_min=view.integer("dip.core.min_cases", **where) if mode == "fixed" else 1,
        core_coverage=view.ratio("dip.core.coverage", **where) if mode == "coverage" else None,
        composite_min=view.integer("dip.composite.min_cases", **where),
        drop_small=view.flag("dip.composite.drop_small", **where),
        merge_dx3=view.flag("dip.merge.dx3", **where),
        related_increase=view.ratio("dip.related.min_increase", **where),
        related_match=view.text("dip.related.match", **where),
        related_tie=view.text("dip.related.tie", **where),
        exclude_match=view.text("dip.exclude_match", **where),
        year_weights=_weights(view.items("dip.year_weights", **where)),
        weight_basis=view.text("dip.weight_basis", **where),
        trim_level=trim,
        trim_low=view.ratio("dip.trim.low", **where) if trim != "none" else Fraction(0),
        trim_high=view.ratio("dip.trim.high", **where) if trim != "none" else Fraction(1),
        trim_min=view.integer("dip.trim.min_cases", **where) if trim == "group" else 1,
        score_method=method,
        score_scale=1 if method == "quota" else view.integer("dip.score.scale", **where),
        score_quota_fen=view.money("dip.score.quota", **where) if method == "quota" else None,
        base_disease=view.text("dip.base_disease", **where) if method == "base_disease" else "",
        base_min=view.integer("dip.base_disease.min_cases", **where) if method == "base_disease" else 0,
        ungrouped_k=view.ratio("dip.ungrouped.k", **where),
    )
