"""紧密型医共体 as one unit: one entitlement, one booked amount, one pay, then the split among its members.

``contract`` (总额包干): the group is paid its entitlement whatever was booked; members bear or keep the difference.
``share``: the group stands under the share table like a hospital. Inside, each member first gets min(booked, its
entitlement), scaled down when the group's pay is less; what the group is paid above that is its surplus, divided by
entitlement × weight, where primary institutions (level 1) weigh more (资金向基层倾斜). A member whose entitlement is
below zero bears that itself, whole: it is a claim on the member. Exact; Σ members = group.
Source: S2, S4 四, RULEBOOK §7 (包干; members' ratios are parameters).
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

from yibao.clearing.faults import error
from yibao.clearing.records import Member
from yibao.kernel import Finding, largest_remainder

PRIMARY_LEVEL = "1"
METHODS = ("contract", "share")


class Group(NamedTuple):
    """A 医共体: its members sorted by code."""

    code: str
    name: str
    method: str
    members: tuple[str, ...]


class Own(NamedTuple):
    """A member's own figures in fen, and its level."""

    code: str
    level: str
    entitlement: int
    booked: int


class Whole(NamedTuple):
    """The group's pay before the cut with its parts, and what was cut from them."""

    pay_before: int
    retained: int
    shared: int
    cut_shared: int
    cut_retained: int


def read_groups(rows: Sequence[Member], known: Sequence[str]) -> tuple[list[Group], list[Finding]]:
    """The groups by code, with every fault: a hospital twice or in two groups, two methods in one group, a method
    that does not exist, a member that is no known hospital. A faulty member or group is left out and stands alone.
    """
    found: list[Finding] = []
    home: dict[str, str] = {}
    by_group: dict[str, list[Member]] = {}
    for row in sorted(rows, key=lambda one: (one.group_code, one.fixmedins_code)):
        if row.fixmedins_code in home:
            found.append(
                _fault(
                    "group_member_twice",
                    f"机构{row.fixmedins_code}已在医共体{home[row.fixmedins_code]}里",
                    "一家机构只能在一个医共体",
                    row.fixmedins_code,
                )
            )
        elif row.fixmedins_code not in known:
            found.append(
                _fault(
                    "group_member_unknown",
                    f"医共体{row.group_code}的成员{row.fixmedins_code}不是已知机构",
                    "核对机构编号",
                    row.fixmedins_code,
                )
            )
        else:
            home[row.fixmedins_code] = row.group_code
            by_group.setdefault(row.group_code, []).append(row)
    groups = []
    for code, members in sorted(by_group.items()):
        methods = sorted({one.method for one in members})
        if len(methods) > 1 or methods[0] not in METHODS:
            found.append(
                _fault(
                    "group_method_unclear",
                    f"医共体{code}的支付办法不明：{'、'.join(methods)}",
                    "各成员写同一办法：contract 总额包干，或 share 结余留用、合理超支分担",
                    code,
                )
            )
            continue
        name = next((one.group_name for one in members if one.group_name), code)
        groups.append(Group(code, name, methods[0], tuple(one.fixmedins_code for one in members)))
    return groups, found


def _fault(code: str, message: str, step: str, key: str) -> Finding:
    return error(code, message, "医共体成员表有误，该成员或医共体按单独机构清算", step, key=key)


def split_group(whole: Whole, members: Sequence[Own], primary_weight: Fraction) -> dict[str, Whole]:
    """Each member's part of the group by its code; every column sums to the group's.

    The retained and shared parts, and with them the cut, follow the members' parts of the surplus, so that no member
    has more cut than it was given above min(booked, entitlement).
    """
    keys = [one.code for one in members]
    floors = [min(one.booked, one.entitlement) for one in members]
    whole_floor = sum(floors)
    if whole.pay_before <= whole_floor:
        claims = [min(floor, 0) for floor in floors]
        scaled = _split(whole.pay_before - sum(claims), [max(floor, 0) for floor in floors], keys)
        base = [claim + part for claim, part in zip(claims, scaled, strict=True)]
        surplus = [0] * len(members)
    else:
        base = floors
        surplus = _split(whole.pay_before - whole_floor, _weights(members, primary_weight), keys)
    pay_before = [low + high for low, high in zip(base, surplus, strict=True)]
    retained = _split(whole.retained, surplus, keys)
    shared = _split(whole.shared, surplus, keys)
    cut_retained = _split(whole.cut_retained, retained, keys)
    cut_shared = _split(whole.cut_shared, shared, keys)
    columns = zip(pay_before, retained, shared, cut_shared, cut_retained, strict=True)
    return {key: Whole(*parts) for key, parts in zip(keys, columns, strict=True)}


def _weights(members: Sequence[Own], primary_weight: Fraction) -> list[int]:
    """Entitlement × weight as whole numbers; equal weights where nobody is entitled to anything."""
    over, under = primary_weight.numerator, primary_weight.denominator
    weights = [max(one.entitlement, 0) * (over if one.level == PRIMARY_LEVEL else under) for one in members]
    return weights if sum(weights) else [1] * len(members)


def _split(total: int, weights: Sequence[int], keys: Sequence[str]) -> list[int]:
    return largest_remainder(total, weights, keys) if total > 0 else [0] * len(keys)


def names(groups: Sequence[Group]) -> Mapping[str, str]:
    """Which group each member is in."""
    return {member: group.code for group in groups for member in group.members}
