"""Works out afresh what should have been alerted, and compares it with what was: a second opinion on every alert.

It is written from the specification and shares no code with the rules and the engine: what they get wrong it does not
get wrong with them. It sees a whole log at once, as SQL over all that was told, where they see one event after the
other. It knows the rules in `RULES`, as the policy has them without dated lines, with one list of what counts as
pregnant for all (A1's). It is simpler than they are in one thing: a transfer offered several times under one name is
asked of its last offer alone.
"""

from baton.auditor.compare import Comparison, Difference, compare
from baton.auditor.oracle import RULES, CannotAuditError, Expected, expected_alerts

__all__ = [
    "RULES",
    "CannotAuditError",
    "Comparison",
    "Difference",
    "Expected",
    "compare",
    "expected_alerts",
]
