"""Who an operator is, what they may see and what they may do: need to know, decided in one place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from baton.engine.entitled import entitled_agencies

if TYPE_CHECKING:
    from collections.abc import Mapping

REFUSALS: Final[Mapping[str, str]] = {
    "not-yours": "This alert is for other agencies than yours.",
    "not-your-role": "Only those whose role was told of this alert, or to whom it is assigned, may do that.",
    "same-person": "A second person must agree to close this alert: the same person cannot do both.",
    "nothing-to-do": "That is not among the things that can be done to an alert.",
}
"""Why somebody may not act on an alert, each with the sentence that they are shown."""

ACTIONS: Final = frozenset({"acknowledge", "assign", "note", "close", "reopen", "silence"})
"""What people do to an alert."""

LOCALLY: Final = "password"
"""The way of signing in of the operators in the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """Somebody who is signed in: a key, never a name, and what they are entitled to.

    `agencies` follow from `roles` by the policy. `board` members see the figures, and no alert by that alone.
    An operator of no area or no agency sees nothing.
    """

    key: str
    roles: frozenset[str] = frozenset()
    agencies: frozenset[str] = frozenset()
    authorities: frozenset[str] = frozenset()
    board: bool = False
    signed_in_by: str = LOCALLY


@dataclass(frozen=True, slots=True)
class Entitlements:
    """Which agency each role of the policy belongs to, and what follows from it for an operator."""

    agency_of: Mapping[str, str] = field(default_factory=dict)

    def agencies(self, roles: frozenset[str]) -> frozenset[str]:
        """Return the agencies of these roles; a role that the policy does not know gives none."""
        return frozenset(self.agency_of[role] for role in roles if role in self.agency_of)

    def may_see(self, operator: Operator, alert: Mapping[str, Any]) -> bool:
        """Say whether an operator may see an alert (the fields of the contract's Alert).

        It must belong to an area of theirs, and to an agency of theirs: the one that must act, one that is told of
        it, or the one that it is about. That an agency's record is among the evidence entitles nobody.
        """
        if alert["authority"] not in operator.authorities:
            return False
        return not operator.agencies.isdisjoint(entitled_agencies(alert, self.agency_of))

    def may_act(self, operator: Operator, action: str, alert: Mapping[str, Any]) -> str | None:
        """Return why an operator may not do this to an alert, as a word of `REFUSALS`, or None if they may."""
        if not self.may_see(operator, alert):
            return "not-yours"
        if action not in ACTIONS:
            return "nothing-to-do"
        if operator.roles.isdisjoint(roles_of(alert)) and operator.key != alert.get("owner"):
            return "not-your-role"
        return None


def roles_of(alert: Mapping[str, Any]) -> frozenset[str]:
    """Return the roles that an alert concerns: who must act, who is told, and who was."""
    told = (role for step in alert.get("steps", ()) for role in step["roles"])
    planned = (role for word in alert["tell"] for role in word.split("+"))
    return frozenset({alert["responsible"]["role"], *told, *planned})
