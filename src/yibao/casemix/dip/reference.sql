-- grain: dip_code, hosp_lv, dscg_year
-- inputs: measured
-- params: -
-- source: DIP 技术规范: mean cost of a group by level and year over the cases left after trimming
-- note: n, fee: cases measured; n_own, fee_own: the same over the group's own cases; n_all, fee_all: its own cases before trimming
SELECT
    dip_code,
    hosp_lv,
    dscg_year,
    sum(kept) AS n,
    sum(kept * fee) AS fee,
    sum(own * kept) AS n_own,
    sum(own * kept * fee) AS fee_own,
    sum(own) AS n_all,
    sum(own * fee) AS fee_all
FROM measured
GROUP BY dip_code, hosp_lv, dscg_year
