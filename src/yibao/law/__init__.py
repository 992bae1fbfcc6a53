"""Law as data: dated, sourced, graded parameters and how a value is found among them. Pure: no file, no YAML, no clock.

Entry points: `Law.at(day, known)` gives a `View`, whose readers (`text`, `ratio`, `integer`, `money`, `points`,
`items`, `flag`, `table`) return a value and record its use; `Law.changes` splits a span where values change;
`Law.work_calendar` answers about working days; `layer_findings` checks a stack. `yibao.packs.load_law` builds a Law.
Imports kernel only. Rules: DESIGN §5; RULEBOOK §0 and §18.
"""

from yibao.law.consistency import layer_findings
from yibao.law.errors import ConflictError, HolidayTableMissing, LawError, MissingParameter, ParameterTypeError
from yibao.law.parameter import UNITS, Origin, Parameter, Unit, Value, value_fault
from yibao.law.stack import Definition, Law, Layer
from yibao.law.view import View
from yibao.law.workdays import HolidayNotice, WorkCalendar

__all__ = [
    "UNITS",
    "ConflictError",
    "Definition",
    "HolidayNotice",
    "HolidayTableMissing",
    "Law",
    "LawError",
    "Layer",
    "MissingParameter",
    "Origin",
    "Parameter",
    "ParameterTypeError",
    "Unit",
    "Value",
    "View",
    "WorkCalendar",
    "layer_findings",
    "value_fault",
]
