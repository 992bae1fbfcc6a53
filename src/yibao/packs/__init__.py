"""City law as YAML, one folder a city, and its loader: every fault with ``file:line:column``, all listed at once.

Entry points: `load_law(city, overlays, pack_dirs)` gives a `yibao.law.Law`; `load_pack_findings(paths)` only checks;
`load_parameters(path)` reads a file of parameters that is no law. The shipped packs stand beside this module as package
data; a user's own packs (``--pack``, ``YIBAO_PACKS``) go over them. `teaching_scheme` is the DRG scheme that ships for
demo and tests. The only place that parses YAML. Imports kernel and law.
"""

from yibao.packs.errors import PackError, describe
from yibao.packs.folders import Folder, Shelf, open_shelf, scheme_folder, teaching_scheme
from yibao.packs.loader import load_law, load_pack_findings, load_parameters

__all__ = [
    "Folder",
    "PackError",
    "Shelf",
    "describe",
    "load_law",
    "load_pack_findings",
    "load_parameters",
    "open_shelf",
    "scheme_folder",
    "teaching_scheme",
]
