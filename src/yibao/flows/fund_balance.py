"""How accounts stand: posted, held, and what their limits leave; on a day or with everything booked so far."""

from datetime import date
from typing import NamedTuple

from yibao.flows.fund_setting import FundError
from yibao.fund.records import Account, Side
from yibao.fund.view import Bounds, Totals
from yibao.store import Store, journal, ledger, readings


class Standing(NamedTuple):
    """An account in fen, all on its normal side. Limits are those in force now, None where there is none.

    ``held_up`` and ``held_down`` are reservations that would raise or lower the balance. The three ``free`` figures
    say how much may still go out above the floor, come in below the ceiling, and be used of the year's budget.
    """

    account: Account
    balance: int
    held_up: int
    held_down: int
    floor: int | None
    free_floor: int | None
    ceiling: int | None
    free_ceiling: int | None
    budget: int | None
    free_budget: int | None

    @property
    def moved(self) -> bool:
        """Whether there is any figure but limits of zero."""
        return bool(self.balance or self.held_up or self.held_down or self.budget or self.ceiling)


def standings(
    store: Store, *, year: int, admdvs: str = "", fund_type: str = "", prefix: str = "", day: date | None = None
) -> list[Standing]:
    """The accounts asked for by number; ``prefix`` is the beginning of an account number or of a subject code.

    ``year`` is the one whose budget is looked at. With ``day`` the figures are those at its end. Raises FundError when
    no account fits.
    """
    with store.reading() as connection:
        wanted = [
            one
            for one in journal.accounts(connection)
            if admdvs in ("", one.admdvs)
            and fund_type in ("", one.fund_type)
            and (one.no.startswith(prefix) or one.subj_code.startswith(prefix))
        ]
        if not wanted:
            raise FundError("没有符合条件的账户；请核对区划、险种和账户编号，或先用 yibao fund open 开立")
        now = ledger.read_standing(connection, [one.no for one in wanted])
        totals = now.totals if day is None else readings.balances_on(connection, day)
        carried = readings.carried(connection, year)
    years: dict[str, dict[int, Totals]] = {}
    for (acct_no, of_year), one in totals.items():
        years.setdefault(acct_no, {})[of_year] = one
    return [
        _standing(one, years.get(one.no, {}), now.bounds.get(one.no, Bounds()), year, carried.get(one.no, 0))
        for one in wanted
    ]


def _standing(account: Account, years: dict[int, Totals], bounds: Bounds, year: int, carried: int) -> Standing:
    # What the year-end carry took off an income or expense account was used of its budget all the same.
    whole = Totals(*(sum(parts) for parts in zip(Totals(), *years.values(), strict=True)))
    debit_side = account.side is Side.DEBIT
    up, down = (whole.held_debit, whole.held_credit) if debit_side else (whole.held_credit, whole.held_debit)
    balance = whole.debit - whole.credit if debit_side else whole.credit - whole.debit
    budget = bounds.budgets.get(year)
    return Standing(
        account, balance, up, down,
        bounds.floor, None if bounds.floor is None else whole.lowest(debit_side) - bounds.floor,
        bounds.ceiling, None if bounds.ceiling is None else bounds.ceiling - whole.highest(debit_side),
        budget, None if budget is None else budget - years.get(year, Totals()).highest(debit_side) - carried,
    )  # fmt: skip
