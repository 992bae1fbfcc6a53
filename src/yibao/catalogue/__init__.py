"""The catalogue (目录): what of a fee line is payable, at which class, share and limit, and why not.

Entry points: `line_facts` (every line of the session's tables, by SQL: table ``line_fact``) and `facts_of_claim` (one
settlement, in plain Python, over `read_catalogue`) attach the same facts; `scope_line` is the kernel that splits a line
into self-paid, over the limit, first share and in scope; `Reason` names why not; `check_catalogue` and `check_lines`
find what is wrong in the tables; `compare_methods` sets 排除法 against 准入法; `yibao.catalogue.rx` decides over the
life of an outside prescription (外配处方). A floor below the rooms: may import kernel, standard, law and engine.
Source: RULEBOOK §2.2 and §3; interface transactions 2204, 2301 and identities C1–C6.
"""

from yibao.catalogue.batch import ClaimSums, Facts, Scoped, claim_sums, line_facts, read_catalogue, scope_table
from yibao.catalogue.checks import check_catalogue, check_lines
from yibao.catalogue.facts import LineFact, facts_of, facts_of_claim, net_lines
from yibao.catalogue.methods import MethodComparison, compare_methods
from yibao.catalogue.reasons import COUNTER_REASONS, Reason
from yibao.catalogue.records import Catalogue, Claim, FeeLine, History
from yibao.catalogue.scope import Line, Scope, scope_all, scope_line
from yibao.catalogue.terms import Terms, terms_at, terms_reader

__all__ = [
    "COUNTER_REASONS",
    "Catalogue",
    "Claim",
    "ClaimSums",
    "Facts",
    "FeeLine",
    "History",
    "Line",
    "LineFact",
    "MethodComparison",
    "Reason",
    "Scope",
    "Scoped",
    "Terms",
    "check_catalogue",
    "check_lines",
    "claim_sums",
    "compare_methods",
    "facts_of",
    "facts_of_claim",
    "line_facts",
    "net_lines",
    "read_catalogue",
    "scope_all",
    "scope_line",
    "scope_table",
    "terms_at",
    "terms_reader",
]
