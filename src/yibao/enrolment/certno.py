"""证件号码: one spelling for the many that stand in registers, so that two registers can be matched.

Full-width letters and digits, blanks and hyphens, a small x, and 15-digit numbers of the first generation (19 put in
after the area code, the check digit added; GB 11643) all come to the same key. `certno.sql` does the same in sets.
"""

from datetime import date

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK = "10X98765432"
_FULL = str.maketrans("".join(chr(0xFEE0 + ord(c)) for c in "0123456789Xx"), "0123456789Xx")
_DROPPED = str.maketrans("", "", " \u3000-－\t")


def normal(certno: str) -> str:
    """The key of a number: 18 characters where it is an identity number of either generation, else as cleaned."""
    text = certno.translate(_FULL).translate(_DROPPED).upper()
    if len(text) == 15 and text.isascii() and text.isdigit():
        body = f"{text[:6]}19{text[6:]}"
        return body + check_digit(body)
    return text


def check_digit(body: str) -> str:
    """The check digit of the first 17 digits."""
    return CHECK[sum(weight * int(digit) for weight, digit in zip(WEIGHTS, body, strict=True)) % 11]


def fault(certno: str) -> str:
    """What is wrong with a number, or an empty text: empty, length, digits, birth_date, check_digit.

    Numbers of other documents (passports, permits) are ``length`` or ``digits``: no fault of theirs, but no key either.
    """
    text = normal(certno)
    if not text:
        return "empty"
    if len(text) != 18:
        return "length"
    if not (text[:17].isascii() and text[:17].isdigit()):
        return "digits"
    if birth(text) is None:
        return "birth_date"
    return "" if text[17] == check_digit(text[:17]) else "check_digit"


def birth(certno: str) -> date | None:
    """The day of birth that a number of 18 characters carries, or None where it is no day."""
    try:
        return date(int(certno[6:10]), int(certno[10:12]), int(certno[12:14]))
    except ValueError:
        return None
