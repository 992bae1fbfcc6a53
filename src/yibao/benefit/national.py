"""Results in the national fields: settlements and their fund details, with the identities that hold between them.

Source: interface transactions 2207, 2304 (setlinfo, setldetail); identities A2, A3, A5–A7, B1 of the interface.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from yibao.benefit import plan as p

Int64 = npt.NDArray[np.int64]
Strings = npt.NDArray[np.object_]

FUND_TYPES: Mapping[str, tuple[str, ...]] = {
    "310100": ("310", "hifp_pay"), "390100": ("390", "hifp_pay"), "320100": ("", "cvlserv_pay"),
    "330100": ("", "hifob_pay"), "390200": ("", "hifmi_pay"), "610100": ("", "maf_pay"), "999997": ("", "oth_pay"),
}  # fmt: skip
"""基金支付类型 with the insurance it belongs to ('' for any) and the amount of the settlement it details."""


class IdentityError(AssertionError):
    """Parts of a settlement that do not sum to the whole: a mistake of the program."""


def setlinfo(results: Int64, employee: npt.NDArray[np.bool_]) -> dict[str, Int64]:
    """The amounts of settlements in fen by their national names; ``employee`` marks those of insurance 310.

    Raises IdentityError where an identity does not hold.
    """
    r = results.T
    found = {
        "medfee_sumamt": r[p.R_TOTAL], "fulamt_ownpay_amt": r[p.R_OWNPAY], "overlmt_selfpay": r[p.R_OVERLIMIT],
        "preselfpay_amt": r[p.R_PRESELF], "inscp_scp_amt": r[p.R_INSCOPE], "act_pay_dedc": r[p.R_DEDUCTIBLE],
        "hifp_pay": r[p.R_BASIC] + r[p.R_SPECIAL], "cvlserv_pay": r[p.R_CIVIL],
        "hifmi_pay": r[p.R_CRITICAL] + np.where(employee, 0, r[p.R_LARGE]),
        "hifob_pay": np.where(employee, r[p.R_LARGE], 0), "maf_pay": r[p.R_AID] + r[p.R_TILT],
        "oth_pay": r[p.R_HOUSEHOLD] + r[p.R_COMMERCIAL], "fund_pay_sumamt": r[p.R_FUND],
        "psn_part_amt": r[p.R_PATIENT], "acct_pay": r[p.R_ACCOUNT] + r[p.R_MUTUAL], "acct_mulaid_pay": r[p.R_MUTUAL],
        "psn_cash_pay": r[p.R_CASH],
    }  # fmt: skip
    _hold(found)
    return found


def _hold(of: Mapping[str, Int64]) -> None:
    funds = sum((of[name] for name in ("hifp_pay", "cvlserv_pay", "hifmi_pay", "hifob_pay", "maf_pay", "oth_pay")),
                np.zeros_like(of["hifp_pay"]))  # fmt: skip
    parts = of["fulamt_ownpay_amt"] + of["overlmt_selfpay"] + of["preselfpay_amt"] + of["inscp_scp_amt"]
    for name, left, right in (
        ("A2", of["medfee_sumamt"], of["fund_pay_sumamt"] + of["psn_part_amt"]),
        ("A3", of["psn_part_amt"], of["acct_pay"] + of["psn_cash_pay"]),
        ("A6", of["fund_pay_sumamt"], funds),
        ("A7", of["medfee_sumamt"], parts),
    ):
        wrong = np.flatnonzero(left != right)
        if len(wrong):
            raise IdentityError(f"{name} fails in row {wrong[0]}: {left[wrong[0]]} != {right[wrong[0]]}")
    sign = np.where(of["medfee_sumamt"] < 0, -1, 1)
    if any((sign * of[name] < 0).any() for name in of):
        raise IdentityError("an amount is below zero")
    if (sign * (of["acct_pay"] - of["acct_mulaid_pay"]) < 0).any():
        raise IdentityError("A5 fails")


def setldetail(amounts: Mapping[str, Int64], insutype: Strings) -> dict[str, Int64]:
    """The rows of setldetail: place of the settlement, fund number (in the order of FUND_TYPES) and amount in fen."""
    rows, funds, paid = [], [], []
    for number, (of, name) in enumerate(FUND_TYPES.values()):
        mine = np.flatnonzero((amounts[name] != 0) & ((insutype == of) if of else True))
        rows.append(mine)
        funds.append(np.full(len(mine), number, dtype=np.int64))
        paid.append(amounts[name][mine])
    row = np.concatenate(rows)
    order = np.lexsort((np.concatenate(funds), row))
    return {"row": row[order], "fund": np.concatenate(funds)[order], "paid": np.concatenate(paid)[order]}
