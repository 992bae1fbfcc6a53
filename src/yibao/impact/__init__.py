"""改革影响 (impact): who gains, who pays, what a fund spends under a reform, beside the law it is compared with. Pure.

Entry points: `measure.measure(engine, threshold)` over the tables of `measure.INPUTS` (one city's claims settled under
several laws) gives every result table and the totals that close; `response.read_response` and `response.plan_response`
say which visits go, come twice or move when patients' share changes (行为反应, an assumption, off unless asked for);
`search.frontier` and `search.next_trials` look for the values of one or two parameters that meet a spending target.
Nothing is settled here: laws, claims and amounts are given. Sources: docs/internals/simulate.md; shares are statistics.
May import kernel, standard, law, engine.
"""
