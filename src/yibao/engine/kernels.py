"""Turns plain kernels into machine code for a batch, without touching the plain ones.

A kernel is a module of undecorated functions over NamedTuples of integers and flat sequences (DESIGN §2). The plain
functions settle one claim; `compile_kernel` rebuilds them over a copy of the module's namespace, so that compiled
functions call compiled ones, and gives the copies to ``numba.njit``, cached and without
Python's lock, so that threads may share a batch. numba is imported only then (the
optional extra ``kernels``).

numba keeps the machine code beside the module (``__pycache__``) and looks only at that one file's date to see whether
it is stale. A kernel that calls a function of another module would then run yesterday's rule. The names of the rebuilt
functions therefore carry a digest of every source file and constant they can reach: a change anywhere is a new entry.
"""

import hashlib
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import FunctionType, ModuleType, SimpleNamespace
from typing import Any, ParamSpec, TypeVar, overload

_P = ParamSpec("_P")
_R = TypeVar("_R")
_Plan = TypeVar("_Plan", bound=tuple[Any, ...])


class KernelsMissingError(ImportError):
    """numba is not installed. The message, in Chinese, says how to install it."""


class KernelShapeError(TypeError):
    """A function that is not a plain kernel: decorated, a closure, or not at the top of a module."""


@overload
def compile_kernel(kernel: ModuleType) -> SimpleNamespace: ...
@overload
def compile_kernel(kernel: Callable[_P, _R]) -> Callable[_P, _R]: ...
def compile_kernel(kernel: Any) -> Any:
    """The compiled twin of a kernel module (a namespace of its functions) or of one of its functions.

    Sequences are passed as int64 arrays (see `int64_plan`); leave ``steps`` out, so that its default of None removes
    the recording. A function is compiled when it is first called with new argument types; later processes load the
    machine code from the cache. Functions of a module that are no kernels (parsers, checks) work only in plain form.

    Raises KernelsMissingError without numba, KernelShapeError for a function that is not a plain module-level one.
    """
    if isinstance(kernel, ModuleType):
        return _compile_module(kernel)
    if not _is_plain(kernel):
        raise KernelShapeError(f"not a plain module-level function: {getattr(kernel, '__qualname__', kernel)!r}")
    return getattr(_compile_module(sys.modules[kernel.__module__]), kernel.__name__)


def int64_plan(plan: _Plan) -> _Plan:
    """The same NamedTuple with its sequences as int64 arrays, the form compiled kernels take.

    Raises OverflowError for an integer beyond 64 bits and TypeError for a sequence of anything but integers.
    """
    import numpy as np

    def field(value: Any) -> Any:
        if isinstance(value, int):
            return value
        if any(not isinstance(item, int | np.integer) or isinstance(item, bool) for item in value):
            raise TypeError(f"a plan holds integers only: {value!r}")
        return np.array(value, dtype=np.int64)

    return type(plan)(*(field(value) for value in plan))


def _is_plain(item: Any) -> bool:
    return (
        isinstance(item, FunctionType)
        and item.__closure__ is None
        and not hasattr(item, "__wrapped__")
        and item.__qualname__ == item.__name__
    )


def _own_package(function: FunctionType, module: ModuleType) -> bool:
    return function.__module__.partition(".")[0] == module.__name__.partition(".")[0]


def _functions(module: ModuleType) -> Iterator[tuple[str, FunctionType]]:
    """The plain functions that ``module`` names, its own and those it imports from its package."""
    for name, item in vars(module).items():
        if _is_plain(item) and _own_package(item, module):
            yield name, item


def _reached(module: ModuleType, seen: dict[str, ModuleType]) -> dict[str, ModuleType]:
    if module.__name__ not in seen:
        seen[module.__name__] = module
        for _, function in _functions(module):
            _reached(sys.modules[function.__module__], seen)
    return seen


def _digest(module: ModuleType) -> str:
    """Twelve hex digits of every source file and integer constant that ``module`` can reach."""
    found = hashlib.sha256()
    for name, each in sorted(_reached(module, {}).items()):
        source = Path(each.__file__).read_bytes() if each.__file__ else b""
        constants = sorted((key, value) for key, value in vars(each).items() if isinstance(value, int))
        found.update(repr((name, constants)).encode() + source)
    return found.hexdigest()[:12]


def _njit() -> Callable[..., Any]:
    try:
        from numba import njit
    except ImportError as error:
        raise KernelsMissingError("批量计算需要 numba，请先安装：pip install 'yibao[kernels]'") from error
    compiler: Callable[..., Any] = njit
    return compiler


@cache
def _compile_module(module: ModuleType) -> SimpleNamespace:
    njit = _njit()
    digest = _digest(module)
    namespace = dict(vars(module))
    for name, function in _functions(module):
        if function.__module__ != module.__name__:
            namespace[name] = getattr(_compile_module(sys.modules[function.__module__]), function.__name__)
            continue
        twin = FunctionType(function.__code__, namespace, function.__name__, function.__defaults__)
        twin.__kwdefaults__ = function.__kwdefaults__
        twin.__module__ = function.__module__
        twin.__qualname__ = f"{function.__qualname__}-{digest}"
        namespace[name] = njit(cache=True, nogil=True)(twin)
    return SimpleNamespace(**{name: namespace[name] for name, _ in _functions(module)})
