"""Judge: does it write what changed, restore what it wrote, and say live what a replay says?"""

from __future__ import annotations

import gc
import weakref
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from baton.agents.judge import MOST_EACH, ORIGINS, Judge
from baton.contract import codec
from baton.contract.topics import ALERTS, AUDIT, SOURCE_TOPICS
from baton.engine.alert_record import alert_of, fields_of
from baton.engine.life import Lives
from baton.rules.facts import FACTS
from baton.rules.register import RULES
from tests.agents.relay import (
    MILLISECOND,
    PSEUDONYMS,
    Kept,
    a_judge,
    an_intake,
    as_facts,
    facts_of,
    judged,
    ms,
    sent,
    source_log,
    tick,
)
from tests.engine.driving import Driven
from tests.engine.generated import END, Told, in_order, timetables
from tests.rules.told import CARE, DAY, HOUR, MINUTE, NOON, POLICY, policy_with

if TYPE_CHECKING:
    from datetime import datetime

    from baton.ledger.process import Output, Record

WOMAN = {"scheme": "test", "value": "woman-1"}
INCIDENT = Told(
    "IncidentRecorded",
    {
        "event_id": "event-1",
        "occurred_at": NOON,
        "agency": "police",
        "incident": "inc-1",
        "people": [{"person": WOMAN, "role": "victim", "pregnancy": "pregnant"}],
    },
    NOON,
    1,
)
REFERRAL = Told(
    "ReferralReceived",
    {
        "event_id": "event-2",
        "occurred_at": NOON + 2 * DAY,
        "agency": "gp",
        "referral": "ref-1",
        "people": [WOMAN],
    },
    NOON + 2 * DAY,
    2,
)
ALERT_ID = f"unreferred-incident/inc-1/{PSEUDONYMS.of(WOMAN)}"
TALKATIVE = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
ANYTHING = timetables(tuple(sorted(FACTS)), most=25)


def fact(told: Told) -> Record:
    """Give a record of the facts topic."""
    topic = codec.topic_of(told.name)
    record = sent(topic, codec.encode(told.name, told.fields), told.received_at, told.offset)
    return as_facts(an_intake(topic).apply([record]).outputs)[0]


def ticks(at: datetime) -> list[Record]:
    """Give a tick of every origin."""
    written: list[Output] = []
    for topic in SOURCE_TOPICS:
        written += an_intake(topic.name).apply([tick(topic.name, at)]).outputs
    return as_facts(written)


def alerts_in(outputs: list[Output]) -> list[dict[str, Any]]:
    """Read the alerts."""
    return [codec.decode(each.value)[1] for each in on(ALERTS.name, outputs)]


def on(topic: str, outputs: list[Output]) -> list[Output]:
    """Return what is written to one topic."""
    return [each for each in outputs if each.topic == topic]


def test_an_alert_is_written_under_its_id() -> None:
    """When time has come everywhere past the due moment; with the time of the log, not of the machine."""
    judge = a_judge()

    (output,) = on(ALERTS.name, judge.apply([fact(INCIDENT), *ticks(NOON + DAY + MINUTE)]).outputs)

    (alert,) = alerts_in([output])
    assert (ALERT_ID.encode(), ALERT_ID, "raised") == (
        output.key,
        alert["alert_id"],
        alert["status"],
    )
    assert ms(NOON + DAY) == output.timestamp_ms


def test_time_comes_only_as_far_as_the_slowest_origin() -> None:
    """One source partition without a tick holds everything back; so does an old one."""
    judge = a_judge()
    *most, last = ticks(NOON + DAY + MINUTE)

    assert [] == judge.apply([fact(INCIDENT), *most]).outputs
    assert [] == judge.apply([ticks(NOON + DAY - MINUTE)[-1]]).outputs
    assert 1 == len(alerts_in(judge.apply([last]).outputs))


def test_a_tick_is_worth_the_millisecond_before() -> None:
    """At the due moment an answer may still come."""
    judge = a_judge()

    assert [] == judge.apply([fact(INCIDENT), *ticks(NOON + DAY)]).outputs
    assert 1 == len(alerts_in(judge.apply(ticks(NOON + DAY + MILLISECOND)).outputs))


