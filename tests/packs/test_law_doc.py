"""docs/law.md is true: its packs load as written and its Python runs."""

import re
from pathlib import Path

import pytest

DOC = Path(__file__).parents[2] / "docs" / "law.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_packs_and_the_code_of_the_document_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("YIBAO_PACKS", raising=False)
    blocks = BLOCK.findall(DOC.read_text(encoding="utf-8"))
    for text in (text for language, text in blocks if language == "yaml"):
        path = Path(text.splitlines()[0].removeprefix("# "))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    programs = [text for language, text in blocks if language == "python"]
    assert programs
    for text in programs:
        exec(compile(text, str(DOC), "exec"), {})
