"""What an operator does to alerts from a terminal: told to `alert-actions`, and waited for until baton has answered."""

from __future__ import annotations

import time
import uuid
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from baton.cli.exits import DIFFERS, MISSING, WRONG, CommandError
from baton.engine.alerts import OPEN
from baton.engine.policy_file import PolicyErrors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from baton.reading import Message
    from baton.runtime.settings import Settings

ANSWERED_WITHIN: Final = 30.0
"""Seconds to wait for baton's answer; a judge that is further behind answers later, and is not asked again."""

OUTCOMES: Final = (
    *("acted", "already_done", "not_required", "duplicate", "wrong_match", "wrong_record"),
    "other",
)
"""What may become of an alert: the contract's words; a test compares."""

_POSSIBLE: Final[Mapping[str, frozenset[str]]] = {
    "AlertAcknowledged": OPEN,
    "AlertAssigned": OPEN,
    "AlertNoted": frozenset({"raised", "acknowledged", "answered", "closed", "withdrawn"}),
    "AlertClosed": OPEN,
    "AlertReopened": frozenset({"closed"}),
}
"""As what an alert may stand for an action to have an effect."""


@dataclass(frozen=True, slots=True)
class Act:
    """One action as it is told: the record and its fields."""

    record: str
    fields: Mapping[str, Any]

    @property
    def event_id(self) -> str:
        """The id by which the alert will show it."""
        return str(self.fields["event_id"])


def act_on(alert: Mapping[str, Any], record: str, by: str, **said: object) -> Act:
    """Make an action on an alert. Raises CommandError where it can have no effect as the alert stands."""
    no_effect = why_no_effect(alert, record)
    if no_effect:
        raise CommandError(no_effect, WRONG)
    return act(
        record,
        by,
        alert["authority"],
        alert["responsible"]["agency"],
        alert=alert["alert_id"],
        **said,
    )


def why_no_effect(alert: Mapping[str, Any], record: str) -> str:
    """Say why an action can have no effect on an alert as it stands; nothing where it may have one."""
    if alert["status"] in _POSSIBLE[record]:
        return ""
    stands = f"{alert['alert_id']} is {alert['status']}"
    if record == "AlertReopened":
        return f"{stands}: only a closed alert can be opened again."
    return f"{stands}: there is nothing left to do to it."


def act(record: str, by: str, authority: str, agency: str, **said: object) -> Act:
    """Make an action of an area and an agency. Raises InvalidEvent for a key that is none, such as an address."""
    from baton.contract.pointers import check_pointers

    fields = {
        "event_id": f"action-{uuid.uuid4().hex}",
        "occurred_at": datetime.now(UTC),
        "agency": agency,
        "authority": authority,
        "by": by,
        **said,
    }
    check_pointers(fields)
    return Act(record, fields)


def check_assignee(settings: Settings, to: str, alert: Mapping[str, Any], by: str) -> str:
    """Return what is to be said of a key that nobody here knows.

    Raises CommandError for somebody who is known, and may not see the alert. A terminal need have neither the policy
    nor the operators' file: then nobody is known.
    """
    from baton.access import Assignees, Entitlements, Users, UsersFileError, read_users
    from baton.cli.options import policy_of

    users, agency_of = Users(), {}
    with suppress(UsersFileError):
        users = read_users(settings.users_file)
    with suppress(CommandError, PolicyErrors):
        agency_of = {name: role.agency for name, role in policy_of(settings).roles.items()}
    if not agency_of:
        # Without the policy nobody's agency is known: that of an operator in the file neither.
        users = Users()
    known = Assignees(Entitlements(agency_of), users)
    refusal = known.refusal(to, alert)
    if refusal:
        raise CommandError(f"{refusal}. Nothing was told.", WRONG)
    return known.warning(to, alert, by)


def tell(settings: Settings, told: Act) -> None:
    """Tell an action, and return once Kafka has confirmed it. Raises InvalidEvent and KafkaError."""
    from baton.publish import publish

    publish(settings.brokers, told.record, told.fields, settings.topic_prefix)


def answered(
    batches: Iterable[Iterable[Message]],
    alert_id: str,
    event_id: str,
    within: float = ANSWERED_WITHIN,
    now: Callable[[], float] = time.monotonic,
) -> Mapping[str, Any] | None:
    """Read alerts until this one shows the action; return it so, or None when it did not in so many seconds."""
    from baton.reading.alerts import alerts_of

    gives_up_at = now() + within
    for batch in batches:
        for alert in alerts_of(batch):
            if alert["alert_id"] == alert_id and refusal_in(alert, event_id) is not NOT_SHOWN:
                return alert
        if now() > gives_up_at:
            return None
    return None


NOT_SHOWN: Final = "not shown"


def refusal_in(alert: Mapping[str, Any], event_id: str) -> str | None:
    """Return why an alert refused an action, None where it did not, `NOT_SHOWN` where it does not show it yet."""
    for each in alert["actions"]:
        if each["event_id"] == event_id:
            refused: str | None = each["refused"]
            return refused
    return NOT_SHOWN


def refusal_sentence(word: str) -> str:
    """Return the sentence for a refusal; a word that this program does not know, as it is."""
    from baton.engine.life import REFUSALS

    return REFUSALS.get(word, word)


def until_of(text: str, now: datetime) -> datetime:
    """Give the moment that `4h` (from now) or a date or time names. Raises CommandError."""
    from baton.cli.watch import moment_of

    moment = moment_of(text, now, 1, "--until")
    if moment <= now:
        raise CommandError(f"--until {text}: that is past already.", WRONG)
    return moment


def do(settings: Settings, told: Act) -> Mapping[str, Any]:
    """Tell an action and wait for baton's answer; return the alert as it then stands.

    Raises CommandError: exit code 1 where it was refused, 3 where no answer came.
    """
    from baton.cli.options import reaching
    from baton.contract.topics import ALERTS, prefixed
    from baton.reading import Reader

    alert_id = str(told.fields["alert"])
    with (
        reaching(settings),
        Reader(settings.brokers, prefixed(settings.topic_prefix, ALERTS.name)) as reader,
    ):
        tell(settings, told)
        alert = answered(reader.follow(), alert_id, told.event_id)
    if alert is None:
        message = (
            f"Kafka has it, and baton has not answered in {ANSWERED_WITHIN:.0f} seconds: it may be"
            f" behind. Do not repeat it; look later with `baton alerts show {alert_id}`."
        )
        raise CommandError(message, MISSING)
    refused = refusal_in(alert, told.event_id)
    if refused is not None:
        raise CommandError(f"Refused. {refusal_sentence(refused)}", DIFFERS)
    return alert
