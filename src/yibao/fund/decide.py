"""The ledger's decision: the books as read and commands in, answers and records out. Pure; the store commits.

`decide` judges entries one after another, each against the books with all before it; a linked group stands or falls
as one. The result depends only on the view and the order of the commands (RULEBOOK §0: a posting is refused whole).
"""

from collections.abc import Mapping, Sequence

from yibao.fund.books import Books
from yibao.fund.chart import Chart, transfer_allowed
from yibao.fund.outcomes import Outcome
from yibao.fund.records import Action, Entry, Line
from yibao.fund.view import Answer, Decision, View
from yibao.kernel import yuan_text

SYSTEM_IDS = ("CARRY-", "EXPIRE-")
"""How the ids of entries begin that the system makes itself: carrying a year over, ending reservations."""


def decide(view: View, chart: Chart, entries: Sequence[Entry], *, whole: bool = False) -> Decision:
    """The answer to each entry in its order, the entries to keep (with the lines they stand for), the new totals.

    With ``whole`` the batch is one: where any entry is refused, none is kept and the others answer batch_refused.
    Totals are the full figures of every (account, year) that changed, not differences.
    """
    books = Books(view, chart)
    answers: dict[int, Answer] = {}
    records: list[Entry] = []
    for places in _units(entries):
        if isinstance(places, int) and (
            entries[places].refers is None or not _takes_from_group(books, entries[places])
        ):
            answers[places], entry = _post(books, entries[places])
            if answers[places].outcome is Outcome.POSTED:
                records.append(entry)
        else:
            together = [places] if isinstance(places, int) else places
            found, kept = _group(books, [entries[place] for place in together])
            records += kept
            answers.update(zip(together, found, strict=True))
    done = [answers[place] for place in range(len(entries))]
    if whole and any(not answer.outcome.stands for answer in done):
        return Decision([_not_kept(answer, view.known, Outcome.BATCH_REFUSED) for answer in done], [], {})
    return Decision(done, records, books.balances.changed())


def _units(entries: Sequence[Entry]) -> list[int | list[int]]:
    """The place of each entry that stands alone, the places of those that hold together, as they first come."""
    groups: dict[str, list[int]] = {}
    units: list[int | list[int]] = []
    for place, entry in enumerate(entries):
        if entry.group_id is None:
            units.append(place)
        elif entry.group_id in groups:
            groups[entry.group_id].append(place)
        else:
            groups[entry.group_id] = [place]
            units.append(groups[entry.group_id])
    return units


def _post(books: Books, asked: Entry) -> tuple[Answer, Entry]:
    """Judges one entry and, where nothing speaks against it, applies it."""
    entry = books.resolved(asked)
    if asked.entry_id.startswith(SYSTEM_IDS) and asked.action not in (Action.CARRY, Action.EXPIRE):
        return Answer(asked.entry_id, Outcome.ID_REUSED, f"以{'、'.join(SYSTEM_IDS)}开头的编号留给系统"), entry
    before = books.known.get(entry.entry_id)
    if before is not None:
        return Answer(entry.entry_id, Outcome.EXISTS if before == entry else Outcome.ID_REUSED), entry
    found = books.judge(entry, asked)
    if isinstance(found, tuple):
        return Answer(entry.entry_id, *found), entry
    books.apply(entry, found)
    return Answer(entry.entry_id, Outcome.POSTED), entry


def _group(books: Books, unit: Sequence[Entry]) -> tuple[list[Answer], list[Entry]]:
    """A linked group: all of it is posted, or all of it was already, or none of it is."""
    books.begin_group()
    answers: list[Answer] = []
    kept: list[Entry] = []
    for asked in unit:
        answer, entry = _post(books, asked)
        if answer.outcome is Outcome.POSTED:
            kept.append(entry)
        answers.append(answer)
    reason: Outcome | None = None
    detail = ""
    if transfer := _unlawful_transfer(books, kept):
        reason, detail = Outcome.TRANSFER_BETWEEN_INSURANCES, transfer
    elif unequal := _unequal_transfer(books, kept):
        reason, detail = Outcome.TRANSFER_UNEQUAL, unequal
    elif left := _left_standing(books, kept):
        reason, detail = Outcome.GROUP_HALF_REVERSED, left
    elif kept and unit[0].group_id in books.view.groups:
        reason = Outcome.GROUP_CHANGED
    elif any(not answer.outcome.stands for answer in answers):
        reason = Outcome.LINKED_REFUSED
    books.end_group(keep=reason is None)
    if reason is None:
        return answers, kept
    return [_not_kept(answer, books.known, reason, detail) for answer in answers], []


