"""A settlement as a bill: every yuan with how it came about and the rule it rests on.

Made from what is stored (a row of results, the terms it was settled by), so nothing is computed twice. Amounts are fen.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from yibao.benefit import plan as p
from yibao.benefit.outcomes import BY_NUMBER
from yibao.kernel import Step, yuan_text


class Cited(NamedTuple):
    """A parameter as it was read: its value, where it stands, and whether nobody in authority has printed it."""

    value: str
    source: str
    unverified: bool


def bill(plan: Sequence[int], place: int, cited: Mapping[str, Cited], result: Sequence[int]) -> list[Step]:
    """The steps of a settlement whose terms stand at ``place`` of the plan; ``cited`` are their parameters."""
    return list(_Bill(plan, place, cited, result).steps())


class _Bill:
    def __init__(self, plan: Sequence[int], place: int, cited: Mapping[str, Cited], result: Sequence[int]) -> None:
        self.plan, self.place, self.cited, self.result = plan, place, cited, result

    def steps(self) -> Iterator[Step]:
        r = self.result
        outcome = BY_NUMBER[r[p.R_OUTCOME]]
        yield Step("医疗费总额", yuan_text(r[p.R_TOTAL]), "元")
        if outcome.number:
            yield Step("结算结果", outcome.label, "", outcome.next_step)
        yield from self.scope()
        if not outcome.number:
            yield from self.pool()
            yield from self.layers()
        yield self.step("基金支付合计", r[p.R_FUND], "以上各项之和")
        yield self.step("个人负担", r[p.R_PATIENT], f"{yuan_text(r[p.R_TOTAL])} − {yuan_text(r[p.R_FUND])}")
        if r[p.R_ACCOUNT]:
            yield self.step("个人账户支付", r[p.R_ACCOUNT], "本人账户", "account.pays")
        if r[p.R_MUTUAL]:
            yield self.step("家庭共济支付", r[p.R_MUTUAL], "近亲属账户，按绑定次序", "account.mutual")
        yield self.step("个人现金", r[p.R_CASH], "个人负担减去账户支付")

    def step(self, label: str, fen: int, detail: str = "", *keys: str) -> Step:
        """An amount with the first of the keys that was read as its ground."""
        found = next((key for key in keys if key in self.cited), "")
        if not found:
            return Step(label, yuan_text(fen), "元", detail)
        doubt = any(self.cited[key].unverified for key in keys if key in self.cited)
        return Step(label, yuan_text(fen), "元", detail, found, self.cited[found].source, doubt)

    def term(self, place: int) -> int:
        return self.plan[self.place + place]

    def scope(self) -> Iterator[Step]:
        """The parts of the total."""
        r = self.result
        if r[p.R_OUTCOME]:
            yield self.step("全自费", r[p.R_OWNPAY], "没有待遇，全部由个人负担")
            return
        for label, place, detail in (
            ("全自费", p.R_OWNPAY, "丙类、目录外、不符合限定支付或超出限量的部分"),
            ("超限价自付", p.R_OVERLIMIT, "单价超过支付上限的部分"),
            ("先行自付", p.R_PRESELF, "乙类项目先由个人负担的部分"),
        ):
            if r[place]:
                share = self.term(p.T_PRE_SELF) if place == p.R_PRESELF else 0
                more = f"；异地就医先行自付{_percent(share)}" if share else ""
                yield self.step(label, r[place], detail + more, *(("offsite.adjust",) if share else ()))
        yield self.step("符合政策范围", r[p.R_INSCOPE], "医疗费总额减去以上各项")

    def pool(self) -> Iterator[Step]:
        """Deductible, rate and caps of the pool, and 特药."""
        r = self.result
        if self.term(p.T_DED_BASIS) != p.BASIS_NONE and self.term(p.T_DED_AMOUNT):
            yield self.step("起付线", r[p.R_DEDUCTIBLE], self.deductible(), "benefit.deductible")
        base = yuan_text(r[p.R_PAID_BASE])
        parts = " + ".join(self.parts(p.T_BANDS_AT, p.T_BANDS_N, r[p.R_BANDS_BEFORE], r[p.R_PAID_BASE]))
        detail = f"起付线以上{base}元：{parts or base + ' × 0'}"
        if self.term(p.T_BANDS_SLOT) >= 0:
            detail += f"；按年度累计分段，此前累计{yuan_text(r[p.R_BANDS_BEFORE])}元"
        if r[p.R_BASIC] < r[p.R_POOL_FULL]:
            detail += (
                f"；应为{yuan_text(r[p.R_POOL_FULL])}元，受年度限额限制，超限额的费用{yuan_text(r[p.R_OVER_CAP])}元"
            )
        rises = [key for key in self.cited if key.startswith("benefit.rate.uplift.")]
        yield self.step("统筹基金支付", r[p.R_BASIC], detail, "benefit.bands", "benefit.rate", *rises, "offsite.adjust")
        if r[p.R_SPECIAL_SCOPE]:
            scope = yuan_text(r[p.R_SPECIAL_SCOPE])
            rate = _percent(self.term(p.T_SPECIAL_RATE))
            yield self.step("特药单行支付", r[p.R_SPECIAL], f"{scope} × {rate}，不计起付线", "special.rate")

    def deductible(self) -> str:
        """How the deductible of this claim comes about."""
        r, amount, basis = self.result, yuan_text(self.term(p.T_DED_AMOUNT)), self.term(p.T_DED_BASIS)
        if basis == p.BASIS_YEAR:
            return f"年度起付线{amount}元，此前已付{yuan_text(r[p.R_DED_BEFORE])}元"
        if basis == p.BASIS_STAY:
            step = min(r[p.R_STAYS_BEFORE], self.term(p.T_STEPS_N) - 1)
            factor = _percent(self.plan[self.term(p.T_STEPS_AT) + step])
            return f"起付标准{amount}元，本年第{r[p.R_STAYS_BEFORE] + 1}次住院，按{factor}"
        return f"每次{amount}元，不超过范围内费用"

    def parts(self, at: int, count: int, before: int, amount: int) -> Iterator[str]:
        """The part of each band of an amount and its rate, as text."""
        first = self.term(at)
        for place in range(first, first + (self.term(count) if count >= 0 else 1) * p.BAND, p.BAND):
            low, high, rate = self.plan[place : place + p.BAND]
            upper = before + amount if high < 0 else min(before + amount, high)
            part = upper - max(before, low)
            if part > 0:
                yield f"{yuan_text(part)} × {_percent(rate)}"

    def cumulative(self, before: int, base: int, at: int, count: int) -> str:
        """What a layer on the year's cumulative amount pays for."""
        parts = " + ".join(self.parts(at, count, before, base)) or "没有超过起付标准"
        return f"本次{yuan_text(base)}元，本年累计由{yuan_text(before)}元到{yuan_text(before + base)}元：{parts}"

    def layers(self) -> Iterator[Step]:
        """What comes after the pool, as far as the law has it here."""
        r = self.result
        if self.term(p.T_LARGE_MODE) != p.LARGE_NONE:
            said = self.cumulative(r[p.R_LARGE_BEFORE], r[p.R_LARGE_BASE], p.T_LARGE_BANDS_AT, p.T_LARGE_BANDS_N)
            yield self.step("职工大额支付", r[p.R_LARGE], said, "large.bands")
        if self.term(p.T_CRITICAL_ON):
            said = self.cumulative(
                r[p.R_CRITICAL_BEFORE], r[p.R_CRITICAL_BASE], p.T_CRITICAL_BANDS_AT, p.T_CRITICAL_BANDS_N
            )
            used = f"；其中使用激励额度{yuan_text(r[p.R_REWARD])}元" if r[p.R_REWARD] else ""
            yield self.step("大病保险支付", r[p.R_CRITICAL], said + used, "critical.bands", "critical.deductible")
        if self.term(p.T_AID_ON):
            said = self.cumulative(r[p.R_AID_BEFORE], r[p.R_AID_BASE], p.T_AID_BANDS_AT, -1)
            yield self.step("医疗救助支付", r[p.R_AID], said, "aid.rate", "aid.deductible")
            if self.term(p.T_TILT_SLOT) >= 0:
                rest = f"救助后仍负担{yuan_text(r[p.R_TILT_BASE])}元"
                yield self.step("倾斜救助支付", r[p.R_TILT], rest, "aid.tilt.rate", "aid.tilt.deductible")
        for on, label, place, base, key in (
            (p.T_CIVIL_ON, "公务员补助支付", p.R_CIVIL, p.R_CIVIL_BASE, "civil.rate"),
            (p.T_HOUSEHOLD_ON, "家庭自付封顶支付", p.R_HOUSEHOLD, p.R_HOUSEHOLD_BASE, "household.self_cap"),
        ):
            if self.term(on):
                yield self.step(label, r[place], f"此前各项之后仍负担{yuan_text(r[base])}元", key)
        if self.term(p.T_COMMERCIAL_ON) and (r[p.R_COMMERCIAL_IN] or r[p.R_COMMERCIAL_OUT]):
            inside, outside = yuan_text(r[p.R_COMMERCIAL_IN]), yuan_text(r[p.R_COMMERCIAL_OUT])
            said = f"范围内负担{inside}元，范围外负担{outside}元"
            yield self.step("惠民保支付", r[p.R_COMMERCIAL], said, "commercial.in.rate", "commercial.out.rate")


def _percent(ppm: int) -> str:
    """A rate of parts per million: ``65%``, ``2.5%``."""
    whole, rest = divmod(ppm, 10_000)
    return f"{whole}.{rest:04d}".rstrip("0").rstrip(".") + "%"
