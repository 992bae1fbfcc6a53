"""The aggregations of the page, one statement each, over the table ``report_case`` (grain setl_id).

Sums are exact; quantiles, means and spreads are statistics in floating point. Types of deviation, groups and points
come from pricing as they are; nothing is decided here.
"""

CASES = """
    SELECT t.setl_id, t.fixmedins_code, t.hosp_lv, t.dscg_date, t.dx, t.px_kind, t.scope, t.dip_code, t.dip_type,
        t.deviation_type, t.group_points, p.case_points, p.pay, t.medfee_sumamt AS fee,
        CASE WHEN t.std_fee > 0
            THEN CAST(t.medfee_sumamt AS DOUBLE) * CAST(t.std_n AS DOUBLE) / CAST(t.std_fee AS DOUBLE) END AS q
    FROM trail AS t JOIN priced AS p ON p.setl_id = t.setl_id"""

TOTALS = """
    SELECT count(*) AS cases, count(DISTINCT fixmedins_code) AS hospitals, sum(fee) AS fee,
        sum(case_points) AS points, sum(pay) AS pay, min(dscg_date) AS first_day, max(dscg_date) AS last_day,
        sum(CASE WHEN dip_type = 'ungrouped' THEN 1 ELSE 0 END) AS ungrouped,
        count(DISTINCT CASE WHEN dip_type <> 'ungrouped' THEN dip_code END) AS groups_used
    FROM report_case"""

GROUPS = """
    SELECT c.dip_code, c.dip_type, count(*) AS cases, sum(c.fee) AS fee, sum(c.case_points) AS points,
        sum(c.pay) AS pay, avg(CAST(c.fee AS DOUBLE)) AS mean_fee,
        stddev_pop(CAST(c.fee AS DOUBLE)) / avg(CAST(c.fee AS DOUBLE)) AS cv
    FROM report_case AS c WHERE c.dip_type <> 'ungrouped'
    GROUP BY c.dip_code, c.dip_type ORDER BY points DESC, c.dip_code"""

HOSPITALS = """
    WITH mean AS (
        SELECT dip_code, avg(CAST(fee AS DOUBLE)) AS fee FROM report_case
        WHERE dip_type <> 'ungrouped' GROUP BY dip_code)
    SELECT c.fixmedins_code, max(c.hosp_lv) AS hosp_lv, count(*) AS cases, sum(c.fee) AS fee,
        sum(c.case_points) AS points, sum(c.pay) AS pay,
        avg(CAST(c.fee AS DOUBLE) / CASE WHEN m.fee > 0 THEN m.fee END) AS cost_index
    FROM report_case AS c LEFT JOIN mean AS m ON m.dip_code = c.dip_code
    GROUP BY c.fixmedins_code ORDER BY pay DESC, c.fixmedins_code"""

LEVELS = """
    SELECT hosp_lv, count(DISTINCT fixmedins_code) AS hospitals, count(*) AS cases, sum(fee) AS fee,
        sum(case_points) AS points, sum(pay) AS pay,
        sum(CASE WHEN dip_type <> 'ungrouped' THEN group_points ELSE 0 END) AS group_points,
        sum(CASE WHEN dip_type <> 'ungrouped' THEN 1 ELSE 0 END) AS grouped
    FROM report_case GROUP BY hosp_lv ORDER BY hosp_lv DESC"""

TYPES = """
    SELECT dip_type, count(DISTINCT dip_code) AS groups, count(*) AS cases, sum(fee) AS fee,
        sum(case_points) AS points, sum(pay) AS pay, avg(CAST(fee AS DOUBLE)) AS mean_fee,
        quantile_cont(CAST(fee AS DOUBLE), [0.05, 0.25, 0.5, 0.75, 0.95]) AS quantiles
    FROM report_case GROUP BY dip_type ORDER BY dip_type"""

DEVIATIONS = """
    SELECT deviation_type, count(*) AS cases, sum(fee) AS fee, sum(case_points) AS points, sum(pay) AS pay
    FROM report_case GROUP BY deviation_type ORDER BY deviation_type"""

RATIOS = """
    SELECT CASE WHEN q >= 6 THEN 60 ELSE CAST(floor(q * 10) AS INTEGER) END AS tenth, deviation_type,
        count(*) AS cases
    FROM report_case WHERE q IS NOT NULL AND dip_type <> 'ungrouped'
    GROUP BY tenth, deviation_type ORDER BY tenth, deviation_type"""

MONTHS = """
    SELECT year(dscg_date) AS year, month(dscg_date) AS month, count(*) AS cases, sum(fee) AS fee,
        sum(case_points) AS points, sum(pay) AS pay
    FROM report_case GROUP BY year, month ORDER BY year, month"""

EXAMPLES = """
    WITH middle AS (SELECT deviation_type, median(q) AS q FROM report_case GROUP BY deviation_type),
    placed AS (
        SELECT c.setl_id, c.deviation_type, row_number() OVER (
            PARTITION BY c.deviation_type ORDER BY coalesce(abs(c.q - m.q), 0), c.setl_id) AS nth
        FROM report_case AS c JOIN middle AS m ON m.deviation_type = c.deviation_type)
    SELECT setl_id, deviation_type FROM placed WHERE nth = 1 ORDER BY deviation_type"""

UNGROUPED = """
    SELECT scope, substr(dx, 1, 3) AS dx, px_kind, count(*) AS cases, sum(fee) AS fee, sum(pay) AS pay
    FROM report_case WHERE dip_type = 'ungrouped'
    GROUP BY scope, substr(dx, 1, 3), px_kind ORDER BY cases DESC, scope, dx, px_kind"""

ONE_CASE = """
    SELECT t.*, p.deviation, p.case_points, p.pay
    FROM trail AS t JOIN priced AS p ON p.setl_id = t.setl_id WHERE t.setl_id = $setl_id"""

THIN_STANDARDS = """
    SELECT count(*) AS cases, coalesce(sum(CASE WHEN deviation_type = 'extreme' THEN 1 ELSE 0 END), 0) AS extreme
    FROM trail WHERE std_n < $enough AND dip_type <> 'ungrouped'"""

HISTORY = """
    SELECT r.dscg_year AS year, sum(r.n_all) AS cases, sum(r.fee_all) AS fee,
        sum(CAST(r.n_all AS DECIMAL(38, 0)) * coalesce(g.points, 0)) AS points
    FROM reference AS r LEFT JOIN groups AS g ON g.dip_code = r.dip_code
    GROUP BY r.dscg_year ORDER BY r.dscg_year"""
