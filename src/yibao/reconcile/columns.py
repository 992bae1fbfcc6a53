"""Which column of a foreign file is which: by national name, Chinese label, common other name, then by what it holds.

A guess is never silent: it comes with its ground. Two columns with the same claim to one field are a finding.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from yibao.kernel import Finding, Place, Severity, fen_from_yuan
from yibao.kernel.money import MoneyError
from yibao.standard import Field, TableSchema
from yibao.standard.reconcile import AMOUNTS

GROUNDS = {
    "given": "命令指定",
    "name": "国家字段名",
    "label": "中文名",
    "alias": "常见叫法",
    "part": "去掉一方的称呼后是标准叫法",
    "sum": "内容：等于基金、账户、现金之和",
    "dates": "内容：只有这一列全是日期",
    "codes": "内容：只有这一列是互不相同的长编号",
}
"""The grounds of a guess, the surest first."""
SET_ASIDE = "-"
"""What a column is mapped to that is to be left alone."""
KEYS = ("setl_id", "mdtrt_id", "psn_no", "certno")
"""What a settlement can be known by, the surest first; the last two with the day."""
_SIDES = re.compile(
    r"^(?:his|hi|医院端?|院端|院方|本院|院内|医保中心|医保局|医保端|医保|中心端?|经办端?|机构端?|平台|本方|对方|我方|本次)[_\-]?"
)
_CODE = re.compile(r"[0-9A-Za-z_\-]{8,40}")
_SHOWN = 3


class Mapped(NamedTuple):
    """A column of a file: the field it was taken for ('' for none), on what ground, and some of its values."""

    column: str
    field: str
    ground: str
    samples: tuple[str, ...]


class Guess(NamedTuple):
    """Every column of a file in its order, and what keeps the guess from being used."""

    columns: list[Mapped]
    faults: list[Finding]

    @property
    def headers(self) -> dict[str, str]:
        """The columns in use: header to field."""
        return {one.column: one.field for one in self.columns if one.field}


def plain(header: str) -> str:
    """A header without blanks, marks, case, or a unit in brackets."""
    text = "".join(header.split()).strip("\ufeff*＊").lower()
    for left, right in (("(", ")"), ("（", "）")):
        if text.endswith(right) and left in text[1:]:
            text = text[: text.rindex(left)]
    return text.strip("*＊")


def guess(
    schema: TableSchema, label: str, header: Sequence[str], samples: Sequence[Sequence[str]], given: Mapping[str, str]
) -> Guess:
    """Takes each column of ``header`` for a field of ``schema`` or for none. ``samples`` has some cells of each column,
    ``given`` what the user said (column to field, or to ``-``), which no guess touches.
    """
    claims = _by_words(schema, header, given)
    faults = [*_unknown(schema, label, header, given), *_rivals(schema, label, header, claims)]
    taken = _settled(claims)
    if schema.name == "recon_lines":
        faults += _by_content(schema, label, header, samples, taken, {plain(one) for one in given})
    columns = [
        Mapped(name, *taken.get(at, ("", "")), tuple(cell for cell in samples[at] if cell)[:_SHOWN])
        for at, name in enumerate(header)
        if name
    ]
    return Guess(columns, faults)


Claims = dict[int, tuple[str, str]]


def _by_words(schema: TableSchema, header: Sequence[str], given: Mapping[str, str]) -> Claims:
    """What each column says it is: position to (field, ground)."""
    said = {plain(column): name for column, name in given.items()}
    words: dict[str, tuple[str, str]] = {}
    for ground, pick in (("name", _names), ("label", _labels), ("alias", _aliases)):
        for field in schema.fields:
            for word in pick(field):
                words.setdefault(plain(word), (field.name, ground))
    found: Claims = {}
    for at, cell in enumerate(header):
        text = plain(cell)
        if text in said:
            if said[text] != SET_ASIDE and said[text] in schema.columns:
                found[at] = (said[text], "given")
        elif text in words:
            found[at] = words[text]
        elif (short := _SIDES.sub("", text)) != text and short in words:
            found[at] = (words[short][0], "part")
    return found


def _names(field: Field) -> tuple[str, ...]:
    return (field.name,)


def _labels(field: Field) -> tuple[str, ...]:
    return (field.label,)


def _aliases(field: Field) -> tuple[str, ...]:
    return field.aliases


def _rank(ground: str) -> int:
    return list(GROUNDS).index(ground)


def _settled(claims: Claims) -> Claims:
    """One column a field: the surest, of equals the first (a finding says that there were two)."""
    best: dict[str, int] = {}
    for at, (name, ground) in claims.items():
        if name not in best or _rank(ground) < _rank(claims[best[name]][1]):
            best[name] = at
    return {at: claims[at] for at in best.values()}


def _unknown(schema: TableSchema, label: str, header: Sequence[str], given: Mapping[str, str]) -> Iterator[Finding]:
    here = {plain(cell) for cell in header}
    for column, name in given.items():
        if plain(column) not in here:
            yield _finding(
                "map_unknown_column", label, column, f"文件里没有“{column}”这一列", "对应写错，或表头不同",
                f"列名须是：{'、'.join(cell for cell in header if cell)}",
            )  # fmt: skip
        if name != SET_ASIDE and name not in schema.columns:
            yield _finding(
                "map_unknown_field", label, column, f"没有“{name}”这个字段", "对应写错",
                f"字段须是：{'、'.join(schema.columns)}，或写“-”表示不用这一列",
            )  # fmt: skip


def _rivals(schema: TableSchema, label: str, header: Sequence[str], claims: Claims) -> Iterator[Finding]:
    """Two columns that claim one field on the same ground."""
    for field in schema.fields:
        by_rank: dict[int, list[int]] = {}
        for at, (name, ground) in claims.items():
            if name == field.name:
                by_rank.setdefault(_rank(ground), []).append(at)
        if by_rank and len(best := by_rank[min(by_rank)]) > 1:
            names = "、".join(f"“{header[at]}”" for at in best)
            yield _finding(
                "ambiguous_column", label, header[best[0]], f"有{len(best)}列都像“{field.label}”：{names}",
                "列名同样相近，不能替您决定", _say(header[best[0]], field.name),
            )  # fmt: skip


def _say(column: str, field: str) -> str:
    return f"用 --ours-map 或 --theirs-map 写明，如 {column}={field}；不用的列写 列名=-"


def _finding(code: str, label: str, column: str, message: str, cause: str, step: str) -> Finding:
    return Finding(code, Severity.ERROR, message, Place(label, None, column), cause, step)


# --- by content -----------------------------------------------------------------------------------------------------


def _by_content(
    schema: TableSchema, label: str, header: Sequence[str], samples: Sequence[Sequence[str]], taken: Claims,
    said: set[str],
) -> list[Finding]:  # fmt: skip
    """Adds to ``taken`` what the cells alone prove; where two columns could be it, says so."""
    left = [at for at, cell in enumerate(header) if at not in taken and plain(cell) not in said]
    fields = {name: at for at, (name, _ground) in taken.items()}
    if "medfee_sumamt" not in fields:
        sums = [at for at in left if _is_sum(at, samples, fields)]
        if len(sums) == 1:
            taken[sums[0]] = ("medfee_sumamt", "sum")
    if "setl_time" not in fields:
        days = [at for at in left if _all(samples[at], _is_day)]
        if len(days) == 1:
            taken[days[0]] = ("setl_time", "dates")
    if any(name in fields for name in KEYS):
        return []
    codes = [at for at in left if at not in taken and _all(samples[at], _is_code) and _distinct(samples[at])]
    if len(codes) == 1:
        taken[codes[0]] = ("setl_id", "codes")
        return []
    if codes:
        names = "、".join(f"“{header[at]}”（{samples[at][0]}）" for at in codes)
        return [_finding(
            "ambiguous_key", label, header[codes[0]], f"看不出哪一列是结算ID，可能是：{names}",
            "表头没有结算ID、就诊ID、人员编号的通行叫法", _say(header[codes[0]], "setl_id"),
        )]  # fmt: skip
    return []


def _all(cells: Sequence[str], test: Callable[[str], object]) -> bool:
    filled = [cell for cell in cells if cell]
    return len(filled) >= 1 and all(test(cell) for cell in filled)


def _distinct(cells: Sequence[str]) -> bool:
    return len(set(cells)) == len(cells) and all(cells)


def _is_code(cell: str) -> bool:
    return bool(_CODE.fullmatch(cell)) and any(one.isdigit() for one in cell) and not _is_day(cell)


def _is_day(cell: str) -> bool:
    match = re.match(r"(\d{4})([-/]?)(\d{1,2})\2(\d{1,2})(?:$|[ T]\d)", cell)
    if not match:
        return False
    try:
        return 1990 <= date(int(match[1]), int(match[3]), int(match[4])).year <= 2100
    except ValueError:
        return False


def _fen(cell: str) -> int | None:
    try:
        return fen_from_yuan(cell or "0")
    except MoneyError:
        return None


def _is_sum(at: int, samples: Sequence[Sequence[str]], fields: Mapping[str, int]) -> bool:
    """Whether a column is the sum of fund, account and cash in every row, and not in all of them nothing."""
    parts = [fields[name] for name in ("fund_pay_sumamt", "acct_pay", "psn_cash_pay") if name in fields]
    if len(parts) < 2:
        return False
    some = False
    for row in range(len(samples[at])):
        whole, summed = _fen(samples[at][row]), [_fen(samples[part][row]) for part in parts]
        if whole is None or any(one is None for one in summed) or whole != sum(one or 0 for one in summed):
            return False
        some = some or whole != 0
    return some


def shared(ours: Sequence[str], theirs: Sequence[str]) -> list[str]:
    """The amounts that both sides have, in order."""
    return [name for name in AMOUNTS if name in ours and name in theirs]


def lead_of(ours: Sequence[str], theirs: Sequence[str]) -> str:
    """The identifier that both sides have, the surest first; '' where they have none."""
    both = set(ours) & set(theirs)
    if {"setl_id", "mdtrt_id"} & both:
        return "setl_id" if "setl_id" in both else "mdtrt_id"
    if "setl_time" in both and {"psn_no", "certno"} & both:
        return "psn_no" if "psn_no" in both else "certno"
    return ""
