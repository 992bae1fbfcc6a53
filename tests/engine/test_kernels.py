"""Compiled kernels equal plain ones, call each other compiled, are kept between processes and are never stale."""

import subprocess
import sys
import textwrap
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from types import FunctionType
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yibao.engine.kernels import KernelShapeError, KernelsMissingError, compile_kernel, int64_plan
from yibao.kernel import rounding
from yibao.kernel.rounding import half_up
from yibao.payment import bed_day


class Tiers(NamedTuple):
    limit: int
    rates: tuple[int, ...]


@given(st.integers(-(10**12), 10**12), st.integers(1, 10**6))
def test_a_compiled_function_of_the_kernel_equals_the_plain_one(numerator: int, denominator: int) -> None:
    pytest.importorskip("numba")
    assert compile_kernel(half_up)(numerator, denominator) == half_up(numerator, denominator)


def test_the_plain_functions_stay_untouched() -> None:
    pytest.importorskip("numba")
    compiled = compile_kernel(bed_day)
    assert isinstance(bed_day.bed_day_pay, FunctionType)
    assert bed_day.bed_day_pay.__globals__ is vars(bed_day)
    assert not isinstance(compiled.bed_day_pay, FunctionType)
    assert compile_kernel(bed_day.bed_day_pay) is compiled.bed_day_pay, "a module is compiled once"


def test_compiled_functions_call_compiled_ones_of_the_same_and_of_other_modules(tmp_path: Path) -> None:
    pytest.importorskip("numba")
    write_kernels(tmp_path, rate=3)
    shown = run(
        tmp_path,
        """
        from kern import upper, lower
        from yibao.engine.kernels import compile_kernel
        twin = compile_kernel(upper)
        print(twin.pay(10), type(twin.doubled).__name__, type(twin.rated).__name__, type(lower.rated).__name__)
        print(twin.pay.py_func.__globals__["rated"] is compile_kernel(lower.rated))
        """,
    )
    assert shown == ["60 CPUDispatcher CPUDispatcher function", "True"]


def test_a_second_process_loads_the_machine_code_from_the_cache(tmp_path: Path) -> None:
    pytest.importorskip("numba")
    write_kernels(tmp_path, rate=3)
    assert run(tmp_path, COUNT) == ["60 0 1"], "the first process compiles"
    assert run(tmp_path, COUNT) == ["60 1 0"], "the second loads"


def test_a_change_in_a_module_that_a_kernel_calls_is_never_answered_from_the_cache(tmp_path: Path) -> None:
    pytest.importorskip("numba")
    write_kernels(tmp_path, rate=3)
    assert run(tmp_path, COUNT) == ["60 0 1"]
    write_kernels(tmp_path, rate=4)
    assert run(tmp_path, COUNT) == ["80 0 1"]


COUNT = """
    from kern import upper
    from yibao.engine.kernels import compile_kernel
    pay = compile_kernel(upper.pay)
    print(pay(10), sum(pay.stats.cache_hits.values()), sum(pay.stats.cache_misses.values()))
"""


def write_kernels(folder: Path, rate: int) -> None:
    package = folder / "kern"
    package.mkdir(exist_ok=True)
    (package / "__init__.py").write_text("")
    (package / "lower.py").write_text(f"RATE = {rate}\n\ndef rated(x):\n    return x * RATE\n")
    upper = package / "upper.py"
    if not upper.exists():
        upper.write_text(
            "from kern.lower import rated\n\ndef doubled(x):\n    return 2 * x\n\n"
            "def pay(x, steps=None):\n    if steps is not None:\n        steps.append(f'{x} in')\n"
            "    return doubled(rated(x))\n"
        )


def run(folder: Path, code: str) -> list[str]:
    command = [sys.executable, "-c", textwrap.dedent(code)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_numba_is_imported_only_when_a_kernel_is_compiled(tmp_path: Path) -> None:
    shown = run(
        tmp_path,
        """
        import sys, yibao.engine.kernels, yibao.payment.bed_day
        print("numba" in sys.modules)
        """,
    )
    assert shown == ["False"]


def test_without_numba_the_error_says_in_chinese_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def fresh() -> Any:
        """A module no other test has compiled."""
        module = type(sys)("fresh_kernel")
        exec("def one():\n    return 1\n", vars(module))
        return module

    monkeypatch.setitem(sys.modules, "numba", None)
    with pytest.raises(KernelsMissingError, match=r"pip install 'yibao\[kernels\]'"):
        compile_kernel(fresh())


def decorated(function: Callable[[], int]) -> Callable[[], int]:
    @wraps(function)
    def wrapper() -> int:
        return function()

    return wrapper


@decorated
def not_plain() -> int:
    return 1


def test_only_plain_functions_at_the_top_of_a_module_are_kernels() -> None:
    def inner() -> int:
        return 1

    for kernel in (not_plain, inner, len, Tiers):
        with pytest.raises(KernelShapeError, match="not a plain module-level function"):
            compile_kernel(kernel)


def test_a_plan_becomes_int64_arrays_and_keeps_its_single_numbers() -> None:
    plan = int64_plan(Tiers(5, (1, 2**62)))
    assert type(plan) is Tiers
    assert plan.limit == 5
    assert (plan.rates.dtype, plan.rates.tolist()) == ("int64", [1, 2**62])


@pytest.mark.parametrize(
    ("rates", "error"), [((1, 2**63), OverflowError), ((0.5,), TypeError), (("1",), TypeError), ((True,), TypeError)]
)
def test_a_plan_holds_only_integers_of_64_bits(rates: tuple[Any, ...], error: type[Exception]) -> None:
    with pytest.raises(error):
        int64_plan(Tiers(5, rates))


def test_the_kernels_of_the_ground_floor_have_no_decorator() -> None:
    assert isinstance(rounding.half_up, FunctionType)
    assert not hasattr(rounding.half_up, "__wrapped__")
