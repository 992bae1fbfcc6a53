"""What a clerk should know of a year's cases before its money is divided: findings with their place, and remarks."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from yibao.engine import Engine
from yibao.kernel import Finding, Place, Severity, yuan, yuan_text
from yibao.payment.fund_value import FundValue, fund_label
from yibao.standard import CODE_TABLES

_EXCLUDED_SQL = """
    SELECT f.src_file, f.src_row, f.setl_id, f.med_list_codg, f.item_amount, n.medfee_sumamt,
        CASE
            WHEN n.case_no IS NULL THEN 'unknown'
            WHEN i.med_list_codg IS NULL THEN 'unlisted'
            WHEN e.case_no IS NULL THEN 'above'
            ELSE ''
        END AS fault
    FROM excluded_fees AS f
    LEFT JOIN loaded_cases_numbered AS n ON n.setl_id = f.setl_id
    LEFT JOIN (
        SELECT DISTINCT m.case_no, x.med_list_codg
        FROM excluded_fees AS y
        JOIN loaded_cases_numbered AS m ON m.setl_id = y.setl_id
        JOIN excluded_items AS x ON x.med_list_codg = y.med_list_codg
            AND x.valid_from <= m.dscg_date AND coalesce(x.valid_until, m.dscg_date) >= m.dscg_date
    ) AS i ON i.case_no = n.case_no AND i.med_list_codg = f.med_list_codg
    LEFT JOIN excluded_case AS e ON e.case_no = n.case_no
    WHERE n.case_no IS NULL OR i.med_list_codg IS NULL OR e.case_no IS NULL
    ORDER BY f.src_file, f.src_row"""
_BARE_SQL = """
    SELECT {columns}, count(*) AS n, arg_min(src_file, (src_file, src_row)) AS src_file,
        arg_min(src_row, (src_file, src_row)) AS src_row, arg_min(setl_id, (src_file, src_row)) AS setl_id
    FROM loaded_cases WHERE {where} GROUP BY ALL HAVING count(*) > 0 ORDER BY ALL"""


def excluded_findings(engine: Engine, mode: str) -> list[Finding]:
    """Excluded fees that are not taken: of an unknown case, not on the list at discharge, above the fee of the case."""
    if mode == "none":
        return []
    return [_excluded(row) for row in engine.fetch(_EXCLUDED_SQL).to_pylist()]


def _excluded(row: Mapping[str, Any]) -> Finding:
    item, amount = row["med_list_codg"], yuan_text(row["item_amount"])
    if row["fault"] == "unknown":
        return Finding(
            "excluded_fee_unknown_case", Severity.WARNING, f"除外费用{amount}元的病例不在本年度病例里，没有计入",
            _place(row, "setl_id"), "结算ID写错，或病例在别的年度出院、已被退回", "核对结算ID，改正后重新运行",
            key=row["setl_id"],
        )  # fmt: skip
    if row["fault"] == "unlisted":
        return Finding(
            "excluded_fee_not_listed", Severity.ERROR, f"项目在病例出院时不在除外支付目录里，{amount}元没有除外",
            _place(row, "med_list_codg"), "目录编码写错，或出院日期不在目录的起止日期之内",
            "改正编码，或在 excluded_items 表里补上该项目的起止日期", key=item,
        )  # fmt: skip
    return Finding(
        "excluded_fee_above_fee", Severity.ERROR,
        f"病例的除外费用合计超过医疗费总额{yuan_text(row['medfee_sumamt'])}元，全部没有除外",
        _place(row, "item_amount", f"{yuan(row['item_amount']):.2f}"),
        "除外金额或医疗费总额写错", "核对该病例的除外费用，改正后重新运行",
        key=row["setl_id"],
    )  # fmt: skip


def _place(row: Mapping[str, Any], column: str, value: str | None = None) -> Place:
    return Place(str(row["src_file"]), int(row["src_row"]), column, str(row[column]) if value is None else value)


def unknown_reviews(engine: Engine) -> list[Finding]:
    """Applications for cases the year does not have, and passed standards without points: neither is ever dropped."""
    rows = engine.fetch("""
        SELECT s.src_file, s.src_row, s.setl_id, n.case_no IS NULL AS unknown FROM special_reviews AS s
        LEFT JOIN loaded_cases_numbered AS n ON n.setl_id = s.setl_id
        WHERE n.case_no IS NULL OR (s.review_result = 'pass_standard' AND s.review_points IS NULL)
        ORDER BY s.src_file, s.src_row""").to_pylist()
    return [
        Finding(
            "unknown_case", Severity.ERROR, "申请特例单议的病例不在本年度病例里，没有处理", _place(row, "setl_id"),
            "结算ID写错，或病例在别的年度出院、已被退回", "核对结算ID，改正后重新运行", key=row["setl_id"],
        )
        if row["unknown"]
        else Finding(
            "review_without_points", Severity.ERROR, "评审结果是调整支付标准，但没有评定分值，按待评审处理",
            _place(row, "review_points", ""), "review_points 空着", "补填评定分值后重新运行", key=row["setl_id"],
        )
        for row in rows
    ]  # fmt: skip


def case_findings(engine: Engine) -> list[Finding]:
    """Cases of an insurance without a budget, and cases whose booked amount is not told or more than all funds paid."""
    names = CODE_TABLES["insutype"].codes
    found = [
        Finding(
            "insurance_without_budget", Severity.WARNING,
            f"{row['n']}例病例的险种（{names.get(row['insutype'], row['insutype'])}）没有住院DIP预算，不参加清算",
            _place(row, "insutype"), "险种写错，或预算支出指标缺该险种",
            "改正险种，或在 budget_lines 里编制该险种的预算", key=str(row["insutype"]),
        )
        for row in _grouped(engine, "coalesce(insutype, '') AS insutype",
                            "insutype IS NULL OR insutype NOT IN (SELECT fund_type FROM fund_budget)")
    ]  # fmt: skip
    found += [
        Finding(
            "case_without_booked", Severity.ERROR, f"{row['n']}例病例没有基金支付金额，记账额按0计，报销比例因此偏低",
            _place(row, "setl_id"), "hifp_pay 和 fund_pay_sumamt 都空着", "补填统筹基金支出或基金支付总额",
            key=str(row["setl_id"]),
        )
        for row in _grouped(engine, "1 AS one", "hifp_pay IS NULL AND fund_pay_sumamt IS NULL")
    ]  # fmt: skip
    found += [
        Finding(
            "booked_above_funds", Severity.WARNING, f"{row['n']}例病例的统筹基金支出大于基金支付总额",
            _place(row, "setl_id"), "hifp_pay 是 fund_pay_sumamt 的一部分，不应大于它", "核对两项金额",
            key=str(row["setl_id"]),
        )
        for row in _grouped(engine, "1 AS one", "hifp_pay > fund_pay_sumamt")
    ]  # fmt: skip
    return found


def unvalued_offsite(engine: Engine, values: Sequence[FundValue]) -> list[Finding]:
    """Offsite cases of a fund without a case insured here: it has no point value that they could be paid at.

    Only asked where the policy pays offsite cases by DIP; where it does not, `fund_remarks` says so.
    """
    without = {one.fund_type for one in values if one.value is None}
    rows = engine.rows("""
        SELECT fund_type, count(*), CAST(sum(booked) AS BIGINT) FROM pool_case
        WHERE scope = 'offsite' AND fund_type IS NOT NULL GROUP BY fund_type ORDER BY fund_type""")
    return [
        Finding(
            "offsite_without_value", Severity.WARNING,
            f"{fund_label(fund_type)}有{n}例省内异地病例，记账{yuan_text(booked)}元，没有结算点值，没有计算应付，也没有清算",
            cause="这个险种当年没有本统筹区参保的病例，测算不出结算点值",
            next_step="核对本地病例的险种和参保地；确无本地病例的，与参保地商定付费办法后另行结算", key=fund_type,
        )
        for fund_type, n, booked in rows if fund_type in without
    ]  # fmt: skip


def _grouped(engine: Engine, columns: str, where: str) -> list[dict[str, Any]]:
    return list(engine.fetch(_BARE_SQL.format(columns=columns, where=where)).to_pylist())


def review_remarks(engine: Engine, most: int | None) -> list[str]:
    """Says that applications wait where the city has no special review (``most`` is then None)."""
    n = engine.count("special_reviews")
    return [f"政策没有建立特例单议机制，{n}件申请没有处理"] if n and most is None else []


def fund_remarks(engine: Engine, values: Sequence[FundValue], offsite: bool) -> list[str]:
    """What the funds' values leave out: funds without cases, offsite and out-of-province cases."""
    said = [f"{fund_label(one.fund_type)}有预算但没有病例，没有结算点值" for one in values if one.value is None]
    counts: Iterable[tuple[str, int]] = engine.rows(
        "SELECT scope, count(*) FROM pool_case WHERE scope <> 'local' GROUP BY scope ORDER BY scope"
    )
    for scope, n in counts:
        if scope == "outside":
            said.append(f"{n}例是省外参保的病例，不按DIP付费，只列出")
        elif not offsite:
            said.append(f"{n}例是省内其他统筹区参保的病例，政策没有把省内异地就医纳入DIP付费，只列出")
    return said
