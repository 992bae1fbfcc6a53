"""What the room must find, worked out row by row in plain Python. Imports nothing of yibao."""

from collections import defaultdict
from fractions import Fraction
from typing import Any

FUNDS = ("hifp", "hifob", "hifmi", "maf", "cvlserv", "oth")
Rows = list[dict[str, Any]]
EDGES = (10_000, 50_000, 100_000, 500_000, 1_000_000)


def band(age: int | None) -> str:
    if age is None:
        return "unknown"
    for last, name in ((5, "00-05"), (17, "06-17"), (44, "18-44"), (59, "45-59"), (69, "60-69"), (79, "70-79")):
        if age <= last:
            return name
    return "80+"


def change_band(change: int) -> int:
    if not change:
        return 0
    size = 1 + sum(abs(change) > edge for edge in EDGES)
    return size if change > 0 else -size


class Oracle:
    """All tables of one world; ``given`` are the input tables as rows."""

    def __init__(self, given: dict[str, Rows], threshold: int | None) -> None:
        self.given, self.threshold = given, threshold
        self.claims = {row["claim_no"]: row for row in given["sim_claim"]}
        self.people = {row["psn_no"]: row for row in given["sim_person"]}
        self.reforms = [row["law_no"] for row in given["sim_law"] if row["role"] == "reform"]
        self.of_law: dict[int, Rows] = defaultdict(list)
        for row in given["sim_amount"]:
            fee = self.claims[row["claim_no"]]["medfee"]
            fund = sum(row[name] for name in FUNDS)
            count = {"reversed": -1, "adjusted": 0}.get(row["outcome"], 1)
            self.of_law[row["law_no"]].append(
                {**self.claims[row["claim_no"]], **row, "fee": fee, "fund": fund, "burden": fee - fund, "claims": count}
            )

    def sums(self, reform: int, key: Any, names: tuple[str, ...]) -> dict[Any, dict[str, int]]:
        """before and after of the names, by key."""
        zero = {f"{name}_{when}": 0 for name in names for when in ("before", "after")}
        found: dict[Any, dict[str, int]] = defaultdict(lambda: dict(zero))
        for when, law in (("before", 0), ("after", reform)):
            for row in self.of_law[law]:
                for name in names:
                    found[key(row)][f"{name}_{when}"] += row[name]
        return dict(found)

    def fund(self) -> dict[Any, dict[str, int]]:
        names = ("claims", "fee", "fund", *FUNDS, "burden", "acct", "cash")
        return {
            (law, *key): row
            for law in self.reforms
            for key, row in self.sums(
                law, lambda row: (row["insutype"], row["hosp_lv"], row["kind"], row["month"]), names
            ).items()
        }

    def member(self, psn: str) -> tuple[str, str, str]:
        one = self.people.get(psn)
        return (band(one["age"]), one["identity"], one["insutype"]) if one else ("unknown", "none", "")

    def person(self) -> dict[Any, dict[str, Any]]:
        found = {}
        for law in self.reforms:
            years = self.sums(
                law, lambda row: (row["psn_no"], row["year"]), ("claims", "fee", "fund", "burden", "cash")
            )
            for (psn, year), row in years.items():
                age, identity, insutype = self.member(psn)
                above = [
                    None if self.threshold is None else int(row[f"burden_{when}"] > self.threshold)
                    for when in ("before", "after")
                ]
                found[law, psn, year] = {
                    **row, "age_band": age, "identity": identity, "insutype": insutype,
                    "change": row["burden_after"] - row["burden_before"], "above_before": above[0],
                    "above_after": above[1],
                }  # fmt: skip
        return found

    def burden(self) -> dict[Any, tuple[int, int, int, int]]:
        """members, people, burden before and after by (law, dimension, value)."""
        found: dict[Any, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
        for (law, _, _), row in self.person().items():
            status = {(0, 0): "neither", (1, 1): "both", (1, 0): "ended", (0, 1): "began"}
            slots = [("age", row["age_band"]), ("identity", row["identity"]), ("insutype", row["insutype"])]
            if row["above_before"] is not None:
                slots.append(("catastrophic", status[row["above_before"], row["above_after"]]))
            for slot in slots:
                _add(found[law, *slot], 0, 1, row["burden_before"], row["burden_after"])
        for law in self.reforms:
            for one in self.people.values():
                for slot in (("age", band(one["age"])), ("identity", one["identity"]), ("insutype", one["insutype"])):
                    _add(found[law, *slot], 1, 0, 0, 0)
            by_level = self.sums(law, lambda row: (row["psn_no"], row["year"], row["hosp_lv"]), ("burden",))
            for (_, _, level), row in by_level.items():
                _add(found[law, "level", level], 0, 1, row["burden_before"], row["burden_after"])
        return {key: tuple(row) for key, row in found.items()}

    def change(self) -> dict[Any, tuple[int, int]]:
        """people and change by (law, band)."""
        found: dict[Any, list[int]] = defaultdict(lambda: [0, 0])
        for (law, _, _), row in self.person().items():
            _add(found[law, change_band(row["change"])], 1, row["change"])
        for law in self.reforms:
            seen = {psn for number, psn, _ in self.person() if number == law}
            if self.people:
                found[law, 9] = [len(set(self.people) - seen), 0]
        return {key: (row[0], row[1]) for key, row in found.items()}

    def catastrophic(self) -> dict[Any, tuple[int, ...]]:
        """members, people, insured, above before and after, began, ended, overshoot before and after."""
        found: dict[Any, list[int]] = defaultdict(lambda: [0] * 9)
        if self.threshold is None:
            return {}
        for law in self.reforms:
            mine = {key: row for key, row in self.person().items() if key[0] == law}
            for one in self.people.values():
                without = all(psn != one["psn_no"] for _, psn, _ in mine)
                _add(found[law, one["insutype"], one["identity"]], 1, 0, int(without))
            for row in mine.values():
                over = [max(0, row[f"burden_{when}"] - self.threshold) for when in ("before", "after")]
                was, now_is = over[0] > 0, over[1] > 0
                slot = found[law, row["insutype"], row["identity"]]
                _add(slot, 0, 1, 1, int(was), int(now_is), int(now_is and not was), int(was and not now_is), *over)
        return {key: tuple(row) for key, row in found.items()}

    def split(self) -> dict[Any, dict[str, int]]:
        """Every column of change by (law, part, key)."""
        names = (*FUNDS, "acct", "cash")
        base = {name: sum(row[name] for row in self.of_law[0]) for name in names}
        sums = {row["law_no"]: row for row in self.given["sim_single"]}
        found: dict[Any, dict[str, int]] = {}
        for law in self.reforms:
            ones = [row for row in self.given["sim_law"] if row["of_law"] == law and row["role"] == "single"]
            if not ones:
                continue
            still = next(
                (row for row in self.given["sim_law"] if (row["of_law"], row["role"]) == (law, "static")), None
            )
            whole = {name: sum(row[name] for row in self.of_law[law]) - base[name] for name in names}
            law_effect = (
                {name: sums[still["law_no"]][name] - base[name] for name in names} if still is not None else whole
            )
            parts = {row["key"]: {name: sums[row["law_no"]][name] - base[name] for name in names} for row in ones}
            for key, part in parts.items():
                found[law, "single", key] = part
            found[law, "interaction", ""] = {
                name: law_effect[name] - sum(part[name] for part in parts.values()) for name in names
            }
            if still is not None:
                found[law, "response", ""] = {name: whole[name] - law_effect[name] for name in names}
            found[law, "whole", ""] = whole
        return found

    def reserve(self) -> dict[Any, tuple[int | None, int | None]]:
        """Months of reserve in tenths, before and after, by (law, insutype)."""
        months = len({row["month"] for law in (0, *self.reforms) for row in self.of_law[law]})
        balances = {row["insutype"]: row["balance"] for row in self.given["sim_balance"]}
        paid = {
            (row["law_no"], row["insutype"]): row["personal"] + row["subsidy"] + row["aided"]
            for row in self.given["sim_contribution"]
        }
        found = {}
        for law in self.reforms:
            for insutype, row in self.sums(law, lambda row: row["insutype"], ("hifp",)).items():
                before = balances.get(insutype)
                income = paid.get((law, insutype), 0) - paid.get((0, insutype), 0)
                if (law, insutype) not in paid or (0, insutype) not in paid:
                    income = 0
                after = None if before is None else before + income - (row["hifp_after"] - row["hifp_before"])
                found[law, insutype] = (
                    _tenths(before, row["hifp_before"], months), _tenths(after, row["hifp_after"], months)
                )  # fmt: skip
        return found


def _add(row: list[int], *amounts: int) -> None:
    for at, one in enumerate(amounts):
        row[at] += one


def _tenths(balance: int | None, spent: int, months: int) -> int | None:
    if balance is None or balance < 0 or spent <= 0:
        return None
    exact = Fraction(balance * months * 10, spent)
    return int(exact + Fraction(1, 2))
