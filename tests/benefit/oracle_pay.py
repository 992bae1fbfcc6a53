"""What each fund pays of a claim: told once more from RULEBOOK §2 and docs/internals/benefit.md in `decimal`, in 元 not
fen, accumulators by name. The product is not used here.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal

from benefit.oracle_law import Ask, rate
from benefit.oracle_lines import CENT, ZERO, Lines, Row

ONE = Decimal(1)
Band = tuple[Decimal, Decimal | None, Decimal]


def cents(value: Decimal) -> Decimal:
    """元 to the fen, a half up."""
    return value.quantize(CENT, ROUND_HALF_UP)


def benefit(bands: list[Band], amount: Decimal) -> Decimal:
    """F: each band's part of the amount at its rate, rounded once."""
    parts = (max(ZERO, min(amount, high if high is not None else amount) - low) * share for low, high, share in bands)
    return cents(sum(parts, ZERO))


def rise(bands: list[Band], before: Decimal, amount: Decimal) -> Decimal:
    return benefit(bands, before + amount) - benefit(bands, before)


@dataclass
class Bill:
    """One settlement as it is being worked out, and all that has to be undone to reverse it."""

    claim: Row
    outcome: str
    year: int
    insutype: str
    kind: str
    law_day: date
    amounts: dict[str, Decimal]
    moves: list[tuple[str, int, str, Decimal]] = field(default_factory=list)
    limits: list[tuple[str, ...]] = field(default_factory=list)
    draws: list[tuple[str, Decimal]] = field(default_factory=list)
    ordinary: Decimal = ZERO
    special: Decimal = ZERO
    over_cap: Decimal = ZERO
    paid: dict[str, Decimal] = field(default_factory=dict)

    def funds(self, *but: str) -> Decimal:
        return sum((paid for name, paid in self.paid.items() if name not in but), ZERO)

    def left_in_scope(self) -> Decimal:
        """What no fund has paid yet of what is in scope."""
        return max(ZERO, self.ordinary + self.special - self.funds())


