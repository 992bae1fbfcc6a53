"""付费 (payment): from points to money: deviation, institution coefficients, special review, point values, what
the pool owes for each case; bed-days.

Entry points: ``case_points.sql``, ``final_points.sql``, ``case_due.sql`` and ``share.sql`` (run by a flow), `special`,
`addons`, `fund_value`, `year_rules`, `point_value`, `coefficient`, `terms`, `bed_day`.
Sources: S4 三, DIP 技术规范, 医保发〔2025〕18号, 经办规程 2025. May import kernel, standard, law, engine, catalogue;
what it needs of casemix comes as tables.
"""
