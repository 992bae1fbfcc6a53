"""A city's claims settled once more, one after the other: cover, what the funds pay, accounts, reversals. Told from
RULEBOOK §2 and docs/internals/benefit.md; the product is not used here.
"""

import csv
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from benefit.oracle_facts import Facts
from benefit.oracle_law import Ask, OracleLaw
from benefit.oracle_lines import ZERO, Cover, Lines, Row, Tables, by, holds, on
from benefit.oracle_pay import Bill, Payer

AMOUNTS = (
    "medfee_sumamt", "fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt", "act_pay_dedc",
    "hifp_pay", "cvlserv_pay", "hifmi_pay", "hifob_pay", "maf_pay", "oth_pay", "fund_pay_sumamt", "psn_part_amt",
    "acct_pay", "acct_mulaid_pay", "psn_cash_pay",
)  # fmt: skip


def read_tables(folder: Path) -> Tables:
    found = {}
    for file in sorted(folder.glob("*.csv")):
        with file.open(encoding="utf-8", newline="") as lines:
            found[file.stem] = list(csv.DictReader(lines))
    return found


class Oracle(Payer):
    """Settles the tables of a folder: ``bills`` is what was written, ``refused`` what was not, ``balances`` money."""

    def __init__(self, folder: Path, law: OracleLaw) -> None:
        tables = read_tables(folder)
        home = {row["psn_no"]: row["household_no"] for row in tables.get("households", [])}
        reward = {
            (row["psn_no"], int(row["year"])): Decimal(row["cont_amt"] or 0) + Decimal(row["zero_amt"] or 0)
            for row in tables.get("incentives", [])
        }
        super().__init__(Lines(tables), home, reward)
        self.law, self.tables, self.facts = law, tables, Facts(tables, law)
        self.insured = {(row["psn_no"], row["year"]) for row in tables.get("supplement_insured", [])}
        self.balances: dict[str, Decimal] = defaultdict(Decimal)
        self.frozen = {
            row["psn_no"] for row in tables.get("acct_balances", []) if row["acct_stas"] not in ("", "normal")
        }
        for row in tables.get("acct_balances", []):
            self.balances[row["psn_no"]] = Decimal(row["balc"])
        self.sharers = by(tables.get("acct_bindings", []), "psn_no")
        self.bills: dict[str, Bill] = {}
        self.refused: dict[str, str] = {}
        self.reversed: set[str] = set()
        self.undone: set[tuple[str, int]] = set()

    def run(self) -> "Oracle":
        for row in self.queue():
            if "credit_id" in row:
                self.balances[row["psn_no"]] += Decimal(row["credit_amt"])
            elif row["refd_setl_flag"] == "1":
                self.reverse(row)
            else:
                self.claim(row)
        return self

    def queue(self) -> Iterator[Row]:
        """Money for an account first on its day, then settlements by time, reversals after the others of their moment,
        then by id."""
        credits = [((on(row["credit_date"]), 0, "", False, ""), row) for row in self.tables.get("acct_credits", [])]
        claims = [
            ((on(row["setl_time"]), 1, row["setl_time"], row["refd_setl_flag"] == "1", row["setl_id"]), row)
            for row in self.tables["claims"]
        ]  # fmt: skip
        for _, row in sorted([*credits, *claims], key=lambda one: one[0]):
            yield row

    # ── one claim ──

    def claim(self, row: Row) -> None:
        total = Decimal(row["medfee_sumamt"])
        lines = sum(
            (Decimal(one["det_item_fee_sumamt"]) for one in self.lines.of_claim.get((row["setl_id"],), [])), ZERO
        )
        if self.lines.negative(row["setl_id"]):
            self.refused[row["setl_id"]] = "negative_line"
            return
        if lines != total:
            self.refused[row["setl_id"]] = "lines_do_not_sum"
            return
        if row["fixmedins_code"] not in self.facts.places:
            self.refused[row["setl_id"]] = "unknown_institution"
            return
        bill, ask = self.opened(row, total)
        if bill.outcome == "settled":
            self.pay(bill, ask)
        else:
            bill.amounts["fulamt_ownpay_amt"] = total
        self.close(bill, ask)
        self.bills[row["setl_id"]] = bill
        self.note(bill)

    def opened(self, row: Row, total: Decimal) -> tuple[Bill, Ask]:
        """Cover, kind and the law of the claim's day; and whether anything is paid at all."""
        days = self.facts.days(row)
        ask = Ask(self.law, days["settlement"], {"med_type": row["med_type"]})
        kind = ask.text("benefit.kind")
        ask.facts = {"kind": kind}
        day, year = days[ask.text("benefit.law_day")], days[ask.text("benefit.year_of")].year
        cover = self.facts.covers.on_day(row["psn_no"], day)
        if kind == "chronic" and cover.insutype:
            two = Ask(self.law, day, {"insutype": cover.insutype})
            if two.has("benefit.two_diseases.codes") and row["dise_codg"] in two.names("benefit.two_diseases.codes"):
                kind = "two_diseases"
        facts = self.facts.of(row, cover, kind, day)
        ask = Ask(self.law, day, facts)
        outcome = self.outcome(row, cover, ask) if cover.outcome == "covered" else cover.outcome
        amounts = dict.fromkeys(AMOUNTS, ZERO) | {"medfee_sumamt": total}
        return Bill(row, outcome, year, cover.insutype, kind, day, amounts), ask

    def outcome(self, row: Row, cover: Cover, ask: Ask) -> str:
        if not ask.facts["hosp_lv"] and ask.facts["fixmedins_type"] == "1":
            return "unknown_level"
        if ask.flag("benefit.approval") and not self.facts.approved(row, ask.day):
            return "not_approved"
        if ask.text("benefit.points.rule") == "chosen" and ask.facts["point"] == "none":
            exempt = ask.names("benefit.points.exempt")
            if ask.facts["access"] not in exempt:
                return "not_selected_point"
        return "settled"

    # ── who pays what is left ──

    def close(self, bill: Bill, ask: Ask) -> None:
        paid, amounts = defaultdict(Decimal, bill.paid), bill.amounts
        employee = bill.insutype == "310"
        amounts |= {
            "hifp_pay": paid["pool"] + paid["special"], "cvlserv_pay": paid["civil"],
            "hifmi_pay": paid["critical"] + (ZERO if employee else paid["large"]),
            "hifob_pay": paid["large"] if employee else ZERO, "maf_pay": paid["aid"] + paid["tilt"],
            "oth_pay": paid["household"] + paid["commercial"], "fund_pay_sumamt": bill.funds(),
            "psn_part_amt": amounts["medfee_sumamt"] - bill.funds(),
        }  # fmt: skip
        if bill.outcome == "settled" and (how := ask.text("account.pays")) != "none":
            outside = amounts["fulamt_ownpay_amt"] + amounts["overlmt_selfpay"] if how == "self_pay" else ZERO
            self.accounts(bill, ask, max(ZERO, amounts["psn_part_amt"] - outside))
        amounts["acct_mulaid_pay"] = sum((one for who, one in bill.draws if who != bill.claim["psn_no"]), ZERO)
        amounts["acct_pay"] = sum((one for _, one in bill.draws), ZERO)
        amounts["psn_cash_pay"] = amounts["psn_part_amt"] - amounts["acct_pay"]

    def accounts(self, bill: Bill, ask: Ask, left: Decimal) -> None:
        """The own account, then those who share theirs on the day of settlement, in the order of binding."""
        owners, today = [bill.claim["psn_no"]], on(bill.claim["setl_time"])
        if ask.flag("account.mutual"):
            rows = self.sharers.get((bill.claim["psn_no"],), [])
            rows = sorted(rows, key=lambda row: (int(row["bind_seq"]), row["bind_id"]))
            owners += [row["owner_psn_no"] for row in rows if holds(row, today)]
        for owner in owners:
            taken = ZERO if owner in self.frozen else min(left, self.balances[owner])
            if taken > 0:
                self.balances[owner] -= taken
                bill.draws.append((owner, taken))
                left -= taken

    # ── reversals ──

    def reverse(self, row: Row) -> None:
        bill = self.bills.get(row["init_setl_id"])
        fault = self.fault(row, bill)
        if fault or bill is None:
            self.refused[row["setl_id"]] = fault
            return
        self.reversed.add(row["init_setl_id"])
        for owner, year, slot, amount in reversed(bill.moves):
            self.sums[owner, year, slot] -= amount
        self.lines.give_back(bill.limits)
        for owner, taken in bill.draws:
            self.balances[owner] += taken
        amounts = {name: -amount for name, amount in bill.amounts.items()}
        self.bills[row["setl_id"]] = Bill(
            row, "reversed", bill.year, bill.insutype, bill.kind, bill.law_day, amounts,
            draws=[(owner, -taken) for owner, taken in bill.draws],
        )  # fmt: skip
        if bill.moves:
            self.undone.add((row["psn_no"], bill.year))

    def fault(self, row: Row, bill: Bill | None) -> str:
        if bill is None or bill.outcome == "reversed":
            return "unknown_reversal"
        was, whole, back = bill.claim, Decimal(bill.claim["medfee_sumamt"]), Decimal(row["medfee_sumamt"])
        same = was["psn_no"] == row["psn_no"] and was["fixmedins_code"] == row["fixmedins_code"]
        if not same or back > whole:
            return "reversal_differs"
        if back < whole:
            return "partial_not_allowed"
        return "reversed_already" if row["init_setl_id"] in self.reversed else ""

    # ── what was seen ──

    def note(self, bill: Bill) -> None:
        if bill.outcome != "settled":
            return
        days, person_year = self.facts.days(bill.claim), (bill.claim["psn_no"], bill.year)
        if person_year in self.undone:
            self.see("reversal before a later claim", bill)
        if bill.amounts["acct_mulaid_pay"]:
            self.see("mutual aid", bill)
        if bill.kind == "inpatient" and days["admission"].year != days["discharge"].year:
            self.see("cross-year stay", bill)
        prefixes = ("benefit.", "offsite.", "large.", "critical.", "aid.", "household.", "account.")
        if bill.kind == "inpatient" and self.law.changed_between(days["admission"], days["discharge"], prefixes):
            self.see("change of law during a stay", bill)
