"""Which values of one or two parameters meet a spending target: every trial settles the city. Wires `impact.search`."""

import re
from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from typing import NamedTuple

from yibao.flows.dip_common import FlowError
from yibao.flows.settle_city import City, Tell, people_of
from yibao.flows.simulate_run import settle_under, track
from yibao.impact.search import Axis, Choice, Trial, frontier, next_trials
from yibao.kernel import Grade, MoneyError, Period, Source, exact_ratio, fen_from_yuan
from yibao.law import Law, Layer, Parameter

_SPEC = re.compile(
    r"(?P<key>[a-z_.]+)(?:\[(?P<where>[^\]]*)\])?=(?P<low>[0-9.]+)\.\.(?P<high>[0-9.]+)(?::(?P<step>[0-9.]+))?",
    re.ASCII,
)
_SCALES = {"ratio": 10**6, "yuan": 100}
_STEPS = {"ratio": "0.01", "yuan": "50"}
MOST = 40
"""How many trials are made unless asked otherwise: each settles the city once."""


class Varied(NamedTuple):
    """A parameter that is varied: its axis, its unit (ratio or yuan), its Chinese label and its conditions."""

    axis: Axis
    unit: str
    label: str
    where: dict[str, tuple[str, ...]]

    @property
    def where_text(self) -> str:
        """The conditions, as `Parameter.where_text` has them."""
        return "，".join(f"{name}={'|'.join(values)}" for name, values in self.where.items())


class Search(NamedTuple):
    """What is searched: the most that all funds may spend (fen; None: as under the base), and what is varied."""

    target: int | None
    varied: Sequence[Varied]
    most: int = MOST


class Searched(NamedTuple):
    """What a search found, with the target in fen and the law on which the values were laid."""

    law: str
    target: int
    varied: Sequence[Varied]
    trials: list[Trial]
    choices: list[Choice]


def varied_of(law: Law, text: str) -> Varied:
    """``KEY[field=value,…]=low..high:step`` as a parameter to vary. Raises FlowError that shows how it is written."""
    found = _SPEC.fullmatch(text.strip())
    example = "写法如 benefit.rate[kind=inpatient,hosp_lv=3]=0.60..0.75:0.01"
    if found is None:
        raise FlowError(f"看不懂“{text}”；{example}")
    meant = law.definitions.get(found["key"])
    if meant is None:
        raise FlowError(f"没有参数“{found['key']}”；yibao law show 列出全部参数；{example}")
    if meant.unit not in _SCALES:
        raise FlowError(f"“{found['key']}”（{meant.label}）不是比例或金额，不能搜索；{example}")
    where = {}
    for pair in filter(None, (found["where"] or "").split(",")):
        name, _, values = pair.partition("=")
        if not values or (meant.where and name.strip() not in meant.where):
            allowed = f"；{found['key']}的条件可以是：{'、'.join(meant.where)}" if meant.where else ""
            raise FlowError(f"条件“{pair}”不对{allowed}；{example}")
        where[name.strip()] = tuple(one.strip() for one in values.split("|"))
    low, high, step = (_scaled(found[name] or _STEPS[meant.unit], meant.unit, text) for name in ("low", "high", "step"))
    if step <= 0 or high < low:
        raise FlowError(f"“{text}”的上限要不低于下限，步长要大于0")
    return Varied(Axis(found["key"], low, high, step), meant.unit, meant.label, where)


def _scaled(text: str, unit: str, spec: str) -> int:
    try:
        if unit == "yuan":
            return fen_from_yuan(text)
        exact = exact_ratio(text) * _SCALES[unit]
    except (MoneyError, ValueError) as error:
        raise FlowError(f"“{spec}”里的“{text}”不是数") from error
    if exact.denominator != 1:
        raise FlowError(f"“{spec}”里的“{text}”最多六位小数")
    return int(exact)


def _written(scaled: int, unit: str) -> str:
    value = Fraction(scaled, _SCALES[unit])
    digits = 2 if unit == "yuan" else 6
    return (
        f"{scaled // _SCALES[unit]}.{scaled % _SCALES[unit]:0{digits}d}" if value.denominator != 1 else str(int(value))
    )


def with_values(law: Law, varied: Sequence[Varied], values: Sequence[int], start: date) -> Law:
    """The law with these values on top."""
    source = Source("目标搜索的试算值", start)
    laid = tuple(
        Parameter(one.axis.key, _written(value, one.unit), one.unit, Period(start), source, Grade.ASSUMED, one.where)
        for one, value in zip(varied, values, strict=True)
    )
    return Law(law.code, law.name, [*law.layers, Layer("search", "目标搜索", laid)], law.notices, law.definitions)


def search(
    city: City, law: Law, name: str, asked: Search, threshold: int | None, base_fund: int, tell: Tell
) -> Searched:
    """Runs the trials that `next_trials` asks for, in rounds, and gives the frontier."""
    target = base_fund if asked.target is None else asked.target
    axes, trials = [one.axis for one in asked.varied], list[Trial]()
    start, people = city.ready.spans[0][0], people_of(city.engine)
    while wanted := next_trials(axes, trials, target, asked.most):
        tell(f"目标搜索：已试 {len(trials)} 组，再试 {len(wanted)} 组")
        laws = [with_values(law, asked.varied, values, start) for values in wanted]
        tracks = [track(city, no, one, people) for no, one in enumerate(laws)]
        tallies = settle_under(city, tracks, tell, threshold=threshold)
        trials += [
            Trial(values, tallies[no].fund, None if threshold is None else tallies[no].above, tallies[no].burden)
            for no, values in enumerate(wanted)
        ]
    return Searched(name, target, asked.varied, trials, frontier(trials, target))
