"""What the terminal shows of DRG: counts of a grouping, a scheme, the explanation of a case."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from yibao.casemix.drg.condition import described
from yibao.casemix.drg.remarks import WORDS
from yibao.tables import FAULTS

if TYPE_CHECKING:
    from yibao.casemix.drg import Explanation, Scheme
    from yibao.casemix.drg.explain import Tried
    from yibao.flows.drg import GroupOutcome
    from yibao.flows.drg_scheme import Checked

Rows = list[tuple[str, str]]


def group_rows(done: "GroupOutcome") -> Rows:
    """The counts of a grouping."""
    rows = [
        ("病例", f"{done.cases:,}，退回 {done.report.rows_rejected:,}"),
        ("结果", "，".join(f"{name} {count:,}" for name, count in done.status.items())),
    ]
    if done.absent:
        rows.append(("没有的列", f"{'、'.join(done.absent)}：用到它们的条件都按不成立处理"))
    said = [f"{_said(code)} {count:,}" for code, count in done.remarks.items()]
    return rows + [("逐例说明" if at == 0 else "", one) for at, one in enumerate(said)]


def _said(code: str) -> str:
    """A remark of grouping, or a fault of loading, in words."""
    if code in WORDS:
        return WORDS[code][0]
    return FAULTS[code].message.format(label="", value="", detail="") if code in FAULTS else code


def assess_rows(facts: Mapping[str, Any]) -> Rows:
    """The measures of a grouping."""
    return [
        ("病例", f"{facts['cases']:,}，入组 {facts['grouped']:,}（{_share(facts['grouped_share'])}）"),
        ("DRG", f"用到 {facts['groups_used']:,} 个，CV>1 的 {facts['groups_cv_over_1']:,} 个"),
        ("组间变异解释 RIV", _number(facts["riv"])),
        ("变异系数 CV", f"{_number(facts['cv'])}（按病例加权）"),
        ("次均费用", f"{facts['mean_fee']:,.2f} 元"),
    ]


def hospitals(rows: Sequence[Mapping[str, Any]]) -> Any:
    """The hospitals with the most cases, as a table."""
    from rich.table import Table

    table = Table(title=f"医疗机构（病例最多的{min(len(rows), _SHOWN)}家，共{len(rows)}家）", title_justify="left",
                  box=None, pad_edge=False)  # fmt: skip
    table.add_column("机构", style="cyan", no_wrap=True)
    for head in ("病例", "DRG", "CMI", "时间指数", "费用指数", "低风险组死亡率"):
        table.add_column(head, justify="right", no_wrap=True)
    for row in sorted(rows, key=lambda row: (-row["cases"], row["fixmedins_code"]))[:_SHOWN]:
        numbers = [_number(row[name]) for name in ("cmi", "time_index", "cost_index")]
        mortality = _share(row["low_risk_mortality"])
        table.add_row(row["fixmedins_code"], f"{row['cases']:,}", f"{row['groups']:,}", *numbers, mortality)
    return table


_SHOWN = 20


def _number(value: float | None) -> str:
    return "—" if value is None else f"{value:.4f}"


def _share(value: float | None) -> str:
    return "—" if value is None else f"{value:.2%}"


def scheme_facts(scheme: "Scheme") -> dict[str, Any]:
    """The size of a scheme."""
    return {
        "name": scheme.name, "mdcs": len(scheme.mdcs), "steps": len(scheme.steps),
        "adrgs": len({step.adrg for step in scheme.steps if not step.terminal}),
        "drgs": len({row.drg for row in scheme.drgs if row.drg and row.drg != scheme.steps[row.step].adrg}),
        "diagnoses": len(scheme.dx_names),
        "procedures": len(scheme.px_names), "mcc": len(scheme.mcc), "cc": len(scheme.cc),
        "exclusion_tables": len({table for tables in scheme.exclusion.values() for table in tables}),
    }  # fmt: skip


def check_rows(checked: "Checked", counts: Mapping[str, int]) -> Rows:
    """The outcome of a check."""
    rows = [("问题", f"错误 {counts.get('error', 0)}，提醒 {counts.get('warning', 0)}，说明 {counts.get('info', 0)}")]
    if checked.scheme is None:
        return rows
    facts = scheme_facts(checked.scheme)
    size = f"大类 {facts['mdcs']}，ADRG步骤 {facts['steps']}，DRG {facts['drgs']}"
    codes = f"诊断 {facts['diagnoses']:,}，手术操作 {facts['procedures']:,}，MCC {facts['mcc']:,}，CC {facts['cc']:,}"
    return [("分组方案", f"{facts['name']}：{size}"), ("代码", codes), *rows]


def shown(scheme: "Scheme", mdc: str, adrg: str) -> str:
    """The MDCs of a scheme, the steps of one, or all of an ADRG."""
    if adrg:
        return "\n".join(_adrg(scheme, adrg)) or f"分组方案里没有ADRG“{adrg}”"
    if mdc:
        return "\n".join(_mdc(scheme, mdc)) or f"分组方案里没有大类“{mdc}”"
    lines = [f"分组方案 {scheme.name}：大类按下面的次序判断"]
    for number, one in enumerate(scheme.mdcs):
        steps = sum(step.mdc == number for step in scheme.steps)
        sites = f"，不同创伤部位至少{one.sites}个" if one.sites > 0 else ""
        lines.append(f"  {one.name}  {steps}步  {described(one.entry)}{sites}")
    return "\n".join([*lines, "看一个大类：--mdc；看一个ADRG：--adrg"])


def _mdc(scheme: "Scheme", name: str) -> Iterator[str]:
    for number, one in enumerate(scheme.mdcs):
        if one.name == name:
            yield f"{name}：{described(one.entry)}"
            for step in scheme.steps:
                if step.mdc == number:
                    yield f"  {step.number}. {'歧义 ' if step.terminal else ''}{step.adrg}  {described(step.condition)}"


def _adrg(scheme: "Scheme", name: str) -> Iterator[str]:
    for number, step in enumerate(scheme.steps):
        if step.adrg != name:
            continue
        yield f"{scheme.mdcs[step.mdc].name} 第{step.number}步 {step.adrg}：{described(step.condition)}"
        for (rule, listed), codes in scheme.lists.items():
            if rule == step.rule_key:
                names = scheme.dx_names if listed.startswith("zd") else scheme.px_names
                few = "、".join(f"{code} {names.get(code, '')}".rstrip() for code in codes[:8])
                yield f"  代码表{listed}（{len(codes)}个）：{few}{'……' if len(codes) > 8 else ''}"
        for row in scheme.drgs:
            if row.step == number:
                words = f"{row.drg} {scheme.drg_name(row.drg)}".strip() if row.drg else "转下一步"
                yield f"  {words}：{described(row.condition)}"


def explained(told: "Explanation") -> str:
    """A case's explanation, section by section."""
    head = f"{told.case_id or '病例'}：{told.status}  {told.mdc}  {told.adrg}  {told.drg} {told.name}".rstrip()
    parts = [head]
    parts += _section("须注意", [f"  {one}" for one in told.remarks])
    parts += _section("大类", list(_tried(told.mdcs)))
    parts += _section("ADRG：按次序判断", list(_tried(told.steps)))
    parts += _section("DRG：第一行成立的为准", list(_tried(told.rows)))
    parts += _section("并发症和合并症", [
        f"  {one.code} {one.name}：{one.kind}，排除表{one.table or '（无）'}，"
        f"{'计入' if one.counts else '被主要诊断排除，不计入'}" for one in told.complications
    ])  # fmt: skip
    parts += _section("后面也符合的步骤（已分组，不再判断）", [
        f"  {mdc} {adrg}：{condition}" for mdc, adrg, condition in told.later
    ])  # fmt: skip
    parts += _section("改动一个代码", [
        f"  {one.change} → {one.status} {one.mdc} {one.adrg} {one.drg} {one.name}".rstrip() for one in told.changes
    ] + ([f"  其余{told.unchanged}种改动结果不变"] if told.unchanged else []))  # fmt: skip
    return "\n".join(parts)


def _section(title: str, lines: Sequence[str]) -> list[str]:
    return ["", title, *lines] if lines else []


def _tried(tried: "Sequence[Tried]") -> Iterator[str]:
    for one in tried:
        yield f"  {'✓' if one.held else '×'} {one.code}：{one.condition}"
        for evidence in one.evidence:
            yield f"      {evidence}"
