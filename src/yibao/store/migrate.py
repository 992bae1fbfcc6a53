"""Making and changing the tables (alembic): the migrations are part of the package."""

from importlib.resources import as_file, files

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.util import CommandError
from sqlalchemy import Engine

from yibao.store.errors import StoreVersionError
from yibao.store.schema import REVISION


def _config(engine: Engine, scripts: str) -> Config:
    config = Config()
    config.set_main_option("script_location", scripts.replace("%", "%%"))
    config.attributes["engine"] = engine
    return config


def upgrade(engine: Engine) -> tuple[str, str]:
    """Brings the tables to this version in one transaction; returns the revision before ("" for none) and after.

    Raises StoreVersionError where the tables are of a revision that is not in this package.
    """
    with engine.connect() as connection:
        before = ",".join(MigrationContext.configure(connection).get_current_heads())
    try:
        with as_file(files("yibao.store").joinpath("migrations")) as scripts:
            command.upgrade(_config(engine, str(scripts)), REVISION)
    except CommandError as error:
        text = f"数据库的表结构（版本{before}）由更新的程序或其他程序建立，本程序不认识，没有改动"
        raise StoreVersionError(f"{text}；请升级本程序，或换一个新的文件名或数据库") from error
    return before, REVISION
