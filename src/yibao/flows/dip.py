"""The DIP commands: build a catalogue from history, price cases out of a budget, assess a catalogue.

Each wires tables, law, casemix and payment and holds no rule; each writes whole folders or nothing.
"""

from yibao.flows.dip_assess import assess
from yibao.flows.dip_build import build
from yibao.flows.dip_common import FlowError, Outcome, Setting, quality_rows
from yibao.flows.dip_price import price

__all__ = ["FlowError", "Outcome", "Setting", "assess", "build", "price", "quality_rows"]
