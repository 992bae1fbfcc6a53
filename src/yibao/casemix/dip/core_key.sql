-- grain: dx, px
-- inputs: core_count
-- params: core_min
-- source: DIP 技术规范: a combination is a core group (核心病种) when it has at least the threshold number of cases (inclusive)
SELECT dx, px, n FROM core_count WHERE n >= $core_min
