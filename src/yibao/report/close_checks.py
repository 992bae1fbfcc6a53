"""Section 13 of the closed year: postings by batch, and every identity of the result, worked out from its own files."""

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from yibao.flows.close_entries import PREFIXES, home_pool
from yibao.report import close_words, words
from yibao.report.close_drg import identities
from yibao.report.close_head import budget_of
from yibao.report.close_result import OWN, STANDS, Closed, Row, total
from yibao.report.grid import Grid, columns
from yibao.report.page_checks import Check

LOCAL = """
    SELECT fund_type, fixmedins_code, count(*) AS cases, sum(case_points) AS points, sum(due) AS due,
        sum(booked) AS booked, sum(medfee_sumamt - coalesce(excluded, 0)) AS fee
    FROM cases WHERE scope = 'local' GROUP BY fund_type, fixmedins_code ORDER BY fund_type, fixmedins_code"""
MONTHS = """
    SELECT fund_type, fixmedins_code, month, count(*) AS cases, sum(case_points) AS points
    FROM cases WHERE scope = 'local' GROUP BY fund_type, fixmedins_code, month"""
AWAY = """
    SELECT count(*) AS cases, coalesce(sum(c.due), 0) + coalesce(sum(i.excluded_due), 0) AS due
    FROM cases AS c LEFT JOIN by_item AS i ON i.setl_id = c.setl_id
    WHERE c.scope = 'offsite' AND c.due IS NOT NULL"""
SCOPES = "SELECT count(*) AS cases, count(DISTINCT setl_id) AS ids, count(aux_kind) AS aux FROM cases"
SPECIAL = """
    SELECT count(*) AS rows, coalesce(sum(CASE WHEN c.due = s.due THEN 0 ELSE 1 END), 0) AS apart
    FROM special AS s JOIN cases AS c ON c.setl_id = s.setl_id WHERE s.outcome = 'granted'"""
ZERO = Decimal(0)


def checks(closed: Closed) -> list[Check]:
    """Every identity; each must close."""
    found: list[Check] = []
    local = closed.rows(LOCAL)
    for fund in closed.funds:
        found += _fund(closed, fund, [row for row in local if row["fund_type"] == fund])
    texts = {"int": words.count, "money": words.money}
    drg = [_equal(label, left, right, texts[kind]) for label, kind, left, right in identities(closed)]
    return [*found, *_cases(closed, local), *_others(closed), *drg, *_posted(closed)]


def _equal(label: str, left: Any, right: Any, text: Callable[[Decimal], str] = words.money) -> Check:
    one, two = Decimal(left or 0), Decimal(right or 0)
    return Check(label, text(one), text(two), text(one - two), one == two)


def _most(label: str, left: Any, right: Any, text: Callable[[Decimal], str] = words.money) -> Check:
    """A sum that may not exceed another."""
    one, two = Decimal(left or 0), Decimal(right or 0)
    return Check(label, text(one), text(two), text(two - one), one <= two)


def _none(label: str, wrong: int) -> Check:
    return Check(label, words.count(wrong), "0", words.count(wrong), wrong == 0)


