"""Random grouping schemes in the full format, and random cases that hit them often. Same seed, same bytes."""

import csv
import json
import random
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

TABLES: Mapping[str, Sequence[str]] = {
    "mdc": ("seq", "mdc", "entry_condition", "min_trauma_sites"),
    "mdc_dx": ("mdc", "seq", "dx", "trauma_site"),
    "adrg": ("step", "mdc", "rule_key", "adrg", "kind", "condition"),
    "adrg_codes": ("rule_key", "list", "seq", "code", "tag"),
    "drg": ("rule_key", "seq", "drg", "name", "condition"),
    "mcc": ("dx", "excl_table"),
    "cc": ("dx", "excl_table"),
    "exclusion": ("principal_dx", "excl_table"),
    "px_valid": ("px", "name"),
    "dx": ("dx", "name"),
    "px": ("px", "name"),
    "drg_names": ("drg", "name"),
    "dx_map": ("dx_in", "dx_out"),
    "px_map": ("px_in", "px_out"),
}
ORDERLESS = ("mdc", "adrg", "adrg_codes", "drg", "exclusion", "px_valid", "dx_map", "px_map")
"""Tables whose rows may stand in any order: a number of theirs says it, or none matters."""
VALUES: Mapping[str, Sequence[str]] = {
    "age": ("0", "0.5", "1", "5", "17", "18", "60", "64.999999", "65", "80"),
    "ageDay": ("0", "1", "7", "28", "28.5", "29", "365"),
    "weight": ("0", "999.5", "1000", "1499", "1500", "2500", "4000"),
    "gender": ("1", "2", "9", "未说明"),
    "inHospitalTime": ("0", "0.5", "1", "2", "5", "30", "60"),
    "leavingType": ("1", "2", "3", "4", "5", "9", "死亡"),
    "dept": ("02", "03.05", "A04", "内科", "内科（一）", "外科", "5", "b1", "B1"),
    "icuHours": ("0", "0.25", "24", "95", "96", "100"),
}
"""What a field is compared with, and what it holds in the cases."""
FIELD_OF = {
    "age": "age", "age_day": "ageDay", "weight_g": "weight", "gender": "gender", "los_days": "inHospitalTime",
    "leaving_type": "leavingType", "dept": "dept", "icu_hours": "icuHours",
}  # fmt: skip
"""The field of each case column."""
OPERATORS = ("==", "!=", "<", "<=", ">", ">=")
TAGS = ("1", "2", "T")
SITES = ("头", "胸", "腹", "上肢", "下肢")
EXCLUSION_TABLES = ("1", "2", "3", "03", "T4")
ODD_DX = ("D1x", "D1X", "d2", "诊断甲", "M8000/3", "I21.900+K35", "0", "D'3", 'D"4', "Ｄ9", "10%", "S_1", "-1", "ß")
ODD_PX = ("P1x", "P1X", "p2", "手术乙", "0", "D1x", "P*3", "Ｐ9", "99", "(7)", "1e3")
UNKNOWN = ("U99.901", "Q00.0", "zzz", "未知", "99.9999x9", "A-", "NULL", "nan", "#N/A")
"""Codes of cases that no scheme names; some look like empty cells of other programs."""

Tree = list[Any]


def write_random_scheme(folder: Path, seed: int) -> None:
    """Writes a random scheme, all fourteen tables, into ``folder``."""
    made = _Maker(random.Random(f"scheme {seed}"))
    made.make()
    folder.mkdir(parents=True, exist_ok=True)
    for table, columns in TABLES.items():
        rows = made.rows[table]
        if table in ORDERLESS:
            made.rng.shuffle(rows)
        encoding = made.rng.choice(("utf-8", "utf-8", "utf-8-sig"))
        with (folder / f"{table}.csv").open("w", encoding=encoding, newline="") as stream:
            writer = csv.writer(stream, lineterminator=made.rng.choice(("\n", "\r\n")))
            writer.writerow(columns)
            writer.writerows(rows)


