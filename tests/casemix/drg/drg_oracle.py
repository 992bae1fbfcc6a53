"""A second, plain way to group: the evaluator of the scheme format written apart, nothing of the product.

One case, one row of the tables after another, in texts and decimals; each condition is read once into a function.
What the format leaves open is by decision: without a principal diagnosis a case is in no group, and neither is one
whose age, days of age, weight, days of stay or hours of intensive care is no number or negative; an empty exclusion
table excludes nothing.
"""

import csv
import json
import operator
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

COLUMN_OF = {
    "age": "age", "ageDay": "age_day", "weight": "weight_g", "gender": "gender", "inHospitalTime": "los_days",
    "leavingType": "leaving_type", "dept": "dept", "icuHours": "icu_hours",
}  # fmt: skip
"""The case column that each field of a condition reads."""
NUMBERS = ("age", "age_day", "weight_g", "los_days", "icu_hours")
"""Columns that must hold a number, not below zero, where they hold anything."""
EQUALITIES: Mapping[str, Callable[[Any, Any], bool]] = {"==": operator.eq, "!=": operator.ne}
ORDERS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
UNGROUPED = ("无法入组", "0000", "00", "0000")

Answer = tuple[str, str, str, str]
"""Status, MDC, ADRG, DRG."""


class Case(NamedTuple):
    """A case: its codes in order, the first being the principal one, and the fields that are not empty, as values."""

    dx: Sequence[str]
    px: Sequence[str]
    fields: Mapping[str, Decimal | str]


Predicate = Callable[[Case], bool]


class Step(NamedTuple):
    """A step of an MDC with the DRG rows of its rule: condition and code ('' sends the case on)."""

    mdc: str
    number: int
    adrg: str
    terminal: bool
    condition: Predicate
    drgs: Sequence[tuple[Predicate, str]]


class Mdc(NamedTuple):
    """An MDC: its entry condition, how many different trauma sites it asks for, the site of its diagnoses."""

    name: str
    entry: Predicate
    least_sites: int
    sites: Mapping[str, str]
    steps: Sequence[Step]


@cache
def value_of(text: str) -> Decimal | str:
    """A field or a value of a condition: a number where the text is one, else the text. The two never equal."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    return number if number.is_finite() else text


def read_rows(folder: Path, table: str) -> list[dict[str, str]]:
    """The rows of a table of the scheme, as texts."""
    with (folder / f"{table}.csv").open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


class Oracle:
    """A scheme read from its folder. ``steps`` are all steps, ``group`` and ``group_at`` judge a case."""

    def __init__(self, folder: Path) -> None:
        self.valid = frozenset(row["px"] for row in read_rows(folder, "px_valid"))
        self.mcc, self.cc = ({}, {})  # type: dict[str, str], dict[str, str]
        for name, table in (("mcc", self.mcc), ("cc", self.cc)):
            for row in read_rows(folder, name):
                table.setdefault(row["dx"], row["excl_table"])
        self.excluded: dict[str, set[str]] = {}
        for row in read_rows(folder, "exclusion"):
            self.excluded.setdefault(row["principal_dx"], set()).add(row["excl_table"])
        self.mdc_dx: dict[str, set[str]] = {}
        sites: dict[str, dict[str, str]] = {}
        for row in read_rows(folder, "mdc_dx"):
            self.mdc_dx.setdefault(row["mdc"], set()).add(row["dx"])
            if row["trauma_site"]:
                sites.setdefault(row["mdc"], {}).setdefault(row["dx"], row["trauma_site"])
        self.lists: dict[tuple[str, str], dict[str, str]] = {}
        for row in sorted(read_rows(folder, "adrg_codes"), key=lambda row: int(row["seq"])):
            self.lists.setdefault((row["rule_key"], row["list"]), {}).setdefault(row["code"], row["tag"])
        drgs: dict[str, list[dict[str, str]]] = {}
        for row in sorted(read_rows(folder, "drg"), key=lambda row: int(row["seq"])):
            drgs.setdefault(row["rule_key"], []).append(row)
        steps: dict[str, list[Step]] = {}
        for row in sorted(read_rows(folder, "adrg"), key=lambda row: int(row["step"])):
            mdc, rule = row["mdc"], row["rule_key"]
            condition = self._predicate(json.loads(row["condition"], parse_float=Decimal), mdc, rule)
            rows = [
                (self._predicate(json.loads(one["condition"], parse_float=Decimal), mdc, rule), one["drg"])
                for one in drgs.get(rule, ())
            ]
            step = Step(mdc, int(row["step"]), row["adrg"], row["kind"] == "terminal", condition, rows)
            steps.setdefault(mdc, []).append(step)
        self.mdcs = [
            Mdc(
                row["mdc"], self._predicate(json.loads(row["entry_condition"], parse_float=Decimal), row["mdc"], ""),
                int(row["min_trauma_sites"] or 0), sites.get(row["mdc"], {}), steps.get(row["mdc"], []),
            )
            for row in sorted(read_rows(folder, "mdc"), key=lambda row: int(row["seq"]))
        ]  # fmt: skip
        self.steps = [step for mdc in self.mdcs for step in mdc.steps]

    def group(self, row: Mapping[str, str]) -> Answer:
        """The answer to a case given as texts by columns."""
        return self.group_at(row)[0]

    def group_at(self, row: Mapping[str, str]) -> tuple[Answer, Step | None]:
        """The answer to a case, and the step that it comes from."""
        case = read_case(row)
        if case is None:
            return UNGROUPED, None
        for mdc in self.mdcs:
            if not mdc.entry(case):
                continue
            if mdc.least_sites and len({mdc.sites[code] for code in case.dx if code in mdc.sites}) < mdc.least_sites:
                continue
            for step in mdc.steps:
                if not step.condition(case):
                    continue
                if step.terminal:
                    return ("歧义病案", mdc.name, "QY", step.adrg), step
                drg = next((drg for condition, drg in step.drgs if condition(case)), step.adrg)
                if drg:
                    return ("分组成功", mdc.name, step.adrg, drg), step
        return UNGROUPED, None

    def _predicate(self, tree: Any, mdc: str, rule: str) -> Predicate:
        """The function of a condition that stands at an MDC and a rule."""
        name, given = tree[0], tree[1:]
        if name == "true":
            return lambda case: True
        if name == "false":
            return lambda case: False
        if name == "not":
            return _denied(self._predicate(given[0], mdc, rule))
        if name in ("and", "or"):
            return _joined(name, [self._predicate(part, mdc, rule) for part in given])
        if name in ("in", "any"):
            return _listed(given[0], self._codes(given[1], mdc, rule))
        if name == "tag":
            tagged = self.lists.get((rule, "ss"), {})
            return _listed("px", {code for code, tag in tagged.items() if tag == given[0]})
        if name in ("mcc", "cc"):
            return self._complicated(self.mcc if name == "mcc" else self.cc)
        if name == "cmp":
            return _compared(*given)
        if name == "isin":
            return _one_of(given[0], {value_of(str(value)) for value in given[1]})
        if name == "truthy":
            return _truthy(given[0])
        if name == "has_px":
            return lambda case: bool(case.px)
        if name == "count":
            return _counted(*given)
        raise ValueError(f"no condition of the format: {tree}")

    def _codes(self, listed: Any, mdc: str, rule: str) -> set[str]:
        """The codes of a list that a condition names."""
        if isinstance(listed, dict):
            return set(listed["codes"])
        if listed == "mdc":
            return self.mdc_dx[mdc]
        return set(self.valid if listed == "@valid" else self.lists[rule, listed])

    def _complicated(self, table: Mapping[str, str]) -> Predicate:
        """A secondary diagnosis of ``table`` whose exclusion table is not the principal's own; '' is no table."""

        def test(case: Case) -> bool:
            out = self.excluded.get(case.dx[0], ())
            return any(code in table and not (table[code] and table[code] in out) for code in case.dx[1:])

        return test


