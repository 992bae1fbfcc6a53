"""The audit chain and the ledger of the fund.

revision: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

APPEND_ONLY = (
    "audit_chain", "fund_account", "fund_limit", "fund_entry", "fund_line", "fund_close", "fund_bank_line",
    "fund_assertion",
)  # fmt: skip


def _text(name: str, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=nullable)


def _integer(name: str, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=nullable)


def _fen(name: str, *checks: sa.CheckConstraint, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, *checks, nullable=nullable)


def _day(name: str, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(10), nullable=nullable)


def _side() -> sa.Column[str]:
    return sa.Column("side", sa.String(1), sa.CheckConstraint("side IN ('D', 'C')"), nullable=False)


def _of_account() -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["acct_no"], ["fund_account.acct_no"])


def upgrade() -> None:
    """Makes all tables and the triggers that keep them append-only."""
    _audit()
    _accounts()
    _entries()
    _bank()
    for table in APPEND_ONLY:
        _forbid_changes(table)


def _audit() -> None:
    op.create_table(
        "audit_chain",
        _text("admdvs"), _integer("year"), _fen("seq", sa.CheckConstraint("seq > 0")), _text("kind"),
        _text("record_id"), _text("recorded_at"),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("admdvs", "year", "seq"),
        sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_index("audit_chain_record", "audit_chain", ["kind", "record_id"], unique=True)
    op.create_table(
        "audit_head",
        _text("admdvs"), _integer("year"), sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("admdvs", "year"),
    )  # fmt: skip


def _accounts() -> None:
    op.create_table(
        "fund_account",
        _text("acct_no"), _text("admdvs"), _text("fund_type"), _text("subj_code"), _text("detail"), _text("name"),
        _side(), _day("opened"), sa.PrimaryKeyConstraint("acct_no"),
    )  # fmt: skip
    op.create_table(
        "fund_limit",
        _text("limit_id"), _text("acct_no"), _text("kind"), _integer("budget_year"), _integer("version"),
        _fen("amount", nullable=True), _text("basis"), _text("admdvs"), _integer("year"),
        sa.PrimaryKeyConstraint("limit_id"), sa.UniqueConstraint("acct_no", "kind", "budget_year", "version"),
        _of_account(),
    )  # fmt: skip
    op.create_table(
        "fund_balance",
        _text("acct_no"), _integer("year"), _fen("debit"), _fen("credit"), _fen("held_debit"), _fen("held_credit"),
        sa.PrimaryKeyConstraint("acct_no", "year"), _of_account(),
    )  # fmt: skip
    op.create_table(
        "fund_close",
        _text("close_id"), _text("admdvs"), _text("fund_type"), _integer("month"),
        sa.PrimaryKeyConstraint("close_id"), sa.UniqueConstraint("admdvs", "fund_type", "month"),
    )  # fmt: skip


def _entries() -> None:
    op.create_table(
        "fund_entry",
        _text("entry_id"), _text("action"), _text("admdvs"), _text("fund_type"), _day("entry_date"), _text("settles"),
        _text("memo"), _text("refers", True), _day("expires", True), _text("group_id", True), _text("bank_ref", True),
        sa.PrimaryKeyConstraint("entry_id"),
        sqlite_with_rowid=False,
    )  # fmt: skip
    for name, column, unique in (
        ("fund_entry_refers", "refers", True),
        ("fund_entry_group", "group_id", False),
        ("fund_entry_bank_ref", "bank_ref", False),
    ):
        given = sa.text(f"{column} IS NOT NULL")
        op.create_index(name, "fund_entry", [column], unique=unique, sqlite_where=given, postgresql_where=given)
    op.create_table(
        "fund_line",
        _text("entry_id"), _integer("line_no"), _text("acct_no"), _side(),
        _fen("amount", sa.CheckConstraint("amount > 0")), sa.PrimaryKeyConstraint("entry_id", "line_no"),
        sa.ForeignKeyConstraint(["entry_id"], ["fund_entry.entry_id"]), _of_account(),
        sqlite_with_rowid=False,
    )  # fmt: skip


def _bank() -> None:
    op.create_table(
        "fund_bank_line",
        _text("bank_line_id"), _text("acct_no"), _text("bank_ref"), _day("day"), _side(),
        _fen("amount", sa.CheckConstraint("amount > 0")), _fen("balance", nullable=True), _text("counterparty"),
        _text("memo"), _text("admdvs"),
        sa.PrimaryKeyConstraint("bank_line_id"), sa.UniqueConstraint("acct_no", "bank_ref"), _of_account(),
    )  # fmt: skip
    op.create_table(
        "fund_assertion",
        _text("assertion_id"), _text("acct_no"), _day("day"), _fen("stated"), _fen("booked"), _integer("differences"),
        _text("admdvs"), _integer("number"),
        sa.PrimaryKeyConstraint("assertion_id"), sa.UniqueConstraint("acct_no", "day", "number"), _of_account(),
    )  # fmt: skip


def _forbid_changes(table: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        for what in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{what.lower()} BEFORE {what} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, 'append-only table {table}'); END"
            )
        return
    op.execute(
        "CREATE OR REPLACE FUNCTION yibao_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'append-only table %', TG_TABLE_NAME; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION yibao_append_only()"
    )


def downgrade() -> None:
    """There is no way back: what is recorded stays. Restore a backup with the older version instead."""
    raise NotImplementedError("restore a backup with the version that made it")