class _Maker:
    """Makes a scheme. Lists, tags and MDC diagnoses come into being when a condition names them."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.rows: dict[str, list[tuple[Any, ...]]] = {table: [] for table in TABLES}
        self.dx = self._alphabet(rng.randint(30, 80), _real_dx, ODD_DX)
        self.px = self._alphabet(rng.randint(20, 60), _real_px, ODD_PX)
        self.lists: dict[tuple[str, str], list[tuple[str, str]]] = {}
        self.mdc_dx: dict[str, list[tuple[str, str]]] = {}
        self.valid = self._some(self.px, 0.5)
        self.sited: set[str] = set()

    def _alphabet(self, size: int, real: Any, odd: Sequence[str]) -> list[str]:
        codes = set(self.rng.sample(odd, self.rng.randint(2, len(odd))))
        while len(codes) < size:
            codes.add(real(self.rng))
        return self.rng.sample(sorted(codes), size)

    def _some(self, codes: Sequence[str], share: float) -> list[str]:
        """One code at least, about ``share`` of them at most."""
        return self.rng.sample(codes, self.rng.randint(1, max(1, int(len(codes) * share))))

    def make(self) -> None:
        rng = self.rng
        mdcs = [f"MDC{letter}" for letter in rng.sample("ABCDEFGHIJKLMNOPQRSTUVWXYZ", rng.randint(3, 8))]
        mdcs[-1] = rng.choice((mdcs[-1], "第九", "mdc-x"))
        self.sited = {mdc for mdc in mdcs if rng.random() < 0.25}
        mdcs_of: dict[str, set[str]] = {}
        adrg_of: dict[str, str] = {}
        for seq, mdc in zip(_numbers(rng, len(mdcs)), mdcs, strict=True):
            least: Any = rng.choice((0, 0, 0, ""))
            if mdc in self.sited:
                self._ensure_mdc(mdc)
                least = rng.randint(1, 3)
            self.rows["mdc"].append((seq, mdc, _text(self._entry(mdc)), least))
            count = 0 if rng.random() < 0.05 else rng.randint(1, 7)
            for number, step in enumerate(_numbers(rng, count)):
                known = sorted(mdcs_of)
                rule = rng.choice(known) if known and rng.random() < 0.12 else f"{mdc[-1]}{number}{rng.choice('ABC')}"
                mdcs_of.setdefault(rule, set()).add(mdc)
                adrg = adrg_of.setdefault(rule, rule) if rng.random() < 0.7 else f"{mdc[-1]}X{number}"
                terminal = rng.random() < 0.12
                kind, code = ("terminal", f"{mdc[-1]}QY") if terminal else ("adrg", adrg)
                condition = self._step(mdc, rule, last=number == count - 1)
                self.rows["adrg"].append((step, mdc, rule, code, kind, _text(condition)))
        for rule in sorted(mdcs_of):
            self._drgs(rule, sorted(mdcs_of[rule]))
        self._complications()
        self._written_lists()
        self._names()

    def _entry(self, mdc: str) -> Tree:
        own: Tree = self._membership(self.rng.choice(("dx1", "dx1", "dx1", "dx")), "mdc", (mdc,))
        kind = self.rng.random()
        if kind < 0.5:
            return own
        if kind < 0.7:
            return ["and", own, self._tree((mdc,), None, self.rng.randint(0, 2))]
        if kind < 0.8:
            return self._membership("px1", "@valid", (mdc,))
        if kind < 0.85:
            return ["true"]
        return ["or", own, self._tree((mdc,), None, self.rng.randint(0, 3))]

    def _step(self, mdc: str, rule: str, *, last: bool) -> Tree:
        rng = self.rng
        subject = rng.choice(("dx1", "dx1", "px1", "px", "dx", "dx2+"))
        chosen = self._membership(subject, self._list_name(subject, rule), (mdc,), rule)
        kind = rng.random()
        if kind < 0.35:
            return chosen
        if kind < 0.8:
            return ["and", chosen, self._tree((mdc,), rule, rng.randint(0, 3))]
        if kind < 0.97 or not last:
            return ["and", self._leaf((mdc,), rule), self._tree((mdc,), rule, rng.randint(1, 3))]
        return rng.choice((["true"], self._tree((mdc,), rule, 4)))

    def _drgs(self, rule: str, mdcs: Sequence[str]) -> None:
        rng = self.rng
        if rng.random() < 0.15:
            return
        count = rng.randint(1, 4)
        for number, seq in enumerate(_numbers(rng, count)):
            condition = self._tree(mdcs, rule, rng.choice((0, 0, 1, 2, 4)))
            if number == count - 1 and rng.random() < 0.4:
                condition = ["true"]
            drg = "" if rng.random() < 0.12 else f"{rule}{rng.choice('13579')}"
            self.rows["drg"].append((rule, seq, drg, rng.choice(("", f"{drg}的名称", "甲,乙")), _text(condition)))

    def _tree(self, mdcs: Sequence[str], rule: str | None, depth: int) -> Tree:
        """A condition nested ``depth`` deep at most, for steps of all ``mdcs``; without a rule none of its lists."""
        if depth == 0:
            return self._leaf(mdcs, rule)
        name = self.rng.choice(("and", "or", "or", "not", ""))
        if name == "":
            return self._leaf(mdcs, rule)
        if name == "not":
            return ["not", self._tree(mdcs, rule, depth - 1)]
        return [name, *(self._tree(mdcs, rule, depth - 1) for _ in range(self.rng.choice((1, 2, 2, 3))))]

    def _leaf(self, mdcs: Sequence[str], rule: str | None) -> Tree:
        rng = self.rng
        name = rng.choice((
            "in", "in", "any", "any", "any", "tag", "tag", "mcc", "cc", "cmp", "cmp", "cmp", "cmp", "isin", "truthy",
            "has_px", "count", "count", "true", "false",
        ))  # fmt: skip
        if name in ("in", "any"):
            subject = rng.choice(("dx1", "px1") if name == "in" else ("dx", "px", "dx2+", "px2+"))
            return self._membership(subject, self._list_name(subject, rule), mdcs, rule)
        if name == "tag":
            if rule is None:
                return self._membership("px", "@valid", mdcs)
            return ["tag", self._ensure_tag(rule)]
        if name == "count":
            number = rng.choice((0, 1, 1, 2, 3, 4, 6, 8, -1))
            return ["count", rng.choice(("dx", "px")), rng.choice(OPERATORS), number]
        field = rng.choice(tuple(VALUES))
        if name == "truthy":
            return ["truthy", field]
        if name == "isin":
            return ["isin", field, [self._value(field) for _ in range(rng.randint(1, 4))]]
        if name == "cmp":
            value = self._value(field)
            return ["cmp", field, rng.choice(OPERATORS if _is_number(value) else OPERATORS[:2]), value]
        return [name]

    def _value(self, field: str) -> Any:
        """A value to compare a field with: a number, the same as text, written otherwise, or a text."""
        rng = self.rng
        text = rng.choice(VALUES[field])
        if rng.random() < 0.03:
            return rng.choice(("甲", "x", "1岁"))
        if not _is_number(text):
            return text
        kind = rng.random()
        if kind < 0.55:
            return float(text) if "." in text else int(text)
        if kind < 0.8:
            return text
        if kind < 0.9:
            return float(text)
        return rng.choice((f"0{text}", f"{text}0" if "." in text else f"{text}.0"))

    def _list_name(self, subject: str, rule: str | None) -> str:
        if subject.startswith("dx"):
            return self.rng.choice(("mdc", "codes") if rule is None else ("zd", "zd", "zd1", "mdc", "codes"))
        return self.rng.choice(("@valid", "codes") if rule is None else ("ss", "ss", "ss1", "ss2", "@valid", "codes"))

    def _membership(self, subject: str, listed: str, mdcs: Sequence[str], rule: str | None = None) -> Tree:
        name = "in" if subject in ("dx1", "px1") else "any"
        if listed == "codes":
            alphabet = self.dx if subject.startswith("dx") else self.px
            return [name, subject, {"codes": self._repeated(self._some(alphabet, 0.25))}]
        if listed == "mdc":
            for mdc in mdcs:
                self._ensure_mdc(mdc)
        elif listed != "@valid":
            assert rule is not None
            self._ensure_list(rule, listed)
        return [name, subject, listed]

    def _repeated(self, codes: list[str], share: float = 0.1) -> list[str]:
        """Now and then with some of the codes a second time."""
        return [*codes, *self._some(codes, 0.6)] if self.rng.random() < share else codes

    def _ensure_list(self, rule: str, listed: str) -> list[tuple[str, str]]:
        if (rule, listed) not in self.lists:
            alphabet, share = (self.dx, 0.1) if listed.startswith("zd") else (self.px, 0.5 if listed == "ss" else 0.1)
            codes = self._repeated(self._some(alphabet, 0.4), share)
            self.lists[rule, listed] = [(code, self._tag(listed)) for code in codes]
        return self.lists[rule, listed]

    def _tag(self, listed: str) -> str:
        """A tag, or none; outside ``ss`` a tag means nothing."""
        return self.rng.choice(TAGS) if self.rng.random() < (0.5 if listed == "ss" else 0.3) else ""

    def _ensure_tag(self, rule: str) -> str:
        """A tag that the rule's list has, counting the first occurrence of each code."""
        held = self._ensure_list(rule, "ss")
        tags = sorted({tag for tag in dict(reversed(held)).values() if tag})
        if not tags:
            tags = [self.rng.choice(TAGS)]
            held[0] = (held[0][0], tags[0])
        return self.rng.choice(tags)

    def _ensure_mdc(self, mdc: str) -> None:
        if mdc in self.mdc_dx:
            return
        share = 0.8 if mdc in self.sited else 0.5
        codes = self._repeated(self._some(self.dx, share))
        sited = 0.7 if mdc in self.sited else 0.05
        self.mdc_dx[mdc] = [(code, self.rng.choice(SITES) if self.rng.random() < sited else "") for code in codes]

    def _complications(self) -> None:
        rng = self.rng
        for table in ("mcc", "cc"):
            codes = self._repeated(self._some(self.dx, 0.3), 0.5)
            self.rows[table] = [(code, rng.choice((*EXCLUSION_TABLES, ""))) for code in codes]
        for code in self._some(self.dx, 0.7):
            for table in rng.sample(EXCLUSION_TABLES, rng.randint(1, 3)):
                self.rows["exclusion"].append((code, table))

    def _written_lists(self) -> None:
        rng = self.rng
        for (rule, listed), held in self.lists.items():
            for seq, (code, tag) in zip(_numbers(rng, len(held)), held, strict=True):
                self.rows["adrg_codes"].append((rule, listed, seq, code, tag))
        for mdc, codes in self.mdc_dx.items():
            for seq, (code, site) in enumerate(codes, 1):
                self.rows["mdc_dx"].append((mdc, seq, code, site))
        self.rows["px_valid"] = [(code, "") for code in self.valid]

    def _names(self) -> None:
        """Names and maps; they change no group. A few codes stand in no code list, which is only a warning."""
        rng = self.rng
        for kind, codes in (("dx", self.dx), ("px", self.px)):
            self.rows[kind] = [(code, f"{code}的名称") for code in codes if rng.random() < 0.95]
            clinical = [f"{code}c" for code in rng.sample(codes, 3)]
            self.rows[f"{kind}_map"] = [(code, rng.choice(codes)) for code in [*codes[:5], *clinical]]
        names = dict.fromkeys(row[2] for row in self.rows["drg"] if row[2])
        self.rows["drg_names"] = [(name, f"{name}组") for name in names]