def test_a_tick_that_is_no_news_writes_nothing() -> None:
    """A repeated or older tick of an origin."""
    judge = a_judge()
    judge.apply(ticks(NOON))

    assert {} == judge.apply([*ticks(NOON), *ticks(NOON - DAY)]).rows


def test_a_row_for_each_fact_alert_wake_and_tick() -> None:
    """And each goes when it is not needed any more; and one for the policy."""
    judge = a_judge()
    judge.apply([fact(INCIDENT), *ticks(NOON + HOUR)])
    assert {b"f/": 1, b"w/": 1, b"t/": len(ORIGINS), b"p/": 1} == kinds(judge)

    judge.apply([fact(INCIDENT), *ticks(NOON + 3 * DAY)])
    raised = {b"a/": 1, b"l/": 1, b"c/": 1}
    assert {b"f/": 1, **raised, b"t/": len(ORIGINS), b"p/": 1} == kinds(judge)


def kinds(judge: Kept) -> dict[bytes, int]:
    """Count the rows of each kind."""
    counted: dict[bytes, int] = {}
    for key in judge.rows:
        counted[key[:2]] = counted.get(key[:2], 0) + 1
    return counted


def action(record: str, at: datetime, **fields: Any) -> Record:
    """Give what somebody did to the alert, told when it was done."""
    whole = {
        "event_id": f"{record}-{ms(at)}",
        "occurred_at": at,
        "agency": CARE,
        "by": "operator-1",
    }
    return fact(Told(record, {"alert": ALERT_ID, **whole, **fields}, at))


def test_an_action_has_a_row_and_changes_the_alert_that_is_written() -> None:
    """What is on the topic is the operators' alert; the rule's own row stays as the rule has it."""
    judge = a_judge()
    judge.apply([fact(INCIDENT), *ticks(NOON + DAY + MINUTE)])
    before = {key: row for key, row in judge.rows.items() if key.startswith(b"a/")}

    taken_up = action("AlertAcknowledged", NOON + DAY + 2 * MINUTE)
    written = judge.apply([taken_up, taken_up, *ticks(NOON + DAY + 3 * MINUTE)]).outputs

    (alert,) = alerts_in(written)
    audited = [codec.decode(each.value)[1]["what"] for each in on(AUDIT.name, written)]
    assert ["AlertAcknowledged", "Alert"] == audited
    assert ("acknowledged", "operator-1") == (alert["status"], alert["acknowledged_by"])
    assert 2 == kinds(judge)[b"f/"]
    assert before == {key: row for key, row in judge.rows.items() if key.startswith(b"a/")}


def test_silences_and_roles_without_anybody_have_rows_of_their_own() -> None:
    """A silence while it holds; that a role has nobody, for good."""
    judge = a_judge()
    at = NOON + DAY + 2 * MINUTE
    silence = {"matcher": "rule=unreferred-incident", "until": at + HOUR, "why": "planned"}
    nobody = {"step": 1, "role": "public_protection_supervisor", "outcome": "nobody"}
    silenced = fact(
        Told(
            "AlertsSilenced",
            {"event_id": "s-1", "occurred_at": at, "agency": CARE, "by": "operator-1", **silence},
            at,
            1,
        )
    )
    judge.apply([fact(INCIDENT), *ticks(NOON + DAY + MINUTE)])
    judge.apply([silenced, action("AlertTold", at, **nobody), *ticks(at + MINUTE)])

    assert (1, 1, 2) == tuple(kinds(judge)[kind] for kind in (b"s/", b"n/", b"l/"))
    again = a_judge(rows=judge.rows)
    (lives, others) = (each.process.lives for each in (judge, again))  # type: ignore[attr-defined]  # a judge's own attribute
    assert lives.alerts() == others.alerts()
    assert lives.silences == others.silences

    later = [*ticks(at + 2 * HOUR)]
    assert judge.apply(later).outputs == again.apply(later).outputs
    assert judge.rows == again.rows
    assert b"s/" not in kinds(judge)


