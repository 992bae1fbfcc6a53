"""What two sides differ in, in plain Python: the ladder of docs/reconcile.md over lists of rows, without yibao.

A row is a dict: side, no, setl_id, mdtrt_id, psn_no, init (texts or None), day (int), cls (texts), back (0 or 1),
amounts (tuple of signed fen). `judge` gives each difference as (kind, frozenset of (side, no)).
"""

import re
import unicodedata
from collections import defaultdict

NEAR_DAYS, OWN_NUMBERS = 7, 5


def form(text):
    """The identifier as it was meant; None where nothing is left of it, or Excel has destroyed it."""
    if text is None:
        return None
    text = unicodedata.normalize("NFKC", text)
    if re.fullmatch(r"[0-9]+([.][0-9]+)?[eE][+][0-9]+", text):
        return None
    text = re.sub(r"[\s'‘’`\"]+|[.]0+$", "", text.upper())
    return text.lstrip("0") or text[-1:] or None


def in_order(row):
    """Rows by what they say, and only where they say the same by their place: no order of the files matters."""
    total, fund, cash = row["amounts"]
    amounts = f"{total}/{fund}/0/0/0/0/0/0/0/0/{cash}"
    return (row["visit"] or "", row["day"], row["cls"], amounts, row["person"] or "", row["setl_id"] or "", row["no"])


def other(side):
    return "theirs" if side == "ours" else "ours"


