"""A chronology, and what the rules say of it, in words and as JSON. Pure: it is given an `Explanation`.

Of a fact it shows when, which agency, which record, and coded values: never text, never another
person than the one asked about, no assessment factors, no due dates. The end of a pregnancy is
left out altogether: it withdraws an alert without a reason shown, and here is no exception.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from baton import wording
from baton.contract import codec
from baton.contract.versions import expand
from baton.engine.alerts import ANSWERED_IN_TIME, ANSWERED_IN_TIME_TOLD_LATE, EventReference
from baton.rules import source_silent
from baton.rules.facts import SourceHeartbeat
from baton.rules.outcome import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from baton.engine.alerts import Alert
    from baton.engine.engine import Explanation
    from baton.rules.facts import Fact
    from baton.rules.outcome import Reason

_NOBODYS_BUSINESS: Final = frozenset({"PregnancyEnded"})
_LINKS: Final = frozenset(
    {
        *("incident", "notification", "referral", "transfer", "case", "block"),
        *("team", "from_team", "to_team", "by_team", "successor"),
    }
)
"""Ids by which records name each other; those of persons and workers are not among them."""
_LEFT_OUT: Final = frozenset({"agency", "concerns"})
"""Shown in a column of its own; and what is closest to a story."""
_UNSAID: Final[Mapping[str | None, Reason]] = {
    None: "not-asked",
    ANSWERED_IN_TIME: "answered",
    ANSWERED_IN_TIME_TOLD_LATE: "answered",
}
"""The reason of a judgement, where that of the alert that was withdrawn by it is another word."""
_OPEN: Final = frozenset({"waiting", "due-soon", "overdue", "cannot-tell", "found"})
_ANSWERED: Final = frozenset({"answered", "answered-late"})


def facts_of(explanation: Explanation) -> list[Fact]:
    """Give the facts that may be shown, in the order in which they happened."""
    return [fact for fact in explanation.facts if type(fact).__name__ not in _NOBODYS_BUSINESS]


def fact_row(fact: Fact, about: str) -> dict[str, Any]:
    """Give a fact as JSON: its times, agency, record, and coded values; `about` is the key's id."""
    return {
        "occurred_at": rfc_3339(fact.occurred_at),
        "recorded_at": fact.recorded_at and rfc_3339(fact.recorded_at),
        "received_at": rfc_3339(fact.received_at),
        "agency": fact.agency,
        "record": type(fact).__name__,
        "event_id": fact.event_id,
        "values": dict(_values(fact, about)),
    }


def fact_words(fact: Fact, about: str) -> str:
    """Give the coded values of a fact in one line."""
    return ", ".join(f"{name} {_text(value)}" for name, value in _values(fact, about))


def heard_late(fact: Fact) -> str:
    """Say when baton was told, where that was not within the minute in which it happened."""
    if (fact.received_at - fact.occurred_at).total_seconds() < 60:
        return ""
    return wording.local(fact.received_at)


def _values(fact: Fact, about: str) -> Iterator[tuple[str, Any]]:
    schema: Any = expand(dict(codec.schema(type(fact).__name__)))
    for field in schema["fields"]:
        name, kind = field["name"], field["type"]
        value = getattr(fact, name, getattr(fact, f"{name}_", None))
        if name in _LEFT_OUT or value is None or value == ():
            continue
        kind = kind[1] if isinstance(kind, list) else kind
        if name in _LINKS or _is_coded(kind, field):
            yield name, list(value) if isinstance(value, tuple) else value
        elif kind["type"] == "array" and kind["items"].get("name") == "Party":
            yield from _party(value, about)


def _is_coded(kind: Mapping[str, Any], field: Mapping[str, Any]) -> bool:
    inner = kind.get("items", kind)
    return inner["type"] in {"enum", "boolean"} or "closed_list" in field


def _party(parties: Iterable[Any], about: str) -> Iterator[tuple[str, Any]]:
    """Give the part of the person asked about; of the others, how many they are."""
    others = 0
    for party in parties:
        if party.person != about:
            others += 1
            continue
        yield "role", party.role
        if party.pregnancy is not None:
            yield "pregnancy", party.pregnancy
    if others:
        yield "others", others


def told_by(alert: Alert, looks_again_at: datetime | None) -> Finding:
    """Give the judgement that an alert itself tells of, where what it was made of is forgotten or corrected."""
    return Finding(
        rule=alert.rule,
        alert_id=alert.alert_id,
        about_kind=alert.about_kind,
        about=alert.about,
        reason=cast("Reason", _UNSAID.get(alert.reason, alert.reason)),
        authority=alert.authority,
        severity=alert.severity,
        tell=alert.tell,
        responsible=(alert.responsible_agency, alert.responsible_role),
        due_at=alert.due_at,
        wake_at=looks_again_at,
        answered_at=alert.answered_at,
        missing=alert.missing,
        raised_by=alert.raised_by,
    )


