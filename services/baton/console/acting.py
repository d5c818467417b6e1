"""From a form to an action: what was asked is checked, and becomes a record of `alert-actions`."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from baton.contract import codec
from baton.engine.alerts import OPEN
from baton.rules.working_days import LONDON

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from baton.access import Operator

HEADINGS: Final[Mapping[str, str]] = {
    "acknowledge": "Acknowledge this alert",
    "assign": "Assign this alert",
    "note": "Say where a note is kept",
    "close": "Close this alert",
    "reopen": "Open this alert again",
    "silence": "Silence alerts like this",
}
"""What can be done to an alert, with the heading of its form."""
BUTTONS: Final[Mapping[str, str]] = {
    "acknowledge": "Acknowledge",
    "assign": "Assign",
    "note": "Note",
    "close": "Close",
    "reopen": "Open again",
    "silence": "Silence",
}
OUTCOMES: Final[Mapping[str, str]] = {
    "acted": "Something was done because of it",
    "already_done": "It had been done already, and was not recorded",
    "not_required": "Looked at, and nothing is called for",
    "duplicate": "Another alert covers it",
    "wrong_match": "It joined different persons or cases",
    "wrong_record": "It rests on a record that was in error",
    "other": "Something else",
}
"""What may become of an alert: the contract's words, as people choose them."""
SPANS: Final[Mapping[str, tuple[str, timedelta]]] = {
    "1h": ("1 hour", timedelta(hours=1)),
    "4h": ("4 hours", timedelta(hours=4)),
    "24h": ("24 hours", timedelta(hours=24)),
}
LONGEST_TEXT: Final = 500
_POINTER: Final = re.compile(r"[^\s,;\"'@]{1,100}")
_TIME: Final = re.compile(r"(\d{1,2})(?:[:.](\d{2}))?\s*(am|pm)?", re.IGNORECASE)
_EVENT_ID: Final = re.compile(r"action-[0-9a-f]{32}")


def new_event_id() -> str:
    """Make the id of the action that a form will tell: a form that is sent twice tells it once."""
    return f"action-{uuid.uuid4().hex}"


def is_event_id(text: str) -> bool:
    """Say whether this is an id that a form was made with."""
    return _EVENT_ID.fullmatch(text) is not None


@dataclass(slots=True)
class Form:
    """What somebody filled in, and what is wrong with it: a sentence by the name of the field."""

    given: Mapping[str, str]
    mistakes: dict[str, str] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """Return a field, trimmed."""
        return self.given.get(name, "").strip()

    def wrong(self, name: str, sentence: str) -> None:
        """Say what is wrong with a field."""
        self.mistakes.setdefault(name, sentence)

    def chosen(self, name: str, known: Mapping[str, object], sentence: str) -> str:
        """Return one of the known words; anything else is a mistake."""
        value = self.text(name)
        if value not in known:
            self.wrong(name, sentence)
        return value

    def words(self, name: str, sentence: str) -> str:
        """Return some words of a sensible length; none are a mistake."""
        # A browser sends a line break as two characters, and counts it as one.
        value = self.text(name).replace("\r\n", "\n")
        if not value:
            self.wrong(name, sentence)
        elif len(value) > LONGEST_TEXT:
            self.wrong(name, f"Use {LONGEST_TEXT} characters at most")
        return value

    def pointer(self, name: str, sentence: str) -> str:
        """Return an id: no spaces, so that it cannot be a name or a story."""
        value = self.text(name)
        if not value:
            self.wrong(name, sentence)
        elif not _POINTER.fullmatch(value):
            self.wrong(name, "Give an id or a reference, without spaces, commas, quotes or @")
        return value

    def until(self, now: datetime, *, or_policy: bool) -> datetime | None:
        """Return until when: a span from now, or a day and time that were typed; None for the policy's own limit."""
        span = self.text("until")
        if span in SPANS:
            return now + SPANS[span][1]
        if span == "policy" and or_policy:
            return None
        if span != "other":
            self.wrong("until", "Say until when")
            return None
        moment = self._typed()
        if moment is None:
            self.wrong("until-day", "Give a day and a time, such as 27 3 2026 and 9am")
        elif moment <= now:
            self.wrong("until-day", "Give a time that is still to come")
        return moment

    def _typed(self) -> datetime | None:
        numbers = [self.text(f"until-{part}") for part in ("year", "month", "day")]
        time = _TIME.fullmatch(self.text("until-time"))
        if time is None or not all(each.isascii() and each.isdecimal() for each in numbers):
            return None
        hour, minute, half = int(time[1]), int(time[2] or 0), (time[3] or "").lower()
        if half and not 1 <= hour <= 12:
            return None
        if half:
            hour = hour % 12 + (12 if half == "pm" else 0)
        try:
            year, month, day = map(int, numbers)
            return datetime(year, month, day, hour, minute, tzinfo=LONDON).astimezone(UTC)
        except (ValueError, OverflowError):
            return None


