"""Whether somebody whom an alert is to be assigned to may see it, as far as that is known here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from baton.access.operator import Entitlements, Operator, roles_of
from baton.engine.entitled import entitled_agencies

if TYPE_CHECKING:
    from collections.abc import Mapping

    from baton.access.users import User, Users


def operator_of(user: User, entitlements: Entitlements) -> Operator:
    """Return a local operator, with the agencies that follow from the roles."""
    return Operator(
        key=user.key,
        roles=user.roles,
        agencies=entitlements.agencies(user.roles),
        authorities=user.authorities,
        board=user.board,
    )


@dataclass(frozen=True, slots=True)
class Assignees:
    """Whom alerts may be assigned to: the policy's roles, and the operators of the file.

    Teams, and those who sign in by OpenID Connect, are in neither: of them nothing is known before they come.
    """

    entitlements: Entitlements
    users: Users

    def refusal(self, to: str, alert: Mapping[str, Any]) -> str:
        """Say why an alert may not be assigned to a key; nothing where it may be, or where the key is not known."""
        agency_of = self.entitlements.agency_of
        if to in agency_of:
            entitled = to in roles_of(alert) or agency_of[to] in entitled_agencies(alert, agency_of)
        else:
            user = self.users.get(to)
            entitled = user is None or self.entitlements.may_see(
                operator_of(user, self.entitlements), alert
            )
        return (
            "" if entitled else f"{to} may not see this alert: it is not for their agency and area"
        )

    def warning(self, to: str, alert: Mapping[str, Any], by: str) -> str:
        """Say that nobody here knows a key; nothing where it is known, or that of whoever assigns."""
        if to in {by, alert["responsible"]["team"]}:
            return ""
        if to in self.entitlements.agency_of or self.users.get(to) is not None:
            return ""
        return f"baton does not know the key {to}: make sure that whoever it is may see this alert."
