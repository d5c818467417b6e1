"""A console without Kafka: what it reads is heard from a list, and what it tells is kept in one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from baton.access import Access, Entitlements, Operator, User, Users
from baton.console.app import Parts, make_app
from baton.console.deeds import Deeds
from baton.console.sources import Sources
from baton.console.standing import Standing
from baton.contract import codec
from baton.reading import Message

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
AGENCY_OF = {
    "public_protection_supervisor": "police",
    "hub_manager": "childrens_social_care",
    "receiving_team_manager": "childrens_social_care",
    "head_of_service": "childrens_social_care",
    "quality_analyst": "childrens_social_care",
    "named_midwife": "midwifery",
    "housing_lead": "housing",
}

LOCAL_OPERATORS = [
    User(
        key=key,
        password_hash="",
        second_factor="",
        roles=frozenset({role}),
        authorities=frozenset({area}),
    )
    for key, role, area in (
        ("op-of-hub", "hub_manager", "local"),
        ("op-of-housing", "housing_lead", "local"),
        ("op-elsewhere", "hub_manager", "elsewhere"),
    )
]


def an_alert(number: int = 1, **fields: object) -> dict[str, Any]:
    """Make an alert of the flagship rule; `number` makes its id and person."""
    event = {
        "event_id": f"event-{number}",
        "event": "IncidentRecorded",
        "agency": "police",
        "occurred_at": NOON - 24 * HOUR,
    }
    return codec.complete(
        "Alert",
        {
            "alert_id": f"unreferred-incident/inc-{number}/p-{number}",
            "rule": "unreferred-incident",
            "rule_version": 1,
            "policy_version": "2026-01-01",
            "severity": 1,
            "about": {"kind": "person", "key": f"p-{number}"},
            "status": "raised",
            "reason": "overdue",
            "trigger": [event],
            "evidence": [event],
            "missing": ["ReferralReceived"],
            "due_at": NOON - HOUR,
            "raised_at": NOON - HOUR,
            "as_of": NOON,
            "responsible": {"agency": "police", "role": "public_protection_supervisor"},
            "tell": ["public_protection_supervisor", "hub_manager", "named_midwife"],
        }
        | fields,
    )


def a_block(number: int = 1, **states: list[str]) -> dict[str, Any]:
    """Make a block transfer's alert; each argument is a case (`case_1`) with its states."""
    return an_alert(
        alert_id=f"block-transfer/block-{number}",
        rule="block-transfer",
        severity=2,
        about={"kind": "team", "key": "team-2"},
        reason="found",
        members=[
            {"key": key.replace("_", "-"), "states": ["requested", *each]}
            for key, each in sorted(states.items())
        ],
        responsible={
            "agency": "childrens_social_care",
            "team": "team-2",
            "role": "head_of_service",
        },
        tell=["head_of_service", "quality_analyst"],
    )


def an_operator(key: str = "op-1", *roles: str, **fields: Any) -> Operator:
    """Make an operator of the local area whom no file has; without roles, the police's supervisor."""
    held = frozenset(roles or ("public_protection_supervisor",))
    agencies = frozenset(AGENCY_OF[role] for role in held if role in AGENCY_OF)
    areas = frozenset({"local"})
    return Operator(
        **{
            "key": key,
            "roles": held,
            "agencies": agencies,
            "authorities": areas,
            "signed_in_by": "oidc",
        }
        | fields
    )


Engine = Callable[[str, Mapping[str, Any]], None]


@dataclass
class Told:
    """Takes actions instead of Kafka; `engine` says what then becomes of the alert."""

    actions: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    engine: Engine | None = None

    def tell(self, record: str, fields: Mapping[str, Any]) -> None:
        """Keep an action, and let the engine answer."""
        self.actions.append((record, dict(fields)))
        if self.engine is not None:
            self.engine(record, fields)