def _real_dx(rng: random.Random) -> str:
    code = f"{rng.choice('ACEIKOPS')}{rng.randint(0, 99):02}.{rng.randint(0, 9)}00"
    return code if rng.random() < 0.6 else f"{code}x00{rng.randint(1, 9)}"


def _real_px(rng: random.Random) -> str:
    code = f"{rng.randint(0, 99):02}.{rng.randint(0, 99):02}00"
    return code if rng.random() < 0.6 else f"{code}x00{rng.randint(1, 9)}"


def _numbers(rng: random.Random, count: int) -> list[int]:
    """So many rising numbers, with gaps."""
    return sorted(rng.sample(range(1, 3 * count + 10), count))


def _text(tree: Tree) -> str:
    return json.dumps(tree, ensure_ascii=False)


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True


def known_codes(folder: Path) -> tuple[list[str], list[str]]:
    """The diagnoses and the procedures that a scheme names anywhere but in its maps."""
    rows = {}
    for table in TABLES:
        with (folder / f"{table}.csv").open(encoding="utf-8-sig", newline="") as stream:
            rows[table] = list(csv.DictReader(stream))
    dx = {row["dx"] for table in ("dx", "mdc_dx", "mcc", "cc") for row in rows[table]}
    dx |= {row["principal_dx"] for row in rows["exclusion"]}
    px = {row["px"] for table in ("px", "px_valid") for row in rows[table]}
    for row in rows["adrg_codes"]:
        (dx if row["list"].startswith("zd") else px).add(row["code"])
    for table, column in (("mdc", "entry_condition"), ("adrg", "condition"), ("drg", "condition")):
        for row in rows[table]:
            for subject, codes in _own_codes(json.loads(row[column])):
                (dx if subject.startswith("dx") else px).update(codes)
    return sorted(dx), sorted(px)


