"""The workbook of a reconciling, to be sent to the other side: conclusion, differences, days, columns, rejects."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from yibao import tables
from yibao.engine import Engine
from yibao.flows.reconcile_results import COUNT, MADE_BY
from yibao.reconcile.kinds import KINDS, RUNGS
from yibao.report.book_sheets import Book, Head, Sheet
from yibao.report.reconcile_head import put_conclusion
from yibao.standard import CODE_TABLES, FIELDS

MOST = 100_000
"""How many rows a sheet shows; all of them are in the parquet files."""
_SIDES = {"ours": "本方", "theirs": "对方"}
_KIN = {
    1: "就诊ID相同",
    2: "人员编号和各项金额相同",
    3: "日期和各项金额相同",
    4: "日期和各项金额相同",
}


def write_reconcile_book(folder: Path, out: Path) -> None:
    """Writes the workbook of a finished ``yibao reconcile``. Raises ResultFolderError, OutputError."""
    facts = tables.read_summary(folder, MADE_BY)
    with Engine() as engine, tables.atomic_path(out) as path, Book(path, "对账", date(2000, 1, 1), long=True) as book:
        put_conclusion(book, facts)
        if facts["mode"] == "lines":
            differences = _rows(engine, folder, "differences", "ORDER BY diff_no LIMIT $most")
            page = book.sheet(_differences(facts, differences))
            page.print_area(0, 0, 3 + len(differences), 8 + len(facts["amounts"]))
            for sheet in _daily(engine, folder, facts):
                book.sheet(sheet)
        else:
            book.sheet(_totals(facts, _rows(engine, folder, "totals", "LIMIT $most")))
        book.sheet(_columns(_rows(engine, folder, "columns", "LIMIT $most")))
        rejected = folder / "rejected.parquet"
        rows = _rows(engine, folder, "rejected", "LIMIT $most") if rejected.exists() else []
        book.sheet(_rejected(rows))


def _rows(engine: Engine, folder: Path, name: str, tail: str) -> list[dict[str, Any]]:
    tables.open_view(engine, name, folder, f"{name}.parquet", MADE_BY)
    return list(engine.fetch(f"SELECT * FROM {name} {tail}", {"most": MOST}).to_pylist())


def _money(field: str) -> str:
    return FIELDS[field].label


def _differences(facts: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> Sheet:
    """What to do stands beside what differs; both sides' amounts and places follow behind."""
    amounts = facts["amounts"]
    heads = [
        Head("序号", "int"), Head("类别"), Head("本方结算ID"), Head("对方结算ID"), Head("人员编号"),
        Head("本方日期", "day"), Head("对方日期", "day"),
        *(Head(f"{_money(one)}差额（元）", "money") for one in amounts),
        Head("不同的金额"), Head("下一步", "wrap"), Head("对上的依据"), Head("相近的结算"), Head("就诊ID"),
        *(Head(f"{_money(one)}{part}（元）", "money") for one in amounts for part in ("本方", "对方")),
        Head("本方所在行"), Head("对方所在行"),
    ]  # fmt: skip
    cells = [
        [
            row["diff_no"], row["kind_name"], _ids(row["ours_setl_id"]), _ids(row["theirs_setl_id"]),
            row["psn_no"] or "", row["ours_day"], row["theirs_day"], *(row[f"diff_{one}"] for one in amounts),
            "、".join(_money(one) for one in (row["differs"] or "").split("|") if one), row["next_step"],
            _ground(row), _near(row), row["ours_mdtrt_id"] or row["theirs_mdtrt_id"] or "",
            *(row[f"{part}_{one}"] for one in amounts for part in ("ours", "theirs")),
            _ids(row["ours_row"]), _ids(row["theirs_row"]),
        ]
        for row in rows
    ]  # fmt: skip
    total = facts["differences"] + facts["linked"]
    more = f"；只列前{MOST:,}处，全部在 differences.parquet" if total > MOST else ""
    note = f"差额为本方减对方；一行一处差异，拆分合并的几个结算ID用、隔开{more}"
    sums: list[Any] = ["", "合计", "", "", "", None, None]
    sums += [sum((row[f"diff_{one}"] for row in rows), Decimal(0)) for one in amounts] + [""] * 5
    sums += [sum((row[f"{part}_{one}"] for row in rows), Decimal(0)) for one in amounts for part in ("ours", "theirs")]
    return Sheet("差异明细", "差异明细", note, heads, cells, (*sums, "", "") if cells else ())


def _ids(text: str | None) -> str:
    return "、".join((text or "").split("|"))


def _ground(row: Mapping[str, Any]) -> str:
    ground = RUNGS[row["rung"]]
    return f"{ground}；与另外{row['among'] - 1}笔内容相同，按次序对应" if row["among"] > 1 else ground


def _near(row: Mapping[str, Any]) -> str:
    if not row["suspects"]:
        return ""
    which = f"对方{row['suspect_at']}" if row["ours_cnt"] else f"本方{row['suspect_at']}"
    many = f"等{row['suspects']}笔" if row["suspects"] > 1 else ""
    return f"{which}{many}：{_KIN[row['suspect_kin']]}，但编号不能证明是同一笔，没有合并"


