"""付费 (payment): from points to money: deviation, institution coefficients, point values, exact shares; bed-days.

Entry points: ``case_points.sql`` and ``share.sql`` (run by a flow), `point_value`, `coefficient`, `terms`, `bed_day`.
Sources: S4 三, DIP 技术规范, 医保发〔2025〕18号, 经办规程 2025. May import kernel, standard, law, engine, catalogue;
what it needs of casemix comes as tables.
"""
