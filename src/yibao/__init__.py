"""yibao (医保): an open engine for the payer's side of China's basic medical insurance.

The rooms and what may import what stand in ``docs/internals/architecture.md``;
``yibao --help`` names what a user can do.
"""

__version__ = "0.1.0"
