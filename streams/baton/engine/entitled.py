"""Which agencies an alert is for: those that must act on it, are told of it, or that it is about.

The topics of each agency and the console decide by this alone, so that they cannot differ.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def entitled_agencies(alert: Mapping[str, Any], agency_of: Mapping[str, str]) -> frozenset[str]:
    """Return the agencies that an alert (the fields of the contract's Alert) is for.

    `agency_of` gives each role's agency by the policy; several roles told at once are one word, joined by `+`. An
    agency whose record is only among the evidence is not among them (handbook, section 6: need to know).
    """
    roles = {role for word in alert["tell"] for role in word.split("+")}
    roles.update(role for step in alert.get("steps", ()) for role in step["roles"])
    agencies = {agency_of[role] for role in roles if role in agency_of}
    agencies.add(alert["responsible"]["agency"])
    about = alert["about"]
    if about["kind"] == "agency":
        agencies.add(about["key"].rpartition("/")[2])
    return frozenset(agencies)
