"""`python -m tests.benefit.many 100000`: so many claims settled by the product and by the oracle, and what was in them.

Ends with 1 where a fen differs or one of the counters is below 200.
"""

import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benefit.compare import compare, invented, shipped
from benefit.made_years import CITIES as MADE
from benefit.made_years import Maker

CITIES = tuple(MADE.items())
WANTED = (
    "reversal before a later claim", "cap crossing", "critical crossing", "mutual aid", "cross-year stay",
    "change of law during a stay",
)  # fmt: skip
PEOPLE = 1500


def run(claims: int, seed: int = 0, people: int = PEOPLE) -> tuple[Counter[str], list[str]]:
    """At least so many claims of the cities in turn; what was counted and what differed."""
    counted: Counter[str] = Counter()
    differences: list[str] = []
    laws = {name: invented() if name == "newcity" else shipped(name) for name, _ in CITIES}
    while counted["settlements"] < claims:
        name, city = CITIES[seed % len(CITIES)]
        started = time.monotonic()
        with tempfile.TemporaryDirectory() as temporary:
            folder = Maker(city, seed, people).write(Path(temporary) / "in")
            done = compare(folder, Path(temporary) / "out", laws[name])
        counted["settlements"] += done.settlements
        counted["refused"] += len(done.oracle.refused)
        counted["differences"] += len(done.differences)
        for what, years in done.oracle.seen.items():
            counted[what] += len(years)
        differences += [f"{name}, seed {seed}: {one}" for one in done.differences]
        print(f"{name} seed {seed}: {done.settlements:,} in {time.monotonic() - started:.1f} s, "
              f"{len(done.differences)} differences", file=sys.stderr)  # fmt: skip
        seed += 1
    return counted, differences


def main(arguments: list[str]) -> int:
    claims = int(arguments[0]) if arguments else 100_000
    counted, differences = run(claims, int(arguments[1]) if len(arguments) > 1 else 0)
    for name in ("settlements", "refused", "differences", *WANTED):
        print(f"{name:32} {counted[name]:>9,}")
    for one in differences[:20]:
        print(one)
    return 1 if differences or any(counted[name] < 200 for name in WANTED) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
