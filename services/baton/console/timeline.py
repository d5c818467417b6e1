"""What happened to an alert, moment by moment: as a table, and where each is drawn."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from baton import wording
from baton.engine.life import REFUSALS, STEPS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from baton.console.deeds import Deeds

MOST_DRAWN: Final = 40
_CHARACTERS: Final = 40
_LINE: Final = 18
_GAP: Final = 30
_TOP: Final = 14


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened: when, what, of which kind (for its mark), and the agency or person, or nothing."""

    at: datetime
    what: str
    kind: str
    by: str = ""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A moment with its place in the drawing; `gap` is how long it was since the one before, in words."""

    moment: Moment
    y: int
    lines: list[tuple[int, str]]
    gap: str
    gap_y: int


@dataclass(frozen=True, slots=True)
class Timeline:
    """All moments in order, and those that are drawn."""

    moments: list[Moment]
    drawn: list[Drawn]
    height: int


def timeline_of(alert: Mapping[str, Any], deeds: Deeds) -> Timeline:
    """Return what happened to an alert; the rationale of a close is not among it."""
    moments = sorted(_moments(alert, deeds), key=lambda each: each.at)
    drawn: list[Drawn] = []
    y = _TOP
    for number, moment in enumerate(moments[-MOST_DRAWN:]):
        before = drawn[-1].moment if number else None
        gap = wording.duration(moment.at - before.at) if before and moment.at > before.at else ""
        texts = [wording.spoken(moment.at), *textwrap.wrap(moment.what, _CHARACTERS)]
        y += (_GAP + _LINE if gap else _GAP) if before else 0
        lines = [(y + place * _LINE, text) for place, text in enumerate(texts)]
        gap_y = y - _LINE - 6
        drawn.append(Drawn(moment, y, lines, gap, gap_y))
        y = lines[-1][0]
    return Timeline(moments, drawn, y + _TOP)


def event_words(name: str) -> str:
    """Give the name of a record as people write it, such as `Incident recorded`."""
    return wording.opening(wording.record(name))


_DEEDS: Final[Mapping[str, str]] = {
    "AlertAcknowledged": "Acknowledged",
    "AlertAssigned": "Assigned",
    "AlertNoted": "Noted",
    "AlertClosed": "Closed",
    "AlertReopened": "Opened again",
    "AlertsSilenced": "Silenced",
    "SilenceEnded": "Silence ended",
}
_BEGUN_AGAIN: Final = frozenset({"worse", "reopened"})
"""The kinds of steps with which an alert's life begins again, as if nobody had closed it."""


def _closes(alert: Mapping[str, Any], deeds: Deeds) -> frozenset[str]:
    """Return the ids of the wishes to close an alert that closed it, as far as can be told; the others only asked.

    One that needs two persons is closed by the second who gives the outcome of the first, or by a record with both.
    Otherwise the last one closed it where somebody opened it again after that, or where it is closed.
    """
    again_at = [each["at"] for each in alert["steps"] if each["kind"] in _BEGUN_AGAIN]
    found: set[str] = set()
    last: tuple[Mapping[str, Any], str | None] | None = None
    for action in alert["actions"]:
        if action["refused"] is not None:
            continue
        at = action["occurred_at"]
        if action["event"] == "AlertReopened":
            found |= {last[0]["event_id"]} if last is not None else set()
            last = None
        elif action["event"] == "AlertClosed":
            said = deeds.told(action, alert["authority"])
            if last is not None and any(last[0]["occurred_at"] < each <= at for each in again_at):
                last = None
            agreed = (
                last is not None
                and last[0]["by"] != action["by"]
                and last[1] is not None
                and last[1] == said.get("outcome")
            )
            if agreed or said.get("second_by"):
                found.add(action["event_id"])
            last = action, said.get("outcome")
    if last is not None and alert["closed_by"] is not None:
        found.add(last[0]["event_id"])
    return frozenset(found)


def deed_words(action: Mapping[str, Any], alert: Mapping[str, Any], deeds: Deeds) -> str:
    """Say what somebody did to an alert, in words; never a rationale."""
    said = deeds.told(action, alert["authority"])
    words = _DEEDS.get(action["event"], event_words(action["event"]))
    if action["event"] == "AlertAcknowledged" and said.get("until"):
        words += f" until {wording.spoken(said['until'])}"
    elif action["event"] == "AlertAssigned" and said.get("to"):
        words += f" to {wording.assignee(said['to'], alert)}"
    elif action["event"] == "AlertNoted" and said.get("note"):
        words += f": {said['note']}"
    elif action["event"] == "AlertClosed":
        if action["refused"] or action["event_id"] not in _closes(alert, deeds):
            words = "Asked to close"
        words += f": {wording.words(said['outcome'])}" if said.get("outcome") else ""
    return words


def refusal_words(code: str) -> str:
    """Give the sentence for a refusal; for one that this program does not know, its word."""
    return REFUSALS.get(code, f"Refused: {wording.words(code)}.")


def _moments(alert: Mapping[str, Any], deeds: Deeds) -> Iterator[Moment]:
    """Give every moment, of those at one time the cause first: what is due is raised, what is done is followed up."""
    started = {each["event_id"] for each in alert["trigger"]}
    events = {each["event_id"]: each for each in (*alert["trigger"], *alert["evidence"])}
    for event_id, event in events.items():
        agency = wording.agency(event["agency"])
        words = f"{event_words(event['event'])}, {agency}"
        kind = "trigger" if event_id in started else "event"
        yield Moment(event["occurred_at"], words, kind, agency)
    if alert["due_at"] and alert["reason"] != "found":
        yield Moment(alert["due_at"], f"Due: {wording.missing(alert)}", "due")
    yield Moment(alert["raised_at"], "This alert was raised", "raised", "baton")
    for action in alert["actions"]:
        words = f"{deed_words(action, alert, deeds)}, by {action['by']}"
        if action["refused"]:
            words = f"Refused: {words}"
        kind = "refused" if action["refused"] else "action"
        yield Moment(action["occurred_at"], words, kind, action["by"])
    for step in alert["steps"]:
        roles = " and ".join(map(wording.words, step["roles"]))
        why = STEPS.get(step["kind"], wording.words(step["kind"]))
        yield Moment(step["at"], f"To be told: {roles or 'nobody'}. {why}", "step", "baton")
    for told in alert["told"]:
        yield Moment(told["at"], wording.opening(wording.telling(told)), "told", "baton")
    if alert["answered_at"]:
        yield Moment(alert["answered_at"], "What was missing came", "answered")
