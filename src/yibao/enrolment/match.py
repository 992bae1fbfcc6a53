"""重复参保 and 应保未保: who is enrolled twice, and who lives here and should be enrolled but is not.

Both work on ``cover`` (`batch.make_cover`) and match persons by identity number in one spelling (`certno`). The SQL
files make the tables; `duplicate_findings` and `unenrolled_findings` say them in Chinese.
Rules: RULEBOOK §1d (DUP_ENROL), 国办发〔2024〕38号 (全民参保计划; 常住人口, 灵活就业人员).
"""

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

import pyarrow as pa

from yibao.engine import Engine, load_sql
from yibao.enrolment.batch import PACKAGE
from yibao.enrolment.months import last_day
from yibao.kernel import Finding, Severity, half_up

OPTIONAL = {
    "residents": pa.schema(
        [(name, pa.string()) for name in ("certno", "psn_name", "admdvs", "resd_kind", "empl_kind")]
        + [("brdy", pa.date32())]
    )
}
REASONS = {
    "certno_differs": ("姓名和出生日期相同的人在保，证件号码不同", "核对证件号码，更正登记"),
    "arrears": ("已登记参保，当期没有足额缴费", "提醒缴费；困难人员核查资助"),
    "suspended": ("已暂停参保", "恢复参保，或转为居民医保"),
    "lapsed": ("曾经参保，现已断保", "动员续保；告知断保年数与待遇等待期"),
    "never_enrolled": ("没有参保记录", "上门或短信动员参保"),
}
"""Why a resident has no cover: the message and the next step, in the order of precedence."""
ADVICE = {"310": "随单位参加职工医保", "310|390": "可按灵活就业参加职工医保，或参加居民医保", "390": "参加居民医保"}


class Coverage(NamedTuple):
    """参保率: residents covered of those alive; ``basis_points`` is the share in hundredths of a percent, half up."""

    residents: int
    covered: int

    @property
    def basis_points(self) -> int:
        """The share in 10⁻⁴; 0 where there are no residents."""
        return half_up(self.covered * 10**4, self.residents) if self.residents else 0


def match_duplicates(engine: Engine, year: int) -> str:
    """Makes ``duplicate_month`` (grain cert_key, month_no) of a year: persons covered in two pools in one month."""
    _certno(engine)
    span = {"first_day": date(year, 1, 1), "last_day": date(year, 12, 31)}
    return engine.run(load_sql(PACKAGE, "duplicate_month"), span)


def duplicate_findings(engine: Engine) -> Iterator[Finding]:
    """One finding DUP_ENROL a person and month of ``duplicate_month``, both places named."""
    rows = engine.rows("SELECT psn_no, month_no, places FROM duplicate_month ORDER BY cert_key, month_no")
    for psn_no, month, places in rows:
        spelled = "；".join("{}（险种{}，人员编号{}）".format(*place.split("/")) for place in places.split("|"))
        yield Finding(
            "dup_enrol", Severity.ERROR, f"{last_day(month):%Y年%m月}在两个统筹区都有在保记录：{spelled}",
            cause="同一人同月只能在一地享受基本医保", next_step="由两地核实实际参保地，终止另一地的参保关系",
            basis="基本医疗保险不得重复参保", key=psn_no,
        )  # fmt: skip


def match_residents(engine: Engine, day: date) -> Coverage:
    """Makes ``unenrolled`` (grain certno): every resident with a ``reason`` (``enrolled`` and ``dead`` among them) and
    the insurance advised. Returns how many of those alive are covered.
    """
    _certno(engine)
    engine.run(load_sql(PACKAGE, "unenrolled"), {"day": day})
    counts = dict(engine.rows("SELECT reason, count(*) FROM unenrolled GROUP BY reason"))
    alive = sum(counts.values()) - counts.get("dead", 0)
    return Coverage(alive, counts.get("enrolled", 0) + counts.get("certno_differs", 0))


def unenrolled_findings(engine: Engine) -> Iterator[Finding]:
    """One finding a resident who should have cover and has none, or whose number differs.

    Those who live here without a permit (流动人口未办居住证) are remarks: they may be covered where they come from.
    """
    rows = engine.rows(
        "SELECT certno, psn_name, resd_kind, advise, last_cover, reason FROM unenrolled"
        " WHERE reason NOT IN ('enrolled', 'dead') ORDER BY certno"
    )
    for certno, name, kind, advise, last_cover, reason in rows:
        message, step = REASONS[reason]
        since = f"（最后在保日{last_cover.isoformat()}）" if last_cover and reason == "lapsed" else ""
        advice = "" if reason == "certno_differs" else f"；{ADVICE[advise]}"
        yield Finding(
            reason, Severity.INFO if kind == "floating" else Severity.WARNING,
            f"{name or '居民'}：{message}{since}",
            cause="未办居住证的流动人口，可能在户籍地参保" if kind == "floating" else "",
            next_step=step + advice, key=certno,
        )  # fmt: skip


def _certno(engine: Engine) -> None:
    there = {name for (name,) in engine.rows("SELECT table_name FROM information_schema.tables")}
    for name, schema in OPTIONAL.items():
        if name not in there:
            engine.put(name, schema.empty_table())
    engine.run(load_sql(PACKAGE, "certno"))
