"""The text of a trace code (药品追溯码): how it is read, which syntax it has, and which drug it says it is.

The interface, for whoever settles at a counter or scans a history:

- `read_syntaxes(view) -> Syntaxes`: what the law of a day accepts (raises MissingParameter).
- `read_code(text, syntaxes) -> Code | Refusal`: the code in its one canonical form, or why it is none. Two texts of one
  box (full-width digits, spaces, a scanner's prefix, GS1 with or without brackets, a GS1 serial that is itself the
  20-digit code) give the same ``Code.text``: compare, store and look up that text, never what was scanned.
- ``Code.drug_id``: the part of the code that names the drug (the first digits of a 20-digit code, the GTIN of a GS1
  code, the first characters of a maker's own); ``Code.serial``: the rest.
- `CodeMap.of(code, day) -> Drug | None`: the drug it stands for on a day (两码合一: trace code, product bar code,
  national drug code), with the units in a pack; None where nobody has said, which is not a fault of the code.
- `Refusal.reason` is one of `REASONS`; `REASONS[reason]` has the Chinese message and the next step.

Pure and plain. Source: RULEBOOK §15 (format, T1, T4); the GS1 General Specifications for application identifiers.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date
from typing import NamedTuple

from yibao.law import View

KEYS = (
    "trace.code.length",
    "trace.code.drug_chars",
    "trace.code.gs1",
    "trace.code.makers",
    "trace.code.scanner_prefixes",
)
"""The parameters that say what a code may look like."""

NUMERIC, GS1, MAKER = "numeric", "gs1", "maker"
SYNTAX_LABELS = {NUMERIC: "全数字追溯码", GS1: "GS1追溯码", MAKER: "企业自编追溯码"}


class Reason(NamedTuple):
    """Why a text is no code: message and next step, for a clerk."""

    message: str
    next_step: str


REASONS: Mapping[str, Reason] = {
    "empty": Reason("没有追溯码", "扫描药品最小销售包装上的追溯码后再上传；确无码的，核对是否在无码库"),
    "too_short": Reason("追溯码位数不足", "可能漏扫或手工录入少了数字，对着包装重新扫描"),
    "too_long": Reason("追溯码位数过多", "可能连扫了两次或带上了别的条码，清空后重新扫描"),
    "letters": Reason("追溯码里有不该有的字母或符号", "核对扫的是不是追溯码；企业自编码的格式须先写进政策包"),
    "spoilt": Reason("追溯码被表格软件改成了科学计数法", "把这一列设为文本后重新导出，后几位数字已经丢失，不能补写"),
    "no_serial": Reason("GS1码里没有序列号，只认得出品种，认不出是哪一盒", "扫描带序列号的追溯码，不要扫商品条码"),
}
"""Every reason a text is refused for, with what the clerk is told."""

_GS1_FIXED = {"01": 14, "02": 14, "11": 6, "12": 6, "13": 6, "15": 6, "16": 6, "17": 6, "20": 2}
_GS1_VARIABLE = ("10", "21", "240", "250", "30", "37")
_SYMBOLOGY = re.compile(r"^\][A-Za-z][0-9A-Za-z]")
_BRACKETED = re.compile(r"\((\d{2,3})\)([^()]*)")
_SPOILT = re.compile(r"\d(\.\d+)?[eE]\+?\d{1,2}")
_SEPARATOR = "\x1d"
_INVISIBLE = dict.fromkeys([0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, 0x00AD])
# A cell that Excel keeps as text may carry its apostrophe, and a CSV its quotes.
_QUOTES = "'\"`‘’“”"


class Maker(NamedTuple):
    """A maker's own syntax: its name, its pattern, and how many leading characters name the drug (0: none do)."""

    name: str
    pattern: re.Pattern[str]
    drug_chars: int


class Syntaxes(NamedTuple):
    """What a code may look like on a day."""

    length: int
    drug_chars: int
    gs1: bool
    makers: tuple[Maker, ...]
    prefixes: tuple[str, ...]


class Code(NamedTuple):
    """A code in its canonical form: equal for every way of writing one box."""

    text: str
    syntax: str
    drug_id: str
    serial: str


class Refusal(NamedTuple):
    """A text that is no code: the reason (a key of `REASONS`) and the text as it was read."""

    reason: str
    text: str

    @property
    def message(self) -> str:
        """What is wrong, in Chinese."""
        return REASONS[self.reason].message

    @property
    def next_step(self) -> str:
        """What to do, in Chinese."""
        return REASONS[self.reason].next_step


def read_syntaxes(view: View) -> Syntaxes:
    """The syntaxes that the law of the view's day accepts. Raises MissingParameter; ValueError for a bad pattern."""
    makers = []
    for row in view.table("trace.code.makers"):
        try:
            makers.append(Maker(row["maker"], re.compile(row["pattern"], re.ASCII), int(row["drug_chars"] or 0)))
        except (re.error, ValueError) as error:
            raise ValueError(f"参数“trace.code.makers”里“{row['maker']}”的格式写错了：{error}") from error
    return Syntaxes(
        view.integer("trace.code.length"),
        view.integer("trace.code.drug_chars"),
        view.flag("trace.code.gs1"),
        tuple(makers),
        # The longest first, so that one prefix may begin another.
        tuple(sorted(view.items("trace.code.scanner_prefixes"), key=lambda one: (-len(one), one))),
    )


