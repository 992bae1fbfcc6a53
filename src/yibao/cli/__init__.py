"""The command line (命令行): ``yibao …``. Data on stdout, messages on stderr, NO_COLOR honoured.

Exit 0 when results were written (rejected rows are listed), 1 when nothing could be produced or, with ``--strict``,
when a row was rejected, 2 for wrong usage. Stands above everything; nothing imports it.
"""

from yibao.cli.app import app, main

__all__ = ["app", "main"]
