"""docs/catalogue.md lists the reasons and outcomes of the code, in order."""

import re
from pathlib import Path

from yibao.catalogue import Reason
from yibao.catalogue.rx import RxOutcome

DOC = (Path(__file__).parents[2] / "docs" / "catalogue.md").read_text(encoding="utf-8")


def test_the_document_lists_the_reasons_with_number_and_sentence_in_order() -> None:
    rows = re.findall(r"^\| (\d+) \| `(\w+)` \| (.+) \|$", DOC, re.M)
    assert rows == [(str(int(one)), one.code, one.label) for one in Reason]


def test_the_document_lists_the_outcomes_of_a_prescription_in_order_of_precedence() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.+) \|$", DOC.split("## Outside prescriptions")[1], re.M)
    assert rows == [(one.value, one.label) for one in RxOutcome]
