"""Operational records that cannot be lost: a durable store on SQLite (a file) or PostgreSQL, append-only and chained.

Entry points: `Store` (open, `transact`, `reading`), `Unit` (one transaction of several rooms), `ledger` (what the
ledger room reads under locks and leaves), `accumulators` (the same for a counter), `anew` (what follows from its
records), `journal` and `readings` (what people ask for), `fetch`, `verify`, `export_heads`, `backup`, `restore`,
`maintenance.migrate_store`. The only place that speaks SQLAlchemy, alembic and the database drivers. May import kernel
and the rooms whose records it keeps.
"""

from yibao.store.backup import Backup, backup, restore
from yibao.store.errors import StoreBusyError, StoreError, StoreFullError, StoreUnavailableError, StoreVersionError
from yibao.store.heads import Anchor, export_heads, read_anchor
from yibao.store.kinds import KINDS, fetch
from yibao.store.migrate import upgrade
from yibao.store.store import Store
from yibao.store.unit import Unit
from yibao.store.verify import Verification, verify

__all__ = [
    "KINDS",
    "Anchor",
    "Backup",
    "Store",
    "StoreBusyError",
    "StoreError",
    "StoreFullError",
    "StoreUnavailableError",
    "StoreVersionError",
    "Unit",
    "Verification",
    "backup",
    "export_heads",
    "fetch",
    "read_anchor",
    "restore",
    "upgrade",
    "verify",
]
