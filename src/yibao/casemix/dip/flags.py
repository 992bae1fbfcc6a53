"""违规行为监督个性特征辅助目录: flags on cases for review. They never change a score.

二次入院, 低标入院, 超长住院, 死亡风险 and 病案质量, by ``case_flag.sql``. Source: S4 三(一); the directory of the 2020
method, which the 3.0 draft uses for monitoring only (DIP_REGIMES A.5).
"""

from collections.abc import Collection
from fractions import Fraction
from typing import NamedTuple

import pyarrow as pa

from yibao.engine import Engine
from yibao.law import View

PACKAGE = "yibao.casemix.dip"
FLAG_NAMES = {
    "readmission": "二次入院",
    "low_standard": "低标入院",
    "long_stay": "超长住院",
    "death_risk": "死亡风险",
    "record_quality": "病案质量",
}
_KEYS = ("dip.flags.readmit_days", "dip.flags.low_ratio", "dip.flags.long_multiple", "dip.flags.low_risk_mortality")


class FlagTerms(NamedTuple):
    """The bounds of the directory and the principal diagnoses (prefixes) whose stays are planned."""

    readmit_days: int
    exempt: tuple[str, ...]
    low_ratio: Fraction
    long_multiple: Fraction
    risk: Fraction


def read_flags(view: View, regime: str) -> FlagTerms | None:
    """The directory's terms, or None where the law sets none of them. Raises MissingParameter for a part of them."""
    where = {"regime": regime}
    if not any(view.has(key, **where) for key in _KEYS):
        return None
    exempt = "dip.flags.readmit_exempt"
    return FlagTerms(
        view.integer(_KEYS[0], **where),
        view.items(exempt, **where) if view.has(exempt, **where) else (),
        *(view.ratio(key, **where) for key in _KEYS[1:]),
    )


def flag_cases(engine: Engine, terms: FlagTerms | None, groups: pa.Table, absent: Collection[str] = ()) -> None:
    """Makes ``case_flag`` (grain case_no, flag) from ``grouped``, ``stay``, ``cases`` and ``group_fact``.

    ``groups`` are the catalogue's, with their means. ``absent`` are columns the file does not have at all: what was
    never asked for is no fault of a record. Without terms the table is empty.
    """
    if terms is None:
        engine.put("case_flag", pa.schema([("case_no", pa.int64()), ("flag", pa.string())]).empty_table())
        return
    engine.put("flag_exempt", pa.table({"prefix": pa.array(terms.exempt, pa.string())}))
    means = ["dip_code", "mean_fee", "mean_fee_lv1", "mean_fee_lv2", "mean_fee_lv3"]
    engine.put("catalogue_mean", groups.select(means))
    params = {
        "readmit_days": terms.readmit_days,
        "low_num": terms.low_ratio.numerator,
        "low_den": terms.low_ratio.denominator,
        "long_num": terms.long_multiple.numerator,
        "long_den": terms.long_multiple.denominator,
        "risk_num": terms.risk.numerator,
        "risk_den": terms.risk.denominator,
        "has_age": int("age" not in absent),
        "has_gend": int("gend" not in absent),
        "has_days": int(not {"act_ipt_days", "adm_date"} <= set(absent)),
    }
    engine.pipeline(PACKAGE, ("readmission", "case_flag"), params)
