"""What a scanned text is: every syntax, every way of writing one box, every reason for refusing."""

from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from yibao.flows.trace_read import text_buffers
from yibao.law import Law
from yibao.packs import load_law
from yibao.trace import packing
from yibao.trace.codes import (
    GS1,
    MAKER,
    NUMERIC,
    REASONS,
    Code,
    CodeMap,
    Drug,
    Refusal,
    Syntaxes,
    read_code,
    read_syntaxes,
)

BOX = "81234567890123456789"
FORMS = [
    BOX, "８１２３４５６７８９０１２３４５６７８９", " 8123 4567 8901 2345 6789　", "'81234567890123456789",
    "]C1" + BOX,
    "追溯码：" + BOX, "ZSM:" + BOX, f"(01)06912345678901(21){BOX}", f"010691234567890117261231{'21' + BOX}",
    f"https://id.gs1.org/01/06912345678901/21/{BOX}",
]  # fmt: skip
GS1_FORMS = [
    "010691234567890121AB12", "(01)06912345678901(17)261231(10)L1(21)AB12", "0106912345678901112501011726123121AB12",
    "]d2010691234567890110L1\x1d21AB12", "https://id.gs1.org/01/06912345678901/10/L1/21/AB12?17=261231",
]  # fmt: skip


@pytest.fixture(scope="module")
def law() -> Law:
    return load_law("zibo", [])


@pytest.fixture(scope="module")
def syntaxes(law: Law) -> Syntaxes:
    return read_syntaxes(law.at(date(2025, 7, 1)))


@pytest.mark.parametrize("text", FORMS)
def test_one_box_is_one_code_however_it_is_written(text: str, syntaxes: Syntaxes) -> None:
    assert read_code(text, syntaxes) == Code(BOX, NUMERIC, "8123456", "7890123456789")


@pytest.mark.parametrize("text", GS1_FORMS)
def test_a_gs1_code_is_its_gtin_and_serial_in_every_form(text: str, syntaxes: Syntaxes) -> None:
    assert read_code(text, syntaxes) == Code("010691234567890121AB12", GS1, "06912345678901", "AB12")


def test_a_makers_own_code_names_its_drug_by_its_first_characters(syntaxes: Syntaxes) -> None:
    assert read_code("QY00012 1234567890123", syntaxes) == Code(
        "QY000121234567890123", MAKER, "QY00012", "1234567890123"
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "empty"), ("", "empty"), (" 　", "empty"), ("8" * 19, "too_short"), ("8" * 21, "too_long"),
        ("8123456789012345678A", "letters"), ("8123-4567", "letters"), ("8.12345E+19", "spoilt"),
        ("0106912345678901", "no_serial"), ("(01)06912345678901(17)261231", "no_serial"),
    ],
)  # fmt: skip
def test_a_text_that_is_no_code_is_refused_for_its_reason(text: str, reason: str, syntaxes: Syntaxes) -> None:
    found = read_code(text, syntaxes)
    assert isinstance(found, Refusal)
    assert found.reason == reason
    assert found.message == REASONS[reason].message
    assert found.next_step


def test_the_mapping_answers_by_day_and_by_bar_code(syntaxes: Syntaxes) -> None:
    old, new = Drug("D1", 24, date(2020, 1, 1), date(2025, 6, 30)), Drug("D2", 12, date(2025, 7, 1))
    mapping = CodeMap({"8123456": [new, old], "6912345678901": [old]})
    box, gs1 = read_code(BOX, syntaxes), read_code(GS1_FORMS[0], syntaxes)
    assert isinstance(box, Code)
    assert isinstance(gs1, Code)
    assert mapping.of(box, date(2025, 6, 30)) == old
    assert mapping.of(box, date(2025, 7, 1)) == new
    assert mapping.of(box, date(2019, 12, 31)) is None
    assert mapping.of(gs1, date(2025, 1, 1)) == old
    assert mapping.of(gs1, date(2025, 7, 1)) is None


def packed(kernel: object, texts: list[str]) -> tuple[list[int], list[int]]:
    rows = len(texts)
    kinds, keys, drugs = np.zeros(rows, np.uint8), np.zeros(rows, np.int64), np.zeros(rows, np.int32)
    data, offsets = text_buffers(pa.array(texts))
    none = np.zeros(0, np.int64)
    kernel.read_texts(  # type: ignore[attr-defined]
        data, offsets, 20, 7, 1, 7, np.full(10**7, -1, np.int32), np.zeros(1, np.int64), np.full(1 << 19, -1, np.int32),
        none, none.astype(np.int32), kinds, keys, drugs,
    )  # fmt: skip
    return kinds.tolist(), keys.tolist()


def test_the_plain_and_the_compiled_kernel_pack_alike_and_keys_are_those_of_boxes(syntaxes: Syntaxes) -> None:
    from yibao.engine.kernels import compile_kernel

    texts = [*FORMS, *GS1_FORMS, "QY000121234567890123", "8" * 19, "", "81234567890123456780"]
    kinds, keys = packed(compile_kernel(packing), texts)
    assert (kinds, keys) == packed(packing, texts)
    of_box: dict[str, set[int]] = {}
    for text, kind, key in zip(texts, kinds, keys, strict=True):
        found = read_code(text, syntaxes)
        if kind in (packing.NUMERIC, packing.GS1, packing.WORD):
            assert isinstance(found, Code)
            of_box.setdefault(found.text, set()).add(key)
    assert all(len(some) == 1 for some in of_box.values())
    assert len(set.union(*of_box.values())) == len(of_box) == 4
