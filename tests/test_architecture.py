"""The house keeps its own rules: floors, purity, headers, sizes, and no city or machine named in code."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from yibao.engine.sqlfile import parse_sql

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "yibao"
EDGES = {"packs", "tables", "store"}
ABOVE = {"flows", "report", "synth", "api", "console", "cli"}
MODULES = sorted(PACKAGE.rglob("*.py"))
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]


def split(words: str) -> frozenset[str]:
    return frozenset(words.split())


def floor(path: Path) -> str:
    """The room or floor a module belongs to: the first name below the package."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def pure(path: Path) -> bool:
    """Rooms and the floors below them, but not the engine: they see no file, clock, network or terminal."""
    return floor(path) not in EDGES | ABOVE | {"engine", "__init__"}


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


# --- the floors -----------------------------------------------------------------------------------------------------


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    """import-linter over the package in ``folder``, which comes before the installed one."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run(['--no-cache'])"]
    environment = {**os.environ, "PYTHONPATH": str(folder / "src"), "COLUMNS": "300", "NO_COLOR": "1"}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=180, check=False
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the package that a test may break."""
    shutil.copytree(PACKAGE, tmp_path / "src" / "yibao", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_every_import_contract_is_kept() -> None:
    done = lint_imports(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"Contracts: {len(CONTRACTS)} kept, 0 broken" in done.stdout


BREAKS = {
    "Floors": [
        ("kernel/money.py", "yibao.engine", "yibao.kernel is not allowed to import yibao.engine"),
        ("payment/bed_day.py", "yibao.casemix", "yibao.payment is not allowed to import yibao.casemix"),
        ("casemix/__init__.py", "yibao.tables", "yibao.casemix is not allowed to import yibao.tables"),
        ("packs/__init__.py", "yibao.tables", "yibao.packs is not allowed to import yibao.tables"),
        ("fund/bank.py", "yibao.payment", "yibao.fund is not allowed to import yibao.payment"),
        ("enrolment/wait.py", "yibao.fund", "yibao.enrolment is not allowed to import yibao.fund"),
        ("clearing/share.py", "yibao.payment", "yibao.clearing is not allowed to import yibao.payment"),
        ("reconcile/ladder.py", "yibao.fund", "yibao.reconcile is not allowed to import yibao.fund"),
        ("trace/codes.py", "yibao.reconcile", "yibao.trace is not allowed to import yibao.reconcile"),
        ("store/chain.py", "yibao.tables", "yibao.store is not allowed to import yibao.tables"),
    ],
    "The kernel uses the standard library only": [("kernel/money.py", "numpy", "yibao.kernel.money -> numpy")],
    "Only engine.kernels imports numba": [("payment/bed_day.py", "numba", "yibao.payment.bed_day -> numba")],
    "Only engine.portable imports sqlglot": [("engine/session.py", "sqlglot", "yibao.engine.session -> sqlglot")],
    "Only packs parses YAML": [("law/__init__.py", "yaml", "yibao.law -> yaml")],
    "Only tables reads spreadsheets": [("packs/__init__.py", "python_calamine", "yibao.packs -> python_calamine")],
    "Only the command line imports typer": [("engine/session.py", "rich", "yibao.engine.session -> rich")],
    "Only report draws charts": [("casemix/__init__.py", "altair", "yibao.casemix -> altair")],
    "Only engine and tables speak to DuckDB": [("law/__init__.py", "duckdb", "yibao.law -> duckdb")],
    "Only store speaks to the database of records": [
        ("flows/files.py", "sqlalchemy", "yibao.flows.files -> sqlalchemy")
    ],
    "The product imports no development tool": [("engine/session.py", "pyspark", "yibao.engine.session -> pyspark")],
}


def test_every_import_contract_fails_and_is_named_when_broken(copy: Path) -> None:
    """One copy with every contract broken: each must be reported with the import at fault."""
    assert len(BREAKS) == len(CONTRACTS), "a contract without a test that breaks it"
    for breaks in BREAKS.values():
        for place, foreign, _ in breaks:
            with (copy / "src" / "yibao" / place).open("a", encoding="utf-8") as module:
                module.write(f"\nimport {foreign}\n")
    done = lint_imports(copy)
    assert done.returncode == 1, done.stdout + done.stderr
    for name, breaks in BREAKS.items():
        assert re.search(rf"^{re.escape(name)}.* BROKEN", done.stdout, re.MULTILINE), f"{name}: not reported as broken"
        for _, _, fault in breaks:
            assert fault in done.stdout, f"{name}: {fault!r} is not in the report"


def test_a_room_that_stands_on_no_floor_is_refused(copy: Path) -> None:
    (copy / "src" / "yibao" / "attic").mkdir()
    (copy / "src" / "yibao" / "attic" / "__init__.py").write_text('"""A room nobody placed."""\n')
    done = lint_imports(copy)
    assert done.returncode == 1
    assert "attic" in done.stdout


def test_the_kernel_imports_only_itself_and_the_standard_library() -> None:
    foreign = {
        (shown(path), name)
        for path in MODULES
        if floor(path) == "kernel"
        for name, _ in imports(tree(path))
        if name.partition(".")[0] not in sys.stdlib_module_names and not name.startswith("yibao.kernel")
    }
    assert foreign == set()


# --- purity ---------------------------------------------------------------------------------------------------------

WORLD = split(
    "csv glob http io logging os pathlib random requests shutil socket sqlite3 ssl subprocess tempfile time urllib"
)
CALLS = {"open", "print", "input", "exec", "eval", "breakpoint"}
CLOCK = {"now", "today", "utcnow", "localtime", "monotonic", "perf_counter"}


def imports(module: ast.Module) -> Iterator[tuple[str, int]]:
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module, node.lineno


def worldly(module: ast.Module) -> Iterator[tuple[int, str]]:
    """Where a module reaches for a file, the clock, the network or the terminal."""
    for name, line in imports(module):
        if name.partition(".")[0] in WORLD or name.startswith(("pyarrow.csv", "pyarrow.parquet", "importlib")):
            yield line, f"import {name}"
    for node in ast.walk(module):
        match node:
            case ast.Call(func=ast.Name(id=name)) if name in CALLS:
                yield node.lineno, f"{name}()"
            case ast.Attribute(attr=name) if name in CLOCK:
                yield node.lineno, f".{name}"


def test_rooms_law_standard_and_kernel_touch_no_file_clock_network_or_terminal() -> None:
    assert [
        f"{shown(path)}:{line}: {what}" for path in MODULES if pure(path) for line, what in worldly(tree(path))
    ] == []


@pytest.mark.parametrize(
    "code",
    [
        "import os",
        "from pathlib import Path",
        "import urllib.request",
        "import pyarrow.parquet as pq",
        "print(1)",
        "open('x')",
        "from datetime import date\nd = date.today()",
        "import datetime\nd = datetime.datetime.now()",
    ],
)
def test_the_scan_for_impure_code_sees(code: str) -> None:
    assert list(worldly(ast.parse(code)))


# A geometric median (二维优值区间) has no exact value; everything else that is money or points has.
MAY_FLOAT = {"src/yibao/payment/point_value.py": {"excellence_two", "_geometric_median"}}


def floats(node: ast.AST, function: str = "") -> Iterator[tuple[int, str]]:
    """Line and function of every float written or made."""
    match node:
        case ast.Constant(value=float()) | ast.Call(func=ast.Name(id="float")):
            yield node.lineno, function
        case ast.FunctionDef(name=name):
            function = name
    for child in ast.iter_child_nodes(node):
        yield from floats(child, function)


EXACT = {
    "kernel", "catalogue", "payment", "clearing", "fund", "enrolment", "benefit", "impact", "reconcile", "trace",
}  # fmt: skip
"""Where money is computed."""


def test_no_float_stands_where_money_is_computed() -> None:
    found = [
        f"{shown(path)}:{line} {function}"
        for path in MODULES
        if floor(path) in EXACT
        for line, function in floats(tree(path))
        if function not in MAY_FLOAT.get(shown(path), set())
    ]
    assert found == []
    assert list(floats(ast.parse("a = 0.1\ndef f():\n    return float(a)"))) == [(1, ""), (3, "f")]


# --- signs on the doors ---------------------------------------------------------------------------------------------


def test_every_module_says_what_it_is_for() -> None:
    assert [shown(path) for path in MODULES if not ast.get_docstring(tree(path))] == []


def test_every_folder_with_python_is_a_package() -> None:
    folders = {path.parent for path in MODULES}
    assert [shown(folder) for folder in sorted(folders) if not (folder / "__init__.py").exists()] == []


RULES = sorted(path for path in PACKAGE.rglob("*.sql") if floor(path) not in EDGES)


@pytest.mark.parametrize("path", RULES, ids=lambda path: "/".join(path.parts[-3:]))
def test_every_sql_file_states_grain_inputs_parameters_and_source(path: Path) -> None:
    sql = parse_sql(path.stem, path.read_text(encoding="utf-8"))
    assert sql.grain
    assert sql.source


# --- law is data ----------------------------------------------------------------------------------------------------

CITIES = split(
    "淄博 东莞 舟山 陕西 南昌 鹰潭 赣州 深圳 广州 上海 北京 天津 重庆 杭州 宁波 济南 青岛 西安 武汉 成都 "
    "zibo dongguan zhoushan shaanxi nanchang yingtan ganzhou shenzhen guangzhou shanghai beijing tianjin chongqing "
    "hangzhou"
)
# The demonstration needs one city to show: the default of `yibao demo` and of the synthetic city, and no other.
MAY_NAME = {"cli": {"zibo", "淄博"}, "synth": {"zibo", "淄博"}}


def words(module: ast.Module) -> Iterator[str]:
    """Every name and text of the code. Docstrings may cite a document by its city: nothing acts on them."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    notes = {
        id(node.body[0].value)
        for node in ast.walk(module)
        if isinstance(node, documented) and ast.get_docstring(node) is not None
        and isinstance(node.body[0], ast.Expr)
    }  # fmt: skip
    for node in ast.walk(module):
        match node:
            case ast.Constant(value=str() as text) if id(node) not in notes:
                yield text
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield name


def cities(module: ast.Module) -> set[str]:
    return {city for word in words(module) for city in CITIES if city in word.lower()}


def test_no_city_is_named_in_code() -> None:
    found = {shown(path): cities(tree(path)) - MAY_NAME.get(floor(path), set()) for path in MODULES}
    assert {path: named for path, named in found.items() if named} == {}
    sample = '"""Source: 淄博."""\ndef zibo_rate(city):\n    return city == "东莞市"\n'
    assert cities(ast.parse(sample)) == {"zibo", "东莞"}, "the scan must see names and texts, and pass docstrings"


# --- sizes and manners ----------------------------------------------------------------------------------------------

CODE = [*MODULES, *sorted((ROOT / "bench").rglob("*.py"))]


def test_files_stay_under_400_lines() -> None:
    assert [f"{shown(p)}: {n}" for p in CODE if (n := len(p.read_text(encoding="utf-8").splitlines())) > 400] == []


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without its docstring."""
    first = function.body[0]
    documented = ast.get_docstring(function) is not None
    text = (first.end_lineno or 0) - first.lineno + 1 if documented else 0
    return (function.end_lineno or 0) - function.lineno + 1 - text


def test_functions_stay_under_50_lines() -> None:
    long = [
        f"{shown(path)}:{node.lineno} {node.name}: {length(node)}"
        for path in CODE
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and length(node) > 50
    ]
    assert long == []


def ours() -> list[Path]:
    """Every text file of the repository that is written by hand."""
    kept = {".py", ".md", ".toml", ".sql", ".yaml", ".yml", ".cfg", ""}
    folders = ["src", "tests", "docs", "bench", ".ci"]
    found = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file()]
    found += [path for path in ROOT.iterdir() if path.is_file() and path.name != ".git"]
    return sorted(path for path in found if path.suffix in kept and "__pycache__" not in path.parts)


MACHINE = re.compile(r"(?<![\w.$)}>-])/(?:work|home|root|Users|tmp|mnt|opt)/\w|[A-Z]:\\\\?Users|file:///")


def test_no_path_of_a_machine_stands_in_the_repository() -> None:
    found = []
    for path in ours():
        if path == Path(__file__):
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            if MACHINE.search(line):
                found.append(f"{shown(path)}:{number}: {line.strip()}")
    assert found == []
    assert all(map(MACHINE.search, ['"/home/me"', "(/tmp/a)", "C:\\Users\\me"]))


def test_no_work_is_left_for_later() -> None:
    word = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b")
    assert [shown(path) for path in ours() if word.search(path.read_text(encoding="utf-8", errors="replace"))] == []


def test_test_files_have_names_of_their_own() -> None:
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert sorted(names) == sorted(set(names))
    assert list((ROOT / "tests").rglob("__init__.py")) == []
