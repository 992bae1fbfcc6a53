"""DIP (按病种分值付费): learns a disease catalogue from history and puts cases into its groups.

Entry points: `learn`, `assign`, `read_regime`, `build_rules`, `exclusion_tables`; formulas in `score`, measures in
`assess`. Pipeline: clean → exclusion lists → 先期 → 并项 → 诊断辅助 → 基本 (core) → 综合 → ungrouped, the first hit
wins. Sources: S4 (淄博 2024-12-20), DIP 技术规范 2020, 2.0 practice, 3.0 draft; every figure is a parameter of the law.
May import kernel, standard, law, engine and catalogue.
"""

from yibao.casemix.dip.learn import Catalogue, GroupingLists, LearnError, assign, learn
from yibao.casemix.dip.regime import Regime, RegimeError, read_regime
from yibao.casemix.dip.rules import LAYER_NAMES, RuleError, Rules, build_rules, exclusion_tables

__all__ = [
    "LAYER_NAMES",
    "Catalogue",
    "GroupingLists",
    "LearnError",
    "Regime",
    "RegimeError",
    "RuleError",
    "Rules",
    "assign",
    "build_rules",
    "exclusion_tables",
    "learn",
    "read_regime",
]
