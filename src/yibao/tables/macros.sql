-- The grammar of a cell: text to typed values and to the name of its fault. One macro a line of thought; every macro
-- takes trimmed text (NULL when blank) unless it says otherwise. Values that break the grammar become NULL and the
-- fault macro of the kind then names why.

-- Trims ASCII and ideographic blanks; a blank cell is NULL. What begins and ends with printable ASCII, the usual case,
-- goes by untouched.
CREATE OR REPLACE TEMP MACRO tidy(x) AS CASE
    WHEN x >= '!' AND x < chr(127) AND x[-1] BETWEEN '!' AND '~' THEN x
    ELSE nullif(trim(x, chr(32) || chr(9) || chr(10) || chr(13) || chr(160) || chr(12288) || chr(65279)), '') END;

-- A number read as DOUBLE, written as people see it: 310.0 is 310.
CREATE OR REPLACE TEMP MACRO num_text(x) AS CASE
    WHEN isnan(x) THEN NULL
    WHEN x = floor(x) AND abs(x) < 1e15 THEN CAST(CAST(x AS BIGINT) AS VARCHAR)
    ELSE CAST(x AS VARCHAR) END;

-- Full-width digits, letters and marks (strlen counts bytes, length characters: the cheap test goes first).
CREATE OR REPLACE TEMP MACRO wide(t) AS strlen(t) <> length(t) AND regexp_matches(t, '[０-９Ａ-Ｚａ-ｚ．－／＋]');
CREATE OR REPLACE TEMP MACRO lost_digits(t) AS contains(t, '+') AND regexp_full_match(t, '[0-9]+([.][0-9]+)?[eE][+][0-9]+');

CREATE OR REPLACE TEMP MACRO text_fault(t) AS CASE
    WHEN wide(t) THEN 'full_width'
    WHEN lost_digits(t) THEN 'lost_digits' END;

-- Money in 元 to integer fen; at most 10^12 fen either way.
CREATE OR REPLACE TEMP MACRO within_bound(fen) AS CASE WHEN fen BETWEEN -1000000000000 AND 1000000000000 THEN fen END;
CREATE OR REPLACE TEMP MACRO fen_of_text(t) AS CASE
    WHEN regexp_full_match(t, '[+-]?[0-9]{1,14}([.][0-9]{1,2}0*)?')
    THEN within_bound(CAST(TRY_CAST(t AS DECIMAL(18, 2)) * 100 AS BIGINT)) END;
CREATE OR REPLACE TEMP MACRO fen_fault_text(t) AS CASE
    WHEN wide(t) THEN 'full_width'
    WHEN lost_digits(t) THEN 'lost_digits'
    WHEN NOT regexp_full_match(t, '[+-]?[0-9]+([.][0-9]+)?') THEN 'bad_number'
    WHEN NOT regexp_full_match(t, '[+-]?[0-9]+([.][0-9]{1,2}0*)?') THEN 'fraction_of_fen'
    ELSE 'amount_too_large' END;
-- Integers and decimals of a parquet column.
CREATE OR REPLACE TEMP MACRO fen_of_exact(x) AS CASE
    WHEN abs(x) <= 10000000000 AND x * 100 = floor(x * 100) THEN CAST(x * 100 AS BIGINT) END;
-- Decimals of at most two places in 64 bits: always whole fen, only the bound can break.
CREATE OR REPLACE TEMP MACRO fen_of_cents(x) AS CASE
    WHEN x BETWEEN -10000000000 AND 10000000000 THEN CAST(TRY_CAST(x AS DECIMAL(13, 2)) * 100 AS BIGINT) END;
CREATE OR REPLACE TEMP MACRO fen_fault_cents(x) AS 'amount_too_large';
CREATE OR REPLACE TEMP MACRO fen_fault_exact(x) AS CASE
    WHEN abs(x) > 10000000000 THEN 'amount_too_large' ELSE 'fraction_of_fen' END;
-- A DOUBLE is taken for the fen it stands next to: nearer than a hundredth of a fen and than the error that summing doubles leaves.
CREATE OR REPLACE TEMP MACRO fen_of_double(x) AS CASE
    WHEN isfinite(x) AND abs(x) <= 1e10
     AND abs(x * 100 - round(x * 100)) <= least(0.01, greatest(1e-6, abs(x) * 1e-9)) THEN CAST(round(x * 100) AS BIGINT) END;
CREATE OR REPLACE TEMP MACRO fen_fault_double(x) AS CASE
    WHEN NOT isfinite(x) THEN 'bad_number'
    WHEN abs(x) > 1e10 THEN 'amount_too_large' ELSE 'fraction_of_fen' END;

