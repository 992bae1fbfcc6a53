"""What the page and the workbook of a simulation are told beside the measured tables: laws, assumptions, the search."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from yibao.flows.law import LawChange
from yibao.impact.response import ResponsePlan, Rule
from yibao.impact.search import Axis, Choice, Trial


class Doubt(NamedTuple):
    """An unverified parameter that a law used: key, Chinese label, value as text, grade as text."""

    key: str
    label: str
    value: str
    grade: str


class ReformFacts(NamedTuple):
    """One reform: what it changes, with the grade of each change, what in it is unverified, where its run stands.

    ``grades`` is parallel to ``changes`` (Chinese). ``run`` is the folder of its settlements as one types it after
    ``yibao explain … --run``; '' where none was written.
    """

    law_no: int
    changes: Sequence[LawChange] = ()
    grades: Sequence[str] = ()
    doubts: Sequence[Doubt] = ()
    run: str = ""


class SearchFacts(NamedTuple):
    """A search: the reform whose parameters were varied, the target (fen), what was tried, what is on the frontier.

    ``labels`` and ``units`` (ratio or yuan) are parallel to ``axes``.
    """

    law: str
    target: int
    axes: Sequence[Axis]
    labels: Sequence[str]
    units: Sequence[str]
    trials: Sequence[Trial]
    choices: Sequence[Choice]


class ImpactFacts(NamedTuple):
    """The head of a simulation. ``period`` says which settlements (``2025年1月至12月结算``), ``made_on`` dates the
    workbook. ``response`` are the rules of an assumed behaviour, empty when it is off; ``plans`` what it came to by
    law number. ``doubts`` are unverified parameters of law 0. ``threshold_source`` says where the threshold of
    catastrophic spending comes from.
    """

    title: str
    city: str
    period: str
    made_on: date
    reforms: Sequence[ReformFacts]
    base_run: str = ""
    data_note: str = ""
    threshold_source: str = ""
    doubts: Sequence[Doubt] = ()
    response: Sequence[Rule] = ()
    plans: Mapping[int, ResponsePlan] = {}
    search: SearchFacts | None = None
    made_by: str = "yibao simulate"
