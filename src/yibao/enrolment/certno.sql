-- grain: certno
-- inputs: persons, residents
-- params: -
-- source: GB 11643: one key for the spellings of an identity number, as certno.normal has it
WITH every AS (
    SELECT certno FROM persons WHERE certno IS NOT NULL
    UNION
    SELECT certno FROM residents WHERE certno IS NOT NULL
),
half AS (
    SELECT
        certno,
        replace(replace(replace(replace(replace(replace(
            replace(replace(replace(replace(replace(replace(certno,
                '０', '0'), '１', '1'), '２', '2'), '３', '3'), '４', '4'), '５', '5'),
            '６', '6'), '７', '7'), '８', '8'), '９', '9'), 'Ｘ', 'X'), 'ｘ', 'X') AS text
    FROM every
),
clean AS (
    SELECT
        certno,
        upper(replace(replace(replace(replace(replace(text, ' ', ''), '　', ''), '-', ''), '－', ''), '	', '')) AS text
    FROM half
),
old AS (
    SELECT
        certno,
        text,
        CASE
            WHEN length(text) = 15 AND length(
                replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(text,
                    '0', ''), '1', ''), '2', ''), '3', ''), '4', ''), '5', ''), '6', ''), '7', ''), '8', ''), '9', '')
            ) = 0 THEN substr(text, 1, 6) || '19' || substr(text, 7, 9)
        END AS body
    FROM clean
),
summed AS (
    SELECT
        certno,
        text,
        body,
        CASE
            WHEN body IS NOT NULL THEN
                7 * CAST(substr(body, 1, 1) AS INTEGER) + 9 * CAST(substr(body, 2, 1) AS INTEGER)
                + 10 * CAST(substr(body, 3, 1) AS INTEGER) + 5 * CAST(substr(body, 4, 1) AS INTEGER)
                + 8 * CAST(substr(body, 5, 1) AS INTEGER) + 4 * CAST(substr(body, 6, 1) AS INTEGER)
                + 2 * CAST(substr(body, 7, 1) AS INTEGER) + CAST(substr(body, 8, 1) AS INTEGER)
                + 6 * CAST(substr(body, 9, 1) AS INTEGER) + 3 * CAST(substr(body, 10, 1) AS INTEGER)
                + 7 * CAST(substr(body, 11, 1) AS INTEGER) + 9 * CAST(substr(body, 12, 1) AS INTEGER)
                + 10 * CAST(substr(body, 13, 1) AS INTEGER) + 5 * CAST(substr(body, 14, 1) AS INTEGER)
                + 8 * CAST(substr(body, 15, 1) AS INTEGER) + 4 * CAST(substr(body, 16, 1) AS INTEGER)
                + 2 * CAST(substr(body, 17, 1) AS INTEGER)
        END AS total
    FROM old
)
SELECT
    certno,
    CASE WHEN body IS NULL THEN text ELSE body || substr('10X98765432', CAST(total % 11 AS INTEGER) + 1, 1) END AS cert_key
FROM summed