def answers(finding: Finding, alert: Alert | None) -> list[EventReference]:
    """Give the records that answered a question; from its alert, where they are forgotten."""
    if finding.reason not in _ANSWERED or finding.answered_at is None:
        return []
    rests_on = [EventReference.to(fact) for fact in finding.evidence]
    if not rests_on and alert is not None:
        rests_on = list(alert.evidence)
    then = [each for each in rests_on if each.occurred_at == finding.answered_at]
    # What asked the question may be of the same moment, and may be all that answers it.
    asked = {fact.event_id for fact in finding.trigger}
    return [each for each in then if each.event_id not in asked] or then


def finding_row(finding: Finding, alert: Alert | None = None) -> dict[str, Any]:
    """Give a judgement as JSON; `alert` is the one that it has led to."""
    return {
        "rule": finding.rule,
        "alert_id": finding.alert_id,
        "reason": finding.reason,
        "severity": finding.severity,
        "raised_by": list(finding.raised_by),
        "due_at": finding.due_at and rfc_3339(finding.due_at),
        "answered_at": finding.answered_at and rfc_3339(finding.answered_at),
        "answered_by": [
            {
                "event_id": each.event_id,
                "event": each.event,
                "agency": each.agency,
                "occurred_at": rfc_3339(each.occurred_at),
            }
            for each in answers(finding, alert)
        ],
        "missing": list(finding.missing),
        "would_be_answered_by": what_would_answer(finding) or None,
        "waits_for": finding.waits_for or None,
        "looks_again_at": finding.wake_at and rfc_3339(finding.wake_at),
    }


def judgement(finding: Finding) -> str:  # noqa: PLR0911 - one line for each reason
    """Say in one line why a question stands as it does."""
    if finding.rule == source_silent.SLUG:
        return _of_a_feed(finding)
    due = "" if finding.due_at is None else wording.local(finding.due_at)
    match finding.reason:
        case "waiting":
            return f"not due yet: due {due}"
        case "due-soon":
            return f"an alert before it is due: due {due}, and nothing has answered yet"
        case "overdue":
            return f"an alert: due {due}, and nothing answered"
        case "answered-late":
            return f"an alert: answered {_lateness(finding)} after it was due ({due})"
        case "answered":
            at = "" if finding.answered_at is None else f", {wording.local(finding.answered_at)}"
            return f"no alert: answered in time{at}; it was due {due}"
        case "found":
            return "an alert: so by the facts as they stand"
        case "cannot-tell":
            feed = wording.agency(finding.waits_for)
            return f"cannot tell: it was due {due}, and the feed of {feed} is silent"
        case "transfer-withdrawn":
            return "no alert: the transfer was taken back"
    return "no alert: the question does not arise from what is known"


def _of_a_feed(finding: Finding) -> str:
    """Say in one line whether a feed is silent; of a silence that is over, since when it was and when it was heard."""
    silent = "" if finding.due_at is None else f"silent from {wording.local(finding.due_at)}"
    heard = "" if finding.answered_at is None else wording.local(finding.answered_at)
    match finding.reason:
        case "overdue":
            return f"an alert: {silent}, and it still is"
        case "answered-late":
            return f"an alert: {silent}, heard again {heard}, {_lateness(finding)} later"
        case "answered":
            return f"no alert: what it sent in time, {heard}, was held up on its way to us"
    beats = (beat for beat in finding.trigger if isinstance(beat, SourceHeartbeat))
    told = "".join(f"it told all up to {wording.local(beat.complete_to)}; " for beat in beats)
    return f"no alert: {told}{silent} unless it is heard before"


def answer_label(finding: Finding) -> str:
    """Say what `what_would_answer` is: still awaited, or what is not there."""
    return "is missing" if finding.reason == "found" else "would be answered by"


def what_would_answer(finding: Finding) -> str:
    """Say what would answer a question that is open."""
    return _awaited(finding) if finding.reason in _OPEN else ""


def waited_for(finding: Finding) -> str:
    """Say what had been awaited, of a question that was answered."""
    return _awaited(finding) if finding.reason in _ANSWERED else ""


def _awaited(finding: Finding) -> str:
    fields = {"alert_id": finding.alert_id, "authority": finding.authority}
    return wording.missing({"rule": finding.rule, "missing": finding.missing, **fields})


def answer_words(finding: Finding, alert: Alert | None) -> str:
    """Name the records that answered a question, each with its agency and when it happened."""
    return ", ".join(
        f"{each.event} ({wording.agency(each.agency)}, {wording.local(each.occurred_at)})"
        for each in answers(finding, alert)
    )


def looks_again(finding: Finding) -> str:
    """Say when a question is asked again."""
    if finding.reason == "cannot-tell":
        return f"once {wording.agency(finding.waits_for)} is heard"
    if finding.wake_at is None:
        return "when more is told of it; time alone changes nothing"
    return f"{wording.local(finding.wake_at)}, or when more is told of it"


def _lateness(finding: Finding) -> str:
    if finding.answered_at is None or finding.due_at is None:
        return "late"
    return wording.duration(finding.answered_at - finding.due_at)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return " + ".join(map(str, value))
    return str(value)


def rfc_3339(moment: datetime) -> str:
    """Give a moment in UTC, as `2015-03-02T21:40:00Z`."""
    detail = "milliseconds" if moment.microsecond else "seconds"
    return moment.isoformat(timespec=detail).replace("+00:00", "Z")
