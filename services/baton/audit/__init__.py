"""The audit: noting who had access, proving that nothing was changed, and telling an inquiry what was known when.

What is noted is told on `alert-actions` like everything that people do; the judge puts it into the chain.
"""

from baton.audit.inquiry import NOT_ON_IT, Inquiry, inquire
from baton.audit.trail import Trail
from baton.audit.verify import Proof, Wrong, retention_may_have_taken, verify

__all__ = [
    "NOT_ON_IT",
    "Inquiry",
    "Proof",
    "Trail",
    "Wrong",
    "inquire",
    "retention_may_have_taken",
    "verify",
]
