"""What looks wrong in a scheme and does not stop it: steps nobody reaches, codes outside the list, missing names."""

from collections.abc import Iterator, Mapping

from yibao.casemix.drg.condition import always
from yibao.casemix.drg.scheme import Scheme
from yibao.kernel import Finding, Place, Severity

Places = Mapping[tuple[str, int], Place]


def warnings_of(scheme: Scheme, places: Places) -> list[Finding]:
    """Every warning and remark; ``places`` are where MDCs, steps and DRG rows stand."""
    return [
        *_empty_mdcs(scheme, places),
        *_unreached_steps(scheme, places),
        *_unreached_drgs(scheme, places),
        *_unknown_codes(scheme),
        *_missing_names(scheme, places),
        *_both(scheme),
    ]


def _warning(code: str, message: str, place: Place, cause: str, next_step: str) -> Finding:
    return Finding(code, Severity.WARNING, message, place, cause, next_step)


def _empty_mdcs(scheme: Scheme, places: Places) -> Iterator[Finding]:
    used = {step.mdc for step in scheme.steps}
    for number, mdc in enumerate(scheme.mdcs):
        if number not in used:
            yield _warning("scheme_empty_mdc", "大类没有一个步骤，进入它的病例都转到后面的大类", places["mdc", number],
                           "缺 adrg 表的行", "补上步骤，或删去大类")  # fmt: skip
        if always(mdc.entry) is False:
            yield _warning(
                "scheme_unreachable", "没有病例能进入这个大类", places["mdc", number], "条件总不成立", "核对条件"
            )
        sites = {site for (name, _), site in scheme.sites.items() if name == mdc.name}
        if mdc.sites > len(sites):
            yield _warning("scheme_unreachable", f"要求{mdc.sites}个创伤部位，诊断表只有{len(sites)}个",
                           places["mdc", number], "缺创伤部位", "核对 mdc_dx 的 trauma_site")  # fmt: skip


def _unreached_steps(scheme: Scheme, places: Places) -> Iterator[Finding]:
    """A step that never holds, or that stands behind one which takes every case."""
    passed_on = {drg.step for drg in scheme.drgs if not drg.drg}
    taken: dict[int, str] = {}
    for number, step in enumerate(scheme.steps):
        if step.mdc in taken:
            yield _warning("scheme_unreachable", f"没有病例能到达这一步：前面的{taken[step.mdc]}总是成立",
                           places["step", number], "步骤的次序，或条件写得太宽", "核对次序和条件")  # fmt: skip
        held = always(step.condition)
        if held is False:
            yield _warning(
                "scheme_unreachable", "没有病例满足这一步", places["step", number], "条件总不成立", "核对条件"
            )
        if held is True and number not in passed_on:
            taken.setdefault(step.mdc, step.adrg)


def _unreached_drgs(scheme: Scheme, places: Places) -> Iterator[Finding]:
    """DRG rows behind one that always holds. A last row that names the ADRG itself is the usual way to end a table."""
    taken: set[int] = set()
    behind: list[int] = []
    ends = 0
    for number, drg in enumerate(scheme.drgs):
        if drg.step in taken:
            usual = drg.drg == scheme.steps[drg.step].adrg
            ends += usual
            behind += [] if usual else [number]
        if always(drg.condition) is True:
            taken.add(drg.step)
    for number in behind:
        yield _warning("scheme_unreachable", "没有病例能到达这一行：前面的行总是成立", places["drg", number],
                       "行的次序，或条件写得太宽", "核对次序和条件")  # fmt: skip
    if ends:
        yield Finding("scheme_ending_rows", Severity.INFO, f"{ends}行在总是成立的行之后，写的就是ADRG本身，不起作用",
                      Place("drg"), "分组方案的收尾行", "不需要处理")  # fmt: skip


def _unknown_codes(scheme: Scheme) -> Iterator[Finding]:
    named = {"dx": "诊断", "px": "手术操作"}
    for kind, known in (("dx", scheme.dx_names), ("px", scheme.px_names)):
        where: dict[str, str] = {}
        lists = ("zd", "zd1") if kind == "dx" else ("ss", "ss1", "ss2")
        for (rule, listed), codes in scheme.lists.items():
            if listed in lists:
                for code in codes:
                    where.setdefault(code, f"{rule}的{listed}")
        if kind == "dx":
            for mdc, codes in scheme.mdc_dx.items():
                for code in codes:
                    where.setdefault(code, f"{mdc}的主要诊断表")
            for table, held in (("mcc", scheme.mcc), ("cc", scheme.cc), ("exclusion", scheme.exclusion)):
                for code in held:
                    where.setdefault(code, f"{table}表")
        else:
            for code in scheme.valid:
                where.setdefault(code, "手术室手术表")
        for code, place in where.items():
            if code not in known:
                yield _warning("scheme_unknown_code", f"{named[kind]}代码不在代码库里，用于{place}",
                               Place(kind, None, kind, code), "代码写错，或代码库不是同一版本",
                               "核对代码，或在代码库里补上")  # fmt: skip


def _missing_names(scheme: Scheme, places: Places) -> Iterator[Finding]:
    seen: set[str] = set()
    for number, drg in enumerate(scheme.drgs):
        ends = drg.drg == scheme.steps[drg.step].adrg
        if not drg.drg or drg.drg in seen or ends or drg.name or scheme.drg_names.get(drg.drg):
            continue
        seen.add(drg.drg)
        yield _warning("scheme_no_name", "DRG没有名称", places["drg", number], "drg_names 缺行", "补上名称")


def _both(scheme: Scheme) -> Iterator[Finding]:
    both = sorted(scheme.mcc.keys() & scheme.cc.keys())
    if both:
        yield _warning("scheme_mcc_and_cc", f"{len(both)}个诊断既是MCC又是CC", Place("cc", None, "dx", both[0]),
                       "两张表都有", "从一张表里删去")  # fmt: skip
