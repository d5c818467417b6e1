"""An alert in plain words. Pure functions over the contract's fields of an alert, as decoded.

The wording names the agency, the team, the role and the event that is missing, never a person to
blame, and holds nothing about anybody's health. Times are local: Europe/London.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any, Final

from baton.engine.alerts import ATTEMPT_FAILED, OPEN
from baton.rules import nobody_to_tell
from baton.rules.register import RULES
from baton.rules.working_days import LONDON

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta

_AGENCIES: Final = {"childrens_social_care": "children's social care", "gp": "GP"}
_SEVERITIES: Final = {
    1: "act now, out of hours too",
    2: "this working day",
    3: "at the next review by a manager",
    4: "in a periodic report",
}
_REASONS: Final = {
    "waiting": "not due yet",
    "due-soon": "not due yet, and not answered",
    "answered": "answered in time",
    "overdue": "due, and nothing answered",
    "answered-late": "answered late",
    "found": "so by the facts as they stand",
    "cannot-tell": "cannot be told while a feed is silent",
    "not-asked": "does not arise from what is known",
    "transfer-withdrawn": "the transfer was taken back",
    "answered-in-time": "answered in time",
    "answered-in-time-told-late": "answered in time, told late",
}

OF_NO_RULE: Final = {
    "pipeline-blind": (
        "A time in which baton itself was blind: what was told was not judged.",
        "judgement of all that was told since, and of all that fell due",
    ),
}
"""Alerts that no rule raises: their sentence, and what is missing."""


def local(moment: datetime) -> str:
    """Give a moment in local time, to the minute unless it has seconds."""
    at = moment.astimezone(LONDON)
    return f"{at:%Y-%m-%d %H:%M:%S}" if at.second else f"{at:%Y-%m-%d %H:%M}"


def spoken(moment: datetime) -> str:
    """Give a moment in local time as people write it, such as `3 March 2015 at 9:40pm`."""
    at = moment.astimezone(LONDON)
    return f"{day(moment)} at {_time_of_day(at.hour, at.minute)}"


def day(moment: datetime) -> str:
    """Give the local day of a moment as people write it, such as `3 March 2015`."""
    at = moment.astimezone(LONDON)
    return f"{at.day} {at:%B %Y}"


def _time_of_day(hour: int, minute: int) -> str:
    if minute == 0 and hour in {0, 12}:
        return "midday" if hour else "midnight"
    minutes = f":{minute:02}" if minute else ""
    return f"{hour % 12 or 12}{minutes}{'am' if hour < 12 else 'pm'}"


def duration(span: timedelta) -> str:
    """Give a span of time roughly, as people say it, such as `2 days 3 h`."""
    seconds = int(span.total_seconds())
    days, hours, minutes = seconds // 86_400, seconds // 3_600 % 24, seconds // 60 % 60
    if days:
        unit = "day" if days == 1 else "days"
        return f"{days} {unit} {hours} h" if hours else f"{days} {unit}"
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{minutes} min" if minutes else f"{seconds} s"


def words(code: str) -> str:
    """Give a coded word, such as `hub_manager` or `not-accepted`, as people write it."""
    return code.replace("_", " ").replace("-", " ").replace("+", " and ")


def opening(text: str) -> str:
    """Give words as the beginning of a sentence or a label: all but the first letter stay as they are."""
    return text[:1].upper() + text[1:]


def assignee(key: str, alert: Mapping[str, Any]) -> str:
    """Give whom an alert is assigned to: a role that it concerns in words, and any other key as it is."""
    told = (role for word in alert["tell"] for role in word.split("+"))
    asked = (role for step in alert["steps"] for role in step["roles"])
    return words(key) if key in {alert["responsible"]["role"], *told, *asked} else key


def agency(code: str) -> str:
    """Give the name of a kind of agency."""
    return _AGENCIES.get(code, words(code))


def reason(code: str) -> str:
    """Give a reason of the closed list in words; one that this program does not know, as it is."""
    return _REASONS.get(code, words(code))


def severity(alert: Mapping[str, Any]) -> str:
    """Say how soon somebody must act, and what made it more serious than its rule alone says."""
    level = alert["severity"]
    raised_by = ", ".join(map(words, alert.get("raised_by", ())))
    text = f"{level}, {_SEVERITIES[level]}"
    return f"{text}; more serious by {raised_by}" if raised_by else text


def sentence(alert: Mapping[str, Any]) -> str:
    """Give the rule's sentence; for a rule that this program does not know, its name."""
    if alert["rule"] in OF_NO_RULE:
        return OF_NO_RULE[alert["rule"]][0]
    rule, role = RULES.get(alert["rule"]), role_without(alert)
    if rule is None:
        return words(alert["rule"])
    return f"{rule.sentence.removesuffix('.')}: {role}." if role else rule.sentence


def role_without(alert: Mapping[str, Any]) -> str:
    """Give the role that has nobody, of an alert that says so; nothing of any other. Only the id names it."""
    prefix = f"{nobody_to_tell.SLUG}/"
    if alert["rule"] != nobody_to_tell.SLUG or not alert["alert_id"].startswith(prefix):
        return ""
    key: str = alert["alert_id"].removeprefix(prefix).removesuffix(f"/{alert['authority']}")
    return words(key)


