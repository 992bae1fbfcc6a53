"""重复参保 and 应保未保: the same person twice, and residents who have no cover, by number in any spelling."""

from datetime import date

import pyarrow as pa
import pytest
from enrolment.small_city import A, B, city
from hypothesis import given, settings
from hypothesis import strategies as st

from yibao.engine import Engine
from yibao.enrolment import certno
from yibao.enrolment.batch import PACKAGE, make_cover
from yibao.enrolment.match import (
    duplicate_findings,
    match_duplicates,
    match_residents,
    unenrolled_findings,
)

NUMBER = "990100199001010011"
TEXT, DAY, WHOLE = pa.string(), pa.date32(), pa.int64()


def id_of(n: int) -> str:
    body = f"9901001990{n % 12 + 1:02d}15{n:03d}"
    return body + certno.check_digit(body)


def put(engine: Engine, name: str, columns: str, rows: list[tuple[object, ...]], types: list[pa.DataType]) -> None:
    cells = zip(*rows, strict=True) if rows else [[] for _ in types]
    engine.put(
        name,
        pa.table({c: pa.array(list(v), t) for c, v, t in zip(columns.split(), cells, types, strict=True)}),
    )


def town(engine: Engine) -> None:
    """Nine people: P1 in two pools, P2 one person under two numbers, P3 fine, P4 lapsed, P5 in arrears, P6 paused …"""
    people = [(f"P{n}", id_of(n), f"人{n}", date(1990, 1, n)) for n in range(1, 10)]
    people.append(("P2b", id_of(2).lower(), "人2", date(1990, 1, 2)))
    put(engine, "persons", "psn_no certno psn_name brdy", people, [TEXT, TEXT, TEXT, DAY])
    begin = date(2024, 1, 1)
    spells = [("P1", "390", A, begin, None, "1"), ("P1", "310", B, date(2025, 3, 10), date(2025, 5, 1), "4"),
              ("P2", "390", A, begin, None, "1"), ("P2b", "390", B, begin, None, "1"),
              ("P3", "390", A, begin, None, "1"), ("P4", "390", A, begin, date(2025, 1, 1), "4"),
              ("P5", "390", A, begin, None, "1"), ("P6", "310", A, begin, date(2025, 2, 1), "2"),
              ("P8", "390", A, begin, None, "1"), ("P9", "390", A, begin, None, "1")]  # fmt: skip
    rows = [(*one, "", "", None) for one in spells]
    put(engine, "enrolments", "psn_no insutype insuplc_admdvs psn_insu_date paus_insu_date psn_insu_stas"
        " psn_type clct_way pay_from",
        rows, [TEXT, TEXT, TEXT, DAY, DAY, TEXT, TEXT, TEXT, DAY])  # fmt: skip
    paid = [
        (no, "390", pool, year, None, 400, 400, date(year - 1, 11, 1))
        for no, pool in (("P1", A), ("P2", A), ("P2b", B), ("P3", A), ("P8", A), ("P9", A))
        for year in (2024, 2025)
    ]
    paid += [("P4", "390", A, 2024, None, 400, 400, date(2023, 11, 1))]
    paid += [("P1", "310", B, 2025, month, 600, 600, date(2025, month, 9)) for month in (3, 4)]
    put(engine, "contributions", "psn_no insutype insuplc_admdvs year clct_month clct_amt paid_amt"
        " paid_date aid_amt pay_from",
        [(*one, 0, None) for one in paid], [TEXT, TEXT, TEXT, WHOLE, WHOLE, WHOLE, WHOLE, DAY, WHOLE, DAY])  # fmt: skip
    put(engine, "deaths", "psn_no die_date", [("P9", date(2025, 2, 2))], [TEXT, DAY])
    make_cover(engine, city(), 2024)


@pytest.fixture(scope="module")
def engine():
    with Engine(memory="300MB", threads=1) as engine:
        town(engine)
        yield engine


def test_a_person_covered_in_two_pools_in_a_month_is_found_with_both_places(engine: Engine) -> None:
    match_duplicates(engine, 2025)
    found = list(duplicate_findings(engine))
    assert len(found) == 2 + 12
    assert str(found[0]) == (
        "错误 2025年03月在两个统筹区都有在保记录：990100（险种390，人员编号P1）；990200（险种310，人员编号P1）"
        "；处理：由两地核实实际参保地，终止另一地的参保关系"
    )
    assert {one.key for one in found} == {"P1", "P2"}
    assert "人员编号P2b" in found[-1].message, "two personal numbers of one identity number are one person"
    match_duplicates(engine, 2024)
    assert {one.key for one in duplicate_findings(engine)} == {"P2"}


