"""Alembic's environment: runs the migrations on the engine that `yibao.store.migrate` hands over."""

from alembic import context

engine = context.config.attributes["engine"]
with engine.begin() as connection:
    context.configure(connection=connection)
    if connection.dialect.name == "postgresql":
        # Two processes that open a new database at once: the second waits and then finds the tables made.
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext('yibao store tables'))")
    context.run_migrations()
