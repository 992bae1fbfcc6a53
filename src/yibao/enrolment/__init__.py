"""参保 (enrolment): who is covered on a day and why not, what is owed and who helps to pay it, and whose account pays.

Entry points: `cover.person_cover` and `cover.entitlement` (one person, one day) and `batch.make_cover`, `batch.entitle`
(a whole city, in SQL, the same answers); `wait` (待遇等待期), `switch` (职居切换, 转移接续), `refund` (退费);
`contribute` (筹资, 资助, 职工缴费, 个人账户计入); `incentive` (大病保险激励); `match` (重复参保, 应保未保); `share`
(家庭共济). Everything is plain values and a law `View` in, values, Findings and Steps out: no file, clock or network.
May import kernel, standard, law and engine; no sibling room.
Sources: RULEBOOK §1, §2.8, §2.12; 国办发〔2024〕38号 and what the packs cite. What no document gives is refused by key.
"""
