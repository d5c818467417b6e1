"""Silent blocks: the heartbeats that they stand for, and what the engine makes of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from baton.replay.play import play_scenario
from baton.replay.scenario import Scenario
from baton.replay.told import Persons

if TYPE_CHECKING:
    from baton.engine.alerts import Alert

Read = Callable[[str], Scenario]
Wrong = Callable[[str], list[str]]

HOUR = timedelta(hours=1)
MONDAY = datetime(2026, 2, 2, 9, tzinfo=UTC)


def silent(after: str, until: str | None = None, agency: str = "childrens_social_care") -> str:
    """Return a `[[silent]]` block."""
    end = "" if until is None else f'until = "{until}"\n'
    return f'[[silent]]\nfrom = "{agency}"\nafter = "{after}"\n{end}'


def incident(at: str, number: int) -> str:
    """Return a `[[told]]` block: an incident with a pregnant woman."""
    people = f'[{{ person = "woman-{number}", role = "victim", pregnancy = "pregnant" }}]'
    return (
        f'[[told]]\nat = "{at}"\nevent = "IncidentRecorded"\nfrom = "police"\n'
        f'incident = "inc-{number}"\npeople = {people}\n'
    )


def scenario(*blocks: str, until: str = "2026-02-09T12:00") -> str:
    """Return a scenario's text."""
    return "\n".join([f'title = "silence"\nuntil = "{until}"', *blocks])


def played(read: Read, text: str) -> list[Alert]:
    """Return the alerts of a scenario."""
    return play_scenario(read(text), Persons())


def test_without_a_block_nobody_sends_heartbeats(read: Read) -> None:
    """A feed that has promised none counts as alive."""
    assert not read(scenario()).told


def test_a_feed_is_silent_from_exactly_the_moment_given(read: Read) -> None:
    """One heartbeat, stale at once; the alert is due and raised at that moment and stands."""
    (beat,) = read(scenario(silent("2026-02-02T09:00"))).told
    (alert,) = played(read, scenario(silent("2026-02-02T09:00")))

    assert (beat.received_at, beat.fields["complete_to"]) == (MONDAY, MONDAY - HOUR)
    assert (alert.rule, alert.about, alert.status) == (
        "source-silent",
        "childrens_social_care",
        "raised",
    )
    assert (alert.raised_at, alert.due_at) == (MONDAY, MONDAY)


def test_a_feed_heard_again_stays_alive_to_the_end(read: Read) -> None:
    """The alert is answered when the feed is heard, and no other follows: it goes on telling."""
    text = scenario(silent("2026-02-02T09:00", "2026-02-03T09:00"))
    (alert,) = played(read, text)
    beats = [told for told in read(text).told if told.received_at > MONDAY]

    assert (alert.status, alert.answered_at) == ("answered", MONDAY + timedelta(days=1))
    assert all(beat.received_at == beat.fields["complete_to"] for beat in beats)
    assert {later.received_at - beat.received_at for beat, later in pairwise(beats)} == {HOUR / 4}


def test_questions_due_before_and_after_a_silence_are_judged_and_those_within_wait(
    read: Read,
) -> None:
    """Due at the last moment before: raised when due. Due in the silence: raised when heard again."""
    alerts = played(
        read,
        scenario(
            incident("2026-02-02T08:59", 1),
            incident("2026-02-02T09:00", 2),
            incident("2026-02-02T10:00", 3),
            silent("2026-02-03T09:00", "2026-02-05T09:00"),
        ),
    )
    raised = {
        alert.about: alert.raised_at for alert in alerts if alert.rule == "unreferred-incident"
    }

    assert raised == {
        "woman-1": MONDAY + timedelta(days=1, minutes=-1),
        "woman-2": MONDAY + timedelta(days=3),
        "woman-3": MONDAY + timedelta(days=3),
    }


def test_several_silences_of_one_agency_are_several_alerts(read: Read) -> None:
    """Each begins and ends at its own moments."""
    alerts = played(
        read,
        scenario(
            silent("2026-02-02T09:00", "2026-02-03T09:00"),
            silent("2026-02-04T09:07", "2026-02-04T11:00"),
            silent("2026-02-04T12:00"),
        ),
    )

    day = timedelta(days=1)
    assert [(alert.raised_at, alert.answered_at) for alert in alerts] == [
        (MONDAY, MONDAY + day),
        (MONDAY + 2 * day + timedelta(minutes=7), MONDAY + 2 * day + 2 * HOUR),
        (MONDAY + 2 * day + 3 * HOUR, None),
    ]


def test_a_pause_within_the_limit_is_no_silence(read: Read) -> None:
    """Up to an hour is what the policy allows a feed."""
    assert not read(scenario(silent("2026-02-02T09:00", "2026-02-02T10:00"))).told
    assert read(scenario(silent("2026-02-02T09:00", "2026-02-02T10:01"))).told