class Payer:
    """From the lines of a claim to what every fund pays of it. ``sums`` are the accumulators by owner, year and name;
    ``seen`` the years of people in which something worth counting happened.
    """

    def __init__(self, lines: Lines, home: dict[str, str], reward: dict[tuple[str, int], Decimal]) -> None:
        self.lines, self.home, self.reward = lines, home, reward
        self.insured: set[tuple[str, str]] = set()
        self.sums: dict[tuple[str, int, str], Decimal] = defaultdict(Decimal)
        self.seen: dict[str, set[tuple[str, int]]] = defaultdict(set)

    def see(self, what: str, bill: Bill) -> None:
        self.seen[what].add((bill.claim["psn_no"], bill.year))

    def pay(self, bill: Bill, ask: Ask) -> None:
        self.scope(bill, ask)
        self.pool(bill, ask, self.deduct(bill, ask))
        self.special(bill, ask)
        layers = ask.names("benefit.layers")
        for name in ("large", "critical", "aid", "civil", "household"):
            if name in layers:
                getattr(self, name)(bill, ask)
        if "commercial" in layers and (bill.claim["psn_no"], str(bill.year)) in self.insured:
            self.commercial(bill, ask)

    def scope(self, bill: Bill, ask: Ask) -> None:
        """Each sum of the lines once to the fen; what is in scope is the rest."""
        parts = self.lines.scope(bill.claim, bill.limits)
        left, sums = bill.amounts["medfee_sumamt"], []
        for exact in (
            sum((one.ownpay for one in parts), ZERO),
            sum((one.overlimit for one in parts), ZERO),
            sum((one.preself for one in parts if not one.special), ZERO),
            sum((one.preself for one in parts if one.special), ZERO),
            sum((one.inscope for one in parts if one.special), ZERO),
        ):
            sums.append(min(left, cents(exact)))
            left -= sums[-1]
        ownpay, over, first, special_first, bill.special = sums
        moved = cents(left * ask.rate("offsite.adjust")) if ask.text("offsite.adjust.type") == "pre_self" else ZERO
        bill.ordinary = left - moved
        bill.amounts |= {
            "fulamt_ownpay_amt": ownpay, "overlmt_selfpay": over, "preselfpay_amt": first + special_first + moved,
            "inscp_scp_amt": bill.ordinary + bill.special,
        }  # fmt: skip

    # ── accumulators ──

    def so_far(self, bill: Bill, slot: str, owner: str = "") -> Decimal:
        return self.sums[owner or bill.claim["psn_no"], bill.year, slot]

    def add(self, bill: Bill, slot: str, amount: Decimal, owner: str = "") -> None:
        move = (owner or bill.claim["psn_no"], bill.year, slot, amount)
        self.sums[move[:3]] += amount
        bill.moves.append(move)

    def within_caps(self, bill: Bill, ask: Ask, key: str, full: Decimal, more: Decimal = ZERO) -> Decimal:
        """The least that any cap leaves, and that much counted on each; ``more`` raises the first."""
        paid, slots = full, []
        for name in ask.names(key):
            slots.append(f"paid:{name}:{ask.facts['dise_codg']}" if name.endswith(".dise") else f"paid:{name}")
            limit = ask.yuan("benefit.cap", cap=name) + (more if len(slots) == 1 else ZERO)
            paid = min(paid, max(ZERO, limit - self.so_far(bill, slots[-1])))
        for slot in slots:
            self.add(bill, slot, paid)
        if paid < full:
            self.see("cap crossing", bill)
        return paid

    # ── the pool ──

    def deduct(self, bill: Bill, ask: Ask) -> Decimal:
        """起付线; returns what is left of the ordinary scope."""
        basis, amount = ask.text("benefit.deductible.basis"), ZERO
        stays = self.so_far(bill, "stays")
        if bill.kind in ("inpatient", "home_bed") or basis == "stay":
            self.add(bill, "stays", ONE)
        if basis != "none":
            amount = ask.yuan("benefit.deductible")
        if basis == "stay":
            steps = ask.names("benefit.deductible.steps")
            amount = cents(amount * rate(steps[min(int(stays), len(steps) - 1)]))
        slot = f"deductible:{ask.text('benefit.deductible.group')}" if basis == "year" else ""
        if slot:
            amount = max(ZERO, amount - self.so_far(bill, slot))
        amount = min(amount, bill.ordinary)
        if slot:
            self.add(bill, slot, amount)
        bill.amounts["act_pay_dedc"] = amount
        return bill.ordinary - amount

    def rate_here(self, ask: Ask, share: Decimal) -> Decimal:
        """A rate with its uplifts, less what care elsewhere costs."""
        share += sum((ask.rate(f"benefit.rate.uplift.{name}") for name in ask.names("benefit.rate.uplifts")), ZERO)
        how = ask.text("offsite.adjust.type")
        if how == "points":
            share -= ask.rate("offsite.adjust")
        if how == "multiply":
            share *= ask.rate("offsite.adjust")
        return min(max(share, ZERO), ONE)

    def pool(self, bill: Bill, ask: Ask, base: Decimal) -> None:
        before = ZERO
        if ask.has("benefit.bands"):
            bands = [(low, high, self.rate_here(ask, share)) for low, high, share in table(ask, "benefit.bands")]
            if ask.text("benefit.bands.basis") == "year":
                before = self.so_far(bill, f"scope:{bill.kind}")
                self.add(bill, f"scope:{bill.kind}", base)
        else:
            bands = [(ZERO, None, self.rate_here(ask, ask.rate("benefit.rate")))]
        full = rise(bands, before, base)
        bill.paid["pool"] = self.within_caps(bill, ask, "benefit.caps", full)
        if bill.paid["pool"] < full:
            bill.over_cap = base - bought(bands, before, base, bill.paid["pool"])

    def special(self, bill: Bill, ask: Ask) -> None:
        if bill.special and ask.has("special.rate"):
            full = cents(bill.special * ask.rate("special.rate"))
            bill.paid["special"] = self.within_caps(bill, ask, "special.caps", full)

    # ── what comes after the pool ──

    def special_left(self, bill: Bill, ask: Ask) -> Decimal:
        counts = ask.has("special.rate") and ask.flag("special.counts_critical")
        return bill.special - bill.paid.get("special", ZERO) if counts else ZERO

    def large(self, bill: Bill, ask: Ask) -> None:
        base = bill.over_cap
        if ask.text("large.basis") == "burden":
            base = bill.ordinary - bill.paid["pool"] + self.special_left(bill, ask)
        full = rise(table(ask, "large.bands"), self.so_far(bill, "large"), base)
        self.add(bill, "large", base)
        bill.paid["large"] = self.within_caps(bill, ask, "large.caps", full)

    def critical(self, bill: Bill, ask: Ask) -> None:
        base = bill.ordinary - bill.paid["pool"] - bill.paid.get("large", ZERO) + self.special_left(bill, ask)
        if ask.flag("critical.counts_preself"):
            base += bill.amounts["preselfpay_amt"]
        floor, before = ask.yuan("critical.deductible"), self.so_far(bill, "critical")
        bands = [
            (max(low, floor), high, share)
            for low, high, share in table(ask, "critical.bands")
            if high is None or high > floor
        ]
        more = self.reward.get((bill.claim["psn_no"], bill.year), ZERO) if ask.flag("critical.reward") else ZERO
        self.add(bill, "critical", base)
        bill.paid["critical"] = self.within_caps(bill, ask, "critical.caps", rise(bands, before, base), more)
        if before <= floor < before + base:
            self.see("critical crossing", bill)

    def above(self, bill: Bill, ask: Ask, slot: str, base: Decimal, floor: str = "deductible") -> Decimal:
        """A rate on what the year's amount of a layer exceeds its deductible by; never more than the base."""
        band: Band = (ask.yuan(f"{slot}.{floor}"), None, ask.rate(f"{slot}.rate"))
        name = slot.removeprefix("aid.")
        paid = rise([band], self.so_far(bill, name), base)
        self.add(bill, name, base)
        return min(base, paid)

    def aid(self, bill: Bill, ask: Ask) -> None:
        full = self.above(bill, ask, "aid", bill.left_in_scope())
        bill.paid["aid"] = self.within_caps(bill, ask, "aid.caps", full)
        if ask.flag("aid.tilt"):
            bill.paid["tilt"] = self.above(bill, ask, "aid.tilt", bill.left_in_scope())

    def civil(self, bill: Bill, ask: Ask) -> None:
        full = self.above(bill, ask, "civil", bill.left_in_scope())
        bill.paid["civil"] = self.within_caps(bill, ask, "civil.caps", full)

    def household(self, bill: Bill, ask: Ask) -> None:
        """What the family pays itself in a year beyond its cap is paid in full."""
        base = bill.left_in_scope()
        if ask.text("household.counts") == "all":
            base = bill.amounts["medfee_sumamt"] - bill.funds()
        owner = self.home.get(bill.claim["psn_no"], bill.claim["psn_no"])
        before, cap = self.so_far(bill, "household", owner), ask.yuan("household.self_cap")
        bill.paid["household"] = max(ZERO, before + base - cap) - max(ZERO, before - cap)
        self.add(bill, "household", base, owner)

    def commercial(self, bill: Bill, ask: Ask) -> None:
        rest = bill.amounts["medfee_sumamt"] - bill.funds()
        outside = min(rest, bill.amounts["fulamt_ownpay_amt"] + bill.amounts["overlmt_selfpay"])
        full = self.above(bill, ask, "commercial.in", rest - outside)
        full += self.above(bill, ask, "commercial.out", outside)
        bill.paid["commercial"] = self.within_caps(bill, ask, "commercial.caps", min(full, rest))


def table(ask: Ask, key: str) -> list[Band]:
    """Bands as written: from, to, rate."""
    rows = ask.value(key)
    return [
        (Decimal(row["from"]), Decimal(row["to"]) if row.get("to") else None, rate(row["rate"])) for row in rows
    ]  # fmt: skip


def bought(bands: list[Band], before: Decimal, amount: Decimal, paid: Decimal) -> Decimal:
    """How much of an amount a payment covers, from the first band on: what lies beyond, the caps left unpaid."""
    left, covered = paid, ZERO
    for low, high, share in bands:
        upper = before + amount if high is None else min(before + amount, high)
        part = max(ZERO, upper - max(before, low))
        taken = part if share == 0 else min(part, (left / share).quantize(CENT, ROUND_FLOOR))
        covered, left = covered + taken, left - taken * share
        if taken < part:
            break
    return min(amount, covered)
