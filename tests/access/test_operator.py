"""Who sees which alert, and who may act on it."""

from __future__ import annotations

from typing import Any

import pytest

from baton.access import Entitlements, Operator
from tests.access.conftest import AGENCY_OF

ENTITLEMENTS = Entitlements(AGENCY_OF)


def alert(**fields: Any) -> dict[str, Any]:
    """Make an alert that police must act on, and of which a hub manager is told."""
    return {
        "alert_id": "unreferred-incident/inc-1/woman-1",
        "authority": "local",
        "about": {"kind": "person", "key": "woman-1"},
        "responsible": {"agency": "police", "team": None, "role": "public_protection_supervisor"},
        "tell": ["hub_manager"],
        "steps": [],
        "evidence": [{"agency": "midwifery", "event_id": "e-1"}],
        **fields,
    }


def operator(*roles: str, **fields: Any) -> Operator:
    """Make an operator of these roles, and of the agencies that follow."""
    given = {"authorities": frozenset({"local"}), **fields}
    agencies = ENTITLEMENTS.agencies(frozenset(roles))
    return Operator(key="operator-1", roles=frozenset(roles), agencies=agencies, **given)


@pytest.mark.parametrize("role", ["public_protection_supervisor", "hub_manager"])
def test_who_must_act_or_is_told_sees_it(role: str) -> None:
    """By the agency of their role."""
    assert ENTITLEMENTS.may_see(operator(role), alert())
    assert ENTITLEMENTS.may_act(operator(role), "acknowledge", alert()) is None


def test_evidence_entitles_nobody() -> None:
    """That midwifery's record is among the evidence does not open the alert to midwifery."""
    assert not ENTITLEMENTS.may_see(operator("named_midwife"), alert())
    assert "not-yours" == ENTITLEMENTS.may_act(operator("named_midwife"), "close", alert())


def test_whoever_a_step_told_sees_it() -> None:
    """Escalation brings in those whom it told."""
    told = alert(steps=[{"number": 2, "kind": "chased", "roles": ["named_midwife"], "at": None}])

    assert ENTITLEMENTS.may_see(operator("named_midwife"), told)


def test_several_roles_at_once_are_told() -> None:
    """A word of several roles names each of them."""
    assert ENTITLEMENTS.may_see(
        operator("named_midwife"), alert(tell=["hub_manager+named_midwife"])
    )


def test_an_alert_about_an_agencys_feed_is_that_agencys() -> None:
    """Also where its key says the area."""
    silent = alert(about={"kind": "agency", "key": "north/midwifery"})

    assert ENTITLEMENTS.may_see(operator("named_midwife"), silent)


@pytest.mark.parametrize(
    "who",
    [
        operator(),
        operator("hub_manager", authorities=frozenset()),
        operator("hub_manager", authorities=frozenset({"north"})),
        operator("role_that_policy_does_not_know"),
        operator(board=True),
    ],
)
def test_whoever_is_entitled_to_nothing_sees_nothing(who: Operator) -> None:
    """No role, no area, another area, an unknown role, or the board's figures alone."""
    assert not ENTITLEMENTS.may_see(who, alert())


def test_a_colleague_of_another_role_sees_and_may_not_act() -> None:
    """The same agency, but neither told nor owner: until it is assigned to them."""
    entitlements = Entitlements({**AGENCY_OF, "head_of_service": "childrens_social_care"})
    who = Operator(
        key="operator-7",
        roles=frozenset({"head_of_service"}),
        agencies=frozenset({"childrens_social_care"}),
        authorities=frozenset({"local"}),
    )

    assert entitlements.may_see(who, alert())
    assert "not-your-role" == entitlements.may_act(who, "acknowledge", alert())
    assert entitlements.may_act(who, "acknowledge", alert(owner="operator-7")) is None


def test_only_what_can_be_done_may_be_done() -> None:
    """An action that nobody knows is refused."""
    assert "nothing-to-do" == ENTITLEMENTS.may_act(operator("hub_manager"), "delete", alert())
