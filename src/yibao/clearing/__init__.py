"""清算 (clearing): a fund's year from its budget to what each hospital is paid at last: plain Python on hospital rows.

Entry points: `budget.plan_budget` (before point values, which need its DIP line), then `clear.clear_fund` once for
each fund, which runs the months, prepayments, shares, the closed budget, medical groups and the cash equation;
`beds.judge_beds` once for all funds; `dates`, `indicators`; `terms` reads the law; `records` holds every row that goes
in or comes out. The SQL files beside them add up cases by hospital and month.
职工 and 居民 are kept apart by construction: one call, one fund.
Sources: S4 二, 三(四), 四 (淄博 2024-12-20), 医保发〔2025〕18号, 经办规程 2025, RULEBOOK §7–10, DIP_REGIMES A.8–A.10.
May import kernel, standard, law, engine.
"""