def _own_codes(tree: Tree) -> Iterable[tuple[str, list[str]]]:
    if tree[0] in ("and", "or", "not"):
        for part in tree[1:]:
            yield from _own_codes(part)
    elif tree[0] in ("in", "any") and isinstance(tree[2], dict):
        yield tree[1], tree[2]["codes"]


def _fold(code: str) -> str:
    return unicodedata.normalize("NFKC", code).upper()


def _pool(known: Sequence[str], others: Sequence[str]) -> list[str]:
    """Codes to draw from: known ones, and about one in twelve unknown that are not even variants of a known one."""
    folded = {_fold(code) for code in known}
    unknown = [code for code in (*UNKNOWN, *others) if code not in known and _fold(code) not in folded]
    times = max(1, round(11 * len(unknown) / len(known)))
    return [*list(known) * times, *unknown]


def random_cases(folder: Path, seed: int, count: int) -> list[dict[str, str]]:
    """Random cases for the scheme in ``folder``; with a smaller ``count`` the first of the same cases."""
    dx, px = known_codes(folder)
    columns = {"case_id": [f"S{seed}-{number}" for number in range(count)]}
    for column, field in FIELD_OF.items():
        rng = random.Random(f"cases {seed} {column}")
        values = [*VALUES[field]] * 30 + [""] * (45 if column != "age" else 25)
        if field not in ("gender", "leavingType", "dept"):
            values += [str(number) for number in range(100)] + [rng.choice(("-1", "-0.5", "无", "1岁"))]
        columns[column] = rng.choices(values, k=count)
    lengths = {"dx": (3, 20, 25, 20, 12, 8, 6, 4, 2), "px": (30, 30, 20, 10, 5, 3, 2)}
    for column, known in (("dx", dx), ("px", px)):
        pool = _pool(known, [f"{code}c" for code in known])
        columns[column] = _joined(random.Random(f"cases {seed} {column}"), pool, lengths[column], count)
    names = tuple(columns)
    return [dict(zip(names, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _joined(rng: random.Random, pool: Sequence[str], weights: Sequence[int], count: int) -> list[str]:
    """Lists of codes, so long as ``weights`` say; now and then a code stands twice."""
    lengths = random.Random(rng.random()).choices(range(len(weights)), weights, k=count)
    codes = rng.choices(pool, k=sum(lengths))
    found, at = [], 0
    for length in lengths:
        own = codes[at : at + length]
        at += length
        if length > 1 and at % 17 == 0:
            own[-1] = own[0]
        found.append("|".join(own))
    return found
