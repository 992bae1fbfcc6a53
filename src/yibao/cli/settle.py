"""``yibao settle``: a city's claims settled by its law."""

from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any

import typer

from yibao.cli import show
from yibao.cli.options import JSON, MEMORY, NO_OVERLAY, PACK, STRICT

FOLDER = Annotated[
    Path,
    typer.Argument(
        metavar="DIR",
        help="城市数据所在的文件夹：claims、fee_lines、catalogue_items、providers、enrolments、contributions 等各表。",
    ),
]


def settle(
    folder: FOLDER,
    city: Annotated[str, typer.Option("--city", help="统筹区：政策包的文件夹名、行政区划代码或别名。")],
    out: Annotated[Path, typer.Option("--out", "-o", help="写结果的文件夹。")],
    overlay: NO_OVERLAY = None,
    pack: PACK = None,
    explain: Annotated[
        float, typer.Option("--explain", min=0.0, max=1.0, help="可用 yibao explain 查看的人的占比，0到1。")
    ] = 1.0,
    resettle: Annotated[
        bool, typer.Option("--resettle", help="受退费影响的其他结算重新结算，差额另写成调整记录。")
    ] = False,
    memory: MEMORY = None,
    strict: STRICT = False,
    as_json: JSON = False,
) -> None:
    """Settles claims and prints what they came to."""
    with show.explained():
        from yibao.flows.dip import Setting
        from yibao.flows.settle import settle as flow
        from yibao.packs import load_law

        names = [] if overlay is None else [one for one in overlay if one != "none"]
        law = load_law(city, names, pack or ())
        with show.progress("待遇结算") as tell:
            done = flow(folder, out, Setting(law, None, memory, tell), Fraction(str(explain)), resettle=resettle)
    show.findings(done.findings)
    show.summary(done.summary, rows_of(done.summary), as_json)
    show.closing(out, done.summary["rejected"], done.summary["unverified"], ())
    refused = sum(done.summary["refused"].values())
    if strict and (done.summary["rejected"] or refused):
        raise show.fail(f"--strict：有{done.summary['rejected']}行被退回，{refused}笔结算不予受理")


def rows_of(facts: dict[str, Any]) -> list[tuple[str, str]]:
    """What a terminal shows of settlements."""
    from yibao.benefit.outcomes import BY_CODE

    amounts = facts["amounts"]
    rows = [
        ("结算", "，".join(f"{BY_CODE[code].label} {count:,}" for code, count in facts["outcomes"].items()) or "0 笔")
    ]
    if facts["refused"]:
        rows.append(
            ("不予受理", "，".join(f"{BY_CODE[code].label} {count:,}" for code, count in facts["refused"].items()))
        )
    labels = {
        "medfee_sumamt": "医疗费总额", "hifp_pay": "统筹基金", "hifob_pay": "职工大额", "hifmi_pay": "大病保险",
        "maf_pay": "医疗救助", "cvlserv_pay": "公务员补助", "oth_pay": "其他", "acct_pay": "个人账户",
        "acct_mulaid_pay": "其中共济", "psn_cash_pay": "个人现金",
    }  # fmt: skip
    return [*rows, *((label, f"{amounts[name]} 元") for name, label in labels.items())]