def test_what_was_kept_before_alerts_had_a_life_begins_one() -> None:
    """Rows without a life, of an older version: an open alert is told when time next moves, and keeps its moment."""
    judge = a_judge()
    judge.apply([fact(INCIDENT), *ticks(NOON + DAY + MINUTE)])
    old = a_judge(rows={key: row for key, row in judge.rows.items() if not key.startswith(b"l/")})

    alert, *_ = alerts_in(old.apply(ticks(NOON + DAY + 2 * MINUTE)).outputs)

    assert (NOON + DAY, "raised") == (alert["raised_at"], alert["status"])
    assert ["raised"] == [each["kind"] for each in alert["steps"]]
    assert kinds(judge) == kinds(old)


@pytest.mark.parametrize(
    "row", [(b"x/1", b"1"), (b"", b"1"), (b"f/1", b"not a fact"), (b"w/1", b"{}")]
)
def test_a_row_that_cannot_be_read_is_refused(row: tuple[bytes, bytes]) -> None:
    """There is no default for what was known."""
    with pytest.raises((ValueError, KeyError)):
        a_judge(rows=dict([row]))


@pytest.mark.parametrize(
    ("row", "at", "suspended"),
    [
        (b'{"at": "2015-03-02T12:00:00+00:00", "feeds": []}', NOON, 0),
        (b'{"at": "2015-03-02T12:00:00.001000+00:00", "feeds": []}', NOON + MILLISECOND, 0),
        (b'{"feeds": [], "at": "2015-03-02T12:00:00+00:00"}', NOON, 0),
        (b'{"at": "2015-03-02T12:00:00+00:00", "feeds": [["local", "police"]]}', NOON, 1),
        (b'{"at": null, "feeds": [["local", "police"], ["north", "police"]]}', None, 1),
    ],
)
def test_what_waits_is_read_however_it_is_written(
    row: bytes, at: datetime | None, suspended: int
) -> None:
    """Nearly all wait for a moment alone, and are read without JSON; the others, and other JSON, with it."""
    for _ in range(2):
        judge = Judge(POLICY)
        judge.load(b"w/person:woman-1", row)
        judge.engine.restored(None)

        assert (at, suspended) == (judge.engine.next_moment, judge.engine.suspended)


def test_an_id_may_hold_any_character() -> None:
    """A case whose own number has a stroke, a slash or a colon in it keeps its alert over a restart."""
    for case in ("a|b", "a/b", "a:b", "äö", "|", "a|transfer-not-accepted"):
        fields = {
            "event_id": "event-1",
            "occurred_at": NOON,
            "agency": CARE,
            "transfer": "t|1",
            "case": case,
        }
        request = Told("TransferRequested", fields, NOON)
        judge = a_judge()
        written = alerts_in(judge.apply([fact(request), *ticks(NOON + 5 * DAY)]).outputs)
        assert {"transfer-not-accepted"} == {each["rule"] for each in written}

        again = a_judge(rows=judge.rows)

        acceptance = Told(
            "TransferAccepted",
            fields | {"event_id": "event-2", "occurred_at": NOON + 6 * DAY},
            NOON + 6 * DAY,
        )
        changed = alerts_in(again.apply([fact(acceptance), *ticks(NOON + 7 * DAY)]).outputs)
        answered = next(each for each in changed if each["rule"] == "transfer-not-accepted")
        assert (NOON + 2 * DAY, "answered") == (answered["raised_at"], answered["status"])


def test_a_fact_from_before_now_is_judged_at_once() -> None:
    """A broker's clock stepped back: the fact is judged in the batch that brought it, and so survives a restart."""
    judge = a_judge()
    judge.apply(ticks(NOON + 5 * DAY))

    (alert,) = alerts_in(judge.apply([fact(INCIDENT)]).outputs)

    assert NOON + 5 * DAY - MILLISECOND == alert["raised_at"]
    assert judge.rows.keys() == a_judge(rows=judge.rows).rows.keys()


