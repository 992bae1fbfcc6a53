"""Sections 7 and 8 of the closed year: types, local lists, 基层病种, flags; special reviews, excluded fees."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from yibao.report import close_words, words
from yibao.report.close_drawings import aux_bars
from yibao.report.close_result import Closed, Row, total
from yibao.report.grid import Grid, columns

TOP_FLAGS = 25
EXAMPLES = 6
TOP_EXCLUDED = 20

FLAGS = """
    WITH part AS (SELECT fixmedins_code, unnest(string_split(flags, '|')) AS flag FROM cases
        WHERE flags IS NOT NULL AND flags <> '')
    SELECT fixmedins_code, flag, count(*) AS cases FROM part GROUP BY fixmedins_code, flag
    ORDER BY fixmedins_code, flag"""
HELD = "SELECT fixmedins_code, count(*) AS cases FROM cases GROUP BY fixmedins_code ORDER BY fixmedins_code"

PRIMARY_LEVELS = """
    WITH own AS (
        SELECT coalesce(hosp_lv, '') AS hosp_lv, fixmedins_code, count(*) AS cases, sum(medfee_sumamt) AS fee,
            min(standard) AS low, max(standard) AS high, sum(due) AS due
        FROM cases WHERE scope = 'local' AND bucket = 'primary' AND dip_code = $code AND deviation_type = 'normal'
            AND fund_type = $fund
        GROUP BY coalesce(hosp_lv, ''), fixmedins_code),
    ranked AS (SELECT *, row_number() OVER (PARTITION BY hosp_lv ORDER BY cases DESC, fixmedins_code) AS nth FROM own)
    SELECT hosp_lv, fixmedins_code, cases, fee, low, high, due FROM ranked WHERE nth <= 2
    ORDER BY hosp_lv DESC, nth"""


def diseases(closed: Closed) -> dict[str, Any]:
    """Section 7."""
    return {
        "aux": _aux_grid(closed), "chart": _aux_chart(closed), "lists": _list_grid(closed), "primary": _primary(closed),
        "primaries": _primary_grid(closed), "flags": _flag_grid(closed), "addons": _addon_grid(closed),
    }  # fmt: skip


def _aux_chart(closed: Closed) -> Any:
    rows = [
        {
            "name": row["label"] or close_words.AUX_KINDS.get(row["aux_kind"], row["aux_kind"]),
            "before": row["cv_before"],
            "after": row["cv_after"],
        }
        for row in closed.small["aux"]
        if row["cv_before"] is not None and row["cv_after"] is not None
    ]
    return aux_bars(rows) if rows else None


def _aux_grid(closed: Closed) -> Grid | None:
    rows = [
        (row["label"] or close_words.AUX_KINDS.get(row["aux_kind"], row["aux_kind"]), words.count(row["groups"] or 0),
         words.count(row["cases"] or 0), words.number(row["cv_before"]), words.number(row["cv_after"]),
         words.percent(words.ratio((row["cv_before"] or 0) - (row["cv_after"] or 0), row["cv_before"] or 0)),
         words.count(row["cases_hit"] or 0)) for row in closed.small["aux"]
    ]  # fmt: skip
    if not rows:
        return None
    return Grid(
        "辅助分型：设有分型的病种和命中的病例",
        "病种 个，病例 例，CV 无单位，降幅 %",
        columns("辅助分型* 设有分型的病种 上年病例 分型前CV 分型后CV 降幅 本年命中病例"),
        rows,
        note="CV为变异系数，按病例数加权。一个病例符合几个分型时，取触发系数最高的一个，只计一次。",
    )


LISTED = """
    SELECT l.list_kind, l.dip_code, count(c.setl_id) AS cases, coalesce(sum(c.due), 0) AS due
    FROM part_local_list AS l
    LEFT JOIN cases AS c ON c.dip_code = l.dip_code AND c.scope = 'local'
        AND c.bucket = CASE WHEN l.list_kind = 'primary_care' THEN 'primary' ELSE l.list_kind END
    GROUP BY l.list_kind, l.dip_code ORDER BY l.list_kind, cases DESC, l.dip_code"""


def _list_grid(closed: Closed) -> Grid | None:
    listed = closed.parts.get("local_list", ())
    if not listed or "list_kind" not in listed[0]:
        return None
    found = closed.rows(LISTED)
    rows = []
    for kind, label in close_words.LISTS.items():
        own = [row for row in found if row["list_kind"] == kind]
        if not own:
            continue
        top = [f"{row['dip_code']} {closed.disease(row['dip_code'])}".strip() for row in own if row["cases"]][:3]
        rows.append(
            (
                label,
                words.count(len(own)),
                words.count(sum(1 for row in own if row["cases"])),
                words.count(sum(row["cases"] for row in own)),
                words.money(total(own, "due")),
                "；".join(top) or "—",
            )
        )
    if not rows:
        return None
    return Grid("本地病种目录", "病种 个，病例 例，金额 元",
                columns("目录* 列入病种 有病例的病种 按该目录计分的病例 应付额 病例最多的病种*"), rows,
                note="列入目录的病种，病例还须具备条件（如日间的天数、中医药费用占比）才按该目录计分。")  # fmt: skip


def _primary(closed: Closed) -> dict[str, Any] | None:
    """One 基层病种 that hospitals of two or more levels treat, at one standard, by name."""
    held = [row for row in closed.small["primary"] if sum(1 for lv in "123" if row[f"cases_lv{lv}"]) > 1]
    best = max(
        held,
        key=lambda row: (
            min(row[f"cases_lv{lv}"] or 0 for lv in "123") > 0,
            sum(row[f"cases_lv{lv}"] or 0 for lv in "123"),
            row["dip_code"],
        ),
        default=None,
    )
    if best is None:
        return None
    fund = closed.funds[0]
    found = closed.rows(PRIMARY_LEVELS, {"code": best["dip_code"], "fund": fund})
    rows = [
        (
            closed.hospital(row["fixmedins_code"]),
            words.LEVELS.get(row["hosp_lv"], row["hosp_lv"]),
            words.count(row["cases"]),
            words.money((row["fee"] / row["cases"]).quantize(Decimal("0.01"))),
            words.money(row["low"])
            if row["low"] == row["high"]
            else f"{words.money(row['low'])} 至 {words.money(row['high'])}",
            words.money((row["due"] / row["cases"]).quantize(Decimal("0.01"))),
        )
        for row in found
    ]
    name = f"{best['dip_code']} {closed.disease(best['dip_code'])}".strip()
    grid = Grid(
        f"基层病种“{name}”在各级医疗机构的支付标准（{close_words.fund(fund)}，费用正常的病例）",
        "病例 例，金额 元",
        columns("医疗机构* 等级* 病例数 例均费用 支付标准（按结算点值） 例均应付"),
        rows,
        note="每个等级取病例最多的两家。同病同价：机构系数都是1，支付标准与等级无关；费用低于标准的机构有结余。",
    )
    one = {row["low"] for row in found} | {row["high"] for row in found}
    return {"grid": grid, "name": name, "same": len(one) == 1, "levels": len({row["hosp_lv"] for row in found}),
            "standard": words.money(next(iter(one))) if len(one) == 1 else ""}  # fmt: skip


def _primary_grid(closed: Closed) -> Grid | None:
    rows = sorted(
        closed.small["primary"], key=lambda row: (-sum(row[f"cases_lv{lv}"] or 0 for lv in "123"), row["dip_code"])
    )
    shown = [
        (
            f"{row['dip_code']}\n{closed.disease(row['dip_code'])}",
            *(words.count(row[f"cases_lv{lv}"] or 0) for lv in "123"),
            *(words.whole_yuan(row[f"mean_fee_lv{lv}"]) for lv in "123"),
            words.money(row["standard"]) if row["standard"] else "—",
        )
        for row in rows[:15]
    ]
    heads = columns("病种* 一级病例 二级病例 三级病例 一级例均 二级例均 三级例均 各级同一标准（按年初点值）")
    more = f"共{words.count(len(rows))}个，只列病例最多的15个。" if len(rows) > 15 else ""
    return Grid("基层病种", "病例 例，金额 元", heads, shown, note=more) if shown else None


def _addon_grid(closed: Closed) -> Grid:
    """How many institutions reached each add-on."""
    rows = []
    for item, label in close_words.ADDONS.items():
        held = [row for row in closed.small["addon_items"] if row["item"] == item and row["add"]]
        if held:
            best = max(held, key=lambda row: (row["add"], row["fixmedins_code"]))
            rows.append((label, words.count(len(held)), f"{min(row['add'] for row in held):.4f}", f"{best['add']:.4f}",
                         f"{closed.hospital(best['fixmedins_code'])}（{best['measure'] or '—'}）"))  # fmt: skip
    count = len(closed.small["coefficients"])
    held = [row for row in closed.small["coefficients"] if row["addon"]]
    top = max((row["addon"] for row in held), default=Decimal(0))
    note = f"{words.count(count)}家机构中{words.count(len(held))}家有加成，合计最高{top:.4f}。"
    return Grid(
        "医疗机构加成系数",
        "机构 家，加成 倍",
        columns("加成项目* 达到标准的机构 最低加成 最高加成 举例（实际值）*"),
        rows,
        note=note,
    )


def _flag_grid(closed: Closed) -> Grid | None:
    found = closed.rows(FLAGS)
    if not found:
        return None
    held = {row["fixmedins_code"]: row["cases"] for row in closed.rows(HELD)}
    by: dict[str, dict[str, int]] = {}
    for row in found:
        by.setdefault(row["fixmedins_code"], {})[row["flag"]] = row["cases"]
    kinds = [*close_words.FLAGS, *sorted({row["flag"] for row in found} - set(close_words.FLAGS))]
    ordered = sorted(by, key=lambda code: (-sum(by[code].values()), code))
    rows = [(closed.hospital(code), words.count(held[code]), *(words.count(by[code].get(kind, 0)) for kind in kinds),
             words.count(sum(by[code].values())), words.percent(words.ratio(sum(by[code].values()), held[code])))
            for code in ordered[:TOP_FLAGS]]  # fmt: skip
    sums = [sum(one.get(kind, 0) for one in by.values()) for kind in kinds]
    all_cases = sum(held.values())
    whole = ("全部机构", words.count(all_cases), *(words.count(one) for one in sums), words.count(sum(sums)),
             words.percent(words.ratio(sum(sums), all_cases)))  # fmt: skip
    heads = columns(
        "医疗机构* 全部病例 " + " ".join(close_words.FLAGS.get(kind, kind) for kind in kinds) + " 标记合计 占病例"
    )
    note = "只作监管提示，不影响分值。一例可有几个标记。"
    if len(ordered) > TOP_FLAGS:
        note += f"只列标记最多的{TOP_FLAGS}家，共{words.count(len(ordered))}家有标记。"
    return Grid("违规行为监督的个性特征标记", "例，占比 %", heads, rows, whole, note)


# --- section 8 ------------------------------------------------------------------------------------------------------

EXCLUDED = """
    SELECT fixmedins_code, fund_type, count(*) AS cases, sum(excluded) AS excluded, sum(medfee_sumamt) AS fee
    FROM cases WHERE excluded > 0 GROUP BY fixmedins_code, fund_type
    ORDER BY excluded DESC, fixmedins_code, fund_type"""


def specials(closed: Closed) -> dict[str, Any]:
    """Section 8: special reviews by reason and outcome, examples by name, and excluded fees."""
    rows = closed.small["special"]
    granted = [row for row in rows if row["outcome"] == "granted"]
    quota = closed.special_quota
    return {
        "quota": words.count(quota) if quota is not None else "",
        "applied": words.count(len(rows)),
        "granted_n": words.count(len(granted)),
        "added": words.money(total(granted, "added")),
        "share": closed.parameters.text("dip.special_review.quota"),
        "outcomes": _outcome_grid(rows),
        "granted": _special_grid(closed, granted, "通过的病例举例", "added") if granted else None,
        "refused": [
            grid
            for code in ("over_quota", "not_eligible", "failed", "not_local", "pending")
            if (grid := _refused(closed, code)) is not None
        ],
        "excluded": _excluded_grid(closed),
        "drugs": _drug_grid(closed),
        "mode": words.VALUES.get(
            closed.parameters.text("dip.exclusion.mode"), closed.parameters.text("dip.exclusion.mode")
        ),
    }


def _outcome_grid(rows: Sequence[Row]) -> Grid:
    kinds = [code for code in close_words.SPECIAL if any(row["outcome"] == code for row in rows)]
    reasons = [code for code in close_words.REASONS if any(row["review_reason"] == code for row in rows)]
    shown = [
        (
            close_words.REASONS[reason],
            *(words.count(_n(rows, reason, kind)) for kind in kinds),
            words.count(_n(rows, reason, None)),
            words.money(
                total([row for row in rows if row["review_reason"] == reason and row["outcome"] == "granted"], "added")
            ),
        )
        for reason in reasons
    ]
    whole = ("合计", *(words.count(_n(rows, None, kind)) for kind in kinds), words.count(len(rows)),
             words.money(total([row for row in rows if row["outcome"] == "granted"], "added")))  # fmt: skip
    heads = columns("申请情形* " + " ".join(close_words.SPECIAL[kind] for kind in kinds) + " 合计 追加金额")
    return Grid("特例单议申请和结果", "病例 例，金额 元", heads, shown, whole if shown else ())


def _n(rows: Sequence[Row], reason: str | None, outcome: str | None) -> int:
    return sum(1 for row in rows if reason in (None, row["review_reason"]) and outcome in (None, row["outcome"]))


def _refused(closed: Closed, outcome: str) -> Grid | None:
    rows = [row for row in closed.small["special"] if row["outcome"] == outcome]
    return _special_grid(closed, rows, f"{close_words.SPECIAL[outcome]}的病例举例", "fee") if rows else None


def _special_grid(closed: Closed, rows: Sequence[Row], caption: str, by: str) -> Grid:
    ordered = sorted(rows, key=lambda row: (-(row[by] or Decimal(0)), row["setl_id"]))
    shown = [
        (
            f"{closed.hospital(row['fixmedins_code'])}\n{row['setl_id']}",
            close_words.fund(row["fund_type"]),
            close_words.REASONS.get(row["review_reason"], row["review_reason"]),
            *(_money(row[name]) for name in ("fee", "standard")),
            "—" if row["multiple"] is None else f"{row['multiple']:.2f}",
            *(_money(row[name]) for name in ("plain_due", "due", "added")),
        )
        for row in ordered[:EXAMPLES]
    ]
    heads = columns("医疗机构和病例* 险种* 申请情形* 医疗总费用 支付标准 与年初标准之比 按病种应付 应付额 追加金额")
    outcome = str(rows[0]["outcome"])
    more = f"共{words.count(len(rows))}例，列{len(shown)}例。" if len(rows) > len(shown) else ""
    return Grid(caption, "金额 元，比 倍", heads, shown, note=f"{close_words.SPECIAL_WHY.get(outcome, '')}。{more}")


def _money(value: Decimal | None) -> str:
    return "—" if value is None else words.money(value)


def _excluded_grid(closed: Closed) -> Grid | None:
    found = closed.rows(EXCLUDED)
    if not found:
        return None
    rows = [
        (
            closed.hospital(row["fixmedins_code"]),
            close_words.fund(row["fund_type"]),
            words.count(row["cases"]),
            words.money(row["excluded"]),
            words.money(row["fee"]),
            words.percent(words.ratio(row["excluded"], row["fee"])),
        )
        for row in found[:TOP_EXCLUDED]
    ]
    whole = (
        "全部机构",
        "",
        words.count(sum(row["cases"] for row in found)),
        words.money(total(found, "excluded")),
        words.money(total(found, "fee")),
        words.percent(words.ratio(total(found, "excluded"), total(found, "fee"))),
    )
    note = (
        f"只列除外费用最多的{TOP_EXCLUDED}家次，共{words.count(len(found))}家次。" if len(found) > TOP_EXCLUDED else ""
    )
    return Grid("有除外费用的病例", "病例 例，金额 元，占比 %",
                columns("医疗机构* 险种* 病例数 除外费用 这些病例的总费用 占总费用"), rows, whole, note)  # fmt: skip


TOP_ITEMS = 30
"""How many drugs and techniques are listed; the sum holds all. A choice of display."""


def _drug_grid(closed: Closed) -> Grid | None:
    listed = [
        (str(one.get("item_name") or one.get("med_list_codg")), str(one.get("med_list_codg", "")),
         int(one.get("cases") or 0), Decimal(str(one.get("amount") or "0")))
        for one in closed.summary.get("excluded_items") or []
    ]  # fmt: skip
    if not listed:
        return None
    whole = sum((amount for *_, amount in listed), Decimal(0))
    listed.sort(key=lambda one: (-one[3], one[1]))
    rows = [
        (name, code, words.count(cases), words.money(amount), words.percent(words.ratio(amount, whole)))
        for name, code, cases, amount in listed[:TOP_ITEMS]
    ]
    more = f"只列费用最多的{TOP_ITEMS}种，共{words.count(len(listed))}种；" if len(listed) > TOP_ITEMS else ""
    return Grid(
        "除外支付的药品、耗材和项目",
        "病例 例，金额 元，占比 %",
        columns("名称* 代码* 病例数 除外费用 占全部"),
        rows,
        ("全部", f"{words.count(len(listed))}种", "", words.money(whole), words.percent(words.ratio(whole, whole))),
        f"{more}一例可用几种，病例数不相加。",
    )
