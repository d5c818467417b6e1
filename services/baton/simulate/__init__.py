"""Invented histories of whole authorities from one seed: what agencies told, and which failures were sown in it.

Every person, case and id is made up. The same plan gives the same events, in the same order, on any machine.
"""

from baton.simulate.history import events
from baton.simulate.plan import FAILURES, RULE_OF, Plan, Volumes

__all__ = ["FAILURES", "RULE_OF", "Plan", "Volumes", "events"]
