"""The documentation is true: its commands exist, its marked blocks run, its links lead somewhere.

A fence ```bash run or ```python run is executed, all of one document in one temporary folder, in order. In every other
```bash or ```console block the lines that call ``yibao`` or ``make`` must name commands, options and targets that
exist.
"""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = [
    path
    for path in [
        ROOT / "README.md",
        ROOT / "README.zh-CN.md",
        ROOT / "CHANGELOG.md",
        *sorted(ROOT.glob("docs/**/*.md")),
    ]
    if path.exists()
]
_FENCE = re.compile(r"^(?P<ticks>`{3,})(?P<language>\w*)(?P<info>[^\n`]*)\n(?P<body>.*?)^(?P=ticks)\s*$", re.M | re.S)
_LINK = re.compile(r"!?\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)|<(?:img|a)\s[^>]*?(?:src|href)=\"([^\"]+)\"")


class Block(NamedTuple):
    """A fenced block and the line it starts on."""

    line: int
    language: str
    runs: bool
    body: str


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def blocks(text: str) -> Iterator[Block]:
    for fence in _FENCE.finditer(text):
        line = text.count("\n", 0, fence.start()) + 1
        yield Block(line, fence["language"], "run" in fence["info"].split(), fence["body"])


def commands(block: Block) -> Iterator[str]:
    """The commands of a shell block: the lines after the prompt in a console, every line elsewhere."""
    for line in block.body.replace("\\\n", " ").splitlines():
        line = line.strip()
        if block.language == "console":
            if not line.startswith("$ "):
                continue
            line = line[2:]
        line = line.removeprefix(".venv/bin/")
        if line.startswith(("yibao ", "make ")) or line in {"yibao", "make"}:
            yield line


# --- what a command line names --------------------------------------------------------------------------------------


@cache
def application() -> Any:
    """The command tree of ``yibao``."""
    import typer

    return typer.main.get_command(import_module("yibao.cli").app)


def targets() -> set[str]:
    return set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))


def unknown(command: str, tree: Any = None) -> str:
    """What a command line names that does not exist; empty when all of it does."""
    alone = re.split(r"\s(?:[|>;]|&&|2>)", command)[0]
    program, *words = shlex.split(alone.translate(str.maketrans("", "", "[]")), comments=True)
    if program == "make":
        named = [word for word in words if "=" not in word and not word.startswith("-")]
        return ", ".join(f"make {word}" for word in named if word not in targets())
    node = tree or application()
    path = "yibao"
    for word in words:
        children = getattr(node, "commands", None)
        if word.startswith("-"):
            known = {name for option in node.params for name in [*option.opts, *option.secondary_opts]} | {"--help"}
            if word.partition("=")[0] not in known:
                return f"{path} {word}"
        elif children is not None:
            if word not in children:
                return f"{path} {word}"
            node, path = children[word], f"{path} {word}"
    return ""


SHELL = [
    pytest.param(command, id=f"{shown(path)}:{block.line}: {command[:60]}")
    for path in DOCUMENTS
    for block in blocks(path.read_text(encoding="utf-8"))
    if block.language in {"bash", "console", "sh", "shell"}
    for command in commands(block)
]


@pytest.mark.parametrize("command", SHELL)
def test_every_command_option_and_target_in_the_documentation_exists(command: str) -> None:
    assert unknown(command) == ""


def test_the_check_of_commands_sees_what_does_not_exist() -> None:
    import typer

    app, dip = typer.Typer(), typer.Typer()
    app.add_typer(dip, name="dip")

    @dip.command()
    def price(cases: str, budget: str = "") -> None: ...

    @dip.command()
    def build(cases: str) -> None: ...

    tree = typer.main.get_command(app)
    assert unknown("yibao dip price cases.csv --budget 1 [--help]", tree) == ""
    assert unknown("yibao dip build cases.csv | head -n 1  # all of it", tree) == ""
    assert unknown("yibao dip price cases.csv --bugdet=1", tree) == "yibao dip price --bugdet=1"
    assert unknown("yibao dip prise cases.csv", tree) == "yibao dip prise"
    assert unknown("make test", tree) == ""
    assert unknown("make tests NAME=1", tree) == "make tests"


# --- blocks that run ------------------------------------------------------------------------------------------------


def execute(block: Block, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    prompt = re.compile(r"^\$ ", re.M)
    shell = ["bash", "-euo", "pipefail", "-c", prompt.sub("", block.body)]
    command = [sys.executable, "-c", block.body] if block.language == "python" else shell
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=600, check=False
    )


RUN = [path for path in DOCUMENTS if any(block.runs for block in blocks(path.read_text(encoding="utf-8")))]


@pytest.mark.parametrize("path", RUN, ids=shown)
def test_the_blocks_marked_run_succeed_one_after_another(path: Path, tmp_path: Path) -> None:
    for block in blocks(path.read_text(encoding="utf-8")):
        if block.runs:
            done = execute(block, tmp_path)
            assert done.returncode == 0, f"{shown(path)}:{block.line}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"


def test_a_block_that_fails_is_seen(tmp_path: Path) -> None:
    text = "```bash run\nfalse\necho after\n```\n\n```python run\nassert 1 == 2\n```\n\n````python run\nx = 1\n````\n"
    assert [execute(block, tmp_path).returncode for block in blocks(text)] == [1, 1, 0]


# --- links ----------------------------------------------------------------------------------------------------------


def anchors(path: Path) -> set[str]:
    """The anchors that the headings of a document have on GitHub."""
    text = _FENCE.sub("", path.read_text(encoding="utf-8"))
    headings = re.findall(r"^#{1,6}\s+(.+?)\s*#*$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower().replace("`", "")).strip().replace(" ", "-") for heading in headings}


def broken(path: Path) -> list[str]:
    text = _FENCE.sub("", path.read_text(encoding="utf-8"))
    found = []
    for link in ("".join(pair) for pair in _LINK.findall(text)):
        if re.match(r"[a-z][a-z0-9+.-]*:", link):
            continue
        file, _, anchor = unquote(link).partition("#")
        target = (path.parent / file).resolve() if file else path
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in anchors(target)):
            found.append(link)
    return found


@pytest.mark.parametrize("path", DOCUMENTS, ids=shown)
def test_every_relative_link_image_and_anchor_leads_somewhere(path: Path) -> None:
    assert broken(path) == []


def test_a_broken_link_is_seen(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# One `two`: three\n[a](page.md) [b](gone.md) ![c](gone.png) [d](#one-two-three) [e](#four) [f](https://x.y)\n"
        '<img src="gone.svg" alt="">\n```\n[g](in-a-fence.md)\n```\n',
        encoding="utf-8",
    )
    assert broken(page) == ["gone.md", "gone.png", "#four", "gone.svg"]


# --- manners --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", DOCUMENTS, ids=shown)
def test_the_prose_does_not_tell_the_reader_what_is_easy(path: Path) -> None:
    assert re.findall(r"(?i)\b(?:simply|obviously|of course|trivially)\b", path.read_text(encoding="utf-8")) == []
