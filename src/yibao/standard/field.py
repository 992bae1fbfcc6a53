"""What a field and a table are: the shapes that the vocabulary is written in."""

from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """How a column is written in a file and held in the engine."""

    CODE = "code"
    TEXT = "text"
    INT = "int"
    MONEY = "money"
    BUDGET = "budget"
    DATE = "date"
    DATETIME = "datetime"
    DX_LIST = "dx_list"
    PX_LIST = "px_list"
    WEIGHT_G = "weight_g"
    POINTS = "points"
    RATIO = "ratio"
    PRICE = "price"
    QUANTITY = "quantity"
    SIGNED_MONEY = "signed_money"

    @property
    def label(self) -> str:
        """The Chinese name of the kind, for templates and documents."""
        return _KIND_LABELS[self]

    @property
    def sql_type(self) -> str:
        """The column type in the engine. Money is integer fen (``BUDGET``: a sum of many
        amounts, so with the larger bound), unit prices and quantities integer 10⁻⁶, weight whole grams, everything
        coded is text."""
        return _SQL_TYPES[self]


_KIND_LABELS = {
    Kind.CODE: "代码（文本）",
    Kind.TEXT: "文本",
    Kind.INT: "整数",
    Kind.MONEY: "金额",
    Kind.BUDGET: "金额（预算、余额）",
    Kind.DATE: "日期",
    Kind.DATETIME: "日期时间",
    Kind.DX_LIST: "诊断代码列表",
    Kind.PX_LIST: "手术操作代码列表",
    Kind.WEIGHT_G: "体重",
    Kind.POINTS: "分值",
    Kind.RATIO: "比例",
    Kind.PRICE: "单价",
    Kind.QUANTITY: "数量（可为负）",
    Kind.SIGNED_MONEY: "金额（可为负）",
}
_SQL_TYPES = {
    Kind.CODE: "VARCHAR",
    Kind.TEXT: "VARCHAR",
    Kind.INT: "INTEGER",
    Kind.MONEY: "BIGINT",
    Kind.BUDGET: "BIGINT",
    Kind.DATE: "DATE",
    Kind.DATETIME: "TIMESTAMP",
    Kind.DX_LIST: "VARCHAR",
    Kind.PX_LIST: "VARCHAR",
    Kind.WEIGHT_G: "INTEGER",
    Kind.POINTS: "DECIMAL(18,4)",
    Kind.RATIO: "DECIMAL(18,6)",
    Kind.PRICE: "BIGINT",
    Kind.QUANTITY: "BIGINT",
    Kind.SIGNED_MONEY: "BIGINT",
}


class Field(NamedTuple):
    """One column: national name, Chinese label, kind, code table, unit, note, other headers, an example.

    ``aliases`` are further headers that users' files carry for the same thing, Chinese or not.
    ``source`` says where the name and meaning come from.
    """

    name: str
    label: str
    kind: Kind = Kind.CODE
    code_table: str | None = None
    unit: str = ""
    note: str = ""
    aliases: tuple[str, ...] = ()
    example: str = ""
    source: str = "国家医保信息平台接口规范"


class CodeTable(NamedTuple):
    """A list of codes. ``codes`` maps a code to its Chinese name; ``variants`` maps other spellings to a code."""

    name: str
    label: str
    codes: dict[str, str]
    variants: dict[str, str]
    source: str

    def spellings(self) -> dict[str, str]:
        """Every accepted spelling that is not itself a code, with the code it stands for: names and variants."""
        names = {label: code for code, label in self.codes.items()}
        return {text: code for text, code in {**names, **self.variants}.items() if text not in self.codes}


class TableSchema(NamedTuple):
    """A table: its grain (key), its fields in order, and the columns without which a file says nothing.

    ``role`` is ``input`` (users bring it), ``output`` (the system writes it) or ``scheme`` (a file of a grouping
    scheme). ``note`` is for those who fill it in.
    """

    name: str
    label: str
    grain: tuple[str, ...]
    fields: tuple[Field, ...]
    required: tuple[str, ...]
    note: str = ""
    role: str = "input"

    def field(self, name: str) -> Field:
        """The field of that name. Raises KeyError when the table has none."""
        for field in self.fields:
            if field.name == name:
                return field
        raise KeyError(f"table {self.name} has no column {name}")

    @property
    def columns(self) -> tuple[str, ...]:
        """The column names in order."""
        return tuple(field.name for field in self.fields)
