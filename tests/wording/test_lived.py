"""What became of an alert, in words: every case that a record can hold."""

from __future__ import annotations

from typing import Any

import pytest

from baton.contract import codec
from baton.wording import lived
from tests.rules.told import HOUR, NOON


def an_alert(**fields: Any) -> dict[str, Any]:
    """Give a record of an alert that was raised and told of once."""
    step = {"number": 1, "kind": "raised", "roles": ["hub_manager"], "at": NOON}
    (full, _) = codec.examples("Alert")
    whole = {name: full[name] for name in ("alert_id", "rule", "rule_version", "policy_version")}
    whole |= {"severity": 1, "status": "raised", "steps": [step], "raised_at": NOON, "as_of": NOON}
    whole |= {"about": full["about"], "responsible": full["responsible"]}
    whole |= {"tell": ["hub_manager", "team_manager+named_midwife"]}
    return codec.complete("Alert", whole | fields)


def said(**fields: Any) -> dict[str, str]:
    """Give the labels and words of an alert."""
    return dict(lived.lines(an_alert(**fields)))


def test_nobody_has_done_anything_yet() -> None:
    """Whose turn it is, and what comes next: nothing, where nothing is known to come."""
    assert {
        "step 1": "2015-03-02 12:00, raised: hub manager",
        "whose turn": "hub manager",
        "next": "",
    } == said()


def test_what_comes_next_names_when_and_whom() -> None:
    """A chase goes on to those who come after; a lapse back to those who were told; the first are first."""
    later = {"next_step_at": NOON + HOUR}
    assert (
        "if nobody takes it up by 2015-03-02 13:00, the team manager and the named midwife are told"
        == said(next_step="chased", **later)["next"]
    )
    assert (
        "it is taken up until 2015-03-02 13:00; then the hub manager is told"
        == said(next_step="lapsed", acknowledged_by="operator-1", **later)["next"]
    )
    assert (
        "it is taken up no more; the hub manager is told, 2015-03-02 13:00"
        == said(next_step="lapsed", **later)["next"]
    )
    assert (
        "the hub manager is told, 2015-03-02 13:00"
        == said(next_step="raised", steps=[], **later)["next"]
    )
    assert "the hub manager is told" == said(next_step="reopened", steps=[])["next"]


def test_how_it_stands_is_said_first() -> None:
    """Whose it is, who took it up, who asked, who closed it, and until when it is silenced."""
    words = said(
        owner="operator-7",
        acknowledged_by="operator-1",
        acknowledged_until=NOON + HOUR,
        closing_by="operator-1",
        silence="silence-1",
        silenced_until=NOON + 2 * HOUR,
    )
    assert "operator-7" == words["belongs to"]
    assert "by operator-1, until 2015-03-02 13:00" == words["taken up"]
    assert "operator-1 asked, and a second person must agree" == words["to be closed"]
    assert "until 2015-03-02 14:00" == words["silenced"]
    assert "by operator-1: acted" == said(closed_by="operator-1", outcome="acted")["closed"]
    both = said(closed_by="operator-1", second_by="operator-2", outcome="acted")
    assert "by operator-1 and operator-2: acted" == both["closed"]
    assert "by operator-1, until it is taken back" == said(acknowledged_by="operator-1")["taken up"]


def test_what_happened_is_said_with_its_refusal() -> None:
    """A word that this program does not know, of a newer worker, is said as it is."""
    told = {"role": "hub_manager", "by": "email", "at": NOON}
    done = {"event_id": "e", "event": "AlertClosed", "by": "operator-1", "occurred_at": NOON}
    assert "2015-03-02 12:00, hub manager was told by email" == said(told=[told])["told"]
    failed = told | {"outcome": "failed"}
    assert "2015-03-02 12:00, hub manager could not be told by email" == said(told=[failed])["told"]
    none = told | {"by": "none", "outcome": "nobody"}
    assert "2015-03-02 12:00, hub manager has nobody to tell" == said(told=[none])["told"]
    assert said(actions=[done | {"refused": "same-person"}])["done"].endswith(
        "Refused: Two different persons must close this alert, and this is the one who asked for it."
    )
    unknown = said(actions=[done | {"event": "AlertPainted", "refused": "too-blue"}])["done"]
    assert "AlertPainted by operator-1. Refused: It had no effect: too blue." in unknown


@pytest.mark.parametrize(
    ("event", "fields", "sentence"),
    [
        (
            "AlertAcknowledged",
            {"acknowledged_by": "operator-1", "acknowledged_until": NOON + HOUR},
            "Done: taken up by operator-1, until 2015-03-02 13:00.",
        ),
        ("AlertAssigned", {"owner": "team-1"}, "Done: belongs to team-1."),
        (
            "AlertClosed",
            {"closed_by": "operator-1", "outcome": "acted"},
            "Done: closed by operator-1: acted.",
        ),
        ("AlertNoted", {}, "Done: noted."),
        ("AlertReopened", {}, "Done: opened again."),
    ],
)
def test_what_was_done_is_said(event: str, fields: dict[str, Any], sentence: str) -> None:
    """By the alert as it then stands: policy may have cut what was asked for."""
    assert sentence == lived.done(event, an_alert(**fields))


def test_that_a_second_person_must_agree_is_said_of_a_close_alone() -> None:
    """Who takes up an alert of which somebody asked the close is not told that it stays open."""
    asked = an_alert(
        closing_by="operator-2", acknowledged_by="operator-1", acknowledged_until=NOON + HOUR
    )

    assert lived.SECOND == lived.done("AlertClosed", asked)
    assert "Done: taken up by operator-1" in lived.done("AlertAcknowledged", asked)
