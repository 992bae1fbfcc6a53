"""A synthetic city (合成城市): people, hospitals and years of inpatient cases, the same bytes for the same seed.

Entry points: `generate` (a `City` of Tables), `generate_cases` (a given number of varied cases for measurements),
`write_city`; `write_care` and `make_care` (a year of benefits: cover, catalogue, settlements and lines; see
`yibao.synth.care`). With ``bad_share`` faults are planted and a key table names each. Nothing in it describes a real
person or hospital; what its marginals follow stands in ``docs/internals/synth.md``.
May import everything up to flows; only the command line and the tests import it. No legal source: these are the
authors' own assumptions.
"""

from yibao.synth.care import make_care, write_care
from yibao.synth.city import City, generate, generate_cases
from yibao.synth.write import write_city

__all__ = ["City", "generate", "generate_cases", "make_care", "write_care", "write_city"]