def _place(by: Sequence[str], order: Mapping[str, int], row: Mapping[str, Any]) -> tuple[str | int, ...]:
    """Where a total stands: by its columns, then by the order of amounts."""
    return (*(str(row[one] or "") for one in by), order[row["field"]])


def _daily(engine: Engine, folder: Path, facts: Mapping[str, Any]) -> list[Sheet]:
    """Totals by day, and by what else both sides have."""
    tables.open_view(engine, "daily", folder, "daily.parquet", MADE_BY)
    moved = engine.fetch(f"SELECT {', '.join(f'max(abs({one.code})) AS {one.code}' for one in KINDS)} FROM daily")
    kinds = [one for one in KINDS if moved[one.code][0].as_py()]
    columns = ("ours", "theirs", "difference", *(one.code for one in kinds), "unexplained")
    sums = ", ".join(f"CAST(sum({name}) AS DECIMAL(20, 2)) AS {name}" for name in columns)
    explains = {one.code for one in kinds}
    sheets = []
    groups = [("每日合计", ["day"])] + ([("分类合计", list(facts["classes"]))] if facts["classes"] else [])
    for name, by in groups:
        keys = ", ".join(by)
        query = f"SELECT {keys}, field, {sums} FROM daily GROUP BY {keys}, field ORDER BY {keys}, field LIMIT $most"
        rows = list(engine.fetch(query, {"most": MOST}).to_pylist())
        order = {field: at for at, field in enumerate((COUNT, *facts["amounts"]))}
        rows.sort(key=partial(_place, by, order))
        heads = [Head("日期" if one == "day" else FIELDS[one].label, "day" if one == "day" else "text") for one in by]
        heads += [Head("项目"), Head("本方", "money"), Head("对方", "money"), Head("差额", "money")]
        heads += [Head(one.label, "money") for one in kinds] + [Head("未说明", "money")]
        cells = [
            [*(_code(one, row[one]) for one in by), "结算笔数" if row["field"] == COUNT else _money(row["field"]),
             *(row[one] or (None if one in explains else row[one]) for one in columns)]
            for row in rows
        ]  # fmt: skip
        note = "金额单位元；差额为本方减对方，等于各类之和加未说明的部分；未说明的只来自被退回的行"
        sheets.append(Sheet(name, name, note, heads, cells))
    return sheets


def _code(name: str, value: Any) -> Any:
    """A code with its name where the vocabulary has one."""
    table = CODE_TABLES.get(FIELDS[name].code_table or "") if name in FIELDS else None
    return f"{value} {table.codes[value]}" if table and value in table.codes else value


def _totals(facts: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> Sheet:
    classes = facts["classes"]
    heads = [Head("开始日期", "day"), Head("结束日期", "day"), *(Head(FIELDS[one].label) for one in classes)]
    heads += [Head("项目"), Head("本方", "money"), Head("对方", "money"), Head("差额", "money")]
    cells = [
        [row["stmt_begndate"], row["stmt_enddate"], *(_code(one, row[one]) for one in classes),
         "结算笔数" if row["field"] == COUNT else _money(row["field"]), row["ours"], row["theirs"], row["difference"]]
        for row in rows
    ]  # fmt: skip
    return Sheet("总账对比", "总账对比", "3201的总账只有合计；空着的一方没有这一项", heads, cells)


def _columns(rows: Sequence[Mapping[str, Any]]) -> Sheet:
    heads = [
        Head("哪一方"),
        Head("文件"),
        Head("列名"),
        Head("作为"),
        Head("字段"),
        Head("依据"),
        Head("前几个值", "wrap"),
    ]
    cells = [
        [_SIDES[row["side"]], row["file"], row["column"], row["label"] or "不用", row["field"], row["ground_name"],
         row["samples"]]
        for row in rows
    ]  # fmt: skip
    note = "列名不对时用 --ours-map、--theirs-map 写明，如 --ours-map 总费用=medfee_sumamt"
    return Sheet("列名对应", "列名对应", note, heads, cells)


def _rejected(rows: Sequence[Mapping[str, Any]]) -> Sheet:
    heads = [
        Head("哪一方"), Head("文件"), Head("行号", "int"), Head("结算ID"), Head("就诊ID"), Head("人员编号"),
        Head("结算时间"), Head("金额"), Head("问题", "wrap"), Head("下一步", "wrap"),
    ]  # fmt: skip
    cells = [
        [_SIDES[row["side"]], row["file"], row["row"], *(row[name] or "" for name in (
            "setl_id", "mdtrt_id", "psn_no", "setl_time", "amounts", "reason", "next_step"))]
        for row in rows
    ]  # fmt: skip
    note = "这些行读不懂，没有计入任何合计；改正后再对一次" if rows else "没有被退回的行"
    return Sheet("退回的行", "退回的行", note, heads, cells)
