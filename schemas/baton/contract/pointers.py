"""What an identifier must look like, so that a name, an address or an NHS number cannot pass for one.

Ids of incidents, cases, teams and the like go into alerts, logs and keys as they are: they are pointers into an
agency's own system. The persons that a record is about are not among them; they are pseudonymised. Those who act,
workers and operators, have keys of their agency's own making.
"""

from collections.abc import Mapping
from typing import Any, Final

from baton.contract.errors import InvalidField
from baton.contract.persons import nhs_number_is_valid

OF_PEOPLE: Final = frozenset({"worker", "by", "second_by", "to"})
"""The fields that hold the key of somebody who acts, which an e-mail address is not: it is a name."""

POINTERS: Final = OF_PEOPLE | frozenset(
    {
        *("event_id", "authority", "to_authority", "incident", "notification", "referral"),
        *("transfer", "case", "block", "assessment", "alert", "silence", "role", "note"),
        *("team", "from_team", "to_team", "by_team", "successor"),
    },
)
"""The fields that hold such an id, in whatever record."""

_REFUSED: Final = frozenset(" ,;\"'")


def check_pointers(fields: Mapping[str, Any]) -> None:
    """Raise InvalidField, reason `bad-text`, for an id that could be a name, an address or an NHS number."""
    for name in POINTERS & fields.keys():
        value = fields[name]
        if not isinstance(value, str):
            continue
        if not value.isprintable() or not _REFUSED.isdisjoint(value):
            detail = "is not an id: no spaces, commas or quotes; it is shown in alerts as it is"
            raise InvalidField("bad-text", detail, path=name)
        if "@" in value and name in OF_PEOPLE:
            detail = "is an e-mail address: give a key, such as operator-1; it is kept as it is"
            raise InvalidField("bad-text", detail, path=name)
        if nhs_number_is_valid(value):
            detail = "looks like an NHS number, which only a person may have"
            raise InvalidField("nhs-number", detail, path=name)
