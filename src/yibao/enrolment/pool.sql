-- grain: pool_no
-- inputs: enrolments, contributions
-- params: -
-- source: RULEBOOK §1d: the pools (统筹区) that persons are enrolled or paid in, numbered in the order of their codes
WITH every AS (
    SELECT insuplc_admdvs FROM enrolments
    UNION
    SELECT insuplc_admdvs FROM contributions
)
SELECT CAST(row_number() OVER (ORDER BY insuplc_admdvs) AS BIGINT) AS pool_no, insuplc_admdvs FROM every WHERE insuplc_admdvs IS NOT NULL