@dataclass(frozen=True, slots=True)
class Asked:
    """An action as it is told: the record and its fields."""

    record: str
    fields: Mapping[str, Any]

    @property
    def event_id(self) -> str:
        """The id by which the alert will show it."""
        return str(self.fields["event_id"])


def possible(alert: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what can be done to an alert as it stands, whoever may do it."""
    if alert["status"] in OPEN:
        return ("acknowledge", "assign", "note", "close", "silence")
    return ("reopen", "note") if alert["status"] == "closed" else ("note",)


def read(
    action: str, form: Form, alert: Mapping[str, Any], operator: Operator, now: datetime
) -> Asked | None:
    """Return what a form asks for; None where it is wrong, which the form then says."""
    record, said = _READERS[action](form, alert, operator, now)
    event_id = form.text("event_id")
    if not is_event_id(event_id):
        form.wrong("event_id", "This form can no longer be used: load the page again")
    if form.mistakes:
        return None
    return Asked(record, said | said_by(operator, alert, event_id, now))


def said_by(
    operator: Operator, alert: Mapping[str, Any], event_id: str, now: datetime
) -> dict[str, Any]:
    """Return what every action says: who did it, of which agency, when, in which area."""
    own = alert["responsible"]["agency"]
    agency = own if own in operator.agencies else min(operator.agencies, default="other")
    return {
        "event_id": event_id,
        "occurred_at": now,
        "agency": agency,
        "authority": alert["authority"],
        "by": operator.key,
    }


Said = tuple[str, dict[str, Any]]


def _acknowledge(form: Form, alert: Mapping[str, Any], operator: Operator, now: datetime) -> Said:
    del operator
    until = form.until(now, or_policy=True)
    return "AlertAcknowledged", {"alert": alert["alert_id"], "until": until}


def _assign(form: Form, alert: Mapping[str, Any], operator: Operator, now: datetime) -> Said:
    del now
    to = form.text("to")
    if to == "me":
        to = operator.key
    elif to == "other":
        to = form.pointer("to-key", "Give the key of a team, a role or an operator")
    elif to not in roles_to_tell(alert):
        form.wrong("to", "Say to whom")
    return "AlertAssigned", {"alert": alert["alert_id"], "to": to}


def _note(form: Form, alert: Mapping[str, Any], operator: Operator, now: datetime) -> Said:
    del operator, now
    where = form.pointer("note", "Give the reference of the note in your own system")
    return "AlertNoted", {"alert": alert["alert_id"], "note": where}


def _close(form: Form, alert: Mapping[str, Any], operator: Operator, now: datetime) -> Said:
    del operator, now
    outcome = form.chosen("outcome", OUTCOMES, "Say what became of it")
    rationale = form.words("rationale", "Say why, in general words")
    return "AlertClosed", {
        "alert": alert["alert_id"],
        "outcome": outcome,
        "rationale": rationale,
    }


def _reopen(form: Form, alert: Mapping[str, Any], operator: Operator, now: datetime) -> Said:
    del form, operator, now
    return "AlertReopened", {"alert": alert["alert_id"]}


def _silence(form: Form, alert: Mapping[str, Any], operator: Operator, now: datetime) -> Said:
    del operator
    matchers = matchers_of(alert)
    which = form.chosen("matcher", matchers, "Say which alerts")
    until = form.until(now, or_policy=False)
    why = form.words("why", "Say why, in general words")
    return "AlertsSilenced", {
        "matcher": matchers.get(which, ("", ""))[0],
        "until": until,
        "why": why,
    }


_READERS: Final[Mapping[str, Callable[[Form, Mapping[str, Any], Operator, datetime], Said]]] = {
    "acknowledge": _acknowledge,
    "assign": _assign,
    "note": _note,
    "close": _close,
    "reopen": _reopen,
    "silence": _silence,
}


def roles_to_tell(alert: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the roles that an alert concerns: who must act first, then who is told, each once."""
    told = (role for word in alert["tell"] for role in word.split("+"))
    return tuple(dict.fromkeys((alert["responsible"]["role"], *told)))


def matchers_of(alert: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Return which alerts a silence that begins at this one may be for: the matcher, and what it means in words."""
    rule, about = alert["rule"], alert["about"]["key"]
    found = {
        "alert": (f"alert={alert['alert_id']}", "This alert alone"),
        "about": (f"rule={rule},about={about}", "Alerts of this rule about the same"),
    }
    if alert["responsible"]["team"]:
        team = alert["responsible"]["team"]
        found["team"] = (f"rule={rule},team={team}", f"Alerts of this rule for the team {team}")
    return found


def is_whole(asked: Asked) -> bool:
    """Say whether the contract takes an action; a form that was tampered with may ask for what it does not."""
    try:
        codec.complete(asked.record, asked.fields)
    except codec.InvalidEvent:
        return False
    return True
