"""The reference page says what the program says."""

from pathlib import Path

from yibao.cli.reference import reference


def test_the_reference_page_is_the_one_the_program_makes() -> None:
    page = Path(__file__).parents[2] / "docs" / "reference.md"
    assert page.read_text(encoding="utf-8") == reference(), "run make reference"
