"""The fault harness: its plan is its seed's, its verdict finds what is planted, and a short run of it survives."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from baton import wording
from baton.audit import Proof
from baton.auditor import Comparison
from baton.contract import codec
from baton.engine.life import Matcher, OnOneAlert
from baton.engine.policy_file import parse_policy
from tests.faults.harness.actors import quick_policy
from tests.faults.harness.deeds import deed_on
from tests.faults.harness.doing import HOW
from tests.faults.harness.plan import FULL, KINDS, SHORT, make_plan, smaller
from tests.faults.harness.run import Outcome, run
from tests.faults.harness.table import table, write
from tests.faults.harness.telling import Told, judge_telling, untold
from tests.faults.harness.verdict import (
    Alert,
    Counts,
    Entry,
    Inputs,
    Topics,
    compare,
    in_brief,
    inputs_of,
    still_for,
)
from tests.notify.conftest import Webhook

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SEED = 5392
"""A short run with two brokers killed, the leader killed, a worker frozen, and all of them killed, and away."""


def alert(alert_id: str = "a", **fields: Any) -> dict[str, Any]:
    """Return what the verdict looks at in an alert."""
    return {"alert_id": alert_id, "status": "raised", "raised_at": NOON, **fields}


def test_a_plan_is_a_function_of_its_seed() -> None:
    """The same seed plans the same faults and events; another one plans others."""
    assert make_plan(1, SHORT) == make_plan(1, SHORT)
    assert make_plan(1, SHORT).fingerprint != make_plan(2, SHORT).fingerprint


def test_a_full_run_has_a_hundred_faults_of_every_kind() -> None:
    """Whatever can be planned can be done, and is."""
    kinds = {kind for track in KINDS.values() for kind in track}
    faults = make_plan(SEED, FULL).faults

    assert kinds == HOW.keys()
    assert kinds == {fault.kind for fault in faults}
    assert len(faults) >= 100


def test_a_run_of_fewer_faults_has_some_of_every_track() -> None:
    """As many as were asked for, in the same proportions, and deadlines by their own number."""
    few = smaller(FULL, faults=20, deadlines=1_000)

    assert {"workers": 7, "brokers": 3, "clock": 4, "load": 3, "notifier": 3} == few.faults
    assert (20, 1_000) == (len(make_plan(SEED, few).faults), few.deadlines)
    assert smaller(FULL) == FULL
    for count in range(1, 130):
        assert count == sum(smaller(FULL, faults=count).faults.values())


def outcome_of(faults: int) -> Outcome:
    """Return the outcome of a run with so many faults, in which nothing was told."""
    return Outcome(
        plan=make_plan(SEED, SHORT),
        faults=Counter({"clock killed": faults}),
        failures=[],
        counts=Counts(),
        second=Comparison(0, 0, ()),
        inputs=Inputs(),
        confirmed=0,
        alerts=0,
        deeds=0,
        audit=Proof(),
        told=Told(),
        stood_still=0.0,
        caught_up_after=None,
    )


def test_a_run_of_fewer_faults_says_so() -> None:
    """In its own table, where it could be taken for a full one."""
    few, full = (table(outcome_of(count), "make faults", "") for count in (99, 100))

    assert "**Not a full run: 99 faults" in few
    assert "Not a full run" not in full


def test_every_planned_event_is_one_of_the_contract() -> None:
    """An event that intake would reject would test nothing."""
    for sending in make_plan(SEED, SHORT).sendings:
        name, fields = codec.decode(sending.value(NOON))
        assert (sending.record, sending.event_id) == (name, fields["event_id"])


def test_operators_do_everything_that_can_be_done_to_an_alert() -> None:
    """To some alerts, each time the same; and each is a record of the contract."""
    alerts = [
        {"alert_id": f"a-{number}", "about": {"kind": "case", "key": "case-1"}}
        for number in range(200)
    ]
    deeds = [deed for alert in alerts if (deed := deed_on(alert, NOON)) is not None]

    done = {record for record, _ in deeds}
    assert {each.__name__ for each in OnOneAlert.__args__} < done
    assert {"AlertsSilenced"} == done - {each.__name__ for each in OnOneAlert.__args__}
    assert 50 < len(deeds) < 120
    for record, fields in deeds:
        envelope = {"event_id": "e-1", "occurred_at": NOON, "agency": "police"}
        codec.encode(record, codec.complete(record, envelope | fields))
        if "matcher" in fields:
            assert Matcher.read(fields["matcher"]).wanted == (("about", frozenset({"case-1"})),)


def test_the_policy_of_seconds_is_a_policy() -> None:
    """Its working days are seconds, people are told at any hour, and it keeps every rule."""
    policy = parse_policy(quick_policy(), "policy.toml")

    assert not any(role.working_hours for role in policy.roles.values())
    assert "{ working_days = 1" not in quick_policy()


def test_the_verdict_finds_what_is_planted() -> None:
    """Missed, false, doubled, mistimed and different are told apart, and what is right is none of them."""
    later = NOON + timedelta(seconds=1)
    raised, answered = alert(), alert(status="answered")

    def counts(wanted: list[Alert], told: list[Alert]) -> Counts:
        return compare(in_brief(wanted), in_brief(told))

    assert counts([raised, answered], [raised, answered]).right
    assert counts([raised, alert("b")], [alert("b"), raised]).right
    assert counts([raised], []).missed == ["a"]
    assert counts([raised, answered], [raised]).missed == ["a"]
    assert counts([], [raised]).false == ["a"]
    assert counts([raised], [raised, raised]).doubled == ["a"]
    assert counts([raised, answered], [raised, answered, raised, answered]).doubled == ["a"]
    assert counts([raised], [alert(raised_at=later)]).mistimed == ["a"]
    assert counts([raised], [answered]).different == ["a"]


def test_an_input_that_is_not_passed_on_once_is_found() -> None:
    """Confirmed and not there is lost; there and not passed on waits; passed on twice is that."""
    contact = {"event_id": "e-1", "occurred_at": NOON, "agency": "police", "case": "case-1"}
    value = codec.encode("ContactMade", codec.complete("ContactMade", contact))
    heard = {
        "event": value,
        "keys": [],
        "received_at": NOON,
        "topic": "case-activity",
        "partition": 0,
        "offset": 3,
    }
    fact = Entry(0, 0, codec.encode("FactHeard", heard), {})
    source = {"case-activity": [Entry(3, 0, value, {}), Entry(4, 0, b"poison", {})]}
    headers = {"topic": b"case-activity", "offset": b"4"}
    rejected = Entry(0, 0, b"poison", headers)

    def found(facts: list[Entry], refused: list[Entry]) -> Topics:
        return Topics(source, facts, refused, {})

    whole = inputs_of(found([fact], [rejected]), ["e-1"])
    assert (whole.applied, whole.rejected, whole.waiting, whole.twice, whole.lost) == (
        1,
        1,
        [],
        [],
        [],
    )
    assert inputs_of(found([], [rejected]), []).waiting == ["case-activity@3"]
    assert inputs_of(found([fact, fact], [rejected]), []).twice == ["case-activity@3"]
    assert inputs_of(found([fact], []), []).waiting == ["case-activity@4"]
    assert inputs_of(found([fact], [rejected]), ["e-2"]).lost == ["e-2"]


def noted(state: str, step: int = 1, alert_id: str = "a") -> dict[str, Any]:
    """Return a telling as the notifier notes it."""
    return {"recipient": "desk", "alert": alert_id, "step": step, "state": state}


def test_who_is_told_twice_or_never_is_found() -> None:
    """A message more than there was to tell; one that is said to be told and did not come; a step without an end."""
    line = f"Reference: {wording.reference('a')}"
    once = Webhook(posted=[("/desk?x=1", {"message": line})])
    twice = Webhook(posted=[("/desk", {"message": line}), ("/desk", {"message": line})])

    assert judge_telling([noted("told")], once, []).right
    assert judge_telling([noted("told"), noted("told", 2)], twice, []).right
    assert judge_telling([noted("told"), noted("unknown", 2)], twice, []).right
    assert judge_telling([noted("unknown")], Webhook(), []).unknown == 1
    assert judge_telling([noted("told")], twice, []).twice == [f"desk/{wording.reference('a')}"]
    assert judge_telling([], once, []).twice == [f"desk/{wording.reference('a')}"]
    assert judge_telling([noted("told")], Webhook(), []).never == [f"desk/{wording.reference('a')}"]
    assert judge_telling([], Webhook(), ["step 1"]).never == ["step 1"]


def test_a_step_that_came_to_no_end_is_found() -> None:
    """Of those that name a role only the newest; of an alert that is over only that it is."""
    first = {"number": 1, "kind": "raised", "roles": ["desk"], "at": NOON}
    second = {**first, "number": 2, "kind": "chased"}
    done = {"step": 1, "role": "desk", "outcome": "told"}

    def left(*steps: dict[str, Any], status: str = "raised", told: tuple[Any, ...] = ()) -> int:
        return len(untold([alert(status=status, steps=steps, told=told)], NOON))

    assert 1 == left(first)
    assert 0 == left({**first, "at": NOON + timedelta(seconds=1)})
    assert 0 == left(first, told=(done,))
    assert 1 == left(first, told=({**done, "outcome": "attempt_failed"},))
    assert 1 == left(first, second, told=(done,))
    assert 0 == left(first, second, told=({**done, "step": 2},))
    assert 0 == left(first, status="answered")
    assert 1 == left({**first, "kind": "resolved"}, status="answered")


def test_standing_still_is_counted_while_something_is_due() -> None:
    """A quiet minute is none; a minute in which an alert waits is one."""
    assert still_for([(10.0, 11.0), (70.0, 71.0)]) == pytest.approx(1.0)
    assert still_for([(10.0, 11.0), (12.0, 71.0), (70.0, 71.0)]) == pytest.approx(59.0)


def test_the_figures_stand_between_their_marks(tmp_path: Path) -> None:
    """A new run replaces the last one's figures and nothing else of the page."""
    page = tmp_path / "page.md"
    page.write_text("Before\n<!-- figures: begin -->\nold\n<!-- figures: end -->\nAfter\n")

    write(page, "new")

    assert (
        page.read_text() == "Before\n<!-- figures: begin -->\nnew\n<!-- figures: end -->\nAfter\n"
    )


@pytest.mark.broker
def test_a_short_run_loses_doubles_and_invents_nothing(tmp_path: Path) -> None:
    """Workers, brokers and the clock killed and frozen: every alert comes once, as it should read, and every input."""
    outcome = run(make_plan(SEED, SHORT), tmp_path)

    said = table(outcome, "make test", "")
    assert outcome.right, f"{said}\n{outcome.counts}\n{outcome.deaths}\n{outcome.failures}"
