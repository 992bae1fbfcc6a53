"""Writes the city of benefits: large tables in parts of some blocks each, so that memory holds a few blocks at most."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from itertools import islice
from pathlib import Path

import pyarrow as pa

from yibao.engine import Engine
from yibao.synth.care.make import CLAIMS_PER_PERSON, NAMES, PLANTED, Frame, block_tables, frame
from yibao.tables import output_folder, parquet_stream, write_csv

PART_BLOCKS = 4
"""Blocks in a part: about 200,000 people, 1.3 million settlements and 4 million lines."""
AHEAD = 2
"""Blocks made at the same time."""
FORMATS = ("parquet", "csv")
_Tables = dict[str, pa.Table]


def write_care(
    folder: Path, people: int = 20_000, *, year: int = 2025, seed: int = 20250101, admdvs: str = "370300",
    bad_share: float = 0.0, fmt: str = "parquet", claims_per_person: float = CLAIMS_PER_PERSON,
    credit_months: int = 12, part_blocks: int = PART_BLOCKS, progress: Callable[[str], None] | None = None,
) -> list[Path]:  # fmt: skip
    """Writes the year of benefits of a city of ``people`` into ``folder``; answers the files.

    Rows depend on the arguments but not on ``part_blocks``: a table of one part is ``<table>.<fmt>``, of several
    ``<table>_01.<fmt>`` and so on. ``bad_share`` of the settlements are spoiled and ``planted`` names each with what
    finds it; ``credit_months`` are the months of account credits written. Parts of an earlier run that this one does
    not write are removed. Raises ValueError for another format or a figure out of range, OutputError where the disk
    refuses.
    """
    if fmt not in FORMATS or part_blocks < 1:
        raise ValueError(f"fmt must be one of {', '.join(FORMATS)}, part_blocks at least 1")
    city = frame(
        people, year=year, seed=seed, admdvs=admdvs, bad_share=bad_share, claims_per_person=claims_per_person,
        credit_months=credit_months,
    )  # fmt: skip
    tell = progress or (lambda _step: None)
    shared = city.shared()
    parts = -(-city.blocks // part_blocks)
    with output_folder(folder, optional=_stale(folder)) as work, ThreadPoolExecutor(AHEAD) as pool:
        for name, table in shared.items():
            _write(work / f"{name}.{fmt}", [table])
        made = _made(city, pool)
        planted: list[pa.Table] = []
        for part in range(parts):
            first, last = part * part_blocks, min((part + 1) * part_blocks, city.blocks)
            tell(f"造数据 {first + 1}–{last}/{city.blocks} 批")
            suffix = f"_{part + 1:02d}" if parts > 1 else ""
            planted += _part(work, suffix, fmt, islice(made, last - first))
        if planted:
            _write(work / f"{PLANTED}.{fmt}", planted)
        files = sorted(path.name for path in work.iterdir())
    return [folder / name for name in files]


def _stale(folder: Path) -> list[str]:
    """Files of an earlier run in the folder, which go unless they are written anew."""
    ours = re.compile(rf"({'|'.join((*NAMES, PLANTED))})(_\d+)?\.({'|'.join(FORMATS)})")
    return [path.name for path in folder.iterdir() if ours.fullmatch(path.name)] if folder.is_dir() else []


def _made(city: Frame, pool: ThreadPoolExecutor) -> Iterator[_Tables]:
    """The blocks in order, some made ahead."""
    waiting: list[Future[_Tables]] = []
    for block in range(city.blocks):
        waiting.append(pool.submit(block_tables, city, block))
        if len(waiting) > AHEAD:
            yield waiting.pop(0).result()
    for one in waiting:
        yield one.result()


def _part(work: Path, suffix: str, fmt: str, blocks: Iterable[_Tables]) -> list[pa.Table]:
    """Writes one part of every table; answers the faults planted in it."""
    planted: list[pa.Table] = []
    held: dict[str, list[pa.Table]] = {}
    streams: dict[str, Callable[[pa.Table], None]] = {}
    with ExitStack() as stack:
        for tables in blocks:
            for name, table in tables.items():
                if name == PLANTED:
                    planted.append(table)
                elif fmt == "csv":
                    held.setdefault(name, []).append(table)
                else:
                    if name not in streams:
                        path = work / f"{name}{suffix}.{fmt}"
                        streams[name] = stack.enter_context(parquet_stream(path, table.schema))
                    streams[name](table)
    for name, parts in held.items():
        _write(work / f"{name}{suffix}.{fmt}", parts)
    return planted


def _write(path: Path, tables: Sequence[pa.Table]) -> None:
    """The tables, one after another, as a file of the format that its name says."""
    if path.suffix == ".parquet":
        with parquet_stream(path, tables[0].schema) as write:
            for table in tables:
                write(table)
        return
    with Engine() as engine:
        engine.put("part", pa.concat_tables(tables))
        write_csv(engine, "part", path)
