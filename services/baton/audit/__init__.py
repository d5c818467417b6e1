"""The audit: noting who had access, proving that nothing was changed, and telling an inquiry what was known when.

What is noted is told on `alert-actions` like everything that people do; the judge puts it into the chain.
"""

from baton.audit.inquiry import Inquiry, inquire
from baton.audit.trail import Trail
from baton.audit.verify import Proof, Wrong, verify

__all__ = ["Inquiry", "Proof", "Trail", "Wrong", "inquire", "verify"]
