"""``yibao simulate``: what a reform would do to fund and patients, and which values meet a target."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yibao.cli import show
from yibao.cli.options import CITY, JSON, MEMORY, NO_OVERLAY, PACK

if TYPE_CHECKING:
    from yibao.flows.simulate import Asked, Simulated
    from yibao.flows.simulate_search import Varied
    from yibao.law import Law
    from yibao.report.impact_facts import ImpactFacts

FOLDER = Annotated[Path, typer.Argument(metavar="DIR", help="城市数据所在的文件夹，与 yibao settle 的相同。")]
NOW = "now"
_CHINA = timezone(timedelta(hours=8))


REFORM = Annotated[
    list[str] | None,
    typer.Option("--reform", help="改革方案，可写多个并列比较：YAML 文件，或政策包 overlays 中的名字。"),
]
BASE = Annotated[
    list[str] | None,
    typer.Option("--base", help="比较的基准另叠加的方案，可写多个；不写 --reform 时，与政策包现行规定比较。"),
]
RESPONSE = Annotated[
    Path | None, typer.Option("--response", metavar="FILE", help="行为反应的假定（YAML）；默认没有行为反应。")
]
CATASTROPHIC = Annotated[
    str | None, typer.Option("--catastrophic", metavar="YUAN", help="灾难性支出：一人一年个人负担超过的金额。")
]
BALANCE = Annotated[
    list[str] | None,
    typer.Option("--balance", metavar="FUND=YUAN", help="统筹基金年末累计结余，如 390=1200000000，可写多个。"),
]
TARGET = Annotated[
    str | None,
    typer.Option("--target", metavar="YUAN", help="目标搜索：各基金支出不超过多少元；now 为不超过现在。"),
]
VARY = Annotated[
    list[str] | None,
    typer.Option(
        "--vary",
        metavar="SPEC",
        help="目标搜索变动的参数，一个或两个，如 benefit.rate[kind=inpatient,hosp_lv=3]=0.60..0.75:0.01。",
    ),
]
TRIALS = Annotated[int, typer.Option("--trials", min=2, max=500, help="目标搜索最多试算的组数。")]


def simulate(
    folder: FOLDER,
    out: Annotated[Path, typer.Option("--out", "-o", help="写结果的文件夹。")],
    city: CITY,
    reform: REFORM = None,
    base: BASE = None,
    overlay: NO_OVERLAY = None,
    pack: PACK = None,
    response: RESPONSE = None,
    catastrophic: CATASTROPHIC = None,
    balance: BALANCE = None,
    target: TARGET = None,
    vary: VARY = None,
    trials: TRIALS = 40,
    memory: MEMORY = None,
    as_json: JSON = False,
) -> None:
    """Settles the city under each law and writes the comparison."""
    with show.explained():
        from yibao.flows.simulate import simulate as flow
        from yibao.report.impact import write_book, write_page

        laws = [one for one in overlay or () if one != "none"]
        asked = _asked(city, laws, base or [], reform or [], pack or [])
        asked = _with_options(asked, response, catastrophic, balance or [], (target, vary or [], trials))
        with show.progress("改革测算") as tell:
            done = flow(folder, out, asked, memory, tell)
            tell("写报告")
            facts = _facts(asked, done, folder)
            write_page(out / "impact.html", done.impact, facts)
            write_book(out / "impact.xlsx", done.impact, facts)
    show.findings(done.findings)
    show.summary(done.summary, rows_of(done), as_json)
    show.closing(out / "impact.html", done.summary["rejected"], done.summary["unverified"], ())


def _asked(city: str, laws: list[str], base: list[str], reforms: list[str], packs: list[Path]) -> "Asked":
    """The laws: the base with its overlays, and each reform on the pack; without one the pack as it stands."""
    from yibao.flows.dip_common import FlowError
    from yibao.flows.simulate import Asked, Named
    from yibao.packs import load_law

    if not reforms and not base:
        raise FlowError("没有要比较的方案；请写 --reform 文件，或用 --base 写基准、与现行规定比较")
    plain = load_law(city, laws, packs)
    first = Named(
        "、".join(Path(one).stem for one in base) if base else "现行政策", load_law(city, [*laws, *base], packs)
    )
    named = [Named(Path(one).stem, load_law(city, [*laws, one], packs)) for one in reforms]
    return Asked(first, named or [Named("现行政策", plain)])


def _with_options(
    asked: "Asked", response: Path | None, catastrophic: str | None, balance: list[str],
    searched: tuple[str | None, list[str], int],
) -> "Asked":  # fmt: skip
    from dataclasses import replace

    from yibao.flows.dip_common import FlowError
    from yibao.flows.simulate_search import Search, varied_of
    from yibao.packs import load_parameters

    target, vary, trials = searched
    if bool(target) != bool(vary):
        raise FlowError("目标搜索要同时写 --target（目标）和 --vary（变动的参数）")
    if len(vary) > 2:
        raise FlowError("--vary 最多写两个参数")
    balances = {}
    for one in balance:
        fund, _, amount = one.partition("=")
        if fund not in ("310", "390") or not amount:
            raise FlowError(f"看不懂 --balance {one}；写法如 390=1200000000（310职工，390居民）")
        balances[fund] = show.budget_option(amount)
    law = asked.reforms[-1].law if asked.reforms else asked.base.law
    return replace(
        asked,
        threshold=None if catastrophic is None else show.budget_option(catastrophic),
        balances=balances,
        behaviour=() if response is None else load_parameters(response),
        search=None if target is None else Search(
            None if target == NOW else show.budget_option(target), [varied_of(law, one) for one in vary], trials
        ),
    )  # fmt: skip


def _facts(asked: "Asked", done: "Simulated", folder: Path) -> "ImpactFacts":
    from yibao.impact.response import read_response
    from yibao.report.impact_facts import ImpactFacts, ReformFacts, SearchFacts

    law = asked.base.law
    reforms = [
        ReformFacts(no, one.changes, one.grades, _doubts(done, no, one.law), done.runs.get(no, ""))
        for no, one in enumerate(done.reforms, start=1)
    ]
    found = done.searched
    searched = None if found is None else SearchFacts(
        found.law, found.target, [one.axis for one in found.varied], [_named(one) for one in found.varied],
        [one.unit for one in found.varied], found.trials, found.choices,
    )  # fmt: skip
    months = sorted(set(done.impact.tables["impact_fund"]["month"].to_pylist()))
    period = "至".join(f"{one[:4]}年{int(one[5:])}月" for one in dict.fromkeys((months[0], months[-1]))) + "结算"
    return ImpactFacts(
        f"{law.name}改革测算", law.title, period, datetime.now(UTC).astimezone(_CHINA).date(), reforms,
        base_run=done.runs.get(0, ""), data_note=f"数据：{folder.name}",
        threshold_source="" if asked.threshold is None else "测算时给定（--catastrophic）",
        doubts=_doubts(done, 0, law), response=read_response(asked.behaviour, done.last)[0], plans=done.plans,
        search=searched,
    )  # fmt: skip


def _doubts(done: "Simulated", law_no: int, law: "Law") -> list[Any]:
    from yibao.report.impact_facts import Doubt

    return [
        Doubt(one.key, law.definitions[one.key].label if one.key in law.definitions else "", one.value_text,
              one.grade.label)
        for one in done.doubts.get(law_no, [])
    ]  # fmt: skip


def rows_of(done: "Simulated") -> list[tuple[str, str]]:
    """What a terminal shows of a simulation."""
    from yibao.kernel import yuan_text

    names = done.summary["names"]
    rows = [("期间", f"{done.first} 至 {done.last}")]
    for row in done.impact.tables["impact_summary"].to_pylist():
        told = f"基金支出 {yuan_text(row['fund'])} 元，个人负担 {yuan_text(row['burden'])} 元"
        if row["law_no"]:
            told += f"；基金 {_signed(row['fund_change'])}，个人 {_signed(row['burden_change'])}，"
            told += f"受益 {row['winners']:,} 人，受损 {row['losers']:,} 人"
        if row["above"] is not None:
            told += f"，灾难性支出 {row['above']:,} 人"
        rows.append((names[str(row["law_no"])], told))
    return [*rows, *_frontier(done)]


def _frontier(done: "Simulated") -> list[tuple[str, str]]:
    from yibao.kernel import yuan_text
    from yibao.report.impact_words import axis_value

    rows = []
    for choice in done.searched.choices if done.searched else ():
        varied = zip(done.searched.varied if done.searched else (), choice.trial.values, strict=True)
        values = "，".join(f"{_named(one)} {axis_value(value, one.unit)}" for one, value in varied)
        above = "" if choice.trial.above is None else f"，灾难性支出 {choice.trial.above:,} 人"
        told = f"{values}：基金 {yuan_text(choice.trial.fund)} 元{above}，个人负担 {yuan_text(choice.trial.burden)} 元"
        rows.append(("目标搜索", f"{told}；{choice.reason}"))
    return rows


def _named(one: "Varied") -> str:
    """A varied parameter with its conditions in words."""
    from yibao.report.impact_words import where

    return f"{one.label}（{where(one.where_text)}）" if one.where else one.label


def _signed(fen: int) -> str:
    from yibao.kernel import yuan_text

    return f"+{yuan_text(fen)}" if fen > 0 else yuan_text(fen)
