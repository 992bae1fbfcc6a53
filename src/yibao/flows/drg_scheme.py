"""A grouping scheme from its folder: read, checked, and kept compiled in the user's cache."""

import hashlib
import os
import pickle
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from yibao import __version__, tables
from yibao.casemix import drg
from yibao.casemix.drg import Scheme, Sheet
from yibao.engine import Engine
from yibao.kernel import Finding, Place, Severity
from yibao.standard import OPTIONAL_SCHEME_TABLES, SCHEME_TABLES

_PREFIX = "scheme_"


class SchemeError(RuntimeError):
    """A folder that is no scheme that cases can be grouped by. ``findings`` name every fault."""

    def __init__(self, message: str, findings: list[Finding]) -> None:
        super().__init__(message)
        self.findings = findings


class Checked(NamedTuple):
    """A scheme, or None where it has errors, and all that was found."""

    scheme: Scheme | None
    findings: list[Finding]


def load_scheme(folder: Path, tell: Callable[[str], None] | None = None) -> Scheme:
    """The scheme in ``folder``; one that was read before comes from the cache. Raises SchemeError with every fault."""
    kept = _cache_file(folder)
    if kept is not None and (scheme := _recalled(kept)) is not None:
        return scheme
    if tell:
        tell("读分组方案")
    checked = check_scheme(folder)
    if checked.scheme is None:
        errors = [one for one in checked.findings if one.severity is Severity.ERROR]
        raise SchemeError(
            f"分组方案“{folder}”有{len(errors)}处错误，不能用来分组：请先用 yibao drg scheme check 列出并改正", errors
        )
    if kept is not None:
        _keep(kept, checked.scheme)
    return checked.scheme


def check_scheme(folder: Path) -> Checked:
    """Reads and checks every table of a scheme folder; never from the cache."""
    if not folder.is_dir():
        place = Place(str(folder))
        return Checked(
            None, [Finding("scheme_no_folder", Severity.ERROR, "没有这个文件夹", place, "", "核对 --scheme")]
        )
    found: list[Finding] = []
    sheets: dict[str, Sheet] = {}
    with Engine(threads=1) as engine:
        for table in SCHEME_TABLES:
            sheets[table.removeprefix(_PREFIX)] = _sheet(engine, folder, table, found)
    if any(one.severity is Severity.ERROR for one in found):
        return Checked(None, found)
    scheme, more = drg.read_scheme(folder.name, sheets)
    return Checked(scheme, [*found, *more])


def _sheet(engine: Engine, folder: Path, table: str, found: list[Finding]) -> Sheet:
    """A table of the folder as columns of text; an optional one that is not there is empty."""
    name = table.removeprefix(_PREFIX)
    files = sorted(path for path in folder.iterdir() if path.stem == name and path.suffix.lower() in _ENDINGS)
    if len(files) != 1:
        if files or table not in OPTIONAL_SCHEME_TABLES:
            said = f"同一张表有{len(files)}个文件" if files else "分组方案缺这张表"
            place = Place(f"{name}.csv")
            found.append(Finding("scheme_no_table", Severity.ERROR, said, place, "", "每张表留一个文件"))
        return Sheet(f"{name}.csv", [], {})
    report = tables.load(engine, table, files)
    found += [one for one in report.findings if one.severity is not Severity.INFO]
    columns = SCHEME_TABLES[table].columns
    held = engine.fetch(f'SELECT * FROM "{table}" ORDER BY src_row').to_pydict()
    engine.drop(table, report.rejects)
    cells = {column: ["" if cell is None else cell for cell in held[column]] for column in columns}
    return Sheet(files[0].name, held["src_row"], cells)


_ENDINGS = (".csv", ".parquet", ".xlsx")


def _cache_file(folder: Path) -> Path | None:
    """Where the compiled scheme is kept: its name is a digest of the scheme's files and of this program's own."""
    if not folder.is_dir():
        return None
    digest = hashlib.sha256(__version__.encode())
    own = sorted(Path(drg.__file__).parent.glob("*.py"))
    names = {table.removeprefix(_PREFIX) for table in SCHEME_TABLES}
    files = sorted(path for path in folder.iterdir() if path.stem in names and path.suffix.lower() in _ENDINGS)
    for path in (*own, *files):
        digest.update(path.name.encode())
        with path.open("rb") as stream:
            while piece := stream.read(1 << 20):
                digest.update(piece)
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return home / "yibao" / f"drg-{folder.name}-{digest.hexdigest()[:20]}.pickle"


def _recalled(kept: Path) -> Scheme | None:
    try:
        with kept.open("rb") as stream:
            scheme = pickle.load(stream)  # written by `_keep` into the user's own cache
    except Exception:  # a torn file, or another version's: read the tables again
        return None
    return scheme if isinstance(scheme, Scheme) else None


def _keep(kept: Path, scheme: Scheme) -> None:
    """Keeps the scheme; a cache that cannot be written is done without."""
    with suppress(OSError):
        kept.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".drg-", dir=kept.parent)
        with os.fdopen(handle, "wb") as stream:
            pickle.dump(scheme, stream, protocol=pickle.HIGHEST_PROTOCOL)
        Path(name).replace(kept)