def _fund(closed: Closed, fund: str, local: Sequence[Row]) -> Iterator[Check]:
    name = close_words.fund(fund)
    value, rows = closed.one("values", fund_type=fund) or {}, closed.of("clearing", fund_type=fund)
    months = closed.of("months", fund_type=fund)
    if _shares_exactly(closed) and value.get("settlement_value") is not None:
        yield _equal(f"{name}：各病例应付额之和 = 可分配基金（元）", total(local, "due"), value.get("fund"))
    yield _equal(
        f"{name}：住院DIP预算 = 除外费用 + 可分配基金（元）",
        value.get("budget"),
        value.get("fund", ZERO) + value.get("excluded", ZERO),
    )
    line = budget_of(closed, fund, "line", "dip")
    if line:
        yield _equal(f"{name}：十二个月预算之和 = 住院DIP预算（元）", budget_of(closed, fund, "month"), line)
        yield _most(f"{name}：支出总额（年初）不超过预算收入（元）", budget_of(closed, fund, "line", None, "planned"),
                    budget_of(closed, fund, "income"))  # fmt: skip
    yield _equal(f"{name}：各机构应付额之和 = 各病例应付额之和（元）", total(rows, "entitlement"), total(local, "due"))
    yield _equal(f"{name}：各机构分值之和 = 总分值（分）", total(rows, "points"), value.get("points"), words.points)
    yield _equal(f"{name}：各病例分值之和 = 总分值（分）", total(local, "points"), value.get("points"), words.points)
    yield _equal(
        f"{name}：各机构病例之和 = 按病种分值付费的病例（例）", total(rows, "cases"), total(local, "cases"), words.count
    )
    yield _equal(
        f"{name}：各机构记账额 + 除外应付 = 各病例记账额之和（元）",
        total(rows, "booked") + total(rows, "excluded_due"),
        total(local, "booked"),
    )
    yield _equal(f"{name}：各月记账额之和 = 各机构记账额之和（元）", total(months, "booked"), total(rows, "booked"))
    yield _equal(f"{name}：各月实付之和 = 已按月支付之和（元）", total(months, "paid"), total(rows, "monthly_paid"))
    yield _equal(
        f"{name}：各月质量保证金之和 = 预留的质量保证金（元）", total(months, "deposit"), total(rows, "deposit")
    )
    yield _none(f"{name}：月度应付合计 = 基本 + 调剂 + 除外 = 保证金 + 实付，不符的行", sum(map(_month_apart, months)))
    owed = (
        total(rows, "settled") - total(rows, "deductions") - (total(rows, "deposit") - total(rows, "deposit_returned"))
    )
    cash = total(rows, "monthly_paid") + total(rows, "prepaid") + total(rows, "final")
    yield _equal(f"{name}：已按月支付 + 已预付 + 年末应付 = 应结算额 − 违规扣减 − 未返还保证金（元）", cash, owed)
    yield _none(f"{name}：上式逐家核对，不符的机构", sum(map(_cash_apart, rows)))
    yield _none(
        f"{name}：清算支付 = 核减前 − 核减，应结算额 = 清算支付 + 除外应付，不符的机构", sum(map(_pay_apart, rows))
    )
    reserve = budget_of(closed, fund, "line", "reserve")
    yield _most(
        f"{name}：清算支付合计不超过可分配基金 + 调剂金（元）", total(rows, "pay"), value.get("fund", ZERO) + reserve
    )
    granted = closed.of("prepay", fund_type=fund, outcome="granted")
    yield _equal(f"{name}：预付金之和 = 清算中收回的预付金（元）", total(granted, "amount"), total(rows, "prepaid"))


def _shares_exactly(closed: Closed) -> bool:
    used = closed.parameters
    return used.text("settle.entitlement.basis") in ("", "times_ratio") and used.text("settle.ratio_level") in (
        "",
        "pool",
    )


def _month_apart(row: Row) -> bool:
    return bool(
        row["gross"] != row["base"] + row["extra"] + row["excluded_due"] or row["gross"] != row["deposit"] + row["paid"]
    )


def _cash_apart(row: Row) -> bool:
    owed = row["settled"] - row["deductions"] - (row["deposit"] - row["deposit_returned"])
    return bool(row["monthly_paid"] + row["prepaid"] + row["final"] != owed)


def _pay_apart(row: Row) -> bool:
    cut = row["cut_shared"] + row["cut_retained"]
    return bool(row["pay"] > row["pay_before"] - cut or row["settled"] != row["pay"] + row["excluded_due"])


