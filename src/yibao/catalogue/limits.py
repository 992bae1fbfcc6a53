"""限定支付 read: a row of ``item_limits`` to a `Limit`, and what cannot be read to a Finding with its place.

A row that cannot be read is an alternative that never holds, so that the item is paid less, never more.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import pyarrow as pa

from yibao.catalogue.records import Limit
from yibao.kernel import Finding, Place, Severity
from yibao.standard import CODE_TABLES

LARGEST_SEQ = 9999
_PREFIX = re.compile(r"[A-Z]([0-9]([0-9A-Z]([.][0-9A-Zx]{0,8})?)?)?", re.ASCII)
_RANGE = re.compile(r"[A-Z][0-9]{2}-[A-Z][0-9]{2}", re.ASCII)
_BASIS = "限定支付表（item_limits）"


class LimitError(ValueError):
    """A cell of a limit that cannot be read: the column, the value as written and what is wrong, in Chinese."""

    def __init__(self, column: str, value: object, cause: str, next_step: str) -> None:
        super().__init__(cause)
        self.column, self.value, self.cause, self.next_step = column, str(value), cause, next_step


def read_limits(rows: Iterable[Mapping[str, Any]]) -> tuple[list[Limit], list[Finding]]:
    """The limits of rows as loaded (columns of ``item_limits``, src_file and src_row where known), and the faults."""
    limits: list[Limit] = []
    findings: list[Finding] = []
    seen: set[tuple[Any, ...]] = set()
    for row in rows:
        place = Place(str(row.get("src_file") or ""), row.get("src_row"))
        key = f"{row['med_list_codg']}（{row['begndate']}起，第{row['seq']}行）"
        try:
            if (row["med_list_codg"], row["begndate"], row["seq"]) in seen:
                raise LimitError("seq", row["seq"], "同一项目同一有效期里顺序号重复", "各行用不同的顺序号")
            seen.add((row["med_list_codg"], row["begndate"], row["seq"]))
            limits.append(read_limit(row)._replace(place=place))
        except LimitError as error:
            findings.append(
                Finding(
                    "limit_unreadable", Severity.ERROR, f"限定支付条件无法读取：{key}",
                    place._replace(column=error.column, value=error.value), error.cause, error.next_step, _BASIS,
                    str(row["med_list_codg"]),
                )
            )  # fmt: skip
    return limits, findings


def read_limit(row: Mapping[str, Any]) -> Limit:
    """One row. Raises LimitError at the first cell that cannot be read."""
    seq = row["seq"]
    if seq > LARGEST_SEQ:
        raise LimitError("seq", seq, f"顺序号大于{LARGEST_SEQ}", "从1起编号")
    low, high = row.get("age_min"), row.get("age_max")
    if low is not None and high is not None and low > high:
        raise LimitError("age_min", low, f"年龄下限大于上限{high}", "核对年龄")
    unit, per, amount = _counter(row)
    prior = _list(row, "prior_codg", None)
    if row.get("prior_days") is not None and not prior:
        raise LimitError("prior_days", row["prior_days"], "写了先用期限，没有写须先用项目", "补填须先用项目")
    return Limit(
        row["med_list_codg"], row["begndate"], seq,
        gend=row.get("gend") or "", age_min=low, age_max=high,
        dx=parse_dx("lmt_dx", row.get("lmt_dx") or ""),
        hosp_lv=_list(row, "lmt_hosp_lv", "hosp_lv"),
        insutype=_list(row, "lmt_insutype", "insutype"),
        med_type=_list(row, "lmt_med_type", "med_type"),
        dise=_list(row, "lmt_dise", None),
        prior=prior, prior_days=row.get("prior_days"),
        compound=row.get("cpnd_flag") == "1",
        unit=unit, per=per, amount_micro=amount, text=row.get("lmt_text") or "",
    )  # fmt: skip


def parse_dx(column: str, text: str) -> tuple[tuple[str, str], ...]:
    """Diagnosis prefixes and ranges of categories (C00-C75) joined by ``|``, each as its lowest and highest beginning,
    equally long. Raises LimitError."""
    found: list[tuple[str, str]] = []
    for part in (part.strip() for part in text.split("|")) if text.strip() else ():
        if _RANGE.fullmatch(part):
            found.append(_range(column, part))
        elif _PREFIX.fullmatch(part):
            found.append((part, part))
        else:
            raise LimitError(column, text, f"诊断条件“{part}”写法有误", "写代码前缀如 C34 或 E10.5，范围写作 C00-C75")
    return tuple(dict.fromkeys(found))


def _range(column: str, part: str) -> tuple[str, str]:
    first, last = part.split("-")
    if last < first:
        raise LimitError(column, part, f"诊断范围“{part}”的止小于起", "把较小的类目写在前面")
    return first, last


def _list(row: Mapping[str, Any], column: str, code_table: str | None) -> tuple[str, ...]:
    text = row.get(column) or ""
    parts = tuple(part.strip() for part in text.split("|")) if text.strip() else ()
    known = CODE_TABLES[code_table].codes if code_table else {}
    for part in parts:
        if not part or (code_table and part not in known):
            raise LimitError(column, text, f"代码“{part}”不在代码表里", f"可用的代码：{'、'.join(list(known)[:8])}")
    return parts


def _counter(row: Mapping[str, Any]) -> tuple[str, str, int]:
    unit, per, amount = row.get("lmt_unit") or "", row.get("lmt_per") or "", row.get("lmt_amount")
    if not unit and not per and amount is None:
        return "", "", 0
    if not unit or not per or amount is None:
        column = "lmt_unit" if not unit else "lmt_per" if not per else "lmt_amount"
        raise LimitError(column, "", "限量、限量单位、限量期间要一起填", "补齐三项，或都不填")
    written = f"{Decimal(amount).scaleb(-6).normalize():f}"
    if amount < 0:
        raise LimitError("lmt_amount", written, "限量是负数", "改为零或正数")
    if unit in ("days", "times") and amount % (10**4 if unit == "days" else 10**6):
        raise LimitError("lmt_amount", written, "次数应为整数，天数最多两位小数", "改正限量")
    return unit, per, amount


def limit_tables(limits: Sequence[Limit]) -> dict[str, pa.Table]:
    """The limits as tables for SQL: ``limit_cell`` (grain limit_no), ``limit_dx`` and ``limit_prior``."""
    numbers = list(range(len(limits)))

    def column(values: Iterable[Any], kind: pa.DataType) -> pa.Array:
        return pa.array(list(values), kind)

    def barred(name: str) -> pa.Array:
        lists = (getattr(one, name) for one in limits)
        return column((f"|{'|'.join(items)}|" if items else None for items in lists), pa.string())

    cell = pa.table(
        {
            "limit_no": column(numbers, pa.int64()),
            "med_list_codg": column((one.code for one in limits), pa.string()),
            "begndate": column((one.begndate for one in limits), pa.date32()),
            "seq": column((one.seq for one in limits), pa.int64()),
            "gend": column((one.gend or None for one in limits), pa.string()),
            "age_min": column((one.age_min for one in limits), pa.int64()),
            "age_max": column((one.age_max for one in limits), pa.int64()),
            "has_dx": column((int(bool(one.dx)) for one in limits), pa.int64()),
            "hosp_lv": barred("hosp_lv"),
            "insutype": barred("insutype"),
            "med_type": barred("med_type"),
            "dise": barred("dise"),
            "has_prior": column((int(bool(one.prior)) for one in limits), pa.int64()),
            "prior_days": column((one.prior_days for one in limits), pa.int64()),
            "compound": column((int(one.compound) for one in limits), pa.int64()),
            "unit": column((one.unit or None for one in limits), pa.string()),
            "per": column((one.per or None for one in limits), pa.string()),
            "amount": column((one.amount_micro for one in limits), pa.int64()),
        }
    )
    dx = [(no, *part) for no, one in zip(numbers, limits, strict=True) for part in one.dx]
    prior = [(no, code) for no, one in zip(numbers, limits, strict=True) for code in one.prior]
    return {
        "limit_cell": cell,
        "limit_dx": _child(dx, "low", "high"),
        "limit_prior": _child(prior, "med_list_codg"),
    }


def _child(rows: Sequence[tuple[Any, ...]], *names: str) -> pa.Table:
    columns = {name: pa.array([row[at] for row in rows], pa.string()) for at, name in enumerate(names, start=1)}
    return pa.table({"limit_no": pa.array([row[0] for row in rows], pa.int64()), **columns})
