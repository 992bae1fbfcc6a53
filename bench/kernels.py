"""A million bed-day stays: the compiled kernel (from the cache), the plain kernel, and Python that only starts."""

import sys

from bench._measure import measure, report

_STAYS = """
import numpy as np
dice = np.random.default_rng(1)
days = dice.integers(0, 400, {rows})
leave = dice.integers(0, days + 1)
"""
_COMPILED = (
    _STAYS
    + """
from yibao.engine.kernels import compile_kernel, int64_plan
from yibao.payment.bed_day import bed_day_pay_all, parse_tiers
plan = int64_plan(parse_tiers("1-30:300,31-90:240,91+:200"))
compile_kernel(bed_day_pay_all)(plan, days, leave, np.zeros_like(days))
"""
)
_PLAIN = (
    _STAYS
    + """
from yibao.payment.bed_day import bed_day_pay_all, parse_tiers
plan = parse_tiers("1-30:300,31-90:240,91+:200")
bed_day_pay_all(plan, days.tolist(), leave.tolist(), [0] * {rows})
"""
)


def main(arguments: list[str]) -> None:
    """Prints both ways of one kernel as ratios to making the same rows. ``arguments``: the number of rows."""
    rows = int(arguments[0]) if arguments else 1_000_000
    compiled, plain, base = ([sys.executable, "-c", code.format(rows=rows)] for code in (_COMPILED, _PLAIN, _STAYS))
    measure("warm-up", compiled, repeat=1)
    bare = measure("Python starts and makes the rows", base)
    found = [bare, measure("compiled kernel", compiled), measure("plain kernel", plain)]
    report(f"床日付费, {rows:,} stays", found, bare, ["numba", "numpy"])