def _cases(closed: Closed, local: Sequence[Row]) -> Iterator[Check]:
    whole, away = closed.rows(SCOPES)[0], closed.rows(AWAY)[0]
    summary = closed.summary
    yield _none("病例结果中重复的结算ID", whole["cases"] - whole["ids"])
    if "cases" in summary and "rejected" in summary:
        yield _equal(
            "读入病例 − 拒收病例 = 病例结果的行数（例）",
            summary["cases"] - summary["rejected"],
            whole["cases"],
            words.count,
        )
    if closed.engine.rows("SELECT count(*) FROM information_schema.tables WHERE table_name = 'trail'")[0][0]:
        priced = closed.engine.rows("SELECT count(*) FROM trail")[0][0]
        expected = closed.engine.rows("SELECT count(*) FROM cases WHERE bucket IS NOT NULL")[0][0]
        yield _equal("计分病例 = 逐例依据的行数（例）", expected, priced, words.count)
    keyed = {(row["fund_type"], row["fixmedins_code"]): row for row in closed.small["clearing"]}
    apart = sum(
        1 for row in local
        if (one := keyed.get((row["fund_type"], row["fixmedins_code"]))) is None
        or (row["cases"], row["points"], row["due"] or 0) != (one["cases"], one["points"], one["entitlement"])
    )  # fmt: skip
    yield _none("逐家核对病例、分值、应付额，与年度清算不符的机构", apart)
    by_month = {(row["fund_type"], row["fixmedins_code"], row["month"]): row for row in closed.rows(MONTHS)}
    off = sum(
        1
        for row in closed.small["months"]
        if (one := by_month.get((row["fund_type"], row["fixmedins_code"], row["month"]), _EMPTY))["cases"]
        != row["cases"]
        or (one["points"] or ZERO) != row["points"]
    )
    yield _none("逐家逐月核对病例和分值，与月度结算不符的行", off)
    yield _equal(
        "省内异地：各参保地应付之和 = 各病例应付额与除外应付之和（元）",
        total(closed.small["offsite"], "due"),
        away["due"],
    )
    yield _equal(
        "省内异地：各参保地病例之和 = 有应付额的异地病例（例）",
        total(closed.small["offsite"], "cases"),
        away["cases"],
        words.count,
    )
    if closed.small["aux"]:
        yield _equal(
            "辅助分型：各类命中之和 = 命中分型的病例（例）",
            total(closed.small["aux"], "cases_hit"),
            whole["aux"],
            words.count,
        )


_EMPTY = {"cases": 0, "points": ZERO}


def _others(closed: Closed) -> Iterator[Check]:
    for row in closed.small["groups"]:
        members = closed.of("clearing", fund_type=row["fund_type"], group_code=row["group_code"])
        name = f"医共体{row['group_name'] or row['group_code']}（{close_words.fund(row['fund_type'])}）"
        yield _equal(f"{name}：成员清算支付之和 = 合计（元）", total(members, "pay"), row["pay"])
    granted = [row for row in closed.small["special"] if row["outcome"] == "granted"]
    if closed.special_quota is not None:
        yield _most("特例单议：通过的例数不超过限额（例）", len(granted), closed.special_quota, words.count)
    if granted:
        found = closed.rows(SPECIAL)[0]
        yield _none("特例单议：应付额与病例结果不符或找不到的病例", int(found["apart"]) + len(granted) - found["rows"])
    if closed.small["beds"] and closed.small["bed_supply"]:
        yield _equal(
            "床位：各区县占用床日之和 = 各机构占用床日之和（床日）",
            total(closed.small["bed_supply"], "occupied"),
            total(closed.small["beds"], "occupied"),
            words.count,
        )


def _kind_sums(closed: Closed) -> dict[str, tuple[Decimal, Decimal]]:
    """By kind of entry (the letters its number begins with): what stands in the books, and what the year comes to."""
    rows, months, given = closed.small["clearing"], closed.small["months"], closed.small["prepay"]
    gross: dict[tuple[str, str], Decimal] = {}
    for row in months:
        place = row["fund_type"], row["fixmedins_code"]
        gross[place] = gross.get(place, ZERO) + row["gross"]
    moved = sum(
        (abs(row["settled"] - gross.get((row["fund_type"], row["fixmedins_code"]), ZERO)) for row in rows), ZERO
    )
    due = {
        "JS": total(months, "gross"), "BF": total(months, "paid"), "BZ": total(rows, "deposit"),
        "KJ": total(rows, "deductions"), "QS": moved, "YD": _offsite_debits(closed),
        "YF": total([row for row in given if row["outcome"] == "granted"], "amount"), "YH": total(rows, "prepaid"),
    }  # fmt: skip
    held = dict.fromkeys(due, ZERO)
    for row in closed.posted:
        if row["kind"] in held and row["outcome"] in STANDS:
            held[row["kind"]] += row["amount"]
    return {kind: (held[kind], due[kind]) for kind in due}


