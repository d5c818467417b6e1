"""What became of an alert, in plain words. Pure functions over the contract's fields of an alert, as decoded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from baton.engine.life import REFUSALS, turn_of
from baton.wording import local, telling, words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime

_DONE: Final = {
    "AlertAcknowledged": "taken up",
    "AlertAssigned": "assigned",
    "AlertNoted": "noted",
    "AlertClosed": "closed, or asked to be,",
    "AlertReopened": "opened again",
    "AlertsSilenced": "silenced",
    "SilenceEnded": "silence ended",
}
_SHOWN_BY: Final = {
    "AlertAcknowledged": "taken up",
    "AlertAssigned": "belongs to",
    "AlertClosed": "closed",
}
"""The label of `standing` under which an alert shows what was done to it."""
SECOND: Final = "It stays open until a second person closes it with the same outcome."


def refusal(code: str) -> str:
    """Give the sentence for why an action had no effect; for a word this program does not know, the word."""
    return REFUSALS.get(code, f"It had no effect: {words(code)}.")


def people(roles: Iterable[str]) -> str:
    """Name roles that are told together."""
    return " and ".join(map(words, roles))


def whose_turn(alert: Mapping[str, Any]) -> str:
    """Say who was asked last to look at it, while nobody has taken it up; nothing where it is nobody's turn."""
    steps = _asked(alert)
    return people(steps[-1]) if steps and alert["status"] == "raised" else ""


def comes_next(alert: Mapping[str, Any], put: Callable[[datetime], str] = local) -> str:
    """Say what baton does next if nothing is heard, when (as `put` has it), and who is told then."""
    kind, at = alert["next_step"], alert["next_step_at"]
    if not kind:
        return ""
    # An acknowledgement that lapses, or a beginning, asks for the rung that is known; a chase for the one after it.
    steps = _asked(alert) if kind == "chased" else []
    turn = steps[-1] if kind == "lapsed" and steps else turn_of(alert["tell"], steps)
    whom = " and ".join(f"the {words(role)}" for role in turn)
    told = f"{whom} {'is' if len(turn) == 1 else 'are'} told" if turn else "nobody is told"
    if kind == "chased":
        return f"if nobody takes it up{f' by {put(at)}' if at else ''}, {told}"
    if kind == "lapsed" and alert["acknowledged_by"]:
        return f"it is taken up{f' until {put(at)}' if at else ''}; then {told}"
    if kind == "lapsed":
        # A silence, or the night, keeps the step waiting.
        return f"it is taken up no more; {told}{f', {put(at)}' if at else ''}"
    return f"{told}{f', {put(at)}' if at else ''}"


def done(event: str, alert: Mapping[str, Any]) -> str:
    """Give the sentence for an action that had its effect, by the alert as it stands after it."""
    if event == "AlertClosed" and alert["closing_by"]:
        return SECOND
    label = _SHOWN_BY.get(event, "")
    shown = dict(standing(alert)).get(label)
    return f"Done: {label} {shown}." if shown else f"Done: {_DONE.get(event, words(event))}."


def lines(alert: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Give what became of an alert as labels and words, in order: how it stands, what happened, what comes."""
    yield from standing(alert)
    for at, label, text in happened(alert):
        yield label, f"{local(at)}, {text}"
    yield from coming(alert)


def standing(alert: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Give what people have made of it as labels and words: whose it is, who took it up, closes or silenced it."""
    if alert["owner"]:
        yield "belongs to", alert["owner"]
    if alert["acknowledged_by"]:
        yield "taken up", f"by {alert['acknowledged_by']}, until {_at(alert['acknowledged_until'])}"
    if alert["closing_by"]:
        yield "to be closed", f"{alert['closing_by']} asked, and a second person must agree"
    if alert["closed_by"]:
        second = f" and {alert['second_by']}" if alert["second_by"] else ""
        yield "closed", f"by {alert['closed_by']}{second}: {words(alert['outcome'] or '')}"
    if alert["silence"]:
        yield "silenced", f"until {_at(alert['silenced_until'])}"


def coming(alert: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Give whose turn it is, and what comes next, as labels and words, which may be empty."""
    yield "whose turn", whose_turn(alert)
    yield "next", comes_next(alert)


def happened(alert: Mapping[str, Any]) -> list[tuple[datetime, str, str]]:
    """Return the steps, the tellings and the actions, in order: when, a label, and the words."""
    return sorted(_happened(alert), key=lambda each: each[0])


def _happened(alert: Mapping[str, Any]) -> Iterator[tuple[datetime, str, str]]:
    for step in alert["steps"]:
        text = f"{words(step['kind'])}: {people(step['roles'])}"
        yield step["at"], f"step {step['number']}", text
    for told in alert["told"]:
        yield told["at"], "told", telling(told)
    for act in alert["actions"]:
        what = _DONE.get(act["event"], words(act["event"]))
        why = f". Refused: {refusal(act['refused'])}" if act["refused"] else ""
        yield act["occurred_at"], "done", f"{what} by {act['by']}{why}"


def _asked(alert: Mapping[str, Any]) -> list[list[str]]:
    return [each["roles"] for each in alert["steps"] if each["kind"] != "resolved"]


def _at(moment: Any) -> str:  # noqa: ANN401 (a time of a record, or none)
    return local(moment) if moment else "it is taken back"
