"""Tells people of alerts: by e-mail, Teams, webhook and the rest, or GOV.UK Notify. A pointer, never a story.

The engine says who is to be told, and when (the alert's `steps`); this service tells them and tells baton what came
of it (`AlertTold`). Nobody is told twice of one step, whenever it is killed.
"""

from baton.notify.recipients import RecipientsError, read_recipients
from baton.notify.service import NotifyError, run_notify

__all__ = ["NotifyError", "RecipientsError", "read_recipients", "run_notify"]
