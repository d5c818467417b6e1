"""What people are told: which alert, how urgent, what is missing and where to look. A pointer, never a story.

Neither the person's pseudonym nor any id of an agency's record is in it: a telephone shows it on its locked screen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from jinja2 import Environment, StrictUndefined

from baton import wording

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SAID: Final = (
    "alert_id",
    "rule",
    "severity",
    "status",
    "reason",
    "missing",
    "due_at",
    "responsible",
)
"""What of an alert is needed to say it: of a storm's, which wait until they are told, nothing else is kept."""

_WHY: Final = {
    "raised": "A new alert for you.",
    "chased": "Nobody has taken this alert up in time, so you are told.",
    "lapsed": "This alert was taken up, and that has lapsed.",
    "worse": "This alert has become more serious.",
    "reopened": "This alert was closed, and is open again.",
    "resolved": "This alert needs nothing more: what was missing came, or a record unsaid it.",
}

_ONE: Final = """\
{{ why }}

What: {{ sentence }}
How urgent: {{ severity }}
{{ label }}: {{ missing }}
{% if due %}Due: {{ due }}
{% endif %}\
Who must act: {{ who }}
Reference: {{ reference }}
{% if address %}
{{ address }}/alerts/{{ reference }}
{% endif %}
This message holds no detail on purpose. Sign in to baton to see what it rests on, and to say that you have taken it up.
"""

_MANY: Final = """\
{{ lines | length }} alerts for you:

{% for line in lines -%}
- {{ line.severity }}: {{ line.sentence }} ({{ line.why }} Reference {{ line.reference }})
{% endfor %}
{% if address -%}
{{ address }}/
{% endif %}
This message holds no detail on purpose. Sign in to baton to see what they rest on, and to say what you have taken up.
"""

_pages = Environment(autoescape=False, undefined=StrictUndefined, trim_blocks=True)  # noqa: S701 (plain text, and every word is ours)


@dataclass(frozen=True, slots=True)
class Message:
    """A title and a text."""

    title: str
    text: str


def one(alert: Mapping[str, Any], kind: str, address: str = "") -> Message:
    """Return what to say of one step of an alert; `address` is the console's."""
    words = _words(alert, kind)
    text = _pages.from_string(_ONE).render(
        **words,
        label=wording.missing_label(alert).capitalize(),
        missing=wording.missing(alert),
        due=wording.due(alert),
        who=wording.who(alert),
        address=address,
    )
    urgent = "ACT NOW: " if alert["severity"] == 1 and kind != "resolved" else ""
    done = "Resolved: " if kind == "resolved" else ""
    return Message(f"baton: {urgent}{done}{wording.words(alert['rule'])}", text)


def many(told: Sequence[tuple[Mapping[str, Any], str]], address: str = "") -> Message:
    """Return what to say of many steps at once, the most serious first."""
    ordered = sorted(told, key=lambda each: (each[0]["severity"], each[0]["alert_id"]))
    lines = [_words(alert, kind) for alert, kind in ordered]
    text = _pages.from_string(_MANY).render(lines=lines, address=address)
    urgent = sum(alert["severity"] == 1 and kind != "resolved" for alert, kind in told)
    act = f", {urgent} of them to act on now" if urgent else ""
    return Message(f"baton: {len(told)} alerts{act}", text)


def _words(alert: Mapping[str, Any], kind: str) -> dict[str, str]:
    return {
        "why": _WHY.get(kind, _WHY["raised"]),
        "sentence": wording.sentence(alert),
        "severity": wording.severity({**alert, "raised_by": ()}),
        "reference": wording.reference(alert["alert_id"]),
    }