def reference(alert_id: str) -> str:
    """Return the short reference by which messages name an alert: it gives nothing of the id away."""
    return hashlib.sha256(alert_id.encode()).hexdigest()[:12]


def about(alert: Mapping[str, Any]) -> str:
    """Say what it is about: the kind and the pseudonymous key, and the role that has nobody to tell."""
    kind, key, role = alert["about"]["kind"], alert["about"]["key"], role_without(alert)
    text = f"{kind} {agency(key) if kind == 'agency' else key}"
    return f"{text}, role {role}" if role else text


def status(alert: Mapping[str, Any]) -> str:
    """Say how it stands and why, such as `answered, 11 h 20 min late`."""
    standing, code = alert["status"], alert["reason"]
    if standing == "answered":
        due, came = alert["due_at"], alert["answered_at"]
        late = f", {duration(came - due)} late" if due and came and came > due else ""
        return f"answered{late}"
    if standing == "closed" and alert["outcome"]:
        return f"closed: {words(alert['outcome'])}"
    if standing in OPEN:
        return f"{standing}, {words(code)}" if code in {"overdue", "due-soon"} else standing
    return f"{standing}: {reason(code)}" if code else standing


def missing(alert: Mapping[str, Any]) -> str:
    """Say what should have come; the coded items of it, where the rule names them, follow."""
    if alert["rule"] in OF_NO_RULE:
        return OF_NO_RULE[alert["rule"]][1]
    rule = RULES.get(alert["rule"])
    # A record's name says the same as the rule's own words; an item of a list says more, and a role the most.
    role = role_without(alert)
    items = [role] if role else [words(each) for each in alert["missing"] if not each[:1].isupper()]
    if rule is None:
        return ", ".join(items or alert["missing"])
    return f"{rule.missing}: {', '.join(items)}" if items else rule.missing


def missing_label(alert: Mapping[str, Any]) -> str:
    """Say what `missing` is for this alert: still missing, or what had been."""
    return "missing" if alert["status"] in OPEN else "was missing"


def who(alert: Mapping[str, Any]) -> str:
    """Say who must act: agency, team and role."""
    responsible = alert["responsible"]
    team = f", team {responsible['team']}" if responsible["team"] else ""
    return f"{agency(responsible['agency'])}{team}: {words(responsible['role'])}"


def due(alert: Mapping[str, Any], now: datetime | None = None) -> str:
    """Say when the answer was due and, given a moment, for how long it has been overdue.

    Of what was found as it stands, nothing is due but a look.
    """
    if alert["due_at"] is None or alert["reason"] == "found":
        return ""
    text = local(alert["due_at"])
    if now is not None and alert["status"] == "raised" and now > alert["due_at"]:
        text += f", {duration(now - alert['due_at'])} ago"
    return text


def line(alert: Mapping[str, Any]) -> str:
    """Give an alert as one line, for a pipe."""
    parts = [
        f"{local(alert['raised_at'])} {status(alert)}",
        f"{alert['rule']} ({alert['severity']})",
        about(alert),
        f"{missing_label(alert)}: {missing(alert)}",
        *([f"due {due(alert)}"] if due(alert) else []),
        *([f"taken up by {alert['acknowledged_by']}"] if alert["acknowledged_by"] else []),
        f"for {who(alert)}",
    ]
    return " · ".join(parts)


def member(fields: Mapping[str, Any]) -> tuple[str, str]:
    """Give one of the things that an alert covers: its key, and its states in words."""
    return fields["key"], ", ".join(words(each) for each in fields["states"])


_CAME: Final = {
    "told": "was told",
    "failed": "could not be told",
    "nobody": "has nobody to tell",
    "unknown": "may have been told",
    ATTEMPT_FAILED: "was not reached at one attempt",
}


def came(told: Mapping[str, Any]) -> str:
    """Give what came of telling a role: "was told", "has nobody to tell"."""
    outcome = told["outcome"] or "told"
    return _CAME.get(outcome, words(outcome))


def telling(told: Mapping[str, Any]) -> str:
    """Give a telling in words: who, what came of it, and by what means where there was anybody to tell."""
    means = "" if told["outcome"] == "nobody" else f" by {words(told['by'])}"
    return f"{words(told['role'])} {came(told)}{means}"


def details(alert: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Give what an alert says as labels and words, but for its events, its members and what became of it (`lived`)."""
    by = f"by rule version {alert['rule_version']} and policy {alert['policy_version']}"
    rows = [
        ("what", sentence(alert)),
        ("about", about(alert)),
        ("stands", status(alert)),
        ("severity", severity(alert)),
        (missing_label(alert), missing(alert)),
        ("due", due(alert)),
        ("raised", local(alert["raised_at"])),
        ("answered", local(alert["answered_at"]) if alert["answered_at"] else ""),
        ("who must act", who(alert)),
        ("to be told", ", ".join(words(each) for each in alert["tell"])),
        ("area", alert["authority"]),
        ("judged", f"{local(alert['as_of'])}, {by}"),
        ("id", alert["alert_id"]),
    ]
    return [(label, text) for label, text in rows if text]


def record(name: str) -> str:
    """Give the name of a record as people write it, such as `incident recorded`."""
    return re.sub(r"(?<!^)(?=[A-Z])", " ", name).lower()
