"""Reconciling (对账): the exact settlements behind two totals that differ.

Entry points: `columns.guess` (which column of a foreign file is which), `ladder.compare` (what is the same settlement
on both sides, what is not, and what each difference explains of each day's total), `kinds.KINDS` (the kinds of
difference in their order of precedence), `totals.compare_totals` (a side that has sums only, transaction 3201).
May import kernel, standard and engine. Source: transactions 3201 and 3202 of the national platform's interface
(国家医保信息平台接口规范) for what is compared; the ladder is ours and stands in docs/reconcile.md.
"""
