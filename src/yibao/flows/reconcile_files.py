"""The files of two sides: found, looked into, their columns guessed and shown; refused where a guess is a gamble."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from yibao import tables
from yibao.engine import Engine
from yibao.flows.dip_common import FlowError
from yibao.kernel import Finding
from yibao.reconcile.columns import KEYS, SET_ASIDE, Guess, Mapped, guess
from yibao.standard import TABLES
from yibao.standard.reconcile import AMOUNTS

SIDES = {"ours": "本方", "theirs": "对方"}
"""The two sides and what they are called."""
LINES, TOTALS = "recon_lines", "recon_totals"
_AMOUNT = re.compile(r"-?[0-9]+\.[0-9]{1,2}")


class Side(NamedTuple):
    """One side: its files, whether they are lines or totals, header to field, and every column with its ground."""

    name: str
    files: list[Path]
    table: str
    headers: dict[str, str]
    columns: list[tuple[str, Mapped]]
    """File label and column."""

    @property
    def fields(self) -> list[str]:
        """The fields that the files have, in the order of the table."""
        return [one for one in TABLES[self.table].columns if one in self.headers.values()]


def read_map(given: Sequence[str], option: str) -> dict[str, str]:
    """``列名=字段`` pairs as the options give them. Raises FlowError for one without an equals sign."""
    found: dict[str, str] = {}
    for text in given:
        column, mark, field = text.rpartition("=")
        if not mark or not column.strip() or not field.strip():
            raise FlowError(f"{option} 要写成“列名=字段”，如 {option} 总费用=medfee_sumamt；写的是“{text}”")
        found[column.strip()] = field.strip()
    return found


def open_sides(
    engine: Engine, ours: Path, theirs: Path, maps: tuple[Mapping[str, str], Mapping[str, str]]
) -> tuple[Side, Side]:
    """Both sides with their columns. Raises FlowError with every fault of the files and of the guess."""
    places = (_files(ours, "ours"), _files(theirs, "theirs"))
    same = {one.resolve() for one in places[0]} & {one.resolve() for one in places[1]}
    if same:
        names = "、".join(sorted(one.name for one in same))
        raise FlowError(f"两边是同一个文件：{names}；请写本方和对方各自的文件")
    faults: list[Finding] = []
    sides = [
        _side(engine, name, files, given, faults)
        for name, files, given in zip(SIDES, places, maps, strict=True)
    ]  # fmt: skip
    if faults:
        raise FlowError("列名对应不上，没有对账：请按列出的问题处理后再试", findings=faults)
    for side in sides:
        _check(side)
    return sides[0], sides[1]


def _files(place: Path, name: str) -> list[Path]:
    files = tables.data_files(place)
    if not files:
        raise FlowError(f"{SIDES[name]}的文件夹“{place.name}”里没有数据文件：放入 csv、xlsx 或 parquet 再试")
    return files


def _side(engine: Engine, name: str, files: list[Path], given: Mapping[str, str], faults: list[Finding]) -> Side:
    """The columns of one side's files, which must not contradict each other."""
    known = [
        word
        for table in (LINES, TOTALS)
        for one in TABLES[table].fields
        for word in (one.name, one.label, *one.aliases)
    ]
    peeked = []
    for file in files:
        try:
            peeked.append(tables.peek(engine, file, [*known, *given]))
        except tables.FileFaultError as error:
            faults.append(error.finding)
    table, found = _table(peeked, given)
    used = set(given)
    headers: dict[str, str] = {}
    columns = [(seen.label, one) for seen, each in zip(peeked, found, strict=True) for one in each.columns]
    several = len(peeked) > 1
    for each in found:
        # a column that one file of several lacks is no mistake, as long as another has it
        faults += [one for one in each.faults if not (several and one.code == "map_unknown_column")]
        headers |= each.headers
    if several:
        lacking = used - {one.column for _label, one in columns}
        if lacking:
            raise FlowError(f"{SIDES[name]}的文件里都没有“{'、'.join(sorted(lacking))}”这一列：请核对 --{name}-map")
    return Side(name, files, table, headers, columns)


def _table(peeked: Sequence[tables.Peeked], given: Mapping[str, str]) -> tuple[str, list[Guess]]:
    """Whether the files are lines or totals, and the guess for it: totals count settlements and name none."""
    totals = [guess(TABLES[TOTALS], one.label, one.header, one.samples, given) for one in peeked]
    lines = [guess(TABLES[LINES], one.label, one.header, one.samples, given) for one in peeked]
    names = {name for one in lines for name in one.headers.values()}
    counted = any("fixmedins_setl_cnt" in one.headers.values() for one in totals)
    if counted and not names & set(KEYS):
        return TOTALS, totals
    return LINES, lines


def _check(side: Side) -> None:
    """A side must have an amount, and lines something to know them by."""
    who, option = SIDES[side.name], f"--{side.name}-map"
    listed = "、".join(dict.fromkeys(one.column for _label, one in side.columns)) or "无"
    if not side.fields and any(_AMOUNT.fullmatch(one.column) for _label, one in side.columns):
        raise FlowError(
            f"{who}的文件像是没有表头，第一行就是数据（{listed}）：请在第一行加上列名，"
            "如 结算ID、就诊ID、人员编号、医疗费总额、基金支付总额、个人账户支出，次序同文件"
        )
    if side.table == LINES and not set(side.fields) & set(KEYS):
        raise FlowError(
            f"{who}的文件里找不到结算ID、就诊ID或人员编号：有的列是 {listed}；"
            f"请用 {option} 写明哪一列是结算ID，如 {option} 单据号=setl_id"
        )
    if not set(side.fields) & set(AMOUNTS):
        raise FlowError(
            f"{who}的文件里找不到金额列：有的列是 {listed}；"
            f"请用 {option} 写明，如 {option} 金额=medfee_sumamt（医疗费总额）、"
            f"{option} 报销=fund_pay_sumamt（基金支付总额）"
        )


def unused(side: Side) -> list[str]:
    """The columns that were not taken for anything."""
    return list(dict.fromkeys(one.column for _label, one in side.columns if not one.field))


__all__ = ["LINES", "SET_ASIDE", "SIDES", "TOTALS", "Side", "open_sides", "read_map", "unused"]
