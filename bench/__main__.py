"""``python -m bench`` lists the benchmarks; ``python -m bench NAME …`` runs ``main`` of ``bench/NAME.py``."""

import ast
import sys
from importlib import import_module
from pathlib import Path

FOLDER = Path(__file__).parent


def benchmarks() -> dict[str, str]:
    """Each benchmark by name with the first line of its docstring, read without importing it."""
    files = sorted(path for path in FOLDER.glob("*.py") if not path.stem.startswith("_"))
    notes = {path.stem: ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) for path in files}
    return {name: (note or "").partition("\n")[0] for name, note in notes.items()}


def main(arguments: list[str]) -> int:
    """Runs the benchmark named first, with the arguments after it. 2 when there is none of that name."""
    known = benchmarks()
    if not arguments:
        for name, note in known.items():
            print(f"{name:12} {note}")
        return 0
    name, *rest = arguments
    if name not in known:
        print(f"no benchmark named {name}; there are: {', '.join(known) or 'none'}", file=sys.stderr)
        return 2
    import_module(f"bench.{name}").main(rest)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
