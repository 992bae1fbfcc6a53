-- grain: dx, px
-- inputs: core_key
-- params: -
-- source: DIP 3.0 draft ch.3: related procedures split only groups that have a principal procedure
SELECT dx, px FROM core_key WHERE px <> ''
