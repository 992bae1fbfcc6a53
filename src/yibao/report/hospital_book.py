"""One hospital's workbook (亮家底): where it stands, its groups, cases that stray, months, clearing, and the checks.

`write_pack` takes plain values only and reads nothing.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from yibao.report.book_sheets import Book, Head, Sheet, heads, put, tall

Rows = Sequence[Sequence[Any]]


class Line(NamedTuple):
    """A line of the clearing: its figure, how it comes about, and on what ground."""

    label: str
    value: Decimal | str | None
    kind: str
    unit: str
    formula: str
    source: str


class Pack(NamedTuple):
    """All that a workbook holds, as plain values."""

    path: Path
    name: str
    city: str
    year: int
    about: Rows
    """Facts of the hospital: label and text."""
    peers: Rows
    changes: Rows
    groups: Rows
    deviations: Rows
    deviating: Rows
    special: Rows
    excluded: Rows
    months: Mapping[str, Rows]
    """By fund: a row a month."""
    clearing: Mapping[str, Sequence[Line]]
    buckets: Rows
    aux: Rows
    flags: Rows
    flagged: Rows
    checks: Rows
    notes: Sequence[str]
    drg: tuple[Rows, Rows] | None
    """Measures (label, value) and DRGs; None where the year was not put into DRGs."""
    totals: Mapping[str, int]
    """How many deviating, excluded and flagged cases there are, listed or not."""


CONTENTS = (
    ("总览", "机构情况、在同级医疗机构中的位次、与上年相比的变化"),
    ("病种", "各病种的病例、分值、例均费用对照同级和全市、应付与记账的差额，亏损多的在前"),
    ("偏差", "费用偏低、偏高、极高的病例，逐例列出"),
    ("特例与除外", "特例单议申请的结果；有除外费用的病例"),
    ("月度", "十二个月的预算、记账、调剂、保证金、实付，附图"),
    ("清算", "从应付到年末应付，逐行列出算法和依据"),
    ("分型与标记", "计分类别、辅助分型、违规行为监督标记"),
    ("DRG", "同一批病例按DRG分组的对照：CMI、时间和费用消耗指数，各组费用对照全市；不影响付费"),
    ("核对", "本工作簿各表的合计与年度清算一致"),
)


def write_pack(pack: Pack) -> None:
    """Writes one workbook. The same values give the same cells."""
    with Book(pack.path, f"{pack.name}{pack.year}年度DIP清算", date(pack.year, 12, 31)) as book:
        _contents(book, pack)
        _overview(book, pack)
        _groups(book, pack)
        _deviating(book, pack)
        _special(book, pack)
        _months(book, pack)
        _clearing(book, pack)
        _types(book, pack)
        if pack.drg is not None:
            _drg(book, pack, *pack.drg)
        _checks(book, pack)


def _contents(book: Book, pack: Pack) -> None:
    page = book.page(
        "说明与目录",
        f"{pack.name}：{pack.year}年度住院DIP清算",
        f"{pack.city}医保经办机构向医疗机构反馈的数据",
        (16, 76),
    )
    book.put_heads(page, 3, (Head("工作表"), Head("内容")))
    row = 4
    for name, what in CONTENTS:
        if name == "DRG" and pack.drg is None:
            continue
        page.write_url(row, 0, f"internal:'{name}'!A1", book.link, name)
        page.write_string(row, 1, what, book.form("wrap"))
        row += 1
    row += 1
    for note in pack.notes:
        page.set_row(row, tall([(note, 76)]))
        page.write_string(row, 1, note, book.form("wrap"))
        row += 1


def _overview(book: Book, pack: Pack) -> None:
    page = book.page(
        "总览", f"{pack.name}：总览", "位次从高到低排；四分位数为同级医疗机构的", (30, 18, 12, 10, 16, 16, 16, 62)
    )
    row = 3
    for label, text in pack.about:
        page.write_string(row, 0, label, book.form("text"))
        page.write_string(row, 1, text, book.form("text"))
        row += 1
    columns = heads("指标 本机构 位次（位） 同级机构（家） 下四分位数 中位数 上四分位数 算法")
    book.put_heads(page, row + 1, columns)
    row += 2
    for name, kind, *figures, formula in pack.peers:
        page.write_string(row, 0, name, book.form("text"))
        for column, (value, form) in enumerate(
            zip(figures, (kind, "int", "int", kind, kind, kind), strict=True), start=1
        ):
            if value is not None:
                page.write_number(row, column, value, book.form(form))
        page.set_row(row, tall([(formula, 62)]))
        page.write_string(row, 7, formula, book.form("wrap"))
        row += 1
    book.put_heads(page, row + 1, heads("与上年相比 本年 上年 增减 增减幅度"))
    row += 2
    for label, kind, this, last in pack.changes:
        page.write_string(row, 0, label, book.form("text"))
        page.write_number(row, 1, this, book.form(kind))
        if last is not None:
            page.write_number(row, 2, last, book.form(kind))
            page.write_number(row, 3, this - last, book.form(kind))
            if last:
                page.write_number(row, 4, (this - last) / last, book.form("percent"))
        row += 1
    page.set_column(2, 3, 16)


def _groups(book: Book, pack: Pack) -> None:
    columns = heads(
        "病种代码 病种名称 病例数（例）:int 平均病种分值（分）:points 病例分值合计（分）:points 医疗总费用（元）:money "
        "例均费用（元）:money 同级例均费用（元）:money 全市例均费用（元）:money 与全市之比:percent "
        "平均住院天数（天）:plain 全市平均天数（天）:plain 应付额（元）:money 记账额（元）:money 应付减记账（元）:money"
    )
    whole = _sums(pack.groups, columns, (2, 4, 5, 12, 13, 14))
    book.sheet(
        Sheet(
            "病种",
            f"{pack.name}：病种",
            "本统筹区参保的病例；按应付减记账从亏到盈排；记账额不含除外部分",
            columns,
            pack.groups,
            whole,
        )
    )


def _sums(rows: Rows, columns: Sequence[Head], summed: Sequence[int]) -> list[Any]:
    """A last row with the sums of some columns."""
    return [
        "合计",
        *(sum((row[at] or 0 for row in rows), Decimal(0)) if at in summed else None for at in range(1, len(columns))),
    ]


def _deviating(book: Book, pack: Pack) -> None:
    counts = "；".join(f"{label}{cases:,}例" for label, cases, *_ in pack.deviations)
    listed, whole = len(pack.deviating), pack.totals["deviating"]
    note = f"{counts}。下表列{listed:,}例" + (
        f"，共{whole:,}例（极高、偏高在前，亏损多的在前）" if listed < whole else "，为全部偏差病例"
    )
    columns = heads(
        "结算ID 险种 出院日期:day 病种代码 偏差类别 偏差系数（倍）:value 医疗总费用（元）:money 支付标准（元）:money "
        "病例分值（分）:points 应付额（元）:money 记账额（元）:money 应付减记账（元）:money 特例单议"
    )
    book.sheet(Sheet("偏差", f"{pack.name}：费用偏差病例", note, columns, pack.deviating))


def _special(book: Book, pack: Pack) -> None:
    listed, whole = len(pack.excluded), pack.totals["excluded"]
    columns = heads(
        "结算ID 险种 申请情形 评审结果 医疗总费用（元）:money 支付标准（元）:money 与年初标准之比（倍）:coefficient "
        "按病种应付（元）:money 应付额（元）:money 追加金额（元）:money"
    )
    more = heads(
        "结算ID 险种 出院日期 病种代码 医疗总费用（元）:money 除外费用（元）:money 记账额（元）:money "
        "除外应付（元）:money"
    )
    wide = (24, 12, 20, 22, 16, 16, 16, 16, 16, 16)
    page = book.page("特例与除外", f"{pack.name}：特例单议和除外费用", f"特例单议申请{len(pack.special):,}例", wide)
    book.put_heads(page, 2, columns)
    row = book.put_rows(page, 3, columns, pack.special) + 1
    note = f"有除外费用的病例{whole:,}例" + (f"，列除外费用最多的{listed:,}例" if listed < whole else "")
    page.write_string(row, 0, note, book.note)
    book.put_heads(page, row + 1, more)
    book.put_rows(page, row + 2, more, pack.excluded)
    page.freeze_panes(3, 1)


MONTH_HEADS = (
    "月份（月）:int 病例数（例）:int 病例分值（分）:points 预算（元）:money 记账额（元）:money 除外应付（元）:money "
    "基本支付（元）:money 调剂支付（元）:money 应付合计（元）:money 质量保证金（元）:money 实付（元）:money"
)


def _months(book: Book, pack: Pack) -> None:
    columns = heads(MONTH_HEADS)
    note = "实付 = 记账与预算中较小者 + 调剂 + 除外应付 − 质量保证金；按出院月份，次月结算"
    page = book.page("月度", f"{pack.name}：月度结算", note, (10, 12, 16, *((16,) * 8)))
    row, charts = 2, []
    for fund, rows in pack.months.items():
        book.section(page, row, fund)
        book.put_heads(page, row + 1, columns)
        first = row + 2
        after = book.put_cells(page, first, columns, rows)
        whole = ["合计", *(sum((one[at] for one in rows), Decimal(0)) for at in range(1, len(columns)))]
        book.put_rows(page, after, [Head("", "text"), *columns[1:]], [whole], strong=True)
        charts.append((fund, first, after - 1))
        row = after + 2
    page.set_h_pagebreaks([row])
    for at, (fund, first, last) in enumerate(charts):
        if last >= first:
            page.insert_chart(row + at * 18, 0, _chart(book, fund, first, last), {"x_scale": 1.0, "y_scale": 1.0})


def _chart(book: Book, fund: str, first: int, last: int) -> Any:
    """A column chart of budget, booked and paid by month, which Excel draws from the cells."""
    chart = book.book.add_chart({"type": "column"})
    for name, column, colour in (("预算", 3, "#8A8A8A"), ("记账额", 4, "#E69F00"), ("实付", 10, "#0072B2")):
        chart.add_series({
            "name": name, "categories": ["月度", first, 0, last, 0], "values": ["月度", first, column, last, column],
            "fill": {"color": colour}, "gap": 60,
        })  # fmt: skip
    chart.set_title({"name": f"{fund}：各月预算、记账和实付", "name_font": {"size": 12}})
    chart.set_x_axis({"name": "出院月份（月）"})
    chart.set_y_axis(
        {
            "name": "金额（元）",
            "num_format": "#,##0",
            "major_gridlines": {"visible": True, "line": {"color": "#D9DEE5"}},
        }
    )
    chart.set_legend({"position": "bottom"})
    chart.set_size({"width": 980, "height": 340})
    return chart


def _clearing(book: Book, pack: Pack) -> None:
    page = book.page("清算", f"{pack.name}：年度清算", "年末应付为负数的，为医疗机构应退回", (28, 20, 8, 62, 62))
    row = 2
    for fund, lines in pack.clearing.items():
        book.section(page, row, fund)
        book.put_heads(page, row + 1, heads("项目 数值 单位 算法 依据"))
        row += 2
        for line in lines:
            strong = line.label in ("清算支付", "应结算额", "年末应付")
            page.set_row(row, tall([(line.formula, 62), (line.source, 62)]))
            page.write_string(row, 0, line.label, book.form("text", strong))
            if isinstance(line.value, str):
                page.write_string(row, 1, line.value, book.form("wrap", strong))
            elif line.value is not None:
                page.write_number(row, 1, line.value, book.form(line.kind, strong))
            for column, text in enumerate((line.unit, line.formula, line.source), start=2):
                page.write_string(row, column, text, book.form("wrap", strong))
            row += 1
        row += 1


def _types(book: Book, pack: Pack) -> None:
    page = book.page("分型与标记", f"{pack.name}：计分类别、辅助分型、监督标记", "标记只作监管提示，不影响分值",
                     (24, 20, 16, 18, 18, 18, 18, 16))  # fmt: skip
    columns = heads(
        "险种 计分类别 病例数（例）:int 分值（分）:points 医疗总费用（元）:money 应付额（元）:money 记账额（元）:money"
    )
    book.put_heads(page, 2, columns)
    row = book.put_rows(page, 3, columns, pack.buckets) + 1
    columns = heads("辅助分型 类型 病例数（例）:int 平均系数（倍）:coefficient 分值（分）:points 应付额（元）:money")
    book.put_heads(page, row, columns)
    row = book.put_rows(page, row + 1, columns, pack.aux) + 1
    columns = heads("监督标记 病例数（例）:int 占病例:percent")
    book.put_heads(page, row, columns)
    row = book.put_rows(page, row + 1, columns, pack.flags) + 1
    listed, whole = len(pack.flagged), pack.totals["flagged"]
    page.write_string(row, 0, f"有标记的病例{whole:,}例" + (f"，列{listed:,}例" if listed < whole else ""), book.note)
    columns = heads("结算ID 标记 险种 出院日期:day 病种代码 医疗总费用（元）:money 应付额（元）:money")
    book.put_heads(page, row + 1, columns)
    book.put_rows(page, row + 2, columns, pack.flagged)


def _drg(book: Book, pack: Pack, measured: Rows, groups: Rows) -> None:
    said = "；".join(
        f"{label} {value:,.4f}" if isinstance(value, float) else f"{label} {value:,}"
        for label, value in measured if value is not None
    )  # fmt: skip
    columns = heads(
        "DRG代码 名称 病例数（例）:int 权重（倍）:stat 医疗总费用（元）:money 次均费用（元）:money "
        "全市次均费用（元）:money 平均住院日（天）:plain 全市平均住院日（天）:plain 比全市多（元）:money "
        "死亡（例）:int 死亡风险"
    )
    note = f"只作对照，不影响付费；含异地参保的病例。{said or '没有分组成功的病例'}"
    whole = _sums(groups, columns, (2, 4, 10))
    book.sheet(Sheet("DRG", f"{pack.name}：DRG", note, columns, groups, whole))


def _checks(book: Book, pack: Pack) -> None:
    wrong = sum(1 for _, _, left, right in pack.checks if left != right)
    note = "各项全部相符" if not wrong else f"有{wrong}项不符，请与经办机构核对"
    page = book.page("核对", f"{pack.name}：核对", note, (70, 20, 20, 16, 10))
    book.put_heads(page, 2, heads("核对 本工作簿 年度清算 差额 结果"))
    for row, (label, kind, left, right) in enumerate(pack.checks, start=3):
        put(page, row, 0, label, book.form("text"))
        for column, value in enumerate((left, right, left - right), start=1):
            put(page, row, column, value, book.form(kind))
        put(page, row, 4, "相符" if left == right else "不符", book.form("text"))
    page.freeze_panes(3, 1)
