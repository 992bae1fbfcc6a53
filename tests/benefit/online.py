"""A folder of a city's tables through a counter, claim by claim."""

from datetime import date, datetime
from pathlib import Path

from yibao.benefit.outcomes import Outcome
from yibao.engine import Engine
from yibao.flows.counter import Answer, Counter
from yibao.flows.counter_load import Arrival, CreditRow, Visit, arrivals, opening, read_tables
from yibao.flows.settle_city import load_city
from yibao.law import Law
from yibao.store import Store


def online(folder: Path, url: str, law: Law) -> tuple[dict[str, Answer], list[Arrival], Counter]:
    """Everything of a folder through a counter, in its order; the answers by id."""
    with Engine() as engine:
        load_city(engine, folder)
        tables, credits, came = read_tables(engine), opening(engine, date(2020, 1, 1)), list(arrivals(engine))
    store = Store(url, clock=lambda: datetime.fromisoformat("2027-01-01T00:00:00+00:00"))
    first = Counter(store, law, tables, first_year=2000, post=False)
    days = [first.reader.days(one.care).law_day.year for one in came if isinstance(one, Visit)]
    found = Counter(store, law, tables, first_year=min(days), post=False)
    answers: dict[str, Answer] = {}
    for one in [*credits, *came]:
        if isinstance(one, CreditRow):
            assert found.credit(one) is Outcome.CREDITED
        elif isinstance(one, Visit):
            answers[one.care.setl_id] = found.settle(one.care, one.lines)
        else:
            answers[one.setl_id] = found.reverse(one)
    return answers, came, found