-- Budgets and balances, sums of many amounts: at most 10^15 fen either way.
CREATE OR REPLACE TEMP MACRO within_budget(fen) AS CASE WHEN fen BETWEEN -1000000000000000 AND 1000000000000000 THEN fen END;
CREATE OR REPLACE TEMP MACRO budget_of_text(t) AS CASE
    WHEN regexp_full_match(t, '[+-]?[0-9]{1,14}([.][0-9]{1,2}0*)?')
    THEN within_budget(CAST(TRY_CAST(t AS DECIMAL(18, 2)) * 100 AS BIGINT)) END;
CREATE OR REPLACE TEMP MACRO budget_fault(t) AS replace(fen_fault_text(t), 'amount_too_large', 'budget_too_large');

-- Days: 2025-01-31, 2025/1/31, 20250131, each with or without a time. Years 1900 to 2100.
CREATE OR REPLACE TEMP MACRO day_in_range(d) AS CASE WHEN d BETWEEN DATE '1900-01-01' AND DATE '2100-12-31' THEN d END;
CREATE OR REPLACE TEMP MACRO is_day(t) AS regexp_full_match(t, '[0-9]{4}(-[0-9]{1,2}-|/[0-9]{1,2}/)[0-9]{1,2}([ T][0-9:.]+.*)?');
CREATE OR REPLACE TEMP MACRO is_compact_day(t) AS regexp_full_match(t, '[0-9]{8}([0-9]{6}| [0-9:.]+)?');
CREATE OR REPLACE TEMP MACRO day_of_text(t) AS CASE
    WHEN is_day(t) THEN day_in_range(TRY_CAST(regexp_extract(t, '^[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}') AS DATE))
    WHEN is_compact_day(t) THEN day_in_range(TRY_CAST(t[1:4] || '-' || t[5:6] || '-' || t[7:8] AS DATE)) END;
CREATE OR REPLACE TEMP MACRO day_fault(t) AS CASE
    WHEN wide(t) THEN 'full_width'
    WHEN is_day(t) OR is_compact_day(t) THEN 'impossible_date'
    ELSE 'bad_date' END;

-- A moment: one of the days above, with a time of hours and minutes or seconds, or none (midnight). A fraction of a
-- second and a zone are cut.
CREATE OR REPLACE TEMP MACRO clock_of_text(t) AS CASE
    WHEN regexp_matches(t, '[ T][0-9]{1,2}:[0-9]{2}')
    THEN lpad(regexp_extract(t, '[ T]([0-9]{1,2}):[0-9]{2}', 1), 2, '0') || regexp_extract(t, '[ T][0-9]{1,2}(:[0-9]{2}(:[0-9]{2})?)', 1)
    WHEN regexp_full_match(t, '[0-9]{14}') THEN t[9:10] || ':' || t[11:12] || ':' || t[13:14]
    WHEN regexp_full_match(t, '[0-9]{8}|[0-9]{4}(-[0-9]{1,2}-|/[0-9]{1,2}/)[0-9]{1,2}') THEN '00:00:00' END;
CREATE OR REPLACE TEMP MACRO moment_of_text(t) AS CASE
    WHEN regexp_full_match(t, '(19|20)[0-9]{2}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}') THEN TRY_CAST(t AS TIMESTAMP)
    ELSE TRY_CAST(CAST(day_of_text(t) AS VARCHAR) || ' ' || clock_of_text(t) AS TIMESTAMP) END;

-- Unit prices and quantities in millionths.
CREATE OR REPLACE TEMP MACRO millionths_of_text(t) AS CASE
    WHEN regexp_full_match(t, '[+-]?[0-9]{1,10}([.][0-9]{1,6}0*)?')
    THEN CAST(TRY_CAST(t AS DECIMAL(28, 6)) * 1000000 AS BIGINT) END;
CREATE OR REPLACE TEMP MACRO millionths_of_exact(x) AS CASE
    WHEN x > -10000000000 AND x < 10000000000
    THEN CAST(trunc(x) AS BIGINT) * 1000000 + CAST(CAST(x - trunc(x) AS DECIMAL(7, 6)) * 1000000 AS BIGINT) END;

-- Whole numbers; a weight may carry decimals of a gram, which are cut so that a bound in whole grams still decides alike.
CREATE OR REPLACE TEMP MACRO int_of_text(t) AS CASE
    WHEN regexp_full_match(t, '[+-]?[0-9]{1,9}([.]0+)?') THEN TRY_CAST(split_part(t, '.', 1) AS INTEGER) END;
CREATE OR REPLACE TEMP MACRO gram_of_text(t) AS CASE
    WHEN regexp_full_match(t, '[+-]?[0-9]{1,6}([.][0-9]+)?') THEN TRY_CAST(split_part(t, '.', 1) AS INTEGER) END;
CREATE OR REPLACE TEMP MACRO number_fault(t) AS CASE
    WHEN wide(t) THEN 'full_width'
    WHEN lost_digits(t) THEN 'lost_digits'
    ELSE 'bad_number' END;

