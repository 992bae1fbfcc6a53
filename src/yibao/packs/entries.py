"""From YAML nodes to the law's values: parameters, holiday notices and the vocabulary of keys."""

import re
from collections.abc import Iterator
from datetime import date, timedelta

import yaml

from yibao.kernel import Grade, Period, Source, parse_day
from yibao.law import UNITS, Definition, HolidayNotice, Origin, Parameter, Value, value_fault
from yibao.packs.reader import YamlFile, spot_of

_KEY = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+", re.ASCII)
_REQUIRED = ("key", "from", "value", "unit", "source", "grade")
_OPTIONAL = ("where", "until", "label", "exception_to", "status", "note")


def read_parameters(file: YamlFile, pack: str) -> Iterator[Parameter]:
    """The parameters of a file (a list); an entry with a fault is left out, with its findings."""
    for node in file.items(file.root(), "参数文件"):
        found = _parameter(file, node, pack)
        if found is not None:
            yield found


def _parameter(file: YamlFile, node: yaml.Node, pack: str) -> Parameter | None:
    fields = file.fields(node, "参数", _REQUIRED, _OPTIONAL)
    if fields is None:
        return None
    key = file.parsed(
        fields["key"], "参数名 key", _key, "bad_key", "不合规则", "写作小写英文，分级用点，如 dip.core.min_cases"
    )
    where = _where(file, fields.get("where"))
    period = _period(file, fields)
    unit = file.parsed(fields["unit"], "单位 unit", _unit, "unknown_unit", "不认识", f"可用单位：{'、'.join(UNITS)}")
    value = _value(file, fields["value"], unit)
    source = read_source(file, fields["source"])
    grade = read_grade(file, fields["grade"])
    extra = {name: file.text(fields[name], name) for name in ("label", "exception_to", "note") if name in fields}
    status = (
        file.parsed(fields["status"], "状态 status", _status, "bad_status", "不认识", "只能写 draft")
        if "status" in fields
        else ""
    )
    if (
        key is None
        or unit is None
        or grade is None
        or source is None
        or period is None
        or value is None
        or where is None
        or status is None
        or None in extra.values()
    ):
        return None
    spot = spot_of(node)
    return Parameter(
        key,
        value,
        unit,
        period,
        source,
        grade,
        where,
        status=status,
        origin=Origin(pack, file.shown, spot.line, spot.column),
        **{name: text for name, text in extra.items() if text is not None},
    )


def _key(text: str) -> str:
    if not _KEY.fullmatch(text):
        raise ValueError(text)
    return text


def _unit(text: str) -> str:
    if text not in UNITS:
        raise ValueError(text)
    return text


def _status(text: str) -> str:
    if text != "draft":
        raise ValueError(text)
    return text


def read_grade(file: YamlFile, node: yaml.Node) -> Grade | None:
    """How a value is known: one of the four grades."""
    known = "、".join(f"{one.value}（{one.label}）" for one in Grade)
    return file.parsed(node, "可信等级 grade", Grade, "unknown_grade", "不认识", f"可用等级：{known}")


def read_source(file: YamlFile, node: yaml.Node) -> Source | None:
    """The document, the article in it and the day it was published; all but the article are required."""
    fields = file.fields(node, "来源 source", ("doc", "published"), ("article",))
    if fields is None:
        return None
    doc = file.text(fields["doc"], "文件名 doc")
    published = file.day(fields["published"], "发布日期 published")
    article = file.text(fields["article"], "条款 article") if "article" in fields else ""
    if doc is None or published is None or article is None:
        return None
    return Source(doc, published, article)


def _period(file: YamlFile, fields: dict[str, yaml.Node]) -> Period | None:
    start = file.day(fields["from"], "起始日期 from")
    if "until" not in fields:
        return None if start is None else Period(start)
    end = file.day(fields["until"], "截止日期 until")
    if start is None or end is None:
        return None
    if end < start:
        message = f"截止日期 until（{end.isoformat()}）早于起始日期 from（{start.isoformat()}）"
        file.fault(spot_of(fields["until"]), "until_before_from", message, "起止日均包含在内", "改正 from 或 until")
        return None
    return Period(start, end)


def _value(file: YamlFile, node: yaml.Node, unit: str | None) -> Value | None:
    """A text, a list of texts, or a table (a list of mappings), as its unit wants it."""
    value = _written(file, node)
    if value is None or unit is None:
        return value
    fault = value_fault(value, unit)
    if fault:
        written = value if isinstance(value, str) else ""
        step = f"改正 value，或改正 unit（现为 {unit} {UNITS[unit].label}）"
        file.fault(spot_of(node), "bad_value", f"“值 value”不合单位：{fault}", "", step, value=written)
        return None
    return value


