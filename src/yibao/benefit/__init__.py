"""Benefits (待遇): one claim, and a year of them, from scope to the last fen the patient pays.

Entry points: `terms.PlanBook` (the law of each context as integers), `batch` (a city's claims made ready in SQL),
`chunk.settle_chunk` (families settled by the kernel `settle` and `year`), `replay` (what reversals change), `national`
(results in the national fields), `steps.bill` (a settlement explained), `counter` (one claim against stored state),
`maternity` (生育津贴). May import kernel, standard, law, engine and catalogue; no sibling room.
Sources: RULEBOOK §2, §3; the plan stands in docs/internals/benefit.md.
"""
