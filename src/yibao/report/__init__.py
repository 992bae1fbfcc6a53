"""What people read: the Chinese report page of a priced run, and one case's way to its payment.

Entry points: `yibao.report.dip.write_report` (one self-contained HTML page with charts) and
`yibao.report.explain.explain` (the steps of one case). Holds no rule: figures come from result folders, words from
`words`. May import everything up to flows. Statistics for people are float; amounts and points stay exact.
"""
