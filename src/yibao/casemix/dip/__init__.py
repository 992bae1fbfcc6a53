"""DIP (按病种分值付费): learns a disease catalogue from history and puts cases into its groups.

Entry points: `learn`, `assign`, `read_regime`, `build_rules`, `exclusion_tables`; auxiliary types in `auxiliary`
(`put_scope`, `learn_types`, `put_hits`), the local catalogue and the history in `local`, review flags in `flags`,
checks of a settlement list in `quality`; formulas in `score`, measures in `assess`. Pipeline: clean → exclusion lists
→ 先期 → 并项 → 诊断辅助 → 基本 (core) → 综合 → ungrouped, the first hit wins. Sources: S4 (淄博 2024-12-20),
DIP 技术规范 2020, 2.0 practice, 3.0 draft; every figure is a parameter of the law.
May import kernel, standard, law, engine and catalogue.
"""

from yibao.casemix.dip.aux_terms import KIND_NAMES, AuxTerms, LocalTerms, read_aux, read_local
from yibao.casemix.dip.auxiliary import TYPES, cost_bases, learn_types, open_groups, put_hits, put_scope
from yibao.casemix.dip.flags import FLAG_NAMES, FlagTerms, flag_cases, read_flags
from yibao.casemix.dip.learn import Catalogue, GroupingLists, LearnError, assign, learn
from yibao.casemix.dip.local import learn_facts, learn_hospitals, place_local, tree
from yibao.casemix.dip.regime import Regime, RegimeError, read_regime
from yibao.casemix.dip.rules import LAYER_NAMES, RuleError, Rules, build_rules, exclusion_tables

__all__ = [
    "FLAG_NAMES",
    "KIND_NAMES",
    "LAYER_NAMES",
    "TYPES",
    "AuxTerms",
    "Catalogue",
    "FlagTerms",
    "GroupingLists",
    "LearnError",
    "LocalTerms",
    "Regime",
    "RegimeError",
    "RuleError",
    "Rules",
    "assign",
    "build_rules",
    "cost_bases",
    "exclusion_tables",
    "flag_cases",
    "learn",
    "learn_facts",
    "learn_hospitals",
    "learn_types",
    "open_groups",
    "place_local",
    "put_hits",
    "put_scope",
    "read_aux",
    "read_flags",
    "read_local",
    "read_regime",
    "tree",
]
