"""What is to be said of single cases: why one is in no group, what it lacks, what was mended in its codes."""

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from yibao.casemix.drg.cells import Mended
from yibao.casemix.drg.condition import FIELD_COLUMNS, MICRO, leaves
from yibao.casemix.drg.grouping import MISSING
from yibao.casemix.drg.scheme import Scheme

Mask = npt.NDArray[np.bool_]

WORDS = {
    "no_principal_dx": ("没有主要诊断，不能分组", "补填主要诊断后重新分组"),
    "no_day": ("没有出院日期，不知道适用哪一版分组方案", "补填出院日期，或用 --scheme 指定方案"),
    "bad_number": ("应填数字（至多六位小数），不能分组", "改为数字后重新分组"),
    "negative_number": ("不能是负数，不能分组", "核对后改正，重新分组"),
    "no_group": ("主要诊断和手术操作不符合任何大类里的ADRG", "核对主要诊断的选择和编码"),
    "no_age": ("没有年龄：涉及年龄的条件都按不成立处理", "补填年龄"),
    "no_gender": ("没有性别：涉及性别的条件都按不成立处理", "补填性别"),
    "newborn_without_weight": ("28天以内的新生儿没有体重：按体重分组的条件都按不成立处理", "补填新生儿入院体重"),
    "list_sign": ("代码不是以|分隔，已按分隔符拆开", "导出时以|分隔"),
    "code_mended": ("代码的大小写或全半角不合规范，已按规范代码分组", "改为规范代码"),
    "code_mapped": ("已由临床版代码对照为医保版代码", "不需要处理"),
    "clinical_code": ("是临床版代码，分组方案用医保版代码，未计入", "加 --map-codes 按对照表转换，或改填医保版代码"),
    "unknown_code": ("分组方案的代码库里没有这个代码，未计入", "核对代码"),
}
"""What is said and the next step, by the code of a remark."""
NEWBORN_DAYS = 28


class Remarks:
    """Collects the remarks of a batch; each kind is one stretch of rows."""

    def __init__(self, case_id: pa.Array) -> None:
        self._case_id = case_id
        self._parts: list[pa.Table] = []

    def add(self, code: str, rows: Mask, column: str = "", values: pa.ChunkedArray | None = None) -> None:
        """A remark of every case that ``rows`` marks, with the cell as written where ``values`` gives the column."""
        at = np.flatnonzero(rows)
        if len(at):
            cells = None if values is None else values.combine_chunks().take(pa.array(at))
            self._append(code, at, column, cells, *WORDS[code])

    def add_mended(self, column: str, mended: Sequence[Mended]) -> None:
        """What was done to codes of a column."""
        for one in mended:
            said, step = WORDS[one.code]
            if one.taken and one.code != "unknown_code":
                said = f"{said}（{one.value} → {one.taken}）"
            cells = None if one.value is None else pa.array([one.value] * len(one.rows), pa.string())
            self._append(one.code, one.rows, column, cells, said, step)

    def _append(self, code: str, at: Any, column: str, cells: pa.Array | None, said: str, step: str) -> None:
        count = len(at)
        places = pa.array(at, pa.int64())

        def same(text: str) -> pa.Array:
            return pa.DictionaryArray.from_arrays(pa.array(np.zeros(count, dtype=np.int32)), pa.array([text])).cast(
                pa.string()
            )

        self._parts.append(pa.table({
            "case_id": self._case_id.take(places), "row": places, "code": same(code), "column": same(column),
            "value": same("") if cells is None else cells, "message": same(said), "next_step": same(step),
        }))  # fmt: skip

    def table(self) -> pa.Table:
        """All remarks, by case."""
        if not self._parts:
            names = ("case_id", "row", "code", "column", "value", "message", "next_step")
            return pa.table({name: pa.array([], pa.int64() if name == "row" else pa.string()) for name in names})
        return pa.concat_tables(self._parts).sort_by("row")


def field_remarks(
    remarks: Remarks, scheme: Scheme, number: npt.NDArray[np.int64], looked: Mask, given: Collection[str]
) -> None:
    """What is missing of fields that the scheme asks for: age, gender, and the weight of a newborn.

    A column that is not ``given`` at all is the file's fault, told once, not each case's.
    """
    asked = fields_asked(scheme)
    age, days = (number[:, FIELD_COLUMNS.index(name)] for name in ("age", "age_day"))
    if {"age", "ageDay"} & asked and {"age", "age_day"} & set(given):
        remarks.add("no_age", looked & (age == MISSING) & (days == MISSING), "age")
    if "gender" in asked and "gender" in given:
        remarks.add("no_gender", looked & (number[:, FIELD_COLUMNS.index("gender")] == MISSING), "gender")
    if "weight" in asked:
        weight = number[:, FIELD_COLUMNS.index("weight_g")]
        newborn = (days != MISSING) & (days <= NEWBORN_DAYS * MICRO) & ((age == 0) | (age == MISSING))
        remarks.add("newborn_without_weight", looked & newborn & ((weight == MISSING) | (weight == 0)), "weight_g")


def fields_asked(scheme: Scheme) -> set[str]:
    """The fields that a condition of the scheme asks for."""
    return {leaf[1] for tree in scheme.trees for leaf in leaves(tree) if leaf[0] in ("cmp", "isin", "truthy")}