def test_very_many_deadlines_of_one_moment_are_judged_in_several_transactions() -> None:
    """None of them is too large for its time limit; each alert comes once, of that moment, also over a restart.

    No tick of a later moment is written before all is judged.
    """
    most, count = 100, 190
    judge = Kept(Judge(POLICY, most))
    judge.apply(ticks(NOON))
    judge.apply([fact(transfer(number)) for number in range(count)])
    outputs: list[Output] = []
    parts: list[int] = []

    records = ticks(NOON + 2 * DAY + MINUTE)
    before = judged_to(judge)
    while not parts or unfinished(judge):
        effects = judge.apply(records)
        said = [each for each in effects.outputs if each.topic == ALERTS.name]
        parts.append(len(said))
        outputs += said
        assert unfinished(judge) == (judged_to(judge) == before)
        judge, records = Kept(Judge(POLICY, most), judge.rows), []

    alerts = alerts_in(outputs)
    assert max(parts) <= most + MOST_EACH * len(ORIGINS)
    assert len(parts) > 2
    assert count == len(alerts) == len({alert["alert_id"] for alert in alerts})
    assert {NOON + 2 * DAY} == {alert["raised_at"] for alert in alerts}
    assert not rows_of(b"m/", judge) | rows_of(b"u/", judge)


def rows_of(kind: bytes, judge: Kept) -> dict[bytes, bytes]:
    """Give the rows of one kind."""
    return {key: row for key, row in judge.rows.items() if key.startswith(kind)}


def judged_to(judge: Kept) -> datetime:
    """Say up to when everything is judged, as whoever looks at the rows must think."""
    ticks_ = rows_of(b"t/", judge).values()
    moments: list[datetime] = [codec.decode(row)[1]["at"] for row in ticks_]
    return min(moments)


def unfinished(judge: Kept) -> bool:
    """Say whether there is more to do than was done at once."""
    return judge.process.unfinished


@pytest.mark.parametrize("told_late", ["in the batch in which time stopped", "in the next"])
def test_what_is_told_of_a_past_moment_is_judged_as_of_where_the_ticks_are(told_late: str) -> None:
    """However much is done at once: a broker's clock that stepped back does not move an alert by where time stopped."""
    most, count = 10, 60
    whole, parts = Kept(Judge(POLICY, 1_000_000)), Kept(Judge(POLICY, most))
    told = [*map(fact, map(transfer, range(count))), *ticks(NOON + 9 * DAY)]
    late = [
        fact(INCIDENT),
        fact(transfer(count, NOON + 3 * DAY)),
        action("AlertAcknowledged", NOON),
    ]
    for each in (whole, parts):
        each.apply(ticks(NOON))
    at_once = alerts_in(whole.apply([*told, *late]).outputs)
    batches = (
        [[*told, *late]] if told_late == "in the batch in which time stopped" else [told, late]
    )

    written: list[dict[str, Any]] = []
    for batch in batches:
        left = batch
        while left or unfinished(parts):
            effects = parts.apply(left)
            written += alerts_in(effects.outputs)
            left = left[len(left) - effects.not_yet :]
            parts = Kept(Judge(POLICY, most), parts.rows)

    assert NOON + 9 * DAY - MILLISECOND in {alert["raised_at"] for alert in written}
    assert by_moment(at_once) == by_moment(written)
    assert rows_but_the_chain(whole) == rows_but_the_chain(parts)


def test_what_is_told_of_a_past_moment_does_not_make_more_be_done_at_once() -> None:
    """It waits, and all behind it, until time has come to where the ticks are; then it is judged, and nothing lost."""
    most, count = 100, 400
    judge = Kept(Judge(POLICY, most))
    judge.apply([*map(fact, map(transfer, range(count))), *ticks(NOON)])
    now = ticks(NOON + 2 * DAY + MINUTE)
    left = [*now, fact(transfer(count, NOON - DAY)), fact(transfer(count + 1, NOON + 2 * DAY))]

    raised: list[str] = []
    waited = 0
    while left or unfinished(judge):
        effects = judge.apply(left)
        said = [each["alert_id"] for each in alerts_in(effects.outputs)]
        assert len(said) <= most + MOST_EACH * (len(now) + 2)
        raised += said
        waited += bool(effects.not_yet)
        assert effects.not_yet in ({0, 2} if unfinished(judge) else {0})
        left = left[len(left) - effects.not_yet :]
        judge = Kept(Judge(POLICY, most), judge.rows)

    assert waited
    assert count + 1 == len(raised) == len(set(raised))


