"""The national vocabulary: fields, Chinese labels, units, code tables, and the schema of every table.

Entry points: `TABLES` (name → `TableSchema`), `FIELDS` (name → `Field`), `CODE_TABLES` (name → `CodeTable`). This is
the one place that defines a field's name, meaning, unit and code table; rooms share tables only through it.
May import kernel. Sources: the public interface specification of the national platform (国家医保信息平台接口规范),
transaction 4101 for the settlement list; each code table says how its values are known.
"""

from yibao.standard.codes import CODE_TABLES
from yibao.standard.drg import OPTIONAL_SCHEME_TABLES, SCHEME_TABLES
from yibao.standard.field import CodeTable, Field, Kind, TableSchema
from yibao.standard.fields import FIELDS
from yibao.standard.schemas import TABLES

__all__ = [
    "CODE_TABLES",
    "FIELDS",
    "OPTIONAL_SCHEME_TABLES",
    "SCHEME_TABLES",
    "TABLES",
    "CodeTable",
    "Field",
    "Kind",
    "TableSchema",
]
