"""Dividing a sum among many so that the parts add up to it (最大余数法)."""

from collections.abc import Sequence


def largest_remainder(total: int, weights: Sequence[int], keys: Sequence[str]) -> list[int]:
    """Splits ``total`` (fen) in proportion to non-negative integer ``weights``.

    Each part is the exact share rounded down; the fen left over go one each to the largest remainders, ties to
    the smaller key, so the result does not depend on the order of the input. Raises ValueError when the weights
    sum to zero, a weight is negative, or ``total`` is negative.
    """
    if len(weights) != len(keys):
        raise ValueError("one key for each weight")
    if total < 0 or any(weight < 0 for weight in weights):
        raise ValueError("total and weights must not be negative")
    whole = sum(weights)
    if whole == 0:
        raise ValueError("the weights sum to zero: nothing to divide by")
    parts = [total * weight // whole for weight in weights]
    left = total - sum(parts)
    order = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % whole), keys[i]))
    for i in order[:left]:
        parts[i] += 1
    return parts