def full_width(text: str) -> str:
    return "".join(chr(0xFEE0 + ord(letter)) for letter in text)


def test_residents_without_cover_are_found_with_their_reason_and_what_to_do(engine: Engine) -> None:
    strange = "88" + id_of(8)[2:]
    rows = [
        (full_width(id_of(3)), "人3", date(1990, 1, 3), "register", "none"),
        (id_of(4), "人4", date(1990, 1, 4), "register", "flexible"),
        (f" {id_of(5)} ", "人5", date(1990, 1, 5), "permit", "none"),
        (id_of(6), "人6", date(1990, 1, 6), "permit", "unit"),
        (id_of(7), "人7", date(1990, 1, 7), "floating", "flexible"),
        (strange, "人8", date(1990, 1, 8), "register", "none"),
        (id_of(9), "人9", date(1990, 1, 9), "register", "none"),
        (id_of(77), None, None, "register", None),
    ]  # fmt: skip
    put(engine, "residents", "certno psn_name brdy resd_kind empl_kind", rows, [TEXT, TEXT, DAY, TEXT, TEXT])
    engine.con.execute("ALTER TABLE residents ADD COLUMN admdvs VARCHAR")
    coverage = match_residents(engine, date(2025, 6, 1))
    assert (coverage.residents, coverage.covered, coverage.basis_points) == (7, 2, 2857)
    reasons = dict(engine.rows("SELECT certno, reason FROM unenrolled"))
    assert [reasons[row[0]] for row in rows] == [
        "enrolled", "lapsed", "arrears", "suspended", "never_enrolled", "certno_differs", "dead", "never_enrolled",
    ]  # fmt: skip
    assert sorted(str(one) for one in unenrolled_findings(engine)) == sorted([
        "提醒 人4：曾经参保，现已断保（最后在保日2024-12-31）；处理：动员续保；告知断保年数与待遇等待期；"
        "可按灵活就业参加职工医保，或参加居民医保",
        "提醒 人5：已登记参保，当期没有足额缴费；处理：提醒缴费；困难人员核查资助；参加居民医保",
        "提醒 人6：已暂停参保；处理：恢复参保，或转为居民医保；随单位参加职工医保",
        "说明 人7：没有参保记录；处理：上门或短信动员参保；可按灵活就业参加职工医保，或参加居民医保",
        "提醒 人8：姓名和出生日期相同的人在保，证件号码不同；处理：核对证件号码，更正登记",
        "提醒 居民：没有参保记录；处理：上门或短信动员参保；参加居民医保",
    ])  # fmt: skip


def test_without_residents_nobody_is_missing() -> None:
    with Engine(memory="300MB", threads=1) as engine:
        town(engine)
        assert match_residents(engine, date(2025, 6, 1)) == (0, 0)
        assert list(unenrolled_findings(engine)) == []
        assert match_residents(engine, date(2025, 6, 1)).basis_points == 0


def test_a_number_has_one_key_in_every_spelling() -> None:
    body = "11010519491231002"
    assert certno.normal(body + "x") == body + "X" == certno.normal(full_width(body + "x"))
    assert certno.normal("110105 491231 002") == body + "X", "15 digits, with blanks"
    assert certno.fault(body + "X") == ""
    assert [certno.fault(one) for one in ("", "E12345678", body + "1", "11010519491331002X", "A" + body)] == [
        "empty", "length", "check_digit", "birth_date", "digits",
    ]  # fmt: skip
    assert certno.birth(body + "X") == date(1949, 12, 31)


SPELLINGS = st.text("0123456789Xxａ０１２９Ｘｘ -－　\t人E", max_size=20) | st.from_regex(r"[0-9]{15}", fullmatch=True)


@settings(max_examples=10)
@given(st.lists(SPELLINGS, min_size=50, max_size=200, unique=True))
def test_sql_and_plain_make_the_same_key(texts: list[str]) -> None:
    from yibao.engine import load_sql

    with Engine(memory="300MB", threads=1) as engine:
        engine.put("persons", pa.table({"certno": pa.array(texts, TEXT)}))
        engine.put("residents", pa.table({"certno": pa.array(texts[:1], TEXT)}))
        engine.run(load_sql(PACKAGE, "certno"))
        assert dict(engine.rows("SELECT certno, cert_key FROM certno")) == {one: certno.normal(one) for one in texts}
