"""The values of each hospital's workbook, gathered from the tables of the year."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from yibao.report import close_words, words
from yibao.report.case import Book
from yibao.report.close_case import book_of
from yibao.report.close_drg import HospitalDrg
from yibao.report.close_money import final_steps
from yibao.report.close_result import Closed, Row
from yibao.report.close_slices import (
    Cutter,
    Measure,
    Peers,
    Slice,
    by_code,
    last_year,
    measures,
    slices,
    year_tables,
)
from yibao.report.hospital_book import Line, Pack

ZERO = Decimal(0)


class Year:
    """What all hospitals share, gathered once in each process. Asks the session nothing, which may be closed."""

    def __init__(self, closed: Closed, last: int | None) -> None:
        self.closed = closed
        self.book: Book = book_of(closed)
        self.clearing, self.months = by_code(closed.small["clearing"]), by_code(closed.small["months"])
        self.special, self.beds = by_code(closed.small["special"]), by_code(closed.small["beds"])
        self.offsite, self.coefficients = by_code(closed.small["offsite"]), by_code(closed.small["coefficients"])
        self.last = closed.year - 1 if last is None else last
        self.history = last_year(closed, self.last)
        self.notes = _notes(closed, self.last)
        self.diseases: dict[str, str] = {}
        self.drg = HospitalDrg(closed)

    def disease(self, code: str | None) -> str:
        """The name of a group, found once."""
        key = code or ""
        if key not in self.diseases:
            self.diseases[key] = self.closed.disease(key) if key else "未入组"
        return self.diseases[key]


class Part(NamedTuple):
    """The hospitals that are written together: where each workbook goes, their rows and their measures."""

    paths: Mapping[str, Path]
    cut: Mapping[str, bytes]
    beside: Mapping[str, Sequence[Measure]]


def parts_of(closed: Closed, paths: Mapping[str, Path], size: int) -> Iterator[Part]:
    """The hospitals of ``paths`` in order of code, ``size`` at a time."""
    tables = year_tables(closed)
    levels = {str(row["fixmedins_code"]): str(row["hosp_lv"] or "") for row in closed.small["clearing"]}
    measured = zip(*(column.to_pylist() for column in tables["measures"].columns), strict=True)
    among, cutter = Peers(measures(closed, {row[0]: row[1:] for row in measured}), levels), Cutter(tables)
    codes = sorted(paths)
    for at in range(0, len(codes), size):
        some = codes[at : at + size]
        yield Part(
            {code: paths[code] for code in some}, cutter.cut(some[0], some[-1]),
            {code: among.beside(code) for code in some},
        )  # fmt: skip


def packs_of(year: Year, part: Part) -> Iterator[Pack]:
    """The values of each hospital of a part."""
    for code, own in slices(part.cut, list(part.paths)):
        peers = [
            (one.name, one.kind, one.value, one.rank, one.peers, one.low, one.middle, one.high, one.formula)
            for one in part.beside[code]
        ]
        yield _pack(year, code, own, peers, part.paths[code])


def _pack(year: Year, code: str, own: Slice, peers: Sequence[Sequence[Any]], path: Path) -> Pack:
    closed = year.closed
    counts = {row[0]: row[1] for row in own["deviation_counts"]}
    flagged = sum(1 for _ in own["flagged"])
    return Pack(
        path=path, name=closed.hospital(code), city=str(closed.summary.get("city_name", "")), year=closed.year,
        about=_about(year, code), peers=peers, changes=_changes(year, code, own), groups=_groups(year, own),
        deviations=[(words.DEVIATIONS.get(row[0], row[0]), *row[1:]) for row in own["deviation_counts"]
                    if row[0] in ("low", "high", "extreme")],
        deviating=_deviating(own), special=_special(year, code), excluded=_excluded(own),
        months=_months(year, code), clearing=_clearing(year, code), buckets=_buckets(own),
        aux=[(close_words.AUX_KINDS.get(row[0], row[0]), *row[1:]) for row in own["aux"]],
        flags=_flags(own), flagged=_flagged(own), checks=_checks(year, code, own), notes=year.notes,
        drg=year.drg.sheet(code) if year.drg.any else None,
        totals={"deviating": sum(counts.get(kind, 0) for kind in ("low", "high", "extreme")),
                "excluded": max(len(own["excluded"]), sum(row[1] for row in own["excluded_counts"])),
                "flagged": max(flagged, _flagged_total(own))},
    )  # fmt: skip


def _flagged_total(own: Slice) -> int:
    return int(own["flagged_total"][0][0]) if own["flagged_total"] else 0


def _about(year: Year, code: str) -> list[tuple[str, str]]:
    rows = year.clearing.get(code, [])
    coefficient = next(iter(year.coefficients.get(code, [])), None)
    beds = next(iter(year.beds.get(code, [])), None)
    level = str(rows[0]["hosp_lv"] or "") if rows else ""
    groups = {str(row["group_code"]) for row in rows if row["group_code"]}
    named = [
        str(row["group_name"] or row["group_code"])
        for row in year.closed.small["groups"]
        if row["group_code"] in groups
    ]
    told = [("医疗机构代码", code), ("医疗机构", year.closed.hospital(code)), ("等级", words.LEVELS.get(level, level))]
    if named:
        told.append(("医共体", "、".join(dict.fromkeys(named))))
    if any(row["is_new"] for row in rows):
        told.append(("新增定点", "是"))
    if coefficient is not None:
        told.append(
            (
                "机构系数",
                f"{coefficient['coefficient']:.4f}（基本{coefficient['base']:.4f}，加成{coefficient['addon']:.4f}）",
            )
        )
    if beds is not None:
        over = f"，超出{words.count(beds['excess'])}床日" if beds["excess"] else ""
        told.append(
            (
                "床位",
                f"编制{beds['auth_beds']}、协议{beds['agreement_beds']}张，使用率{words.percent(beds['utilisation'])}{over}",
            )
        )
    away = year.offsite.get(code, [])
    if away:
        due = sum((row["due"] for row in away), ZERO)
        told.append(("省内异地", f"{words.count(sum(row['cases'] for row in away))}例，参保地应付{words.money(due)}元"))
    return told


def _changes(year: Year, code: str, own: Slice) -> list[tuple[Any, ...]]:
    if not own["measures"]:
        return []
    cases, fee, booked, points, grouped, days = own["measures"][0]
    scale = int(year.book.facts.get("score_scale") or 1)
    before = year.history.get(code)

    def mean(top: Any, bottom: Any) -> Decimal:
        return Decimal(top) / Decimal(bottom) if bottom else ZERO

    def past(figure: Callable[[Mapping[str, Decimal]], Decimal]) -> Decimal | None:
        return figure(before) if before else None

    return [
        ("病例数（例）", "int", cases, past(lambda one: one["n"])),
        ("医疗总费用（元）", "money", fee, past(lambda one: one["fee"])),
        ("例均费用（元）", "money", mean(fee, cases), past(lambda one: mean(one["fee"], one["n"]))),
        ("病例组合指数 CMI（倍）", "stat", mean(points, grouped) / scale,
         past(lambda one: mean(one["group_points"], one["n_grouped"]) / scale)),
        ("平均住院天数（天）", "plain", Decimal(str(days or 0)), past(lambda one: mean(one["days"], one["n"]))),
        ("基金记账额（元）", "money", booked, past(lambda one: one["booked"])),
    ]  # fmt: skip


def _groups(year: Year, own: Slice) -> list[tuple[Any, ...]]:
    rows = []
    for code, cases, group_points, points, fee, mean, level, pool, days, pool_days, due, booked, gain in own["groups"]:
        rows.append((code or "—", year.disease(code), cases, group_points, points, fee, mean, level, pool,
                     mean / pool if pool else None, days, pool_days, due, booked, gain))  # fmt: skip
    return rows


def _deviating(own: Slice) -> list[tuple[Any, ...]]:
    return [
        (
            setl_id,
            close_words.fund(fund),
            day,
            code or "",
            words.DEVIATIONS.get(kind, kind),
            deviation,
            fee,
            standard,
            points,
            due,
            booked,
            gain,
            close_words.SPECIAL.get(special, special or ""),
        )
        for setl_id, fund, day, code, kind, deviation, fee, standard, points, due, booked, gain, special in own[
            "deviating"
        ]
    ]


def _special(year: Year, code: str) -> list[tuple[Any, ...]]:
    return [
        (
            row["setl_id"],
            close_words.fund(row["fund_type"]),
            close_words.REASONS.get(row["review_reason"], row["review_reason"]),
            close_words.SPECIAL.get(row["outcome"], row["outcome"]),
            row["fee"],
            row["standard"],
            row["multiple"],
            row["plain_due"],
            row["due"],
            row["added"],
        )
        for row in year.special.get(code, [])
    ]


def _excluded(own: Slice) -> list[tuple[Any, ...]]:
    return [(setl_id, close_words.fund(fund), day.isoformat(), code or "", *money)
            for setl_id, fund, day, code, *money in own["excluded"]]  # fmt: skip


_MONTH = ("month", "cases", "points", "budget", "booked", "excluded_due", "base", "extra", "gross", "deposit", "paid")


def _months(year: Year, code: str) -> dict[str, list[tuple[Any, ...]]]:
    rows = year.months.get(code, [])
    return {close_words.fund(fund): [tuple(row[name] for name in _MONTH) for row in rows if row["fund_type"] == fund]
            for fund in year.closed.funds}  # fmt: skip


def _clearing(year: Year, code: str) -> dict[str, list[Line]]:
    return {
        close_words.fund(str(row["fund_type"])): [_line(step, row) for step in final_steps(year.closed, year.book, row)]
        for row in year.clearing.get(code, [])
    }


def _line(step: Any, row: Row) -> Line:
    source = f"{step.source}{'（含未经核实的参数）' if step.unverified else ''}［{step.key}］" if step.source else ""
    if step.label == RATIO:
        return Line(step.label, row["ratio"], "ratio", "", step.detail, source)
    return Line(step.label, Decimal(step.value.replace(",", "")), "money", step.unit, step.detail, source)


RATIO = "记账额与应付额之比"


def _buckets(own: Slice) -> list[tuple[Any, ...]]:
    return [(close_words.fund(fund), close_words.BUCKETS.get(bucket, bucket), *figures)
            for fund, bucket, *figures in own["buckets"]]  # fmt: skip


def _flags(own: Slice) -> list[tuple[Any, ...]]:
    whole = own["measures"][0][0] if own["measures"] else 0
    return [(close_words.FLAGS.get(flag, flag), cases, Decimal(cases) / whole if whole else None)
            for flag, cases in own["flag_counts"]]  # fmt: skip


def _flagged(own: Slice) -> list[tuple[Any, ...]]:
    return [
        (
            setl_id,
            "、".join(close_words.FLAGS.get(one, one) for one in str(flags).split("|")),
            close_words.fund(fund),
            day,
            code or "",
            fee,
            due,
        )
        for setl_id, fund, day, code, flags, fee, due in own["flagged"]
    ]


def _checks(year: Year, code: str, own: Slice) -> list[tuple[str, str, Decimal, Decimal]]:
    """Sums of the workbook's sheets against the hospital's rows of the clearing: label, kind, both figures."""
    rows = year.clearing.get(code, [])
    found: list[tuple[str, str, Any, Any]] = []
    for label, kind, at, name in (
        ("病例数（例）", "int", 1, "cases"),
        ("分值（分）", "points", 3, "points"),
        ("应付额（元）", "money", 10, "entitlement"),
        ("记账额（元）", "money", 11, "booked"),
    ):
        found.append(
            (f"病种表合计的{label}", kind, sum((row[at] or 0 for row in own["groups"]), ZERO), _sum(rows, name))
        )
    for row in rows:
        fund, name = row["fund_type"], close_words.fund(row["fund_type"])
        buckets = [one for one in own["buckets"] if one[0] == fund]
        months = [one for one in year.months.get(code, []) if one["fund_type"] == fund]
        excluded = sum((one[3] for one in own["excluded_counts"] if one[0] == fund), ZERO)
        held = row["deposit"] - row["deposit_returned"]
        final = row["settled"] - row["deductions"] - held - row["monthly_paid"] - row["prepaid"]
        found += [
            (f"{name}：计分类别的病例之和（例）", "int", sum(one[2] for one in buckets), row["cases"]),
            (
                f"{name}：计分类别的分值之和（分）",
                "points",
                sum((one[3] or ZERO for one in buckets), ZERO),
                row["points"],
            ),
            (
                f"{name}：计分类别的应付额之和（元）",
                "money",
                sum((one[5] or ZERO for one in buckets), ZERO),
                row["entitlement"],
            ),
            (f"{name}：除外应付之和（元）", "money", excluded, row["excluded_due"]),
            (f"{name}：各月记账额之和（元）", "money", _sum(months, "booked"), row["booked"]),
            (f"{name}：各月实付之和（元）", "money", _sum(months, "paid"), row["monthly_paid"]),
            (f"{name}：各月质量保证金之和（元）", "money", _sum(months, "deposit"), row["deposit"]),
            (f"{name}：应结算额 − 扣减 − 未返还保证金 − 已按月支付 − 已预付（元）", "money", final, row["final"]),
        ]
    return [(label, kind, Decimal(left), Decimal(right)) for label, kind, left, right in found]


def _sum(rows: Sequence[Row], name: str) -> Decimal:
    return sum((Decimal(row[name]) for row in rows), ZERO)


def _notes(closed: Closed, last: int) -> list[str]:
    notes = [
        "金额单位为元，分值单位为分，都是结果中的精确数；例均、指数、四分位数是统计数。",
        "病种、偏差、计分类别只含本统筹区参保的病例；总览的病例和费用含省内异地。",
        f"上年（{last}年）数据取自建立病种目录所用的历史病例。",
        f"由 {closed.summary['made_by']} 写出。",
    ]
    unverified = closed.parameters.unverified()
    if unverified:
        notes.append(
            f"本年清算使用了{len(unverified)}项未经核实的参数（假定或第三方整理），见全市清算报告；取得正式规定前不宜作为支付依据。"
        )
    return notes
