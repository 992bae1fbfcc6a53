"""Batches of scans to what the index holds (keys of codes and lines, place, time, kind) and rows refused at once."""

from collections.abc import Mapping
from datetime import datetime
from threading import Lock
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from yibao.flows.trace_index import Int64, Rows
from yibao.trace import packing, sieve
from yibao.trace.codes import Code, Syntaxes, read_code
from yibao.trace.kinds import CHANGES_IN, CHANGES_OUT, INFNOS, ORDER, event_kind
from yibao.trace.look import DrugRow, one_pack
from yibao.trace.terms import Terms, type_of

COLUMNS = (
    "drug_trac_codg", "infno", "inv_chg_type", "fixmedins_code", "ocur_time", "med_list_codg", "trdn_flag",
    "sel_retn_cnt", "units", "setl_id", "feedetl_sn", "rtal_docno", "upld_time",
)  # fmt: skip
DICTIONARIES = ("infno", "inv_chg_type", "fixmedins_code", "med_list_codg", "trdn_flag")
_EPOCH = 946_684_800
"""2000-01-01 in seconds since 1970: seconds since then fit 32 bits until 2136."""
_LAST_SECOND = (1 << 32) - 1
_MICRO = 10**6
_UNFILLED = -3


class NotStraightError(ValueError):
    """A file whose columns need typing after all: read it the long way."""


class Names:
    """Numbers for texts, given out as they are met; the numbers of one history never reach its results."""

    def __init__(self, known: list[str]) -> None:
        self.all = known
        self._number = {name: number for number, name in enumerate(known)}
        self._lock = Lock()

    def numbers(self, texts: pa.DictionaryArray) -> Int64:
        """The number of every row's text."""
        with self._lock:
            own = [self.number(text or "") for text in texts.dictionary.to_pylist()]
            own.append(self.number(""))
        return np.asarray(np.array(own, np.int64)[indices(texts)])

    def number(self, text: str) -> int:
        """The number of a text, a new one where it has none."""
        found = self._number.get(text)
        if found is None:
            found = self._number[text] = len(self.all)
            self.all.append(text)
        return found


class Read(NamedTuple):
    """A batch: what the index holds of it, and the rows refused at once with their kind."""

    rows: Rows
    refused: Int64
    refused_kind: Int64


