"""What a counter keeps in memory, read from a session: facts of people and institutions, cover, catalogue.
And a session's claims as they would come to a counter.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any, NamedTuple

from yibao.benefit.counter_facts import Care, Provider, Refund, Sharer, Span, World
from yibao.catalogue import Catalogue, read_catalogue
from yibao.catalogue.records import FeeLine
from yibao.engine import Engine
from yibao.enrolment.records import Contribution, Enrolment, Identity, Person

FAR = date(9999, 12, 31)
EPOCH = date(1970, 1, 1)
Row = Mapping[str, Any]


class Someone(NamedTuple):
    """A person as catalogue and enrolment ask: sex and insurance as registered, birth and death."""

    person: Person
    gend: str = ""
    insutype: str = ""


class Folk(NamedTuple):
    """What cover is worked out from, by person."""

    people: Mapping[str, Someone]
    enrolments: Mapping[str, tuple[Enrolment, ...]]
    contributions: Mapping[str, tuple[Contribution, ...]]
    identities: Mapping[str, tuple[Identity, ...]]


class Tables(NamedTuple):
    """All that a counter keeps in memory."""

    world: World
    folk: Folk
    catalogue: Catalogue


def read_tables(engine: Engine) -> Tables:
    """The tables of a session as a counter keeps them; absent ones are empty."""
    return Tables(_world(engine), _folk(engine), read_catalogue(engine))


def _rows(engine: Engine, name: str, order: str = "ALL") -> list[dict[str, Any]]:
    there = engine.rows("SELECT 1 FROM information_schema.tables WHERE table_name = $name", {"name": name})
    return list(engine.fetch(f"SELECT * FROM {name} ORDER BY {order}").to_pylist()) if there else []


def _grouped(rows: Iterable[Row], make: Any) -> dict[str, tuple[Any, ...]]:
    found: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        found[row["psn_no"]].append(make(row))
    return {psn_no: tuple(some) for psn_no, some in found.items()}


def _world(engine: Engine) -> World:
    def spans(table: str, what: str) -> dict[str, tuple[Span, ...]]:
        return _grouped(_rows(engine, table), lambda row: Span(
            row[what] or "", row["begndate"], row["enddate"] or FAR, row.get("fixmedins_code") or ""
        ))  # fmt: skip

    return World(
        {
            row["fixmedins_code"]: Provider(
                row.get("hosp_lv") or "", row.get("fixmedins_type") or "1", row.get("admdvs") or ""
            )
            for row in _rows(engine, "providers")
        },
        spans("chosen_points", "point_kind"), spans("doctor_contracts", "perform_flag"),
        spans("chronic_approvals", "dise_codg"), spans("offsite_filings", "offsite_kind"),
        spans("identities", "psn_idet_type"),
        {row["psn_no"]: row["household_no"] for row in _rows(engine, "households")},
        _grouped(_rows(engine, "acct_bindings", "psn_no, bind_seq, bind_id"), _sharer),
        frozenset((row["psn_no"], row["year"]) for row in _rows(engine, "supplement_insured")),
        {
            (row["psn_no"], row["year"]): (row["cont_amt"] or 0) + (row["zero_amt"] or 0)
            for row in _rows(engine, "incentives")
        },
        frozenset(row["psn_no"] for row in _rows(engine, "acct_balances") if _frozen(row)),
    )  # fmt: skip


def _frozen(row: Row) -> bool:
    return (row["acct_stas"] or "normal") != "normal"


def _sharer(row: Row) -> Sharer:
    first, last = row["begndate"], row["enddate"] or FAR
    return Sharer(row["owner_psn_no"], (first - EPOCH).days, (last - EPOCH).days)


def _folk(engine: Engine) -> Folk:
    died = {row["psn_no"]: row["die_date"] for row in _rows(engine, "deaths")}
    people = {
        row["psn_no"]: Someone(
            Person(row["psn_no"], row.get("brdy"), died.get(row["psn_no"])), row.get("gend") or "",
            row.get("insutype") or "",
        )
        for row in _rows(engine, "persons")
    }  # fmt: skip
    for psn_no, day in died.items():
        people.setdefault(psn_no, Someone(Person(psn_no, None, day)))
    return Folk(
        people,
        _grouped(_rows(engine, "enrolments"), lambda row: Enrolment(
            row["psn_no"], row["insutype"], row["insuplc_admdvs"], row["psn_insu_date"], row["paus_insu_date"],
            row["psn_insu_stas"] or "1", row["psn_type"] or "", row["clct_way"] or "", row["pay_from"],
        )),
        _grouped(_rows(engine, "contributions"), lambda row: Contribution(
            row["psn_no"], row["insutype"], row["insuplc_admdvs"], row["year"], row["clct_month"], row["clct_amt"],
            row["paid_amt"], row["paid_date"], row["aid_amt"] or 0, row["pay_from"],
        )),
        _grouped(_rows(engine, "identities"), lambda row: Identity(
            row["psn_no"], row["psn_idet_type"], row["begndate"], row["enddate"]
        )),
    )  # fmt: skip


class CreditRow(NamedTuple):
    """Money for an account as it comes."""

    credit_id: str
    psn_no: str
    day: date
    amount: int


class Visit(NamedTuple):
    """A claim with its lines."""

    care: Care
    lines: tuple[FeeLine, ...]


Arrival = CreditRow | Visit | Refund


def opening(engine: Engine, day: date) -> list[CreditRow]:
    """The accounts as they stand in the session, as money that came on a day."""
    return [
        CreditRow(f"OPEN-{row['psn_no']}", row["psn_no"], day, row["balc"])
        for row in _rows(engine, "acct_balances")
        if row["balc"]
    ]


def arrivals(engine: Engine) -> Iterator[Arrival]:
    """The claims, reversals and credits of a session in the order of a batch: day by day, money for accounts first."""
    lines: dict[str, list[FeeLine]] = defaultdict(list)
    for row in _rows(engine, "fee_lines", "setl_id, feedetl_sn"):
        lines[row["setl_id"]].append(_fee_line(row))
    found: list[tuple[tuple[Any, ...], Arrival]] = []
    for row in _rows(engine, "acct_credits"):
        one = CreditRow(row["credit_id"], row["psn_no"], row["credit_date"], row["credit_amt"])
        found.append(((one.day, 0, datetime.min, "", one.credit_id), one))
    for row in _rows(engine, "claims"):
        at: datetime = row["setl_time"]
        key = (at.date(), 1, at, row["refd_setl_flag"] or "0", row["setl_id"])
        if row["refd_setl_flag"] == "1":
            taken = tuple(line.init_feedetl_sn for line in lines[row["setl_id"]])
            found.append((key, Refund(row["setl_id"], row["init_setl_id"] or "", row["psn_no"], row["fixmedins_code"],
                                      at, row["medfee_sumamt"], lines=taken)))  # fmt: skip
        else:
            found.append((key, Visit(_care(row), tuple(lines[row["setl_id"]]))))
    return (one for _key, one in sorted(found, key=lambda pair: pair[0]))


def _care(row: Row) -> Care:
    texts = {name: row[name] or "" for name in ("mdtrt_id", "insutype", "dise_codg", "refl_no", "rxno", "dr_codg")}
    codes = tuple(code for code in (row["diag_codes"] or "").split("|") if code)
    return Care(
        row["setl_id"], row["psn_no"], row["fixmedins_code"], row["med_type"], row["setl_time"], row["medfee_sumamt"],
        begndate=row["begndate"], enddate=row["enddate"], diag_codes=codes, er_flag=row["er_flag"] or "0", **texts,
    )  # fmt: skip


def _fee_line(row: Row) -> FeeLine:
    return FeeLine(
        row["feedetl_sn"], row["med_list_codg"], row["fee_ocur_time"].date(), row["pric"], row["cnt"],
        row["det_item_fee_sumamt"], row["bilg_dr_codg"] or "", row["prd_days"], row["sin_dos_dscr"] or "",
        row["rxno"] or "", row["init_feedetl_sn"] or "",
    )  # fmt: skip
