-- grain: psn_no
-- inputs: sim_person
-- params: -
-- source: docs/internals/simulate.md: everybody insured, with a claim or without; the bands only choose what is shown
SELECT
    psn_no,
    CASE WHEN age IS NULL THEN 'unknown' WHEN age < 6 THEN '00-05' WHEN age < 18 THEN '06-17' WHEN age < 45 THEN '18-44'
        WHEN age < 60 THEN '45-59' WHEN age < 70 THEN '60-69' WHEN age < 80 THEN '70-79' ELSE '80+' END AS age_band,
    coalesce(identity, 'none') AS identity,
    coalesce(insutype, '') AS insutype
FROM sim_person