def read_case(row: Mapping[str, str]) -> Case | None:
    """A case from its texts; None for one that is in no group whatever the scheme says."""
    dx = [code for code in row["dx"].split("|") if code]
    if not dx or row["dx"].startswith("|"):
        return None
    for column in NUMBERS:
        if row.get(column):
            value = value_of(row[column])
            if isinstance(value, str) or value < 0:
                return None
    fields = {field: value_of(row[column]) for field, column in COLUMN_OF.items() if row.get(column)}
    return Case(dx, [code for code in row["px"].split("|") if code], fields)


def _denied(inner: Predicate) -> Predicate:
    return lambda case: not inner(case)


def _joined(name: str, parts: Sequence[Predicate]) -> Predicate:
    if name == "and":
        return lambda case: all(part(case) for part in parts)
    return lambda case: any(part(case) for part in parts)


def _listed(subject: str, codes: set[str]) -> Predicate:
    if subject == "dx1":
        return lambda case: case.dx[0] in codes
    if subject == "px1":
        return lambda case: bool(case.px) and case.px[0] in codes
    if subject == "dx":
        return lambda case: not codes.isdisjoint(case.dx)
    if subject == "px":
        return lambda case: not codes.isdisjoint(case.px)
    if subject == "dx2+":
        return lambda case: not codes.isdisjoint(case.dx[1:])
    if subject == "px2+":
        return lambda case: not codes.isdisjoint(case.px[1:])
    raise ValueError(f"no subject of the format: {subject}")


def _compared(field: str, sign: str, given: Any) -> Predicate:
    """A field against a value; an empty field compares with nothing, texts only by being the same or not."""
    value = value_of(str(given))
    if sign in EQUALITIES:
        same = EQUALITIES[sign]
        return lambda case: field in case.fields and same(case.fields[field], value)
    order = ORDERS[sign]

    def test(case: Case) -> bool:
        held = case.fields.get(field)
        return isinstance(held, Decimal) and order(held, value)

    return test


def _one_of(field: str, values: set[Decimal | str]) -> Predicate:
    return lambda case: case.fields.get(field) in values


def _truthy(field: str) -> Predicate:
    return lambda case: case.fields.get(field, 0) != 0


def _counted(what: str, sign: str, number: int) -> Predicate:
    compare = {**EQUALITIES, **ORDERS}[sign]
    if what == "dx":
        return lambda case: compare(len(case.dx), number)
    return lambda case: compare(len(case.px), number)
