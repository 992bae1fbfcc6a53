"""耗材 by 排除法 and by 准入法: what each pays, and the difference in items and in money (RULEBOOK §3b).

Both methods are run over the same lists and lines, whatever the law of the city says is in force, so that a city can
see the change before it makes it and while both lists stand.
"""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from yibao.catalogue.batch import PACKAGE, complete
from yibao.engine import Engine, load_sql


class MethodPart(NamedTuple):
    """Consumables that fare alike: how many can be paid on the day, how many were charged, their lines and money.

    ``scope_micro`` is what of the amount is in scope (within the price limit, less the first share), in 10⁻⁶ 元.
    """

    items: int
    charged: int
    lines: int
    amount_fen: int
    scope_micro: int


class MethodComparison(NamedTuple):
    """``both`` are paid by both methods, ``only_deny`` by 排除法 only, ``only_allow`` by 准入法 only.

    ``leaving`` are the codes that 准入法 would no longer pay on the day, ``entering`` those it would pay newly.
    """

    both: MethodPart
    only_deny: MethodPart
    only_allow: MethodPart
    neither: MethodPart
    leaving: tuple[str, ...]
    entering: tuple[str, ...]

    @property
    def scope_change_micro(self) -> int:
        """What in-scope money changes by from 排除法 to 准入法, in 10⁻⁶ 元; below zero where less is in scope."""
        return self.only_allow.scope_micro - self.only_deny.scope_micro


def compare_methods(engine: Engine, day: date) -> MethodComparison:
    """Both methods over the session's ``catalogue_items`` on ``day`` and over its ``fee_lines``, each on its own day.

    Leaves ``method_item`` (grain med_list_codg) and ``method_money`` (grain med_list_codg pays_deny pays_allow).
    """
    complete(engine, "claims", "fee_lines", "catalogue_items")
    for step in ("catalogue_span", "line_net", "method_item", "method_money"):
        engine.run(load_sql(PACKAGE, step), {"day": day})
    items = engine.rows("SELECT pays_deny, pays_allow, med_list_codg FROM method_item ORDER BY med_list_codg")
    money = engine.rows("""
        SELECT pays_deny, pays_allow, count(*), CAST(sum(n) AS BIGINT), CAST(sum(amount_fen) AS BIGINT),
               sum(scope_micro)
        FROM method_money GROUP BY pays_deny, pays_allow""")

    def part(deny: int, allow: int) -> MethodPart:
        count = sum(1 for one in items if one[:2] == (deny, allow))
        found = next((one[2:] for one in money if one[:2] == (deny, allow)), (0, 0, 0, 0))
        charged, lines, amount, scope = (int(figure) for figure in found)
        return MethodPart(count, charged, lines, amount, scope)

    return MethodComparison(
        part(1, 1), part(1, 0), part(0, 1), part(0, 0), _codes(items, (1, 0)), _codes(items, (0, 1))
    )  # fmt: skip


def _codes(items: Iterable[tuple[int, int, str]], how: tuple[int, int]) -> tuple[str, ...]:
    return tuple(code for deny, allow, code in items if (deny, allow) == how)
