"""The city's year of benefits (待遇): who is insured, the catalogue, every settlement with its lines, accounts.

Entry points: `write_care` (a folder of tables, large ones in parts), `make_care` (the same tables in memory). People
are made block by block, each block from streams of its own, so neither memory nor the rows depend on how many are
written at a time. What the shares are stands in ``data/care_*.csv`` and in the modules: the authors' own assumptions.
"""

from yibao.synth.care.make import make_care
from yibao.synth.care.write import write_care

__all__ = ["make_care", "write_care"]