class Judge:
    def __init__(self, rows):
        self.rows = rows
        for row in rows:
            row["id_form"], row["visit"], row["person"] = (
                form(row["setl_id"]),
                form(row["mdtrt_id"]),
                form(row["psn_no"]),
            )
            row["lead"] = row["setl_id"] if row["id_form"] else None
            row["cell"] = (row["day"], row["cls"])
        self.partner, self.rung, self.dropped = {}, {}, set()
        self.groups = []
        self.same_id = defaultdict(int)
        for row in rows:
            if row["lead"] is not None:
                self.same_id[row["side"], row["lead"], row["back"]] += 1

    def free(self):
        return [row for row in self.rows if id(row) not in self.partner and id(row) not in self.dropped]

    def twins(self, row):
        return sum(
            one["side"] == row["side"]
            and one["lead"] == row["lead"]
            and one["back"] == row["back"]
            and one["amounts"] == row["amounts"]
            and one["cell"] == row["cell"]
            and one["visit"] == row["visit"]
            and one["person"] == row["person"]
            for one in self.like[row["side"], row["lead"], row["back"]]
        )

    def loose(self, row):
        if row["id_form"] is None:
            return True
        return self.same_id[row["side"], row["lead"], row["back"]] > 1 and self.twins(row) == 1

    def pair(self, name, key, many, low=False, allowed=lambda o, t: True):
        keyed = defaultdict(lambda: {"ours": [], "theirs": []})
        for row in self.free():
            of = key(row)
            if of is not None and None not in of:
                keyed[(row["back"], *of)][row["side"]].append(row)
        found = []
        for both in keyed.values():
            ours, theirs = (sorted(both[side], key=in_order) for side in ("ours", "theirs"))
            if not ours or not theirs:
                continue
            if (many == "equal" and len(ours) != len(theirs)) or (many == "one" and len(ours) + len(theirs) > 2):
                continue
            if low and not (self.own or all(map(self.loose, ours)) or all(map(self.loose, theirs))):
                single = len(ours) == len(theirs) == 1 and ours[0]["id_form"] == theirs[0]["id_form"]
                if not single:
                    continue
            found += [(o, t) for o, t in zip(ours, theirs, strict=False) if allowed(o, t)]
        for o, t in found:
            self.match(o, t, name)

    def match(self, o, t, name):
        self.partner[id(o)], self.partner[id(t)] = t, o
        self.rung[id(o)] = name

    def visits_do_not_contradict(self, o, t):
        return not self.visits or o["visit"] is None or t["visit"] is None or o["visit"] == t["visit"]

    def split(self, key):
        candidates = [row for row in self.free() if any(row["amounts"])]
        for row in self.rows:
            if id(row) in self.partner and row["side"] == "ours":
                mate = self.partner[id(row)]
                if row["amounts"] != mate["amounts"] and any(row["amounts"]) and any(mate["amounts"]):
                    mine, its = key(row), key(mate)
                    if mine == its and None not in mine and row["back"] == mate["back"]:
                        candidates += [row, mate]
        groups = defaultdict(lambda: {"ours": [], "theirs": []})
        for row in candidates:
            of = key(row)
            if None not in of:
                groups[(row["back"], *of)][row["side"]].append(row)
        for both in groups.values():
            ours, theirs = both["ours"], both["theirs"]
            if sorted((len(ours), len(theirs)))[:1] != [1] or len(ours) + len(theirs) < 3:
                continue
            if [sum(one) for one in zip(*(r["amounts"] for r in ours), strict=True)] != [
                sum(one) for one in zip(*(r["amounts"] for r in theirs), strict=True)
            ]:
                continue
            for row in (*ours, *theirs):
                self.partner.pop(id(row), None)
                self.dropped.add(id(row))
            self.groups.append(("split" if len(ours) == 1 else "merged", [*ours, *theirs]))

    def void(self, key, strict):
        keyed = defaultdict(lambda: {0: [], 1: []})
        for row in self.free():
            of = key(row)
            if of is not None and any(row["amounts"]):
                whole = tuple(-one for one in row["amounts"]) if row["back"] else row["amounts"]
                keyed[row["side"], whole, of][row["back"]].append(row)
        for (side, *_), both in keyed.items():
            if strict and (len(both[0]), len(both[1])) != (1, 1):
                continue
            taken = (sorted(both[back], key=in_order) for back in (0, 1))
            for first, back in zip(*taken, strict=False):
                self.dropped |= {id(first), id(back)}
                self.groups.append((f"void_{side}", [first, back]))

    def start(self):
        """Leaves out what is equal once on both sides; says whether visits can be compared."""
        whole = defaultdict(lambda: {"ours": [], "theirs": []})
        for row in self.rows:
            if row["lead"] is not None:
                whole[row["lead"], row["back"], row["cell"], row["amounts"]][row["side"]].append(row)
        sure = [(b["ours"][0], b["theirs"][0]) for b in whole.values() if len(b["ours"]) == len(b["theirs"]) == 1]
        self.like = defaultdict(list)
        for row in self.rows:
            self.like[row["side"], row["lead"], row["back"]].append(row)
        for o, t in sure:
            self.match(o, t, "id_same")
        self.opened = self.free()
        seen = [(o, t) for o, t in sure for u in [t] if o["mdtrt_id"] is not None and u["mdtrt_id"] is not None]
        if seen:
            self.visits = 2 * sum(o["mdtrt_id"] == t["mdtrt_id"] for o, t in seen) > len(seen)
        else:
            mine = {row["visit"] for row in self.opened if row["side"] == "ours"} - {None}
            self.visits = bool(mine & {row["visit"] for row in self.opened if row["side"] == "theirs"})
        return not sure

    def climb(self):
        none_sure = self.start()
        self.own = False
        self.pair("id_same", lambda r: (r["lead"], r["amounts"], r["cls"], r["day"] or 0), "rank")
        self.pair("id_amount", lambda r: (r["lead"], r["amounts"]), "rank")
        self.split(lambda r: (r["lead"],))
        self.pair("id_only", lambda r: (r["lead"],), "rank")
        self.pair("form_amount", lambda r: (r["id_form"], r["amounts"]), "equal")
        self.pair("form_only", lambda r: (r["id_form"],), "one")
        usable = [sum(r["side"] == s and r["id_form"] is not None for r in self.opened) for s in ("ours", "theirs")]
        self.own = none_sure and not self.partner and not self.groups and min(usable) >= OWN_NUMBERS
        right = self.visits_do_not_contradict
        self.pair("visit_same", lambda r: (r["visit"], r["amounts"], r["cls"], r["day"] or 0), "equal", True)
        self.pair("visit_amount", lambda r: (r["visit"], r["amounts"]), "equal", True)
        self.pair("person_day", lambda r: (r["person"], r["day"], r["amounts"]), "equal", True, right)
        self.split(lambda r: (r["visit"],))
        self.split(lambda r: (r["person"], r["day"]))
        self.pair("visit_only", lambda r: (r["visit"],), "one", True)
        self.pair(
            "person_near", lambda r: (r["person"], r["amounts"]), "one", True,
            lambda o, t: right(o, t) and None not in (o["day"], t["day"]) and abs(o["day"] - t["day"]) <= NEAR_DAYS,
        )  # fmt: skip
        self.pair(
            "person_some", lambda r: (r["person"], r["day"]), "one", True,
            lambda o, t: right(o, t) and any(a and a == b for a, b in zip(o["amounts"], t["amounts"], strict=True)),
        )  # fmt: skip
        self.alone()

    def alone(self):
        """Amounts and day that stand once in either file whole, where nothing else can be compared."""
        counts = defaultdict(lambda: {"ours": [], "theirs": []})
        for row in self.rows:
            counts[row["back"], row["day"], row["cls"][0], row["amounts"]][row["side"]].append(row)
        free = {id(row) for row in self.free()}
        for key, both in counts.items():
            if key[1] is None or not any(key[3]) or (len(both["ours"]), len(both["theirs"])) != (1, 1):
                continue
            o, t = both["ours"][0], both["theirs"][0]
            bare = any(r["person"] is None and r["id_form"] is None and id(r) in free for r in (o, t))
            if bare and {id(o), id(t)} <= free and self.visits_do_not_contradict(o, t):
                self.match(o, t, "amount_day")

    def verdicts(self):
        self.climb()
        self.void(lambda r: r["init_form"] if r["back"] else r["id_form"], False)
        self.void(lambda r: r["id_form"], False)
        self.void(lambda r: r["visit"], True)
        self.void(lambda r: r["person"], True)
        found = [(kind, frozenset((r["side"], r["no"]) for r in rows)) for kind, rows in self.groups]
        for row in self.rows:
            if row["side"] == "ours" and id(row) in self.partner:
                kind = self.of_pair(row, self.partner[id(row)])
                if kind:
                    found.append((kind, frozenset({("ours", row["no"]), ("theirs", self.partner[id(row)]["no"])})))
        seen = defaultdict(int)
        free = sorted(self.free(), key=in_order)
        lone = defaultdict(int)
        for row in free:
            lone[row["side"], row["lead"], row["back"]] += 1
        for row in free:
            key = (row["side"], row["lead"], row["back"])
            seen[key] += 1
            doubled = (
                row["lead"] is not None and self.same_id[key] > 1 and (lone[key] < self.same_id[key] or seen[key] > 1)
            )
            kind = "doubled_" if doubled else "reversed_" if row["back"] else "missing_"
            side = other(row["side"]) if kind == "missing_" else row["side"]
            found.append((kind + side, frozenset({(row["side"], row["no"])})))
        return sorted(found, key=lambda one: (one[0], sorted(one[1])))

    def of_pair(self, o, t):
        if o["amounts"] != t["amounts"]:
            return "amount"
        if o["day"] != t["day"]:
            return "other_day"
        if o["cls"] != t["cls"]:
            return "other_class"
        return None if self.rung[id(o)] == "id_same" else "linked"


def judge(rows):
    """Every difference of two sides, sorted."""
    for row in rows:
        row["init_form"] = form(row["init"])
    return Judge(rows).verdicts()