def normalise(text: str, prefixes: Iterable[str] = ()) -> str:
    """The text without what scanners and spreadsheets add: full-width forms, blanks, invisible characters, quotes, the
    symbology identifier (``]C1``) and the first of ``prefixes`` it begins with. GS1's separator stays.
    """
    plain = unicodedata.normalize("NFKC", text).translate(_INVISIBLE)
    plain = "".join(char for char in plain if char == _SEPARATOR or not char.isspace()).strip(_QUOTES)
    plain = _SYMBOLOGY.sub("", plain)
    for prefix in prefixes:
        if prefix and plain.startswith(prefix):
            return _SYMBOLOGY.sub("", plain[len(prefix) :])
    return plain


def read_code(text: str | None, syntaxes: Syntaxes) -> Code | Refusal:
    """The code that ``text`` is, or why it is none. The same box gives the same code in all its syntaxes."""
    plain = normalise(text or "", syntaxes.prefixes)
    if not plain.strip(_SEPARATOR):
        return Refusal("empty", plain)
    numeric = _numeric(plain, syntaxes)
    if numeric is not None:
        return numeric
    if syntaxes.gs1:
        parts = gs1_parts(plain)
        if parts is not None:
            return _gs1(plain, parts, syntaxes)
    for maker in syntaxes.makers:
        if maker.pattern.fullmatch(plain):
            return Code(plain, MAKER, plain[: maker.drug_chars], plain[maker.drug_chars :])
    return Refusal(_why_not(plain, syntaxes), plain)


def _numeric(plain: str, syntaxes: Syntaxes) -> Code | None:
    if len(plain) != syntaxes.length or not (plain.isascii() and plain.isdigit()):
        return None
    return Code(plain, NUMERIC, plain[: syntaxes.drug_chars], plain[syntaxes.drug_chars :])


def _gs1(plain: str, parts: Mapping[str, str], syntaxes: Syntaxes) -> Code | Refusal:
    serial = parts.get("21", "")
    if not serial:
        return Refusal("no_serial", plain)
    # A box that carries both: its GS1 serial is the national code itself.
    return _numeric(serial, syntaxes) or Code(f"01{parts['01']}21{serial}", GS1, parts["01"], serial)


def gs1_parts(plain: str) -> dict[str, str] | None:
    """The application identifiers of a GS1 element string (bracketed, plain, or a Digital Link), or None if it is none.

    A variable part of the plain form runs to the separator or the end, as scanners send it.
    """
    if plain.startswith(("http://", "https://")):
        steps = plain.partition("?")[0].split("/")[3:]
        if "01" not in steps:
            return None
        steps = steps[steps.index("01") :]
        return _whole(dict(zip(steps[::2], steps[1::2], strict=False)))
    if plain.startswith("("):
        return _whole(dict(_BRACKETED.findall(plain)))
    found: dict[str, str] = {}
    rest = plain.lstrip(_SEPARATOR)
    while rest:
        mark = rest[:2]
        if mark in _GS1_FIXED:
            end = 2 + _GS1_FIXED[mark]
            found[mark], rest = rest[2:end], rest[end:].lstrip(_SEPARATOR)
            continue
        mark = next((one for one in _GS1_VARIABLE if rest.startswith(one)), "")
        if not mark:
            return None
        found[mark], _, rest = rest[len(mark) :].partition(_SEPARATOR)
    return _whole(found)


def _whole(parts: dict[str, str]) -> dict[str, str] | None:
    gtin = parts.get("01", "")
    return parts if len(gtin) == _GS1_FIXED["01"] and gtin.isascii() and gtin.isdigit() else None


def _why_not(plain: str, syntaxes: Syntaxes) -> str:
    if _SPOILT.fullmatch(plain):
        return "spoilt"
    if not (plain.isascii() and plain.isdigit()):
        return "letters"
    return "too_short" if len(plain) < syntaxes.length else "too_long"


class Drug(NamedTuple):
    """What a code stands for during a span of days: national drug code, units in a pack (0 where not known), dates."""

    med_list_codg: str
    pack_units: int
    begin: date
    end: date | None = None


class CodeMap:
    """The mapping 两码合一: the drug's part of a trace code, or a product bar code, to the national drug code."""

    def __init__(self, drugs: Mapping[str, Iterable[Drug]]) -> None:
        """``drugs`` maps a drug id of trace codes (`Code.drug_id`) or a product bar code to its spans."""
        self._spans = {name: tuple(sorted(spans, key=lambda one: one.begin)) for name, spans in drugs.items()}

    def of(self, code: Code, day: date) -> Drug | None:
        """The drug of a code on a day. A GTIN is also looked up as the bar code it was made of (13, 12 or 8 digits)."""
        names = [code.drug_id]
        if code.syntax == GS1:
            names += [code.drug_id[cut:] for cut in (1, 2, 6) if code.drug_id[:cut].strip("0") == ""]
        for name in names:
            for span in self._spans.get(name, ()):
                if span.begin <= day and (span.end is None or day <= span.end):
                    return span
        return None
