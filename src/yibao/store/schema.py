"""The tables of the store (SQLAlchemy Core), the same on SQLite and PostgreSQL.

Business tables are append-only: triggers refuse UPDATE and DELETE. `PROJECTIONS` follow from the others, are kept for
speed and locking, and `verify` replays them. Dates are ISO text of ten characters, money is integer fen. The migrations
in `migrations/versions` make these tables; a test compares.
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
    text,
)

metadata = MetaData()

Fen = BigInteger
Day = String(10)
LINE_FACTS = (
    "cls", "limit_micro", "share_ppm", "payable", "price_micro", "cnt_micro", "amount_fen", "counter_unit",
    "counter_limit_micro", "counter_take_micro", "counter_mark", "channel", "reason",
)  # fmt: skip
"""What the catalogue said of a fee line, all whole numbers (`yibao.benefit.counter_records.SettledLine`)."""

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

# Benefits at a counter (docs/internals/benefit.md). An owner is a person, or a household as ``home/<number>``.

settlements = Table(
    "settlements",
    metadata,
    Column("setl_id", Text, nullable=False),
    Column("msgid", Text, nullable=False),
    Column("action", Text, CheckConstraint("action IN ('settle', 'reverse', 'adjust')"), nullable=False),
    Column("admdvs", Text, nullable=False),
    Column("year", Integer, nullable=False),
    Column("psn_no", Text, nullable=False),
    Column("home", Text, nullable=False),
    Column("fixmedins_code", Text, nullable=False),
    Column("mdtrt_id", Text, nullable=False),
    Column("med_type", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("insutype", Text, nullable=False),
    Column("setl_time", Text, nullable=False),
    Column("law_day", Day, nullable=False),
    Column("terms_day", Day, nullable=False),
    Column("benefit_year", Integer, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("refers", Text),
    Column("nth", BigInteger, CheckConstraint("nth > 0"), nullable=False),
    Column("total", Fen, nullable=False),
    Column("posted", Integer, nullable=False),
    Column("digest", Text, nullable=False),
    Column("context", Text, nullable=False),
    Column("facts", Text, nullable=False),
    Column("result", Text, nullable=False),
    Column("amounts", Text, nullable=False),
    PrimaryKeyConstraint("setl_id"),
    Index("settlements_person", "psn_no", "nth"),
)
_refers, _action = settlements.c.refers, settlements.c.action
Index("settlements_refers", _refers, sqlite_where=_refers.is_not(None), postgresql_where=_refers.is_not(None))
# One settlement is reversed once, whatever two processes do at the same moment.
Index(
    "settlements_reversed", _refers, unique=True,
    sqlite_where=_action == text("'reverse'"), postgresql_where=_action == text("'reverse'"),
)  # fmt: skip
settlement_lines = Table(
    "settlement_lines",
    metadata,
    Column("setl_id", Text, nullable=False),
    Column("line_no", Integer, nullable=False),
    Column("feedetl_sn", Text, nullable=False),
    Column("med_list_codg", Text, nullable=False),
    Column("fee_day", Day, nullable=False),
    *(Column(name, BigInteger, nullable=False) for name in LINE_FACTS),
    Column("counter", Text, nullable=False),
    PrimaryKeyConstraint("setl_id", "line_no"),
    ForeignKeyConstraint(["setl_id"], ["settlements.setl_id"]),
    sqlite_with_rowid=False,
)
settlement_moves = Table(
    "settlement_moves",
    metadata,
    Column("setl_id", Text, nullable=False),
    Column("line_no", Integer, nullable=False),
    Column("what", Text, CheckConstraint("what IN ('sum', 'used', 'account', 'seen')"), nullable=False),
    Column("owner", Text, nullable=False),
    Column("year", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("mark", BigInteger, nullable=False),
    Column("before", BigInteger, nullable=False),
    PrimaryKeyConstraint("setl_id", "line_no"),
    ForeignKeyConstraint(["setl_id"], ["settlements.setl_id"]),
    Index("settlement_moves_owner", "owner"),
    sqlite_with_rowid=False,
)
account_credits = Table(
    "account_credits",
    metadata,
    Column("credit_id", Text, nullable=False),
    Column("psn_no", Text, nullable=False),
    Column("admdvs", Text, nullable=False),
    Column("credit_date", Day, nullable=False),
    Column("amount", Fen, nullable=False),
    Column("nth", BigInteger, CheckConstraint("nth > 0"), nullable=False),
    PrimaryKeyConstraint("credit_id"),
    Index("account_credits_person", "psn_no"),
)
benefit_owners = Table(
    "benefit_owners",
    metadata,
    Column("owner", Text, nullable=False),
    Column("nth", BigInteger, nullable=False),
    PrimaryKeyConstraint("owner"),
)
benefit_accumulators = Table(
    "benefit_accumulators",
    metadata,
    Column("owner", Text, nullable=False),
    Column("year", Integer, nullable=False),
    Column("slot", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    PrimaryKeyConstraint("owner", "year", "slot"),
    sqlite_with_rowid=False,
)
benefit_counters = Table(
    "benefit_counters",
    metadata,
    Column("owner", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("used", BigInteger, nullable=False),
    Column("mark", BigInteger, nullable=False),
    PrimaryKeyConstraint("owner", "name"),
    sqlite_with_rowid=False,
)
account_balances = Table(
    "account_balances",
    metadata,
    Column("psn_no", Text, nullable=False),
    Column("balance", Fen, nullable=False),
    PrimaryKeyConstraint("psn_no"),
)

PROJECTIONS = (audit_head, fund_balance, benefit_owners, benefit_accumulators, benefit_counters, account_balances)
"""Tables that follow from the others and may be updated."""
APPEND_ONLY = tuple(table for table in metadata.sorted_tables if table not in PROJECTIONS)
"""Business tables, parents before children: rows are only ever added."""
REVISION = "0002"
"""The last migration that makes these tables."""