def _written(file: YamlFile, node: yaml.Node) -> Value | None:
    if not isinstance(node, yaml.SequenceNode):
        return file.text(node, "值 value")
    if not node.value or not all(isinstance(one, yaml.MappingNode) for one in node.value):
        return file.texts(node, "值 value")
    rows = [{name: file.text(cell, f"列 {name}") for _, name, cell in file.pairs(one)} for one in node.value]
    if any(cell is None for row in rows for cell in row.values()):
        return None
    columns = dict.fromkeys(name for row in rows for name in row)
    return tuple({name: row.get(name) or "" for name in columns} for row in rows)


def _where(file: YamlFile, node: yaml.Node | None) -> dict[str, tuple[str, ...]] | None:
    if node is None:
        return {}
    if not isinstance(node, yaml.MappingNode):
        file.fault(spot_of(node), "not_a_mapping", "“条件 where”应由“字段: 值”组成", "", "写作 where: {hosp_lv: 3}")
        return None
    found = {name: file.texts(value, f"条件 {name}") for _, name, value in file.pairs(node)}
    good = {name: values for name, values in found.items() if values is not None}
    return good if len(good) == len(found) else None


def read_notices(file: YamlFile, pack: str) -> Iterator[HolidayNotice]:
    """The holiday notices of a file: ``year``, ``off`` (name: day or range), ``work`` (days), ``source``, ``grade``."""
    for node in file.items(file.root(), "节假日文件"):
        fields = file.fields(node, "节假日安排", ("year", "off", "source", "grade"), ("work",))
        if fields is None:
            continue
        year = file.parsed(fields["year"], "年份 year", int, "bad_year", "不是年份", "写作四位数字，如 2026")
        source, grade = read_source(file, fields["source"]), read_grade(file, fields["grade"])
        if year is None or source is None or grade is None:
            continue
        off = _days_off(file, fields["off"], year)
        work = frozenset(_days(file, fields["work"], year)) if "work" in fields else frozenset()
        for day in sorted(one for one in work if one.weekday() < 5):
            message = f"调休上班日 {day.isoformat()} 本来就是工作日"
            file.fault(
                spot_of(fields["work"]), "not_a_weekend", message, "调休上班只会安排在周六、周日", "核对通知原文"
            )
        spot = spot_of(node)
        yield HolidayNotice(year, off, work, source, grade, Origin(pack, file.shown, spot.line, spot.column))


def _days_off(file: YamlFile, node: yaml.Node, year: int) -> dict[date, str]:
    if not isinstance(node, yaml.MappingNode):
        file.fault(
            spot_of(node), "not_a_mapping", "“放假 off”应由“节日: 日期”组成", "", "写作 春节: 2026-02-15..2026-02-23"
        )
        return {}
    return {day: name for _, name, days in file.pairs(node) for day in _days(file, days, year)}


def _days(file: YamlFile, node: yaml.Node, year: int) -> list[date]:
    """Days written one by one or as ``first..last``; each in the year, or in the December before it."""
    found: list[date] = []
    for one in node.value if isinstance(node, yaml.SequenceNode) else [node]:
        step = "写作 2026-01-01 或 2026-02-15..2026-02-23"
        days = file.parsed(one, "日期", _range, "bad_date", "不是有效日期或起止日期", step)
        for day in days or []:
            if day.year == year or (day.year == year - 1 and day.month == 12):
                found.append(day)
            else:
                file.fault(spot_of(one), "wrong_year", f"{day.isoformat()} 不属于{year}年的安排", "", "改正日期或 year")
    return found


def _range(text: str) -> list[date]:
    first, dots, last = text.partition("..")
    start = parse_day(first)
    end = parse_day(last) if dots else start
    if not start <= end <= start + timedelta(days=31):
        raise ValueError(text)
    return [start + timedelta(days=i) for i in range((end - start).days + 1)]


def read_definitions(file: YamlFile) -> Iterator[Definition]:
    """The vocabulary of keys: ``key``, ``label``, ``unit`` and, where they are closed, ``values`` and ``where``."""
    for node in file.items(file.root(), "参数名词表"):
        fields = file.fields(node, "参数名", ("key", "label", "unit"), ("values", "where"))
        if fields is None:
            continue
        key = file.parsed(fields["key"], "参数名 key", _key, "bad_key", "不合规则", "写作小写英文，分级用点")
        label = file.text(fields["label"], "名称 label")
        unit = file.parsed(
            fields["unit"], "单位 unit", _unit, "unknown_unit", "不认识", f"可用单位：{'、'.join(UNITS)}"
        )
        values = file.texts(fields["values"], "允许的值 values") if "values" in fields else ()
        where = file.texts(fields["where"], "条件字段 where") if "where" in fields else ()
        if key and label and unit and values is not None and where is not None:
            yield Definition(key, label, unit, values, where)