-- Lists of codes in one cell.
CREATE OR REPLACE TEMP MACRO cell_items(t) AS string_split(regexp_replace(t, '[ \t\r\n　]*[|,;，；、][ \t\r\n　]*', '|', 'g'), '|');

-- ICD-10. National and clinical versions (K35.300, I10.x00x002, A17.000x001+G01*) and the American ones (S72.143A, C7A.098).
-- The x of a national code is a small letter, every other letter a capital; a code of more than three characters has a dot.
CREATE OR REPLACE TEMP MACRO dx_ok(c) AS regexp_full_match(c, '[A-Z][0-9][0-9A-Z]([.][0-9A-Zx]{1,8})?(/[0-9])?([+*]([A-Z][0-9][0-9A-Z]([.][0-9]{1,3})?[*]?)?)?');
CREATE OR REPLACE TEMP MACRO dx_list_ok(t) AS regexp_full_match(t, '[A-Z][0-9][0-9A-Z]([.]([0-9][0-9A-Z]{0,4}|[0-9]{3}x[0-9]{3}|x[0-9]{2}(x[0-9]{3})?))?([+*]([A-Z][0-9]{2}([.][0-9])?[*])?)?([|][A-Z][0-9][0-9A-Z]([.]([0-9][0-9A-Z]{0,4}|[0-9]{3}x[0-9]{3}|x[0-9]{2}(x[0-9]{3})?))?([+*]([A-Z][0-9]{2}([.][0-9])?[*])?)?)*');
CREATE OR REPLACE TEMP MACRO with_dot(c, head) AS CASE
    WHEN contains(c, '.') OR length(c) <= head OR NOT regexp_full_match(c[head + 1], '[0-9A-Z]') THEN c
    ELSE c[1:head] || '.' || c[head + 1:] END;
CREATE OR REPLACE TEMP MACRO dx_small_x(c) AS CASE
    WHEN regexp_full_match(c, '[A-Z][0-9]{2}[.]([0-9]{3}|X[0-9]{0,2})(X[0-9]{3})?([+*].*)?')
    THEN c[1:3] || replace(c[4:], 'X', 'x') ELSE c END;
-- Nested, not composed: a macro that names its argument five times would evaluate it five times.
CREATE OR REPLACE TEMP MACRO dx_items(t) AS [dx_small_x(d) for d in [with_dot(c, 3) for c in cell_items(upper(t))]];

-- ICD-9-CM-3: 47.01, 47.0100, 33.6x00, 00.5500x008, 17.912A0.
CREATE OR REPLACE TEMP MACRO px_ok(c) AS regexp_full_match(c, '[0-9]{2}[.][0-9]([0-9x][0-9A-Z]{0,3}(x[0-9]{3,4})?)?');
CREATE OR REPLACE TEMP MACRO px_list_ok(t) AS regexp_full_match(t, '[0-9]{2}[.][0-9]([0-9x][0-9A-WYZ]{0,3}(x[0-9]{3,4})?)?([|][0-9]{2}[.][0-9]([0-9x][0-9A-WYZ]{0,3}(x[0-9]{3,4})?)?)*');
CREATE OR REPLACE TEMP MACRO px_items(t) AS [with_dot(c, 2) for c in cell_items(replace(upper(t), 'X', 'x'))];

-- Notes on a list that had to be rewritten: the cell, and its items as rewritten and joined.
CREATE OR REPLACE TEMP MACRO joined(items) AS array_to_string(items, '|');
CREATE OR REPLACE TEMP MACRO dot_note(t, j) AS CASE
    WHEN length(translate(j, '.', '')) - length(j) < length(translate(t, '.', '')) - length(t) THEN 'dot_added' END;
CREATE OR REPLACE TEMP MACRO case_note(t, j) AS CASE
    WHEN translate(j, '.|', '') <> translate(t, '.|,;，；、 　' || chr(9) || chr(10) || chr(13), '') THEN 'letter_case' END;
CREATE OR REPLACE TEMP MACRO separator_note(t) AS CASE
    WHEN regexp_matches(t, '[,;，；、]') THEN 'list_separator' END;

-- An identifier as it was meant: half-width capitals without blanks, apostrophes, leading zeros and Excel's trailing .0.
-- NULL where nothing is left, or where Excel has destroyed the last digits (1.23E+17).
CREATE OR REPLACE TEMP MACRO half_width(t) AS translate(t,
    '０１２３４５６７８９ＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ．＋－／',
    '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz.+-/');
CREATE OR REPLACE TEMP MACRO id_form(t) AS CASE WHEN NOT lost_digits(half_width(t)) THEN nullif(regexp_replace(regexp_replace(
    upper(half_width(t)), '[\s　\x{200B}\x{FEFF}''‘’＇`"]+|[.]0+$', '', 'g'), '^0+(.)', '\1'), '') END;
