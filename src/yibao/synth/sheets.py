"""The package's own assumption tables (``data/*.csv``), read once.

These files are part of the program, written by its authors; files of users are read by ``tables`` only.
"""

import csv
from functools import cache
from importlib.resources import files


@cache
def rows(name: str) -> tuple[dict[str, str], ...]:
    """The rows of ``data/<name>.csv`` as column → text."""
    text = files("yibao.synth").joinpath("data", f"{name}.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))


@cache
def table(name: str) -> dict[str, dict[str, str]]:
    """The same rows by their first column, which must be unique."""
    found = rows(name)
    key = next(iter(found[0]))
    by_key = {row[key]: row for row in found}
    if len(by_key) != len(found):
        raise ValueError(f"data/{name}.csv: {key} is not unique")
    return by_key
