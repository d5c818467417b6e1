"""What the judge writes beside the alerts: the audit, and each agency's own alerts."""

from __future__ import annotations

from datetime import timedelta

from baton.audit import verify
from baton.contract import codec
from baton.contract.audit import digest
from baton.contract.topics import ALERTS, AUDIT, agency_alerts
from tests.agents.relay import a_judge
from tests.agents.test_judge import ALERT_ID, INCIDENT, action, fact, on, ticks
from tests.engine.generated import Told
from tests.rules.told import CARE, DAY, MINUTE, NOON

LATER = NOON + DAY + 2 * MINUTE


def viewed(event_id: str = "access-1") -> Told:
    """Tell that somebody saw the alert."""
    fields = {
        "event_id": event_id,
        "occurred_at": LATER,
        "agency": CARE,
        "by": "operator-1",
        "what": "viewed",
        "alert": ALERT_ID,
        "where": "192.0.2.7",
    }
    return Told("AccessRecorded", fields, LATER)


def test_an_alert_goes_to_every_agency_that_is_entitled_and_no_other() -> None:
    """Who must act, and whose roles are told; the same bytes as on `alerts`."""
    written = a_judge().apply([fact(INCIDENT), *ticks(NOON + DAY + MINUTE)]).outputs
    (alert,) = on(ALERTS.name, written)
    entitled = {agency_alerts(each) for each in ("police", "childrens_social_care", "midwifery")}
    others = {each.topic for each in written if each.topic.startswith("alerts-")}

    assert entitled == others
    assert {(alert.key, alert.value)} == {
        (each.key, each.value) for each in written if each.topic in entitled
    }


def test_what_was_said_done_and_seen_is_one_chain() -> None:
    """In the order of the log, each with the digest of its record, over a restart in the middle."""
    judge = a_judge()
    written = judge.apply([fact(INCIDENT), *ticks(NOON + DAY + MINUTE)]).outputs
    again = a_judge(rows=judge.rows)
    seen, taken_up = fact(viewed()), action("AlertAcknowledged", LATER)
    written += again.apply([seen, taken_up, *ticks(LATER + MINUTE)]).outputs
    entries = [codec.decode(each.value)[1] for each in on(AUDIT.name, written)]

    assert [
        ("Alert", "raised overdue", None),
        ("AccessRecorded", "viewed", "operator-1"),
        ("AlertAcknowledged", None, "operator-1"),
        ("Alert", "acknowledged overdue", None),
    ] == [(each["what"], each["detail"], each["by"]) for each in entries]
    assert verify(entries).holds
    alerts = on(ALERTS.name, written)
    assert [digest(each.value) for each in alerts if each.value] == [
        each["digest"] for each in entries if each["what"] == "Alert"
    ]
    assert {ALERT_ID} == {each["alert"] for each in entries}


def test_an_action_told_twice_is_one_entry() -> None:
    """The second telling is no second deed."""
    judge = a_judge()
    taken_up = action("AlertAcknowledged", LATER)
    written = judge.apply([taken_up, taken_up, *ticks(LATER + MINUTE)]).outputs

    assert 1 == len(on(AUDIT.name, written))


def test_the_audit_does_not_hold_what_somebody_wrote() -> None:
    """A rationale may say too much; its record is kept, and the entry holds that record's digest alone."""
    why = "words that may say too much"
    closed = action("AlertClosed", LATER, outcome="acted", rationale=why)
    told = {"step": 1, "role": "hub_manager", "by": "email", "outcome": "told"}
    spoken = action("AlertTold", LATER + timedelta(seconds=1), **told)
    written = a_judge().apply([closed, spoken, *ticks(LATER + MINUTE)]).outputs
    entries = [codec.decode(each.value)[1] for each in on(AUDIT.name, written)]

    assert [("operator-1", "acted"), (None, "told hub_manager by email")] == [
        (each["by"], each["detail"]) for each in entries
    ]
    assert all(why.encode() not in (each.value or b"") for each in on(AUDIT.name, written))
