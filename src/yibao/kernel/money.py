"""Money is integer fen (分); unit prices and quantities are integer millionths of a yuan.

Amounts are bounded at 10¹² fen (一百亿元) each, so that sums and products stay exact in 64 and 128 bits
and a compiled kernel never differs from the plain one by overflow (DESIGN §2, §4).
"""

from decimal import Decimal, InvalidOperation

MAX_FEN = 10**12
MAX_BUDGET_FEN = 10**15
MICRO = 10**6


class MoneyError(ValueError):
    """An amount that is not a number, has a fraction of its unit, or is beyond the bound. Message in Chinese."""


def _scaled(amount: str | int | Decimal, scale: int, unit: str, bound: int) -> int:
    try:
        value = Decimal(amount) * scale
    except (InvalidOperation, ValueError, TypeError) as error:
        raise MoneyError(f"“{amount}”不是金额") from error
    if not value.is_finite():
        raise MoneyError(f"“{amount}”不是金额")
    if value != value.to_integral_value():
        raise MoneyError(f"“{amount}”元小于{unit}，无法精确记账")
    if abs(value) > bound:
        raise MoneyError(f"“{amount}”元超出系统单笔金额上限")
    return int(value)


def fen_from_yuan(amount: str | int | Decimal, bound: int = MAX_FEN) -> int:
    """Exact fen of an amount in 元 given as text, integer or Decimal. Raises MoneyError on a fraction of a fen.

    ``bound`` is the largest amount in fen; a fund's budget has its own, MAX_BUDGET_FEN. A float
    is refused by type: it cannot hold 0.1 元.
    """
    if isinstance(amount, float):
        raise MoneyError("金额不得用浮点数表示")
    return _scaled(amount, 100, "1分", bound)


def micro_from_yuan(amount: str | int | Decimal) -> int:
    """Exact 10⁻⁶ 元 of a unit price or quantity; raises MoneyError on anything finer."""
    if isinstance(amount, float):
        raise MoneyError("单价不得用浮点数表示")
    return _scaled(amount, MICRO, "百万分之一元", MAX_FEN * MICRO // 100)


def yuan(fen: int) -> Decimal:
    """The amount in 元 as an exact Decimal with two places."""
    return Decimal(fen).scaleb(-2)


def yuan_text(fen: int) -> str:
    """The amount in 元 for people, with thousands separators: ``1,234.50``."""
    return f"{yuan(fen):,.2f}"