@dataclass
class Noted:
    """Takes the audit's records."""

    notes: list[dict[str, str | None]] = field(default_factory=list)

    def note(
        self,
        who: str,
        what: str,
        where: str | None = None,
        why: str | None = None,
        *,
        alert: str | None = None,
        page: str | None = None,
    ) -> None:
        """Keep a record."""
        self.notes.append(
            {"who": who, "what": what, "where": where, "why": why, "alert": alert, "page": page}
        )

    def of(self, what: str) -> list[tuple[str | None, str | None]]:
        """Return the alert or page, and why, of each record of a kind."""
        return [
            (each["alert"] or each["page"], each["why"])
            for each in self.notes
            if each["what"] == what
        ]


class Console:
    """A console, and a browser in which nobody has signed in yet."""

    def __init__(self) -> None:
        """Begin at noon, with nothing heard."""
        self.now = NOON
        self.access = Access(
            Entitlements(AGENCY_OF),
            Users(LOCAL_OPERATORS),
            now=lambda: self.now.timestamp(),  # noqa: PLW0108 (noon passes)
        )
        self.standing = Standing(self.access.entitlements)
        self.deeds, self.sources = Deeds(), Sources()
        self.told, self.noted = Told(), Noted()
        self.parts = Parts(
            access=self.access,
            standing=self.standing,
            deeds=self.deeds,
            sources=self.sources,
            teller=self.told,
            trail=self.noted,
            now=lambda: self.now,
        )
        self.browser = TestClient(
            make_app(self.parts), base_url="http://127.0.0.1", follow_redirects=False
        )
        self._offset = count(1)

    def hear(self, *alerts: Mapping[str, Any]) -> None:
        """Let alerts come from the log."""
        self.standing.hear([self._message("Alert", each) for each in alerts])

    def hear_action(self, record: str, **fields: object) -> dict[str, Any]:
        """Let an action come from the log."""
        said = {
            "occurred_at": NOON,
            "agency": "police",
            "by": "op-9",
            "event_id": f"deed-{next(self._offset)}",
        }
        whole = codec.complete(record, said | fields)
        self.deeds.hear([self._message(record, whole, whole["occurred_at"])])
        return whole

    def hear_source(self, record: str, heard_at: datetime, **fields: object) -> None:
        """Let a heartbeat or a tick come from the log."""
        self.sources.hear([self._message(record, fields, heard_at)])

    def _message(self, record: str, fields: Mapping[str, Any], at: datetime = NOON) -> Message:
        return Message(
            0, next(self._offset), int(at.timestamp() * 1000), None, codec.encode(record, fields)
        )

    def sign_in(self, operator: Operator | None = None) -> Operator:
        """Let somebody be signed in, as if the sign-in had let them."""
        operator = operator or an_operator()
        number, _ = self.access.sessions.begin(self.access.now(), operator)
        self.browser.cookies.set("baton", number)
        return operator

    def get(self, path: str, **query: str) -> Response:
        """Load a page."""
        return self.browser.get(path, params=query or None)

    def post(self, path: str, form: Mapping[str, str], **query: str) -> Response:
        """Send a form with the session's token."""
        number = self.browser.cookies.get("baton") or ""
        session = self.access.sessions.get(number, self.access.now())
        token = session.csrf if session else ""
        return self.browser.post(path, params=query or None, data={"csrf": token, **form})

    def act(self, action: str, alert_id: str, **form: str) -> Response:
        """Load the form of an action, and send it filled in."""
        page = self.get(f"/alert/{action}", id=alert_id)
        assert page.status_code == 200, page.text
        event_id = re.search(r'name="event_id" value="([^"]+)"', page.text)
        assert event_id
        return self.post(f"/alert/{action}", {"event_id": event_id[1], **form}, id=alert_id)


@pytest.fixture
def console() -> Iterator[Console]:
    """Give a console that knows nothing yet."""
    made = Console()
    with made.browser:
        yield made
