"""Making and changing the tables (alembic): the migrations are part of the package."""

from importlib.resources import as_file, files

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine

from yibao.store.schema import REVISION


def _config(engine: Engine, scripts: str) -> Config:
    config = Config()
    config.set_main_option("script_location", scripts.replace("%", "%%"))
    config.attributes["engine"] = engine
    return config


def upgrade(engine: Engine) -> tuple[str, str]:
    """Brings the tables to this version in one transaction; returns the revision before ("" for none) and after."""
    with engine.connect() as connection:
        before = MigrationContext.configure(connection).get_current_revision() or ""
    with as_file(files("yibao.store").joinpath("migrations")) as scripts:
        command.upgrade(_config(engine, str(scripts)), REVISION)
    return before, REVISION
