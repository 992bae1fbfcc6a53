"""What a day of a person's insurance is called: one stable name, in a fixed order of precedence.

The order of the members is the order of precedence: where several would hold, the first is the answer.
`docs/enrolment.md` lists them in this order; a test compares.
"""

from enum import StrEnum


class CoverOutcome(StrEnum):
    """The answer to “is this person entitled on this day”. Only ``covered`` pays."""

    BEFORE_BIRTH = "before_birth"
    DEAD = "dead"
    DUPLICATE_ENROLMENT = "duplicate_enrolment"
    COVERED = "covered"
    WAITING = "waiting"
    ARREARS = "arrears"
    SUSPENDED = "suspended"
    NOT_ENROLLED = "not_enrolled"

    @property
    def entitled(self) -> bool:
        """Whether the fund pays on that day."""
        return self is CoverOutcome.COVERED

    @property
    def label(self) -> str:
        """The Chinese sentence shown to users."""
        return _WORDS[self][0]

    @property
    def next_step(self) -> str:
        """What the clerk does next."""
        return _WORDS[self][1]


_C = CoverOutcome
_WORDS: dict[CoverOutcome, tuple[str, str]] = {
    _C.BEFORE_BIRTH: ("就诊日期早于出生日期", "核对出生日期和就诊日期"),
    _C.DEAD: ("就诊日期晚于死亡日期", "核对死亡登记；疑似冒名就医的移交稽核"),
    _C.DUPLICATE_ENROLMENT: ("当日在两个统筹区都有在保记录", "由两地核实，终止其中一地后再结算"),
    _C.COVERED: ("正常享受待遇", "无须处理"),
    _C.WAITING: ("在待遇等待期内", "等待期满之日起享受；符合切换接续条件的先办补缴"),
    _C.ARREARS: ("参保而当期没有足额缴费", "补足当期费款；部分到账的视为未缴"),
    _C.SUSPENDED: ("已暂停参保", "恢复参保或转为居民医保"),
    _C.NOT_ENROLLED: ("当日没有参保", "动员参保；在外地参保的查异地就医"),
}  # fmt: skip
