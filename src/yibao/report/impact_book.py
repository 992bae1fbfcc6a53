"""The workbook of a simulation: every table of the page whole, amounts in 元 as numbers, codes in words."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from yibao.impact.measure import FUNDS
from yibao.kernel import yuan
from yibao.report import impact_words as said
from yibao.report.book_sheets import Book, Head, Sheet, heads
from yibao.report.impact_view import Row, View

_PATIENT = ("burden", "acct", "cash")
_NAMES = {
    "fund": "基金支出", **said.FUNDS, "burden": "个人负担", "acct": "个人账户", "cash": "现金", "personal": "个人缴费",
    "subsidy": "财政补助", "aided": "资助参保", "spent": "统筹支出", "balance": "累计结余", "person": "全年负担",
    "over": "超过界限", "fee": "医疗费用",
}  # fmt: skip
_OVERVIEW = (
    ("claims", "结算（笔）", "int"), ("fee", "医疗费用", "money"), ("own", "全自费", "money"),
    ("over_limit", "超限价", "money"), ("preself", "先行自付", "money"), ("in_scope", "政策范围内", "money"),
    ("fund", "基金支出", "money"), *((name, said.FUNDS[name], "money") for name in FUNDS),
    ("burden", "个人负担", "money"), ("acct", "个人账户", "money"), ("mulaid", "其中家庭共济", "money"),
    ("cash", "现金", "money"), ("fund_change", "基金支出增减", "money"), ("burden_change", "个人负担增减", "money"),
    ("members", "参保人数（人）", "int"), ("people", "有就医的人（人）", "int"), ("winners", "少付的人（人）", "int"),
    ("losers", "多付的人（人）", "int"), ("unchanged", "不变的人（人）", "int"), ("won", "共少付", "money"),
    ("lost", "共多付", "money"), ("above", "灾难性支出的人（人）", "int"), ("overshoot", "超过界限的部分", "money"),
)  # fmt: skip


def write_sheets(path: Path, view: View) -> None:
    """Writes all sheets, the contents first."""
    sheets = list(_sheets(view))
    about = f"{view.facts.city}，{view.facts.period}；由 {view.facts.made_by} 写出；金额单位元，精确到分"
    with Book(path, view.facts.title, view.facts.made_on) as book:
        contents = book.page("目录", view.facts.title, about, (18, 12, 70))
        marks = _marks(view)
        for at, text in enumerate(marks):
            contents.write_string(2 + at, 0, text, book.note)
        first = 3 + len(marks)
        book.put_heads(contents, first, heads("工作表 行数（行） 内容"))
        for row, one in enumerate(sheets, start=first + 1):
            contents.write_url(row, 0, f"internal:'{one.name}'!A1", book.link, one.name)
            contents.write_number(row, 1, len(one.rows), book.form("int"))
            contents.write_string(row, 2, one.note, book.form("text"))
        for one in sheets:
            book.sheet(one)


def _marks(view: View) -> list[str]:
    """What marks the whole result."""
    marks = ["行为反应：假定" if view.facts.response else "就诊行为不变：没有计算行为反应"]
    doubts = {one.key for one in (*view.facts.doubts, *(d for reform in view.facts.reforms for d in reform.doubts))}
    if doubts:
        marks.append(f"使用了未经核实的参数 {len(doubts)} 项：{'、'.join(sorted(doubts))}")
    if not all(one.closes for one in view.impact.closings):
        marks.append("总数核对有不符的项目：请勿使用本结果")
    return marks


def _sheets(view: View) -> Iterator[Sheet]:
    yield _overview(view)
    yield _changes(view)
    yield _fund(view)
    yield _burden(view)
    yield _people(view)
    yield _catastrophic(view)
    yield _split(view)
    yield _reserve(view)
    yield _examples(view)
    if view.facts.response:
        yield _response(view)
    if view.facts.search is not None:
        yield _search(view)
    yield _checks(view)


def _yuan(fen: int | None) -> Any:
    return None if fen is None else yuan(fen)


def _pairs(row: Row, names: Sequence[str]) -> list[Any]:
    """Before, after and change of each name, 元."""
    found = []
    for name in names:
        before, after = row[f"{name}_before"], row[f"{name}_after"]
        found += [_yuan(before), _yuan(after), _yuan(None if before is None or after is None else after - before)]
    return found


def _pair_heads(names: Sequence[str]) -> list[Head]:
    return [Head(f"{_NAMES.get(name, name)}{when}（元）", "money") for name in names for when in ("前", "后", "增减")]


def _overview(view: View) -> Sheet:
    columns = [
        Head("方案"),
        *(Head(f"{label}{'（元）' if kind == 'money' else ''}", kind) for _, label, kind in _OVERVIEW),
    ]
    rows = [
        [view.name(row["law_no"]),
         *(_yuan(row[name]) if kind == "money" else row[name] for name, _, kind in _OVERVIEW)]
        for row in (view.base, *view.reforms)
    ]  # fmt: skip
    limit = "灾难性支出的界限" + (
        said.GIVEN if view.threshold is None else f"：全年个人负担超过{said.money(view.threshold)}元"
    )
    return Sheet("总览", f"{view.facts.title}：总览", f"一行一个方案，第一行为现行政策；{limit}", columns, rows)


def _changes(view: View) -> Sheet:
    rows = []
    for law in view.reforms:
        told = view.told(law["law_no"])
        grades = [*told.grades, *([""] * (len(told.changes) - len(told.grades)))]
        rows += [
            [view.name(law["law_no"]), one.key, one.label, said.where(one.where), one.kind,
             said.written(one.key, one.before), said.written(one.key, one.after), grade,
             one.before_source, one.after_source]
            for one, grade in zip(told.changes, grades, strict=True)
        ]  # fmt: skip
    return Sheet("参数变化", "参数变化", "一行一项参数；其余规定与现行政策相同",
                 heads("方案 参数 名称 条件 变化 原来 改为 可信等级 原来的依据 新的依据"), rows)  # fmt: skip


def _fund(view: View) -> Sheet:
    names = ("fee", "fund", *FUNDS, *_PATIENT)
    columns = [*heads("方案 险种 机构等级 类别 结算月份 结算前（笔）:int 结算后（笔）:int"), *_pair_heads(names)]
    rows = [
        [view.name(row["law_no"]), said.insutype(row["insutype"]), said.level(row["hosp_lv"]), said.kind(row["kind"]),
         row["month"], row["claims_before"], row["claims_after"], *_pairs(row, names)] for row in view.of("impact_fund")
    ]  # fmt: skip
    note = "一行为一个险种、等级、类别和月份；月份是结算的月份，一笔冲销抵一笔结算"
    return Sheet("基金支出", "基金支出", note, columns, rows)


def _burden(view: View) -> Sheet:
    names = ("burden", "cash", "fund")
    columns = [*heads("方案 分组 组别 参保人数（人）:int 有就医的人（人）:int 结算前（笔）:int 结算后（笔）:int "
                      "医疗费用前（元）:money 医疗费用后（元）:money"), *_pair_heads(names)]  # fmt: skip
    rows = [
        [view.name(row["law_no"]), said.DIMENSIONS[row["dimension"]], said.value(row["dimension"], row["value"]),
         row["members"], row["people"], row["claims_before"], row["claims_after"], _yuan(row["fee_before"]),
         _yuan(row["fee_after"]), *_pairs(row, names)]
        for law in view.reforms for dimension in said.DIMENSIONS
        for row in sorted(view.of("impact_burden", law["law_no"], dimension=dimension),
                          key=lambda one: said.order(str(one["dimension"]), one["value"]))
    ]  # fmt: skip
    note = "一行一组；人数按待遇年度计；按机构等级时，一人在几个等级就医的各计一次，参保人数不分等级"
    return Sheet("群众负担", "群众负担", note, columns, rows)


def _people(view: View) -> Sheet:
    rows = [
        [view.name(row["law_no"]), said.SIDES[row["side"]], said.band(row["band_no"]), row["people"],
         _yuan(row["burden_before"]), _yuan(row["burden_after"]), _yuan(row["change"])]
        for row in view.of("impact_change")
    ]  # fmt: skip
    columns = heads(
        "方案 去向 全年个人负担的变化 人数（人）:int 负担前（元）:money 负担后（元）:money 变化（元）:money"
    )
    return Sheet("受益与受损", "受益与受损", "一行一档；“没有就医”是名单上没有结算的参保人", columns, rows)


def _catastrophic(view: View) -> Sheet:
    counts = ("insured", "people", "above_before", "above_after", "began", "ended")
    rows = [
        [view.name(row["law_no"]), said.insutype(row["insutype"]), said.identity(row["identity"]),
         *(row[name] for name in counts), row["share_before"], row["share_after"], *_pairs(row, ("over",))]
        for row in view.of("impact_catastrophic")
    ]  # fmt: skip
    columns = [
        *heads(
            "方案 险种 身份 参保人数（人）:int 有就医的人（人）:int 人数前（人）:int 人数后（人）:int 新增（人）:int "
            "减少（人）:int 占参保前:percent 占参保后:percent"
        ),
        *_pair_heads(("over",)),
    ]
    limit = (
        "没有给出界限，因此没有行" if view.threshold is None else f"全年个人负担超过{said.money(view.threshold)}元的人"
    )
    source = (
        f"，依据：{view.facts.threshold_source}" if view.facts.threshold_source and view.threshold is not None else ""
    )
    return Sheet("灾难性支出", "灾难性支出", f"{limit}{source}；占比为统计数", columns, rows)


def _split(view: View) -> Sheet:
    names = ("fund", *FUNDS, *_PATIENT)
    columns = [*heads("方案 部分 参数 名称"), *(Head(f"{_NAMES[name]}增减（元）", "money") for name in names)]
    rows = [
        [view.name(row["law_no"]), said.PARTS.get(row["part"], "单项"), row["key"], row["label"],
         *(_yuan(row[name]) for name in names)] for row in view.of("impact_split")
    ]  # fmt: skip
    note = "一行只改一项参数；交互项 = 全部改革 − 各单项之和（有行为反应时另列），因此各行之和等于全部改革"
    return Sheet("分解", "逐项分解", note, columns, rows)


def _reserve(view: View) -> Sheet:
    names = ("personal", "subsidy", "aided", "spent", "balance")
    columns = [
        *heads("方案 险种 缴费人数前（人）:int 缴费人数后（人）:int"),
        *_pair_heads(names),
        *heads("可支付月数前（月）:plain 可支付月数后（月）:plain"),
    ]
    rows = [
        [view.name(row["law_no"]), said.insutype(row["insutype"]), row["payers_before"], row["payers_after"],
         *_pairs(row, names),
         *(None if row[name] is None else yuan(row[name] * 10) for name in ("reserve_before", "reserve_after"))]
        for row in view.of("impact_reserve")
    ]  # fmt: skip
    note = (
        "统筹支出只含基本医保统筹基金；累计结余为期末数；可支付月数 = 累计结余 ÷ 月均统筹支出，一位小数；空格为没有给出"
    )
    return Sheet("缴费与可支付月数", "缴费与可支付月数", note, columns, rows)


def _examples(view: View) -> Sheet:
    columns = [
        *heads("方案 去向 选法 人员 待遇年度 年龄 身份"),
        *_pair_heads(("person",)),
        *heads("结算ID 结算日期:day 类别 机构等级 医疗机构 费用（元）:money"),
        *_pair_heads(("fund", "burden")),
        *heads("打开现行政策的账单 打开本方案的账单"),
    ]
    rows = []
    for row in view.of("impact_example"):
        runs = (view.facts.base_run, view.told(row["law_no"]).run)
        opened = [f"yibao explain {row['setl_id']} --run {run}" if run and row["setl_id"] else "" for run in runs]
        rows.append([
            view.name(row["law_no"]), said.SIDES[row["side"]], said.PICKS[row["pick"]], row["psn_no"],
            str(row["year"]), said.value("age", row["age_band"]), said.identity(row["identity"]),
            *_pairs(row, ("person",)), row["setl_id"] or "", row["day"],
            said.kind(row["kind"]) if row["setl_id"] else "", said.level(row["hosp_lv"]) if row["setl_id"] else "",
            row["fixmedins_code"] or "", _yuan(row["medfee"]), *_pairs(row, ("fund", "burden")), *opened,
        ])  # fmt: skip
    note = "变化最大的人，各带其中变化最大的一笔；各类别里居中的一笔。命令打开这笔结算的账单"
    return Sheet("例子", "例子", note, columns, rows)


def _response(view: View) -> Sheet:
    rows: list[list[Any]] = []
    for one in view.facts.response:
        told = one.parameter
        rows.append(["参数", one.key, said.where(told.where_text), told.value_text, told.grade.label, str(told.source),
                     *[None] * 5])  # fmt: skip
    for law in view.reforms:
        plan = view.facts.plans.get(law["law_no"])
        for cell in [] if plan is None else plan.cells.to_pylist():
            label = f"{said.kind(cell['kind'])}，{said.level(cell['hosp_lv'])}，{said.insutype(cell['insutype'])}"
            rows.append([view.name(law["law_no"]), "", label, "", "", "", cell["visits"], cell["share_before"],
                         cell["share_after"], Decimal(cell["elasticity_ppm"]).scaleb(-6),
                         Decimal(cell["change_ppm"]).scaleb(-6)])  # fmt: skip
    columns = heads(
        "方案 参数 条件或类别 值 可信等级 依据 就诊（次）:int 个人支付比例前:percent 个人支付比例后:percent 弹性:stat "
        "就诊变化:ratio"
    )
    return Sheet("行为反应", "行为反应：假定", "先列参数，再列各类就诊；弹性和比例为统计数", columns, rows)


def _search(view: View) -> Sheet:
    asked = view.facts.search
    if asked is None:
        raise ValueError("no search")
    best = {one.trial.values: one.reason for one in asked.choices}
    axes = [Head(f"{label}{'（元）' if unit == 'yuan' else ''}", "money" if unit == "yuan" else "value")
            for label, unit in zip(asked.labels, asked.units, strict=True)]  # fmt: skip
    columns = [
        *axes,
        *heads(
            "基金支出（元）:money 比目标（元）:money 灾难性支出人数（人）:int 个人负担（元）:money 达到目标 前沿的理由"
        ),
    ]
    rows = [
        [*(yuan(value) if unit == "yuan" else Decimal(value).scaleb(-6)
           for value, unit in zip(one.values, asked.units, strict=True)),
         yuan(one.fund), yuan(one.fund - asked.target), one.above, yuan(one.burden),
         "是" if one.fund <= asked.target else "否", best.get(one.values, "")]
        for one in sorted(asked.trials)
    ]  # fmt: skip
    note = f"在“{asked.law}”上试算的全部取值；目标：基金支出不超过{said.money(asked.target)}元"
    return Sheet("目标搜索", "目标搜索", note, columns, rows)


def _checks(view: View) -> Sheet:
    rows = []
    for one in view.impact.closings:
        label, counts = said.closing(one)
        figures = [yuan(100 * figure if counts else figure) for figure in (one.one, one.other, one.one - one.other)]
        rows.append([label, view.name(one.law_no), *figures, "相符" if one.closes else "不符"])
    return Sheet("核对", "总数核对", "左右必须相等", heads("应相等的两个数 方案 左:money 右:money 差:money 结果"), rows)
