"""What became of an alert, in plain words. Pure functions over the contract's fields of an alert, as decoded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from baton.engine.life import REFUSALS, turn_of
from baton.wording import local, means, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_DONE: Final = {
    "AlertAcknowledged": "taken up",
    "AlertAssigned": "assigned",
    "AlertNoted": "noted",
    "AlertClosed": "closed, or asked to be",
    "AlertReopened": "opened again",
    "AlertsSilenced": "silenced",
    "SilenceEnded": "silence ended",
}


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


def comes_next(alert: Mapping[str, Any]) -> str:
    """Say what baton does next if nothing is heard, when, and who is asked then."""
    kind, at = alert["next_step"], alert["next_step_at"]
    if not kind:
        return ""
    # An acknowledgement that lapses, or a beginning, asks for the rung that is known; a chase for the one after it.
    steps = _asked(alert) if kind == "chased" else []
    turn = steps[-1] if kind == "lapsed" and steps else turn_of(alert["tell"], steps)
    when = f", {local(at)}" if at else ""
    return f"{words(kind)}{when}: {people(turn)}" if turn else f"{words(kind)}{when}"


def lines(alert: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Give what became of an alert as labels and words, in order: how it stands, what happened, what comes."""
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
    for _, label, text in sorted(_happened(alert), key=lambda each: each[0]):
        yield label, text
    yield "whose turn", whose_turn(alert)
    yield "next", comes_next(alert)


def _happened(alert: Mapping[str, Any]) -> Iterator[tuple[Any, str, str]]:
    for step in alert["steps"]:
        text = f"{local(step['at'])}, {words(step['kind'])}: {people(step['roles'])}"
        yield step["at"], f"step {step['number']}", text
    for told in alert["told"]:
        outcome = words(told["outcome"] or "told")
        text = f"{local(told['at'])}, {words(told['role'])}{means(told)}: {outcome}"
        yield told["at"], "told", text
    for done in alert["actions"]:
        what = _DONE.get(done["event"], words(done["event"]))
        why = f". Refused: {refusal(done['refused'])}" if done["refused"] else ""
        text = f"{local(done['occurred_at'])}, {what} by {done['by']}{why}"
        yield done["occurred_at"], "done", text


def _asked(alert: Mapping[str, Any]) -> list[list[str]]:
    return [each["roles"] for each in alert["steps"] if each["kind"] != "resolved"]


def _at(moment: Any) -> str:  # noqa: ANN401 (a time of a record, or none)
    return local(moment) if moment else "it is taken back"
