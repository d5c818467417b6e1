"""A console in the middle of an invented working week: what is looked at, drawn and checked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.browser.pages import BLOCK, CRITICAL
from tests.console.conftest import HOUR, NOON, Console, a_block, an_alert


def story() -> Console:
    """Return a console in the middle of an invented working week."""
    console = Console()
    console.now = NOON + 3 * HOUR
    rules = [
        ("transfer-not-accepted", 2, "case", "childrens_social_care", "receiving_team_manager"),
        ("referrer-not-told", 3, "case", "childrens_social_care", "head_of_service"),
        ("incident-closed-incomplete", 2, "person", "police", "public_protection_supervisor"),
        ("deadline-driven-closures", 4, "team", "childrens_social_care", "quality_analyst"),
        ("unreferred-incident", 1, "person", "police", "public_protection_supervisor"),
    ]
    for number in range(10, 140):
        rule, level, kind, agency, role = rules[number % len(rules)]
        ago = timedelta(hours=(number * 37) % 1700, minutes=number)
        raised = NOON - ago
        status = ["raised", "answered", "raised", "closed", "acknowledged"][number // 5 % 5]
        key = f"{kind if kind != 'person' else 'p'}-{number}"
        more: dict[str, Any] = {}
        if status in {"acknowledged", "closed"}:
            at = raised + timedelta(minutes=number * 3)
            did = {
                "event_id": f"d-{number}",
                "event": "AlertAcknowledged",
                "by": "op-4",
                "occurred_at": at,
            }
            more |= {"actions": [did]}
        if status == "acknowledged":
            more |= {"acknowledged_by": "op-4", "acknowledged_until": console.now + 2 * HOUR}
        if status == "closed":
            more |= {"closed_by": "op-4", "outcome": "acted"}
        if status == "answered":
            more |= {
                "answered_at": raised + timedelta(hours=number % 40 + 1),
                "reason": "answered-late",
            }
        console.hear(
            an_alert(
                number,
                alert_id=f"{rule}/{key}",
                rule=rule,
                severity=level,
                about={"kind": kind, "key": key},
                status=status,
                raised_at=raised,
                due_at=raised,
                responsible={"agency": agency, "role": role, "team": f"team-{number % 3}"},
                tell=[role, "hub_manager"],
                raised_by=["repeat"] if number % 11 == 0 else [],
                **more,
            )
        )
    _critical(console)
    states = {f"case_{n:02}": ["accepted", "handover-recorded"] for n in range(12, 20)}
    states |= {
        "case_12": ["accepted", "handover-recorded", "file-read", "worker-allocated", "visited"]
    }
    states |= {"case_20": [], "case_21": ["rejected"], "case_22": ["accepted", "items-open"]}
    console.hear(a_block(1, **states) | {"alert_id": BLOCK, "raised_at": NOON - 30 * HOUR})
    _feeds(console)
    return console


def _critical(console: Console) -> None:
    said = {
        "take": console.hear_action(
            "AlertAcknowledged", alert=CRITICAL, by="op-4", until=NOON + HOUR
        ),
        "note": console.hear_action("AlertNoted", alert=CRITICAL, by="op-4", note="CASEFILE-2291"),
        "close": console.hear_action(
            "AlertClosed",
            alert=CRITICAL,
            by="op-4",
            outcome="already_done",
            rationale="The referral was made by telephone the same evening and was not recorded.",
        ),
    }
    actions = [
        {
            "event_id": said[name]["event_id"],
            "event": event,
            "by": "op-4",
            "occurred_at": at,
            "refused": refused,
        }
        for name, event, at, refused in [
            ("take", "AlertAcknowledged", NOON - HOUR / 2, None),
            ("note", "AlertNoted", NOON - HOUR / 3, None),
            ("close", "AlertClosed", NOON + 2 * HOUR, None),
        ]
    ]
    actions.append(
        {
            "event_id": "x",
            "event": "AlertClosed",
            "by": "op-4",
            "occurred_at": NOON + 2.2 * HOUR,
            "refused": "same-person",
        }
    )
    console.hear(
        an_alert(
            7,
            closing_by="op-4",
            steps=[
                {
                    "number": 1,
                    "kind": "raised",
                    "roles": ["public_protection_supervisor"],
                    "at": NOON - HOUR,
                },
                {"number": 2, "kind": "lapsed", "roles": ["hub_manager"], "at": NOON + HOUR},
            ],
            told=[
                {
                    "role": "public_protection_supervisor",
                    "by": "email",
                    "at": NOON - 0.99 * HOUR,
                    "step": 1,
                    "outcome": "told",
                },
                {
                    "role": "hub_manager",
                    "by": "email",
                    "at": NOON + 1.01 * HOUR,
                    "step": 2,
                    "outcome": "failed",
                },
            ],
            actions=actions,
            next_step="chased",
            next_step_at=NOON + 4 * HOUR,
            raised_by=["near-due-date"],
        )
    )
    quiet = console.hear_action(
        "AlertsSilenced",
        matcher="rule=referrer-not-told,team=team-1",
        until=NOON + 20 * HOUR,
        why="The team is moving offices today; its manager knows of all of these.",
        by="op-4",
    )
    console.hear_action(
        "AlertsSilenced",
        matcher="rule=block-transfer",
        until=NOON - HOUR,
        why="Planned.",
        occurred_at=NOON - 5 * HOUR,
    )
    console.hear(
        an_alert(
            8,
            alert_id="referrer-not-told/case-8",
            rule="referrer-not-told",
            severity=3,
            about={"kind": "case", "key": "case-8"},
            silence=quiet["event_id"],
            silenced_until=NOON + 20 * HOUR,
            responsible={
                "agency": "childrens_social_care",
                "role": "head_of_service",
                "team": "team-1",
            },
            tell=["head_of_service"],
        )
    )


def _feeds(console: Console) -> None:
    console.hear_source("Tick", console.now)
    for agency in ("police", "childrens_social_care", "midwifery"):
        beat = {
            "event_id": f"beat-{agency}",
            "occurred_at": NOON,
            "agency": agency,
            "complete_to": NOON - 5 * HOUR if agency == "midwifery" else console.now - HOUR / 60,
        }
        console.hear_source("SourceHeartbeat", console.now, **beat)
    console.hear(
        an_alert(
            9,
            alert_id="source-silent/midwifery/2026-03-02",
            rule="source-silent",
            severity=2,
            about={"kind": "agency", "key": "midwifery"},
            missing=["SourceHeartbeat"],
            responsible={"agency": "midwifery", "role": "named_midwife"},
            tell=["named_midwife", "hub_manager"],
        )
    )