def _offsite_debits(closed: Closed) -> Decimal:
    """What the entries of offsite clearing debit: each hospital's home pools, and the hospital where they owe less than
    nothing together. A line below zero stands on the other side of its entry.
    """
    pools: dict[tuple[str, str], dict[str, Decimal]] = {}
    for row in closed.small["offsite"]:
        own = pools.setdefault((row["fund_type"], row["fixmedins_code"]), {})
        pool = home_pool(row["insuplc_admdvs"])
        own[pool] = own.get(pool, ZERO) + row["due"]
    lines = [amount for own in pools.values() for amount in (*own.values(), -sum(own.values(), ZERO))]
    return sum((amount for amount in lines if amount > 0), ZERO)


def _posted(closed: Closed) -> Iterator[Check]:
    """The entries of each kind against the clearing, as far as the kind was posted at all."""
    if not closed.posted:
        return
    yield _none("记账：没有记上账的凭证（张）", len(closed.refused))
    for kind, (held, due) in _kind_sums(closed).items():
        if held or kind not in ("BF", "YF", "YH"):
            yield _equal(f"记账：{PREFIXES[kind]}凭证合计 = 清算结果（元）", held, due)


def check_grid(found: Sequence[Check]) -> Grid:
    """The checks as a table."""
    rows = [(one.label, one.left, one.right, one.difference, "相符" if one.closes else "不符") for one in found]
    return Grid("勾稽核对", "见各行", columns("核对* 左边 右边 差额 结果*"), rows,
                note="左右两边取自结果文件夹里不同的文件。“不超过”的各行，差额为还有多少余地。")  # fmt: skip


def postings(closed: Closed, statements: Sequence[str] | None = None) -> dict[str, Any]:
    """Section 13: the postings by batch, and where the statements stand (by default those found in the folder)."""
    batches: dict[tuple[str, str], list[Row]] = {}
    for row in closed.posted:
        batches.setdefault((str(row["batch"]), str(row["outcome"])), []).append(row)
    ordered = sorted(
        batches.items(), key=lambda one: (one[0][0] != OWN, _days(one[1]), one[0][0].endswith("QS"), one[0])
    )
    shown = [
        (batch_name(batch), _days(held), close_words.POSTED.get(outcome, outcome),
         words.count(sum(row["entries"] for row in held)),
         words.money(total(held, "amount")), "期初余额、收入、拨款等" if batch == OWN else _kinds(held))
        for (batch, outcome), held in ordered
    ]  # fmt: skip
    heads = columns("批次* 记账日期* 结果* 凭证数 借方金额 内容*")
    folder = closed.folder / "statements"
    found = [str(path.relative_to(folder)) for path in folder.rglob("*.*")] if statements is None else statements
    files = sorted(found) if batches else []
    return {
        "any": bool(batches), "statements": files,
        "grid": Grid("记账凭证，按批次", "凭证 张，金额 元", heads, shown, note="一批凭证同时记入或都不记。"),
    }  # fmt: skip


_TAILS = {"YF": "预付金", "QS": "年度清算"}


def batch_name(batch: str) -> str:
    """A batch in words: ``370300-310-202501`` is 职工医保2025年1月结算; another name as it is."""
    if batch == OWN:
        return "账套自己的凭证"
    parts = batch.split("-")
    if len(parts) == 4 and parts[3] in _TAILS:
        return f"{close_words.fund(parts[1])}{parts[2]}年{_TAILS[parts[3]]}"
    if len(parts) == 3 and len(parts[2]) == 6:
        return f"{close_words.fund(parts[1])}{parts[2][:4]}年{int(parts[2][4:])}月结算"
    return batch


def _days(rows: Sequence[Row]) -> str:
    first, last = min(row["first"] for row in rows), max(row["last"] for row in rows)
    return f"{first}" if first == last else f"{first} 至 {last}"


def kind_name(row: Row) -> str:
    """What summed entries do, by the letters their numbers begin with; of the books' own entries that they are so."""
    return "期初余额、收入、拨款等" if row["batch"] == OWN else str(PREFIXES.get(row["kind"], row["kind"]))


def _kinds(rows: Sequence[Row]) -> str:
    by: dict[str, int] = {}
    for row in rows:
        by[kind_name(row)] = by.get(kind_name(row), 0) + row["entries"]
    return "、".join(f"{kind}{words.count(n)}张" for kind, n in by.items())
