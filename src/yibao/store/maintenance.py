"""Bringing a store of an older version up to this one."""

from pathlib import Path

from sqlalchemy.exc import DBAPIError

from yibao.store import database, migrate
from yibao.store.errors import StoreUnavailableError, explained


def migrate_store(where: str) -> tuple[str, str, str]:
    """Changes the tables of an existing store to this version: its label, the revision before and after.

    The records and their chains stay as they are. Raises StoreError kinds; a migration that fails changes nothing.
    """
    url = database.address(where)
    label = database.label(url)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
        raise StoreUnavailableError(f"没有{label}；请核对路径")
    engine = database.connect(url)
    try:
        return (label, *migrate.upgrade(engine))
    except DBAPIError as error:
        raise explained(error, label) from error
    finally:
        engine.dispose()
