"""Planted violations of every kind, one code in ten no 20-digit one: all are found, none is invented."""

from collections import Counter
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq

from yibao.flows.dip_common import Setting
from yibao.flows.trace import add, scan
from yibao.packs import load_law
from yibao.synth.trace import write_scans
from yibao.synth.trace_lives import PLANTED
from yibao.trace.kinds import KINDS

DAY = date(2026, 1, 31)


def test_precision_and_recall_are_one_for_every_kind_by_batch_and_by_day(tmp_path: Path) -> None:
    files = write_scans(tmp_path / "city", 20_000, bad_share=0.05)
    setting = Setting(load_law("zibo", []))
    inputs = {"providers": tmp_path / "city" / "providers.parquet", "drugs": tmp_path / "city" / "trace_drugs.parquet"}
    done = scan(files, tmp_path / "out", setting, DAY, **inputs)
    planted = pq.read_table(tmp_path / "city" / "planted.parquet").to_pylist()
    key = Counter((row["kind"], row["drug_trac_codg"], row["late"]) for row in planted)
    rows = pq.read_table(tmp_path / "out" / "findings.parquet").to_pylist()
    assert Counter((row["kind"], row["drug_trac_codg"], row["late"]) for row in rows) == key
    assert (
        {kind for kind, _code, _late in key}
        == {kind.code for kind in KINDS}
        == {k for one in PLANTED for k in one.kinds}
    )
    assert done.summary["findings"] == sum(key.values())
    table = pq.read_table(files[0])
    for number, cut in enumerate((slice(0, 20_000), slice(20_000, None))):
        pq.write_table(table.slice(cut.start, (cut.stop or len(table)) - cut.start), tmp_path / f"{number}.parquet")
    scan([tmp_path / "0.parquet"], tmp_path / "day", setting, DAY, **inputs)
    add([tmp_path / "1.parquet"], tmp_path / "day", setting, DAY)
    for name in ("findings.parquet", "chains.parquet"):
        assert (tmp_path / "day" / name).read_bytes() == (tmp_path / "out" / name).read_bytes()
