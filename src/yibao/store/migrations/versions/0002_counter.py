"""Benefits settled at a counter: settlements with their lines and moves, accounts, and what follows from them.

revision: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

APPEND_ONLY = ("settlements", "settlement_lines", "settlement_moves", "account_credits")
LINE_FACTS = (
    "cls", "limit_micro", "share_ppm", "payable", "price_micro", "cnt_micro", "amount_fen", "counter_unit",
    "counter_limit_micro", "counter_take_micro", "counter_mark", "channel", "reason",
)  # fmt: skip


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def _integer(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False)


def _number(name: str, *checks: sa.CheckConstraint) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, *checks, nullable=False)


def _day(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(10), nullable=False)


def _nth() -> sa.Column[int]:
    return _number("nth", sa.CheckConstraint("nth > 0"))


def _of_settlement() -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["setl_id"], ["settlements.setl_id"])


def upgrade() -> None:
    """Makes the tables of benefits and the triggers that keep the records append-only."""
    _settlements()
    _details()
    _projections()
    for table in APPEND_ONLY:
        _forbid_changes(table)


def _settlements() -> None:
    actions = sa.CheckConstraint("action IN ('settle', 'reverse', 'adjust')")
    op.create_table(
        "settlements",
        *_texts("setl_id", "msgid"), sa.Column("action", sa.Text, actions, nullable=False), *_texts("admdvs"),
        _integer("year"), *_texts("psn_no", "home", "fixmedins_code", "mdtrt_id", "med_type", "kind", "insutype"),
        *_texts("setl_time"), _day("law_day"), _day("terms_day"), _integer("benefit_year"), *_texts("outcome"),
        sa.Column("refers", sa.Text), _nth(), _number("total"), _integer("posted"),
        *_texts("digest", "context", "facts", "result", "amounts"),
        sa.PrimaryKeyConstraint("setl_id"),
    )  # fmt: skip
    op.create_index("settlements_person", "settlements", ["psn_no", "nth"])
    for name, unique, where in (
        ("settlements_refers", False, "refers IS NOT NULL"),
        ("settlements_reversed", True, "action = 'reverse'"),
    ):
        given = sa.text(where)
        op.create_index(name, "settlements", ["refers"], unique=unique, sqlite_where=given, postgresql_where=given)


def _details() -> None:
    op.create_table(
        "settlement_lines",
        *_texts("setl_id"), _integer("line_no"), *_texts("feedetl_sn", "med_list_codg"), _day("fee_day"),
        *(_number(name) for name in LINE_FACTS), *_texts("counter"),
        sa.PrimaryKeyConstraint("setl_id", "line_no"), _of_settlement(),
        sqlite_with_rowid=False,
    )  # fmt: skip
    whats = sa.CheckConstraint("what IN ('sum', 'used', 'account', 'seen')")
    op.create_table(
        "settlement_moves",
        *_texts("setl_id"), _integer("line_no"), sa.Column("what", sa.Text, whats, nullable=False), *_texts("owner"),
        _integer("year"), *_texts("name"), _number("amount"), _number("mark"), _number("before"),
        sa.PrimaryKeyConstraint("setl_id", "line_no"), _of_settlement(),
        sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_index("settlement_moves_owner", "settlement_moves", ["owner"])
    op.create_table(
        "account_credits",
        *_texts("credit_id", "psn_no", "admdvs"), _day("credit_date"), _number("amount"), _nth(),
        sa.PrimaryKeyConstraint("credit_id"),
    )  # fmt: skip
    op.create_index("account_credits_person", "account_credits", ["psn_no"])


def _projections() -> None:
    op.create_table("benefit_owners", *_texts("owner"), _number("nth"), sa.PrimaryKeyConstraint("owner"))
    op.create_table(
        "benefit_accumulators",
        *_texts("owner"), _integer("year"), *_texts("slot"), _number("amount"),
        sa.PrimaryKeyConstraint("owner", "year", "slot"),
        sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_table(
        "benefit_counters",
        *_texts("owner", "name"), _number("used"), _number("mark"), sa.PrimaryKeyConstraint("owner", "name"),
        sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_table("account_balances", *_texts("psn_no"), _number("balance"), sa.PrimaryKeyConstraint("psn_no"))


def _forbid_changes(table: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        for what in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{what.lower()} BEFORE {what} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, 'append-only table {table}'); END"
            )
        return
    op.execute(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION yibao_append_only()"
    )


def downgrade() -> None:
    """There is no way back: what is recorded stays. Restore a backup with the older version instead."""
    raise NotImplementedError("restore a backup with the version that made it")
