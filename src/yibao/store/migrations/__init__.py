"""The migrations of the store, one after another (alembic)."""
