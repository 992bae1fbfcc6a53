"""The fund (基金): double-entry books in fen, kept apart by agency and insurance. Decides; the store commits.

Entry points: `decide` (a batch of entries against the books), `read_chart` (the chart of accounts from law),
`trial_balance`, `income_statement`, `balance_sheet` (statements from turnovers), `match` (books against a bank
statement), the records in `records`, the outcomes in `outcomes`. May import kernel, standard and law.
Rules: 社会保险基金会计制度（财会〔2017〕28号）, 社会保险基金财务制度（财社〔2017〕144号）, RULEBOOK §0 and §11.
"""
