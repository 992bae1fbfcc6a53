-- grain: admdvs
-- inputs: persons
-- params: -
-- source: S4 二(三): insured people by county, what beds per thousand are counted against
SELECT admdvs, count(*) AS persons
FROM persons
WHERE admdvs IS NOT NULL AND admdvs <> ''
GROUP BY admdvs
