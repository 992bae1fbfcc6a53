"""The tables of the store (SQLAlchemy Core), the same on SQLite and PostgreSQL.

Business tables are append-only: triggers refuse UPDATE and DELETE. `audit_head` and `fund_balance` are projections:
they follow from the others, are kept for speed and locking, and `verify` replays them. Dates are ISO text of ten
characters, money is integer fen. The migrations in `migrations/versions` make these tables; a test compares.
"""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData()

Fen = BigInteger
Day = String(10)

audit_chain = Table(
    "audit_chain",
    metadata,
    Column("admdvs", Text, nullable=False),
    Column("year", Integer, nullable=False),
    Column("seq", BigInteger, CheckConstraint("seq > 0"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("record_id", Text, nullable=False),
    Column("recorded_at", Text, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    PrimaryKeyConstraint("admdvs", "year", "seq"),
    Index("audit_chain_record", "kind", "record_id", unique=True),
    sqlite_with_rowid=False,
)
audit_head = Table(
    "audit_head",
    metadata,
    Column("admdvs", Text, nullable=False),
    Column("year", Integer, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    PrimaryKeyConstraint("admdvs", "year"),
)
fund_account = Table(
    "fund_account",
    metadata,
    Column("acct_no", Text, nullable=False),
    Column("admdvs", Text, nullable=False),
    Column("fund_type", Text, nullable=False),
    Column("subj_code", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("side", String(1), CheckConstraint("side IN ('D', 'C')"), nullable=False),
    Column("opened", Day, nullable=False),
    PrimaryKeyConstraint("acct_no"),
)
fund_limit = Table(
    "fund_limit",
    metadata,
    Column("limit_id", Text, nullable=False),
    Column("acct_no", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("budget_year", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("amount", Fen),
    Column("basis", Text, nullable=False),
    Column("admdvs", Text, nullable=False),
    Column("year", Integer, nullable=False),
    PrimaryKeyConstraint("limit_id"),
    UniqueConstraint("acct_no", "kind", "budget_year", "version"),
    ForeignKeyConstraint(["acct_no"], ["fund_account.acct_no"]),
)
fund_entry = Table(
    "fund_entry",
    metadata,
    Column("entry_id", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("admdvs", Text, nullable=False),
    Column("fund_type", Text, nullable=False),
    Column("entry_date", Day, nullable=False),
    Column("settles", Text, nullable=False),
    Column("memo", Text, nullable=False),
    Column("refers", Text),
    Column("expires", Day),
    Column("group_id", Text),
    Column("bank_ref", Text),
    PrimaryKeyConstraint("entry_id"),
    sqlite_with_rowid=False,
)
# One reservation is ended once and one entry reversed once, whatever two processes do at the same moment.
for name, column, unique in (
    ("fund_entry_refers", fund_entry.c.refers, True),
    ("fund_entry_group", fund_entry.c.group_id, False),
    ("fund_entry_bank_ref", fund_entry.c.bank_ref, False),
):
    Index(name, column, unique=unique, sqlite_where=column.is_not(None), postgresql_where=column.is_not(None))

fund_line = Table(
    "fund_line",
    metadata,
    Column("entry_id", Text, nullable=False),
    Column("line_no", Integer, nullable=False),
    Column("acct_no", Text, nullable=False),
    Column("side", String(1), CheckConstraint("side IN ('D', 'C')"), nullable=False),
    Column("amount", Fen, CheckConstraint("amount > 0"), nullable=False),
    PrimaryKeyConstraint("entry_id", "line_no"),
    ForeignKeyConstraint(["entry_id"], ["fund_entry.entry_id"]),
    ForeignKeyConstraint(["acct_no"], ["fund_account.acct_no"]),
    sqlite_with_rowid=False,
)
fund_balance = Table(
    "fund_balance",
    metadata,
    Column("acct_no", Text, nullable=False),
    Column("year", Integer, nullable=False),
    Column("debit", Fen, nullable=False),
    Column("credit", Fen, nullable=False),
    Column("held_debit", Fen, nullable=False),
    Column("held_credit", Fen, nullable=False),
    PrimaryKeyConstraint("acct_no", "year"),
    ForeignKeyConstraint(["acct_no"], ["fund_account.acct_no"]),
)
fund_close = Table(
    "fund_close",
    metadata,
    Column("close_id", Text, nullable=False),
    Column("admdvs", Text, nullable=False),
    Column("fund_type", Text, nullable=False),
    Column("month", Integer, nullable=False),
    PrimaryKeyConstraint("close_id"),
    UniqueConstraint("admdvs", "fund_type", "month"),
)
fund_bank_line = Table(
    "fund_bank_line",
    metadata,
    Column("bank_line_id", Text, nullable=False),
    Column("acct_no", Text, nullable=False),
    Column("bank_ref", Text, nullable=False),
    Column("day", Day, nullable=False),
    Column("side", String(1), CheckConstraint("side IN ('D', 'C')"), nullable=False),
    Column("amount", Fen, CheckConstraint("amount > 0"), nullable=False),
    Column("balance", Fen),
    Column("counterparty", Text, nullable=False),
    Column("memo", Text, nullable=False),
    Column("admdvs", Text, nullable=False),
    PrimaryKeyConstraint("bank_line_id"),
    UniqueConstraint("acct_no", "bank_ref"),
    ForeignKeyConstraint(["acct_no"], ["fund_account.acct_no"]),
)
fund_assertion = Table(
    "fund_assertion",
    metadata,
    Column("assertion_id", Text, nullable=False),
    Column("acct_no", Text, nullable=False),
    Column("day", Day, nullable=False),
    Column("stated", Fen, nullable=False),
    Column("booked", Fen, nullable=False),
    Column("differences", Integer, nullable=False),
    Column("admdvs", Text, nullable=False),
    Column("number", Integer, nullable=False),
    PrimaryKeyConstraint("assertion_id"),
    UniqueConstraint("acct_no", "day", "number"),
    ForeignKeyConstraint(["acct_no"], ["fund_account.acct_no"]),
)

PROJECTIONS = (audit_head, fund_balance)
"""Tables that follow from the others and may be updated."""
APPEND_ONLY = tuple(table for table in metadata.sorted_tables if table not in PROJECTIONS)
"""Business tables, parents before children: rows are only ever added."""
REVISION = "0001"
"""The migration that makes these tables."""