class Reader:
    """Reads batches of one history: its numbers for prefixes, places and drugs, its law, institutions and mapping."""

    def __init__(
        self, kernels: SimpleNamespace, terms: Terms, drugs: list[DrugRow], types: Mapping[str, str], until: datetime,
        places: list[str], names: list[str], prefixes: npt.NDArray[np.int32],
    ) -> None:  # fmt: skip
        """``types``: the listed institutions (empty: not judged); ``until``: the last moment that is not future."""
        self.kernels, self.terms, self.types, self.until = kernels, terms, types, until
        self._lock = Lock()
        self.places, self.drugs, self.prefixes = Names(places), Names(names), prefixes
        self.used = np.array([max(int(prefixes.max(initial=0)), 0)], np.int64)
        self.by_prefix = np.full(packing.MAX_PREFIX, _UNFILLED, np.int32)
        self._map(drugs)
        self._fill_prefixes(0)

    def _map(self, drugs: list[DrugRow]) -> None:
        """The mapping as an open table of hashed idents, and the units in a pack by drug."""
        drug_of: dict[str, int] = {}
        for one in drugs:
            number = self.drugs.number(one.med_list_codg)
            drug_of[one.ident] = number if drug_of.get(one.ident, number) == number else sieve.DEPENDS
        size = 1
        while drugs and size < 2 * len(drug_of):
            size *= 2
        self.mapped, self.mapped_drug = np.zeros(size if drugs else 0, np.int64), np.zeros(size, np.int32)
        for ident, number in drug_of.items():
            data = ident.encode()
            key = packing.hash_span(data, 0, len(data), 3)
            at = key & (size - 1)
            while self.mapped[at] != 0:
                at = (at + 1) & (size - 1)
            self.mapped[at], self.mapped_drug[at] = key, number
        self.packs = np.zeros(sieve.MAX_DRUG + 1, np.int32)
        for drug, units in one_pack(drugs).items():
            number = self.drugs.number(drug)
            if number < sieve.MAX_DRUG:
                whole = units // _MICRO if units > 0 and units % _MICRO == 0 else sieve.DEPENDS
                self.packs[number] = whole if whole < sieve.MAX_COUNT else sieve.DEPENDS

    def _fill_prefixes(self, since: int) -> None:
        """The mapped drug of every prefix that got its number since."""
        if int(self.used[0]) <= since:
            return
        values = np.flatnonzero(self.prefixes > since)
        mapped, mapped_drug = self.mapped.tolist(), self.mapped_drug.tolist()
        for value in values.tolist():
            data = f"{value:0{packing.PREFIX_DIGITS}d}".encode()
            key = packing.hash_span(data, 0, len(data), 3)
            self.by_prefix[self.prefixes[value]] = packing.lookup(mapped, mapped_drug, key)

    def splits_at(self) -> npt.NDArray[np.uint8]:
        """By place, whether one code may be split there."""
        found = [self.terms.splits[type_of(code, self.types.get(code))] for code in self.places.all]
        return np.array([*found, False], np.uint8)

    def read(self, batch: pa.Table) -> Read:
        """Reads a batch. Raises NotStraightError for a value that its kind does not allow."""
        columns = {name: batch[name].combine_chunks() for name in batch.column_names}
        keys, drug_of_code, refused = self._codes(columns.get("drug_trac_codg"), batch.num_rows)
        place, drug = self.places.numbers(columns["fixmedins_code"]), self.drugs.numbers(columns["med_list_codg"])
        kind, split = _kinds(columns), _flags(columns, "trdn_flag", ("0", "1")) == 1
        second = np.asarray(columns["ocur_time"].cast(pa.timestamp("s"), safe=False).cast(pa.int64())) - _EPOCH
        units, whole = _units(columns, batch.num_rows)
        self._refuse(columns, place, second, refused)
        outside = (second < 0) | (second > _LAST_SECOND) | (place >= sieve.MAX_PLACE) | (drug >= sieve.MAX_DRUG)
        swapped = (kind == sieve.SALE) & (drug_of_code != -1) & (drug_of_code != drug)
        count = np.where(whole & (units < sieve.MAX_COUNT * _MICRO), units // _MICRO, sieve.MAX_COUNT)
        odd = outside | swapped | (split & (count == sieve.MAX_COUNT))
        keys[refused >= 0] = 0
        when = (
            (np.clip(second, 0, _LAST_SECOND) << 29) | (np.minimum(place, sieve.MAX_PLACE) << 5) | (kind << 2)
            | (split.astype(np.int64) << 1) | odd
        )  # fmt: skip
        line, sale = self._lines(columns, batch.num_rows)
        what = (np.minimum(drug, sieve.MAX_DRUG) << 48) | (count << 32) | (sale & 0xFFFFFFFF)
        told = (kind == sieve.SALE) & ~split & (units >= 0) & (refused != ORDER["scan_future"])
        line[~told | (refused == ORDER["unknown_institution"])] = 0
        packs = np.where(whole, np.minimum(units // _MICRO, sieve.MAX_PACKS), sieve.MAX_PACKS).astype(np.uint8)
        rows = np.flatnonzero(refused >= 0)
        return Read(Rows(keys, when, what, line, packs), rows, refused[rows])

    def code_keys(self, texts: pa.ChunkedArray) -> Int64:
        """The keys of codes."""
        return self._codes(texts.combine_chunks(), len(texts))[0]

    def line_keys(self, rows: pa.Table) -> Int64:
        """The keys of the lines that rows with the columns of a line belong to."""
        return self._lines({name: rows[name].combine_chunks() for name in rows.column_names}, rows.num_rows)[0]

    def _codes(self, texts: Any, count: int) -> tuple[Int64, npt.NDArray[np.int32], Int64]:
        """Key, mapped drug and refusal (a number of `KINDS`, or -1) of every row's code."""
        keys, drugs = np.zeros(count, np.int64), np.full(count, -1, np.int32)
        refused = np.full(count, -1, np.int64)
        if texts is None:
            refused[:] = ORDER["code_empty"]
            return keys, drugs, refused
        kinds, asked = np.zeros(count, np.uint8), self.terms.syntaxes
        self._kernel(texts, kinds, keys, drugs)
        refused[kinds == packing.EMPTY] = ORDER["code_empty"]
        odd = kinds == packing.ODD
        word = np.flatnonzero(kinds == packing.WORD)
        if len(word):
            fits = makers_fit(texts.take(pa.array(word)), asked)
            odd[word[~fits]] = True
        if odd.any():
            self._odd(texts, np.flatnonzero(odd), keys, drugs, refused)
        return keys, drugs, refused

    def _kernel(self, texts: Any, kinds: Any, keys: Any, drugs: Any) -> None:
        with self._lock:
            self._pack(texts, kinds, keys, drugs)

    def _pack(self, texts: Any, kinds: Any, keys: Any, drugs: Any) -> None:
        """Runs the kernel and gives new prefixes their drugs; one thread at a time, since prefixes get numbers."""
        asked, before = self.terms.syntaxes, int(self.used[0])
        data, offsets = text_buffers(texts)
        self.kernels.read_texts(
            data, offsets, asked.length, asked.drug_chars, int(asked.gs1), word_chars(asked), self.prefixes, self.used,
            self.by_prefix, self.mapped, self.mapped_drug, kinds, keys, drugs,
        )  # fmt: skip
        if int(self.used[0]) > before:
            self._fill_prefixes(before)
            unfilled = np.flatnonzero(drugs == _UNFILLED)
            if len(unfilled):
                # A key cannot be undone to its prefix: the few texts that were the first of theirs are read again.
                again = texts.take(pa.array(unfilled))
                more = [np.zeros(len(unfilled), kind) for kind in (np.uint8, np.int64, np.int32)]
                self._pack(again, *more)
                drugs[unfilled] = more[2]

    def _odd(self, texts: Any, rows: Int64, keys: Int64, drugs: Any, refused: Int64) -> None:
        """Texts that the kernel leaves alone: read one by one, and their canonical forms by the kernel again."""
        some = texts.take(pa.array(rows)).dictionary_encode()
        numbers = np.asarray(some.indices)
        codes = [read_code(text, self.terms.syntaxes) for text in some.dictionary.to_pylist()]
        sound = [isinstance(one, Code) for one in codes]
        canonical = pa.array([one.text if isinstance(one, Code) else "" for one in codes], pa.string())
        made = [np.zeros(len(codes), kind) for kind in (np.uint8, np.int64, np.int32)]
        if codes:
            self._kernel(canonical, *made)
        why = np.array([-1 if isinstance(one, Code) else ORDER[f"code_{one.reason}"] for one in codes], np.int64)
        keys[rows], drugs[rows] = np.where(sound, made[1], 0)[numbers], made[2][numbers]
        refused[rows] = why[numbers]

    def _refuse(self, columns: Mapping[str, Any], place: Int64, second: Int64, refused: Int64) -> None:
        """Rows from the future, and of institutions that do not exist: these before a code that is none."""
        until = int((self.until - datetime(2000, 1, 1)).total_seconds())
        future = second > until
        if "upld_time" in columns:
            upload = columns["upld_time"].cast(pa.timestamp("s"), safe=False).cast(pa.int64())
            future |= second > np.asarray(upload.fill_null(1 << 60)) - _EPOCH
        refused[future] = ORDER["scan_future"]
        if self.types:
            listed = np.array([code in self.types for code in self.places.all], bool)
            refused[~listed[place]] = ORDER["unknown_institution"]

    def _lines(self, columns: Mapping[str, Any], count: int) -> tuple[Int64, Int64]:
        """The key of the line of a bill of every row (place, settlement or document, line or drug; 0: none), and the
        hash of its settlement alone.
        """
        found, sale = np.zeros(count, np.int64), _first(columns, "setl_id", "rtal_docno")
        if sale is None:
            return found, found
        self._hash(sale, found)
        found[is_blank(sale)] = 0
        sales = found.copy()
        self._hash(_first(columns, "feedetl_sn", "med_list_codg"), found)
        self._hash(columns["fixmedins_code"], found)
        found[sales == 0] = 0
        return found, sales

    def _hash(self, texts: Any, found: Int64) -> None:
        if pa.types.is_dictionary(texts.type):
            own = texts.dictionary.cast(pa.string())
            seeds = np.full(len(own) + 1, 7, np.int64)
            self.kernels.hash_rows(*text_buffers(own), seeds)
            found ^= seeds[indices(texts)]
        else:
            self.kernels.hash_rows(*text_buffers(texts), found)


def makers_fit(texts: Any, asked: Syntaxes) -> npt.NDArray[np.bool_]:
    """Which texts one of the makers' patterns fits."""
    fits = np.zeros(len(texts), bool)
    for maker in asked.makers:
        fits |= np.asarray(pc.match_substring_regex(texts, f"^(?:{maker.pattern.pattern})$"))
    return fits


def word_chars(asked: Syntaxes) -> int:
    """How many characters of a maker's code name its drug, where all makers agree; else 0: it is not told."""
    sizes = {maker.drug_chars for maker in asked.makers}
    return sizes.pop() if len(sizes) == 1 else 0


def text_buffers(texts: Any) -> tuple[Any, Any]:
    """Bytes and offsets of a string array; a gap is an empty text."""
    if texts.null_count:
        texts = texts.fill_null("")
    _valid, offsets, data = texts.buffers()
    wide = pa.types.is_large_string(texts.type)
    ends: Any = np.zeros(1, np.int32)
    if offsets and offsets.size:
        ends = np.frombuffer(offsets, np.int64 if wide else np.int32)
    ends = ends[texts.offset : texts.offset + len(texts) + 1]
    return np.frombuffer(data, np.uint8) if data and data.size else np.zeros(1, np.uint8), ends


def indices(texts: pa.DictionaryArray) -> npt.NDArray[Any]:
    """The number of every row's text in its dictionary; a gap is the number after the last."""
    found = texts.indices
    return np.asarray(found.fill_null(len(texts.dictionary)) if found.null_count else found)


def is_blank(texts: Any) -> npt.NDArray[np.bool_]:
    """Which rows have no text."""
    if pa.types.is_dictionary(texts.type):
        own = [not text for text in texts.dictionary.to_pylist()]
        return np.asarray(np.array([*own, True])[indices(texts)])
    return np.asarray(np.diff(text_buffers(texts)[1]) == 0)


def _first(columns: Mapping[str, Any], *names: str) -> Any:
    """The first of the columns, with its gaps and blanks filled from the next."""
    there = [columns[name] for name in names if name in columns]
    if not there:
        return None
    first = there[0]
    for other in there[1:]:
        gaps = is_blank(first)
        if gaps.any() and (len(other) > other.null_count):
            plain = other.cast(pa.string()) if pa.types.is_dictionary(other.type) else other
            first = pc.if_else(pa.array(gaps), plain, first.cast(pa.string()))
    return first


def _flags(columns: Mapping[str, Any], name: str, values: tuple[str, ...]) -> Int64:
    """The position in ``values`` of every row's text; a gap is the first."""
    if name not in columns:
        return np.zeros(1, np.int64)
    texts = columns[name]
    own = []
    for text in texts.dictionary.to_pylist():
        if text not in values:
            raise NotStraightError(f"{name}: {text}")
        own.append(values.index(text))
    return np.asarray(np.array([*own, 0], np.int64)[indices(texts)])


def _kinds(columns: Mapping[str, Any]) -> Int64:
    """The kind of event of every row."""
    changes = ("", *CHANGES_IN, *CHANGES_OUT)
    table = np.array([[event_kind(infno, change) for change in changes] for infno in INFNOS], np.int64)
    return table[_flags(columns, "infno", INFNOS), _flags(columns, "inv_chg_type", changes)]


def _units(columns: Mapping[str, Any], count: int) -> tuple[Int64, npt.NDArray[np.bool_]]:
    """The quantity of every row in 10⁻⁶ (-1 where none is told) and whether it is whole."""
    if "units" in columns:
        units = np.asarray(columns["units"].fill_null(-1), dtype=np.int64)
    elif "sel_retn_cnt" in columns:
        held = columns["sel_retn_cnt"]
        scale = 10 ** (6 - held.type.scale)
        raw = np.frombuffer(held.buffers()[1], np.int64)[held.offset * 2 : (held.offset + len(held)) * 2 : 2]
        units = raw * scale
        if held.null_count:
            units[np.asarray(held.is_null())] = -1
    else:
        units = np.full(count, -1, np.int64)
    return units, (units >= 0) & (units % _MICRO == 0)