def _not_kept(answer: Answer, known: Mapping[str, Entry], reason: Outcome, detail: str = "") -> Answer:
    """The answer once its batch or group is taken back: what is not on the books gets the reason."""
    gone = answer.outcome.stands and answer.key not in known
    return answer._replace(outcome=reason, detail=detail) if gone else answer


def _unlawful_transfer(books: Books, entries: Sequence[Entry]) -> str:
    """Money that leaves one insurance in a group and enters another by a way no rule allows, or ""."""
    paying = [entry for entry in entries if _moves_money(books, entry, "C")]
    receiving = [entry for entry in entries if _moves_money(books, entry, "D")]
    for payer in paying:
        for payee in receiving:
            if payer.fund_type == payee.fund_type:
                continue
            for given in _counter(books, payer, "D"):
                for taken in _counter(books, payee, "C"):
                    way = (payer.fund_type, given, payee.fund_type, taken)
                    if payer.action is Action.REVERSE and payee.action is Action.REVERSE:
                        way = (payee.fund_type, taken, payer.fund_type, given)
                    if not transfer_allowed(books.chart, *way):
                        return f"{payer.entry_id}（{given}）→{payee.entry_id}（{taken}）"
    return ""


def _unequal_transfer(books: Books, entries: Sequence[Entry]) -> str:
    """A transfer of which both sides stand in the group, with other amounts, or ""."""
    for rule in books.chart.transfers:
        for fund in sorted({entry.fund_type for entry in entries}):
            from_fund, to_fund = rule.from_fund or fund, rule.to_fund or fund
            given = _sum(books, entries, from_fund, "D", rule.from_subj)
            taken = _sum(books, entries, to_fund, "C", rule.to_subj)
            if given and taken and given != taken:
                return f"划出（{from_fund} {rule.from_subj}）{yuan_text(given)}元，" \
                       f"划入（{to_fund} {rule.to_subj}）{yuan_text(taken)}元"  # fmt: skip
    return ""


def _sum(books: Books, entries: Sequence[Entry], fund_type: str, side: str, subject: str) -> int:
    return sum(
        line.amount
        for entry in entries
        if entry.fund_type == fund_type and entry.action is not Action.RESERVE
        for line in entry.lines
        if line.side == side and books.account(line.acct_no).subj_code.startswith(subject)
    )


def _takes_from_group(books: Books, entry: Entry) -> bool:
    target = books.known.get(entry.refers) if entry.action is Action.REVERSE and entry.refers else None
    return target is not None and target.group_id is not None


def _left_standing(books: Books, entries: Sequence[Entry]) -> str:
    """An entry that would be left of a group over several books when the others are reversed, or ""."""
    for entry in entries:
        target = books.known[entry.refers] if entry.action is Action.REVERSE and entry.refers else None
        if target is None or target.group_id is None:
            continue
        for member in books.members.get(target.group_id, ()):
            other_book = (member.admdvs, member.fund_type) != (target.admdvs, target.fund_type)
            booked = member.action in (Action.POST, Action.SETTLE)
            if other_book and booked and member.entry_id not in books.ended:
                return f"{target.entry_id}属于关联组{target.group_id}，组里的{member.entry_id}没有一并冲销"
    return ""


def _moves_money(books: Books, entry: Entry, side: str) -> bool:
    """Whether an entry on the whole pays money out (``C``) or receives it (``D``)."""
    net = sum(line.amount if line.side == "D" else -line.amount for line in entry.lines if _is_money(books, line))
    return net < 0 if side == "C" else net > 0


def _counter(books: Books, entry: Entry, side: str) -> list[str]:
    lines = [line for line in entry.lines if line.side == side and not _is_money(books, line)]
    return sorted({books.account(line.acct_no).subj_code for line in lines})


def _is_money(books: Books, line: Line) -> bool:
    return books.chart.subjects[books.account(line.acct_no).subj_code].money