def test_a_silence_that_outlasts_the_scenario_is_allowed(read: Read) -> None:
    """`until` may lie after the end of the file: then the feed is not heard again in it."""
    (beat,) = read(scenario(silent("2026-02-02T09:00", "2027-02-02T09:00"))).told

    assert beat.received_at == MONDAY


@pytest.mark.parametrize(
    "limit",
    [
        "{ minutes = 10 }",
        "{ days = 2 }",
        "{ working_days = 1 }",
        "{ working_days = 3, cap_hours = 80 }",
    ],
)
def test_the_limit_may_be_of_any_kind(read: Read, limit: str) -> None:
    """Whatever the policy counts in, the feed is silent from the moment given and heard again at the other."""
    alerts = played(
        read,
        scenario(
            f"[policy.rule.source-silent]\nwithin = {limit}",
            silent("2026-02-12T09:00", "2026-03-02T09:00"),
            until="2026-03-31T12:00",
        ),
    )

    assert [(alert.raised_at, alert.answered_at) for alert in alerts] == [
        (datetime(2026, 2, 12, 9, tzinfo=UTC), datetime(2026, 3, 2, 9, tzinfo=UTC))
    ]


@pytest.mark.parametrize(
    ("second", "said"),
    [
        (
            "2026-02-02T12:00",
            "must come later than the earlier silence's end, by the policy's limit at least",
        ),
        ("2026-02-02T10:30", "must come later than the earlier silence's end"),
    ],
)
def test_silences_that_heartbeats_cannot_say_are_mistakes(
    wrong: Wrong, second: str, said: str
) -> None:
    """Two silences need a pause between them that is longer than the limit."""
    (found,) = wrong(scenario(silent("2026-02-02T09:00", "2026-02-02T11:30"), silent(second)))

    assert found.startswith(f"x.toml:10: silent[1].after: {said}")


def test_a_silence_after_one_without_end_is_a_mistake(wrong: Wrong) -> None:
    """What never ends cannot begin again."""
    (found,) = wrong(scenario(silent("2026-02-02T09:00"), silent("2026-02-04T09:00")))

    assert found == "x.toml:9: silent[1].after: begins within an earlier silence"


def unmanned(role: str, after: str, **more: str) -> str:
    """Return a `[[silent]]` block of a role."""
    rows = {"role": role, "after": after, **more}
    return "[[silent]]\n" + "".join(f'{key} = "{value}"\n' for key, value in rows.items())


DUE = datetime(2026, 2, 3, 14, tzinfo=UTC)


def test_a_role_that_has_nobody_is_passed_over_and_is_an_alert(read: Read) -> None:
    """Each step that asks for it says so at its moment, to the end of the block, in its own area alone."""
    text = scenario(
        incident("2026-02-02T14:00", 1),
        unmanned("public_protection_supervisor", "2026-02-03T00:00"),
        unmanned("hub_manager", "2026-02-03T00:00", until="2026-02-03T14:00"),
        unmanned("named_midwife", "2026-02-03T00:00", authority="elsewhere"),
        until="2026-02-03T14:20",
    )
    alerts = {alert.rule: alert for alert in played(read, text)}

    assert [DUE, DUE] == [each.at for each in alerts["unreferred-incident"].life.steps]
    assert ("police", DUE) == (alerts["nobody-to-tell"].about, alerts["nobody-to-tell"].raised_at)
    told = [each for each in read(text).told if each.record == "AlertTold"]
    assert ["nobody-1"] == [each.fields["event_id"] for each in told]


def test_every_step_of_every_alert_reaches_nobody(read: Read) -> None:
    """Each is said in its turn, whatever else the role is asked for later."""
    text = scenario(
        incident("2026-02-02T14:00", 1),
        incident("2026-02-02T15:00", 2),
        unmanned("public_protection_supervisor", "2026-02-03T00:00"),
        until="2026-02-03T15:10",
    )
    told = [each for each in read(text).told if each.record == "AlertTold"]

    assert [DUE, DUE + HOUR] == [each.received_at for each in told]
    assert ["nobody-1", "nobody-2"] == [each.fields["event_id"] for each in told]


def test_a_block_is_of_a_feed_or_of_a_role_that_there_is(wrong: Wrong) -> None:
    """Not of both, and not of a role that the policy does not know."""
    both = unmanned("hub_manager", "2026-02-03T00:00", **{"from": "police"})
    unknown = unmanned("hub_manger", "2026-02-03T00:00")

    assert any("not both" in each for each in wrong(scenario(both)))
    assert any("did you mean hub_manager?" in each for each in wrong(scenario(unknown)))
    assert any("after: is missing" in each for each in wrong(scenario('[[silent]]\nrole = "x"')))
