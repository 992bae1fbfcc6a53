"""DRG: puts a case into MDC, ADRG and DRG by a scheme that is tables, never code.

Entry points: `read_scheme` (tables to a `Scheme` and every finding), `group_table` (a batch of cases, by the kernel of
`grouping`), `explain` (one case: why it fell where it did). May import kernel, standard and engine; no sibling room.
Source: 国家医疗保障疾病诊断相关分组（CHS-DRG）分组方案 and the open format of its tables.
"""

from yibao.casemix.drg.batch import Grouped, group_table, plain_kernel
from yibao.casemix.drg.explain import Explanation, explain
from yibao.casemix.drg.reading import Sheet, read_scheme
from yibao.casemix.drg.scheme import Scheme

__all__ = ["Explanation", "Grouped", "Scheme", "Sheet", "explain", "group_table", "plain_kernel", "read_scheme"]
