"""Money is integer fen; an amount that is no whole fen, no number or beyond the bound is refused in Chinese."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yibao.kernel import MAX_FEN, MoneyError, fen_from_yuan, micro_from_yuan, yuan, yuan_text

fen = st.integers(-MAX_FEN, MAX_FEN)


@given(fen)
def test_yuan_and_fen_turn_into_each_other_without_loss(amount: int) -> None:
    assert fen_from_yuan(yuan(amount)) == amount
    assert fen_from_yuan(str(yuan(amount))) == amount
    assert fen_from_yuan(yuan_text(amount).replace(",", "")) == amount


@given(st.integers(-(10**16), 10**16))
def test_a_unit_price_keeps_six_decimals(micro: int) -> None:
    assert micro_from_yuan(Decimal(micro).scaleb(-6)) == micro


@pytest.mark.parametrize(("text", "expected"), [("0", 0), ("-0.01", -1), ("1e2", 10_000), ("12.50", 1250), (3, 300)])
def test_an_amount_in_yuan_is_exact_fen(text: str | int, expected: int) -> None:
    assert fen_from_yuan(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0.005", "小于1分"),
        ("", "不是金额"),
        ("三元", "不是金额"),
        ("nan", "不是金额"),
        ("Infinity", "不是金额"),
        ("10000000000.01", "超出系统单笔金额上限"),
    ],
)
def test_what_is_no_amount_is_refused_in_chinese(text: str, message: str) -> None:
    with pytest.raises(MoneyError, match=message):
        fen_from_yuan(text)


def test_a_float_is_refused_by_type() -> None:
    for convert in (fen_from_yuan, micro_from_yuan):
        with pytest.raises(MoneyError, match="浮点"):
            convert(0.1)


def test_a_unit_price_finer_than_a_millionth_is_refused() -> None:
    with pytest.raises(MoneyError, match="百万分之一元"):
        micro_from_yuan("0.0000001")


def test_an_amount_is_shown_with_separators_and_two_decimals() -> None:
    assert yuan_text(-123_456_789) == "-1,234,567.89"
