"""docs/tables.md says what the code does: the same faults, the same columns."""

import re
from pathlib import Path

import yibao.tables as tables
from yibao.standard import TABLES

DOC = (Path(__file__).parents[2] / "docs" / "tables.md").read_text(encoding="utf-8")


def _rows(heading: str) -> dict[str, list[str]]:
    section = DOC.split(f"## {heading}")[1].split("\n## ")[0]
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("| `")]
    return {cells[0].strip(" `"): [cell.strip() for cell in cells] for cells in rows}


def test_the_document_lists_the_faults_of_the_code_in_order_with_their_effect_and_message() -> None:
    rows = _rows("Faults")
    assert list(rows) == list(tables.FAULTS)
    for code, fault in tables.FAULTS.items():
        assert rows[code][1].removesuffix("（文件）") == fault.severity.label
        for cell, text in ((rows[code][2], fault.message), (rows[code][3], fault.next_step)):
            assert cell == re.sub(r"\{\w+\}", "…", text).replace("|", "¦"), code


def test_the_document_lists_the_columns_of_cases_in_order() -> None:
    rows = _rows("Columns of `cases`")
    schema = TABLES["cases"]
    assert tuple(rows) == schema.columns
    for field in schema.fields:
        assert rows[field.name][1] == field.label
        assert (rows[field.name][2] == "yes") == (field.name in schema.required)


def test_every_fault_can_be_provoked_by_a_test_of_this_folder() -> None:
    here = "\n".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.rglob("*.*") if path.is_file()
                     and path.suffix in (".py", ".txt") and path != Path(__file__))  # fmt: skip
    assert [code for code in tables.FAULTS if code not in here] == []
