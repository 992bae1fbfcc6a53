"""Reads and checks csv, parquet and xlsx; writes them. The only place that parses data files.

Entry points: `load` (files to a typed table and a `LoadReport`), `open_lines` and `close_lines` (files too long to be
held: a typed view, then the report of its faulty rows)), `read_ahead`
(columns of a long parquet file), `peek` (the head of a file), `explode` (list column to child
table), `output_folder` and `atomic_path` (nothing half-written ever looks finished), `write_parquet`, `parquet_stream`,
`write_csv`, `write_xlsx`, `write_rejected` and `write_findings` (what to mend), `read_table` and `read_summary` (back
from a result folder), `template` (an xlsx to fill in), `FAULTS` (every fault by code).
May import kernel, standard and engine. Names and codes follow the national platform's interface (see `standard`).
"""

from yibao.tables.batches import is_straight, read_ahead
from yibao.tables.child import explode
from yibao.tables.faults import FAULTS, FileFaultError
from yibao.tables.files import table_files
from yibao.tables.lines import Opened, close_lines, open_lines, put_forms
from yibao.tables.load import load
from yibao.tables.output import OutputError, atomic_path, output_folder
from yibao.tables.own import ResultFolderError, open_view, read_summary, read_table
from yibao.tables.peek import Peeked, data_files, peek
from yibao.tables.rejected import write_findings, write_rejected
from yibao.tables.report import LoadReport
from yibao.tables.template import template
from yibao.tables.write import Sheet, parquet_stream, query_sheet, write_csv, write_parquet, write_xlsx

__all__ = [
    "FAULTS",
    "FileFaultError",
    "LoadReport",
    "Opened",
    "OutputError",
    "Peeked",
    "ResultFolderError",
    "Sheet",
    "atomic_path",
    "close_lines",
    "data_files",
    "explode",
    "is_straight",
    "load",
    "open_lines",
    "open_view",
    "output_folder",
    "parquet_stream",
    "peek",
    "put_forms",
    "query_sheet",
    "read_ahead",
    "read_summary",
    "read_table",
    "table_files",
    "template",
    "write_csv",
    "write_findings",
    "write_parquet",
    "write_rejected",
    "write_xlsx",
]
