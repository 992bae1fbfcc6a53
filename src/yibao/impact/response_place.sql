-- grain: kind, hosp_lv
-- inputs: response_visit
-- params: -
-- source: docs/internals/simulate.md: the institution of a level, not offsite, with the most visits of a kind; of equal ones the first code
WITH counted AS (
    SELECT kind, hosp_lv, fixmedins_code, count(*) AS visits
    FROM response_visit
    WHERE offsite = 'none' AND hosp_lv <> ''
    GROUP BY kind, hosp_lv, fixmedins_code
),
placed AS (
    SELECT
        kind, hosp_lv, fixmedins_code,
        row_number() OVER (PARTITION BY kind, hosp_lv ORDER BY visits DESC, fixmedins_code) AS nth
    FROM counted
)
SELECT kind, hosp_lv, fixmedins_code FROM placed WHERE nth = 1
