"""对账结论: the first sheet of the workbook of a reconciling: totals, what explains the difference, what to know."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from yibao.report.book_sheets import Book, Head, tall
from yibao.standard import FIELDS

_WIDTHS = (34.0, 18.0, 18.0, 18.0, 18.0, 18.0)


def put_conclusion(book: Book, facts: Mapping[str, Any]) -> None:
    """Writes the sheet."""
    amounts = facts["amounts"]
    widths = (_WIDTHS[0], *[_WIDTHS[1]] * max(5, 1 + len(amounts)))
    page = book.page("对账结论", _title(facts), _files(facts), widths)
    row = 3
    heads = [Head("项目"), *(Head(f"{part}（元）", "money") for part in ("本方", "对方", "差额", "已说明", "未说明"))]
    book.put_heads(page, row, heads)
    parts = ("ours", "theirs", "difference", "explained", "unexplained")
    rows = [[FIELDS[name].label, *(Decimal(one[part]) for part in parts)] for name, one in facts["totals"].items()]
    row = book.put_rows(page, row + 1, heads, rows) + 1
    if facts["kinds"]:
        book.section(page, row, "差额由哪些组成（本方减对方）")
        heads = [Head("类别"), Head("处数", "int"), *(Head(f"{FIELDS[name].label}（元）", "money") for name in amounts)]
        book.put_heads(page, row + 1, heads)
        rows = [
            [one["label"], one["count"], *(Decimal(one["amounts"][name]) for name in amounts)] for one in facts["kinds"]
        ]
        row = book.put_rows(page, row + 2, heads, rows)
        total = ["合计", sum(one["count"] for one in facts["kinds"])]
        total += [sum((Decimal(one["amounts"][name]) for one in facts["kinds"]), Decimal(0)) for name in amounts]
        row = book.put_rows(page, row, heads, [total], strong=True) + 1
    if facts["remarks"]:
        book.section(page, row, "需要知道的")
        width = sum(widths[:6])
        for at, remark in enumerate(facts["remarks"], start=row + 1):
            page.set_row(at, tall([(remark, width)]))
            page.merge_range(at, 0, at, 5, remark, book.form("wrap"))


def _title(facts: Mapping[str, Any]) -> str:
    if facts["equal"]:
        return "对账结论：两边相等"
    lost = sum(abs(Decimal(one["unexplained"])) for one in facts["totals"].values())
    if facts["mode"] == "totals":
        return f"对账结论：有{facts['differences']:,}组合计不同"
    if not facts["differences"]:
        return f"对账结论：读到的各笔相等，另有{facts['rejected']:,}行读不懂"
    tail = "，差额逐笔说明到分" if not lost else "，有一部分因行被退回而未能说明"
    return f"对账结论：有{facts['differences']:,}处差异{tail}"


def _files(facts: Mapping[str, Any]) -> str:
    told = []
    for side, name in (("ours", "本方"), ("theirs", "对方")):
        one = facts["files"][side]
        told.append(f"{name} {'、'.join(one['files'])}（{one['rows']:,}行，退回{one['rejected']:,}行）")
    return "；".join(told)
