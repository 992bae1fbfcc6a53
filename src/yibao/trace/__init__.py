"""追溯码 (trace codes): what a scanned code is, the life of every code, and what is wrong with it. Pure.

Entry points: `codes.read_code` (the canonical code of a scanned text, or why it is none), `codes.CodeMap` (两码合一);
`packing` (texts of a batch to 64-bit keys) and `sieve` (which keys may have something to say), both kernels; `life`
(the state machine NEW → IN → SOLD → RETURNED → IN, a kernel), `kinds.KINDS` (every kind of violation in its order of
precedence), `look.look` (the events of the codes in question to findings and chains, SQL around the kernel),
`stock.balance` (进销存: opening + purchases − closing against what was sold).
May import kernel, standard, law and engine. Sources: RULEBOOK §15 (T1–T9) and §14 R35; transactions 3501–3507 of the
national platform's interface (国家医保信息平台接口规范).
"""
