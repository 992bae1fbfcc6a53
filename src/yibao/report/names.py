"""Names for people: diagnoses, procedures, hospitals and groups, from dictionaries the caller may have."""

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from yibao.standard.icd10 import chapter_name


@dataclass(frozen=True)
class Names:
    """Dictionaries code → name for diagnoses, procedures and hospitals; each may be empty, then codes stand alone."""

    diagnoses: Mapping[str, str] = field(default_factory=dict)
    procedures: Mapping[str, str] = field(default_factory=dict)
    hospitals: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def _diagnosis_codes(self) -> list[str]:
        return sorted(self.diagnoses)

    @cached_property
    def _procedure_codes(self) -> list[str]:
        return sorted(self.procedures)

    def hospital(self, code: str) -> str:
        """The hospital's name; its code where there is none."""
        return self.hospitals.get(code, code)

    def diagnosis(self, code: str) -> str:
        """The name of a diagnosis, category or chapter; '' where the dictionary has none."""
        if "-" in code:
            return chapter_name(code)
        return _named(code, self.diagnoses, self._diagnosis_codes, ("", "00", "x00", ".x00", ".900"))

    def procedure(self, code: str) -> str:
        """The name of a procedure or of its category (亚目); '' where the dictionary has none."""
        return _named(code, self.procedures, self._procedure_codes, ("", "00", "x00"))

    def group(self, group: Mapping[str, str]) -> str:
        """The name of a DIP group from its keys (``dx``, ``px``, ``related``, ``px_kind``, ``scope``).

        As the technical specification names it: the diagnosis, then the principal procedure, then the related ones;
        a composite group is named by its category and kind of treatment.
        """
        dx = self.diagnosis(group["dx"]) or group["dx"]
        if group["scope"] in ("composite", "chapter"):
            return f"{dx}，{group['px_kind']}组"
        procedures = [code for code in (group["px"], *group["related"].split("|")) if code]
        if not procedures:
            return f"{dx}，内科诊疗" if dx else ""
        return "，".join([dx, *(self.procedure(code) or code for code in procedures)])


def _named(code: str, names: Mapping[str, str], ordered: list[str], tails: tuple[str, ...]) -> str:
    """The name of the code or of its unspecified form; else the first below it, marked 等 for it is one of several."""
    for tail in tails:
        if code + tail in names:
            return names[code + tail]
    at = bisect_left(ordered, code)
    if code and at < len(ordered) and ordered[at].startswith(code):
        return f"{names[ordered[at]]}等"
    return ""
