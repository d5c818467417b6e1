"""What an identifier must look like, so that a name, an address or an NHS number cannot pass for one.

Ids of incidents, cases, teams and the like go into alerts, logs and keys as they are: they are pointers into an
agency's own system. Persons are not among them; they are pseudonymised.
"""

from collections.abc import Mapping
from typing import Any, Final

from baton.contract.errors import InvalidField
from baton.contract.persons import nhs_number_is_valid

POINTERS: Final = frozenset(
    {
        *("event_id", "authority", "to_authority", "incident", "notification", "referral"),
        *("transfer", "case", "block", "assessment", "worker", "alert"),
        *("team", "from_team", "to_team", "by_team", "successor"),
    },
)
"""The fields that hold such an id, in whatever record."""

_REFUSED: Final = frozenset(" ,;\"'")


def check_pointers(fields: Mapping[str, Any]) -> None:
    """Raise InvalidField, reason `bad-text`, for an id that could be a name or is an NHS number."""
    for name in POINTERS & fields.keys():
        value = fields[name]
        if not isinstance(value, str):
            continue
        if not value.isprintable() or not _REFUSED.isdisjoint(value):
            detail = "is not an id: no spaces, commas or quotes; it is shown in alerts as it is"
            raise InvalidField("bad-text", detail, path=name)
        if nhs_number_is_valid(value):
            detail = "looks like an NHS number, which only a person may have"
            raise InvalidField("nhs-number", detail, path=name)