def by_moment(alerts: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """Give alert records by moment; in which order those of one moment come is open."""
    return sorted((alert["as_of"], alert["alert_id"], str(alert)) for alert in alerts)


def rows_but_the_chain(judge: Kept) -> dict[bytes, bytes]:
    """Give the rows, but for where the audit's chain ends: in which order alerts of one moment come is open."""
    return {key: row for key, row in judge.rows.items() if not key.startswith(b"c/")}


def test_a_policy_that_is_taken_back_while_time_stands_is_judged_by_again() -> None:
    """What the other policy had withdrawn by then comes back: some was judged by one and some by the other."""
    most, count = 5, 60
    longer = policy_with("[rule.transfer-not-accepted]\nwithin = { days = 20 }\n")
    judge = Kept(Judge(POLICY))
    judge.apply([*map(fact, map(transfer, range(count))), *ticks(NOON)])
    judge.apply(ticks(NOON + 3 * DAY))

    def standing() -> int:
        alerts = [codec.decode(row)[1] for row in rows_of(b"a/", judge).values()]
        return sum(alert["status"] != "withdrawn" for alert in alerts)

    assert standing() == count
    judge = Kept(Judge(longer, most), judge.rows)
    judge.apply(ticks(NOON + 3 * DAY + MINUTE))
    assert unfinished(judge)
    assert standing() < count

    judge = Kept(Judge(POLICY), judge.rows)
    judge.apply([])

    assert not unfinished(judge)
    assert standing() == count


def test_a_tick_does_not_make_more_be_done_at_once() -> None:
    """While time stands within a moment that alone is too much, the ticks that follow in a batch are kept, no more."""
    most, count = 10, 300
    judge = Kept(Judge(POLICY, most))
    judge.apply([*map(fact, map(transfer, range(count))), *ticks(NOON + 2 * DAY)])
    while unfinished(judge):
        judge.apply([])

    later = [each for minute in range(5) for each in ticks(NOON + 2 * DAY + minute * MINUTE)]
    assert len(alerts_in(judge.apply(later).outputs)) <= most
    assert unfinished(judge)


def without_origin_of(tick_: Record, judge: Kept) -> dict[bytes, bytes]:
    """Give the rows of a judge to which the origin of a tick is new."""
    origin = codec.decode(tick_.value)[1]["origin"].encode()
    return {
        key: row for key, row in judge.rows.items() if key not in (b"t/" + origin, b"u/" + origin)
    }


def test_an_origin_that_is_new_holds_time_where_it_is() -> None:
    """A topic that an upgrade adds has no tick yet: nothing is asked for ever, and nothing is judged a second time."""
    most, count = 10, 60
    old = Kept(Judge(POLICY, most))
    old.apply([*map(fact, map(transfer, range(count))), *ticks(NOON)])
    stopped = old.apply(ticks(NOON + 2 * DAY + MINUTE)).outputs
    assert unfinished(old)
    new, *others = ticks(NOON + 2 * DAY + MINUTE)

    judge = Kept(Judge(POLICY, most), without_origin_of(new, old))
    assert not unfinished(judge)
    written = judge.apply([fact(INCIDENT), *others]).outputs
    judge = Kept(Judge(POLICY, most), judge.rows)
    # A clock of before the upgrade was ahead of the first tick of the new topic.
    behind, *_ = ticks(NOON - DAY)
    written += judge.apply([behind]).outputs
    judge = Kept(Judge(POLICY, most), judge.rows)
    assert not unfinished(judge)
    written += judge.apply([new]).outputs
    while unfinished(judge):
        written += judge.apply([]).outputs

    raised = [
        alert
        for alert in alerts_in([*stopped, *written])
        if alert["rule"] == "transfer-not-accepted"
    ]
    assert count == len(raised) == len({alert["alert_id"] for alert in raised})
    assert "unreferred-incident" in {alert["rule"] for alert in alerts_in(written)}
    assert not rows_of(b"m/", judge) | rows_of(b"u/", judge)


def test_a_policy_that_is_taken_back_while_an_origin_is_new_is_judged_by_again() -> None:
    """An upgrade with another policy and one more topic, rolled back before the new topic had a tick."""
    count = 20
    longer = policy_with("[rule.transfer-not-accepted]\nwithin = { days = 20 }\n")
    judge = Kept(Judge(POLICY))
    judge.apply([*map(fact, map(transfer, range(count))), *ticks(NOON + 3 * DAY)])
    new, *others = ticks(NOON + 3 * DAY + MINUTE)

    judge = Kept(Judge(longer), without_origin_of(new, judge))
    judge.apply(others)
    assert "withdrawn" in {codec.decode(row)[1]["status"] for row in rows_of(b"a/", judge).values()}
    judge = Kept(Judge(POLICY), judge.rows)
    judge.apply([new])
    while unfinished(judge):
        judge.apply([])

    alerts = [codec.decode(row)[1] for row in rows_of(b"a/", judge).values()]
    standing = {each["alert_id"] for each in alerts if each["status"] != "withdrawn"}
    assert count == len(standing)


def test_an_origin_that_is_new_to_a_judge_at_rest_does_not_turn_time_back() -> None:
    """Its rows are of where time had come; only what is told from then on is judged."""
    judge = a_judge()
    judge.apply([fact(INCIDENT), *ticks(NOON + 3 * DAY)])
    new, *others = ticks(NOON + 4 * DAY)

    again = a_judge(rows=without_origin_of(new, judge))
    assert {} == {key: row for key, row in again.apply(others).rows.items() if key[:2] != b"u/"}
    again = a_judge(rows=again.rows)
    written = again.apply([new]).outputs

    assert judge.apply([*others, new]).outputs == written
    assert judge.rows == again.rows


def test_chasing_over_years_is_done_in_several_transactions() -> None:
    """Whoever catches up over years with alerts that nobody took up writes no transaction that runs out of time."""
    most, count = 60, 40
    facts = [fact(transfer(number)) for number in range(count)]
    later = NOON + 1_000 * DAY
    whole = Kept(Judge(POLICY, 1_000_000))
    parts = Kept(Judge(POLICY, most))
    for each in (whole, parts):
        each.apply(ticks(NOON))
        each.apply(facts)
    at_once = on(ALERTS.name, whole.apply(ticks(later)).outputs)

    written: list[list[Output]] = []
    records = ticks(later)
    while not written or unfinished(parts):
        written.append(on(ALERTS.name, parts.apply(records).outputs))
        parts, records = Kept(Judge(POLICY, most), parts.rows), []

    assert max(map(len, written)) <= most + MOST_EACH * len(ORIGINS) + count
    assert len(written) > 3

    assert by_moment(alerts_in(at_once)) == by_moment(
        alerts_in([each for part in written for each in part])
    )
    assert not rows_of(b"m/", parts) | rows_of(b"u/", parts)


def test_what_people_do_at_the_moment_of_an_alert_is_weighed_after_it() -> None:
    """However little is done at once, and restored after each part: time stops between two moments."""
    most, count = 10, 40
    facts: list[Record] = []
    for number in range(count):
        told_at = NOON + number * MINUTE
        facts.append(fact(transfer(number, told_at)))
        alert = {"alert": f"transfer-not-accepted/transfer-{number}/case-{number}"}
        facts.append(action("AlertAssigned", told_at + 2 * DAY, to="ann", **alert))
    later = ticks(NOON + 3 * DAY)
    whole, parts = Kept(Judge(POLICY, 1_000_000)), Kept(Judge(POLICY, most))
    for each in (whole, parts):
        each.apply(ticks(NOON))
        each.apply(facts)
    at_once = on(ALERTS.name, whole.apply(later).outputs)
    written = on(ALERTS.name, parts.apply(later).outputs)
    while unfinished(parts):
        parts = Kept(Judge(POLICY, most), parts.rows)
        written += on(ALERTS.name, parts.apply([]).outputs)

    assert at_once == written
    assert whole.rows == parts.rows
    assert {"ann"} == {
        alert["owner"]
        for alert in alerts_in(written)
        if alert["rule"] == "transfer-not-accepted" and alert["status"] == "raised"
    }


def transfer(number: int, at: datetime = NOON) -> Told:
    """Give a transfer that is asked for then."""
    fields = {
        "event_id": f"event-{number}",
        "occurred_at": at,
        "agency": CARE,
        "transfer": f"transfer-{number}",
        "case": f"case-{number}",
    }
    return Told("TransferRequested", fields, at, number)


def test_raised_alerts_are_counted() -> None:
    """By rule, once, for the metrics."""
    judge = a_judge()
    judge.apply([fact(INCIDENT), *ticks(NOON + 3 * DAY)])
    judge.apply([fact(REFERRAL), *ticks(NOON + 4 * DAY)])

    assert {"unreferred-incident": 1} == judge.process.raised  # type: ignore[attr-defined]  # Faust's and fakes' own attributes


@TALKATIVE
@given(told=ANYTHING)
def test_an_alert_is_the_same_after_its_record(told: list[Told]) -> None:
    """Whatever alerts there can be: to the contract's record and back."""
    driven = Driven(rules=RULES)
    for each in told:
        driven.hear_at(each.fact, each.order)
    driven.advance(END)

    for alert in driven.log:
        assert alert == alert_of(codec.decode(codec.encode("Alert", fields_of(alert)))[1])


@TALKATIVE
@given(
    told=ANYTHING, sizes=st.tuples(st.integers(1, 30), st.integers(1, 30)), stop=st.integers(0, 20)
)
def test_batches_and_restarts_change_no_byte(
    told: list[Told], sizes: tuple[int, int], stop: int
) -> None:
    """Through intake and judge in batches of any size, stopped and restored anywhere: the same bytes, the same rows."""
    log = source_log(told, END)
    whole, judge = judged(facts_of(log))

    alerts, again = judged(facts_of(log, sizes[0]), sizes[1], restart_after=stop)

    assert whole == alerts
    assert judge.rows == again.rows


@TALKATIVE
@given(told=ANYTHING, every=st.integers(1, 9))
def test_live_equals_replay(told: list[Told], every: int) -> None:
    """Ticks between the records, all topics in turn, or everything at once at the end: the same alerts."""
    log = source_log(told, END)
    live: list[Output] = []
    intakes = {topic.name: an_intake(topic.name, 1.0) for topic in SOURCE_TOPICS}
    for place, each in enumerate(in_order(told)):
        topic = codec.topic_of(each.name)
        record = sent(topic, codec.encode(each.name, each.fields), each.received_at, each.offset)
        live += intakes[topic].apply([record]).outputs
        if place % every == 0:
            for name, intake in intakes.items():
                live += intake.apply([tick(name, each.received_at)]).outputs
    for name, intake in intakes.items():
        live += intake.apply([tick(name, END, 1_000_000)]).outputs

    assert judged(facts_of(log))[0] == judged(as_facts(live), 3)[0]


@TALKATIVE
@given(told=ANYTHING)
def test_the_engine_alone_says_the_same(told: list[Told]) -> None:
    """The same facts straight into an engine, as the offline replay does: the same alerts, but for the pseudonyms."""
    driven = Driven(rules=RULES)
    for each in told:
        if not refused(each):
            driven.hear_at(each.fact, each.order)
    driven.advance(END - MILLISECOND)

    lived = Lives(POLICY).advance(END - MILLISECOND, driven.log).alerts
    through, _ = judged(facts_of(source_log(told, END)))

    persons = {
        PSEUDONYMS.of({"scheme": "test", "value": f"woman-{n}"}): f"woman-{n}" for n in (1, 2)
    }
    spoken = [plain(repr(alert_of(fields)), persons) for fields in alerts_in(through)]
    assert sorted(plain(repr(alert), persons) for alert in lived) == sorted(spoken)


def refused(told: Told) -> bool:
    """Say whether intake refuses a record from too far in the future."""
    latest = told.received_at + HOUR / 12
    return any(told.fields.get(name, latest) > latest for name in ("occurred_at", "complete_to"))


def plain(text: str, persons: dict[str, str]) -> str:
    """Give a text with persons' own values."""
    for pseudonym, value in persons.items():
        text = text.replace(pseudonym, value)
    return text


def test_the_origins_are_the_source_partitions() -> None:
    """Every one of them, once."""
    assert len(ORIGINS) == len(set(ORIGINS)) == sum(topic.partitions for topic in SOURCE_TOPICS)


def test_a_judge_is_gone_with_its_partition() -> None:
    """At once, and not when Python next looks for cycles: it has years of facts."""
    judge = a_judge()
    judge.apply([fact(INCIDENT), *ticks(NOON + DAY)])
    gone = weakref.ref(judge)
    gc.disable()
    try:
        del judge
        assert gone() is None
    finally:
        gc.enable()
