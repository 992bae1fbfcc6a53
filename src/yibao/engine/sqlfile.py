"""A SQL file: one SELECT with named CTEs under a header that states its contract.

The header is a block of comment lines ``-- name: text``; required are ``grain`` (the key of the output), ``inputs``
(tables read) and ``source`` (the rule); ``params`` names the bound parameters as ``$name``.
"""

import re
from functools import cache
from importlib.resources import files
from typing import NamedTuple

_HEADER = re.compile(r"^--\s*(grain|inputs|params|source|note):\s*(.*)$")
_PARAMETER = re.compile(r"\$([a-z_][a-z0-9_]*)")
_REQUIRED = ("grain", "inputs", "source")


class SqlHeaderError(ValueError):
    """A SQL file without its header, or whose parameters differ from those it declares."""


class SqlFile(NamedTuple):
    """One statement and its contract. ``name`` is the table it makes."""

    name: str
    text: str
    grain: tuple[str, ...]
    inputs: tuple[str, ...]
    params: tuple[str, ...]
    source: str


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip() and word.strip() != "-")


def parse_sql(name: str, text: str) -> SqlFile:
    """Reads the header and compares declared with used parameters. Raises SqlHeaderError."""
    head: dict[str, str] = {}
    for line in text.splitlines():
        if not line.startswith("--"):
            break
        match = _HEADER.match(line)
        if match:
            head[match[1]] = match[2].strip()
    missing = [field for field in _REQUIRED if not head.get(field)]
    if missing:
        raise SqlHeaderError(f"{name}.sql: header lacks {', '.join(missing)}")
    body = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("--"))
    declared, used = set(_words(head.get("params", ""))), set(_PARAMETER.findall(body))
    if declared != used:
        raise SqlHeaderError(f"{name}.sql: declares parameters {sorted(declared)} but uses {sorted(used)}")
    return SqlFile(name, body, _words(head["grain"]), _words(head["inputs"]), tuple(sorted(declared)), head["source"])


@cache
def load_sql(package: str, name: str) -> SqlFile:
    """The SQL file ``name.sql`` that stands beside the Python of ``package``."""
    return parse_sql(name, files(package).joinpath(f"{name}.sql").read_text(encoding="utf-8"))
