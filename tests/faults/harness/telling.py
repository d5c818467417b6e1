"""Whether people were told of every step, once, by a notifier that was killed all through the run."""

from __future__ import annotations

import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from baton import wording
from baton.contract import codec
from baton.contract.topics import TELLINGS, prefixed
from baton.engine.alerts import ATTEMPT_FAILED, OPEN
from baton.reading import Reader, live_rows
from tests.notify.conftest import Webhook, receiver

REFERENCE: Final = re.compile(r"Reference:? ([0-9a-f]{12})")
"""How a message names an alert: one of its own, or a line among many."""

SLOWLY: Final = 0.4
"""Seconds for which a desk takes a message."""


@dataclass(slots=True)
class Told:
    """What people were told in a run, and where that went wrong."""

    tellings: int = 0
    unknown: int = 0
    """The notifier was killed while it delivered them: they may have come, and are not delivered again."""
    twice: list[str] = field(default_factory=list)
    """Desk and alert's reference: more messages came than there was to tell."""
    never: list[str] = field(default_factory=list)
    """Said to be told, and no message came; or a step that nobody was told of."""

    @property
    def right(self) -> bool:
        """Whether everybody was told, and once."""
        return not (self.twice or self.never)


def takes_its_time(_: int) -> tuple[int, dict[str, Any]]:
    """Take a message, slowly enough for a notifier to be killed meanwhile."""
    time.sleep(SLOWLY)
    return 200, {}


@contextmanager
def desks(path: Path, roles: Iterable[str]) -> Iterator[Webhook]:
    """Give each role a desk of its own, in a file of recipients; they are told by a web hook, until the end."""
    with receiver() as webhook:
        webhook.answer = takes_its_time
        path.write_text(
            "".join(
                f'[[recipient]]\nkey = "{role}"\nrole = "{role}"\n'
                f'url = "json://127.0.0.1:{webhook.port}/{role}?rto=90&cto=90"\n'
                for role in sorted(roles)
            ),
            encoding="utf-8",
        )
        path.chmod(0o600)
        yield webhook


def untold(alerts: Iterable[Mapping[str, Any]], by: datetime) -> list[str]:
    """Return the steps of alerts as they stand that were asked for by a moment, and came to no end yet.

    Behind a backlog each role is told of the newest that names it; what is over is told to nobody any more.
    """
    waiting = []
    for alert in alerts:
        done = {
            (each["step"], each["role"])
            for each in alert["told"]
            if each["outcome"] != ATTEMPT_FAILED
        }
        newest = {role: step for step in alert["steps"] for role in step["roles"]}
        waiting += [
            f"step {step['number']} of {alert['alert_id']} to {role}"
            for role, step in newest.items()
            if step["at"] <= by
            and (step["number"], role) not in done
            and (alert["status"] in OPEN or step["kind"] == "resolved")
        ]
    return waiting


class Untold:
    """Of whom it is still to be heard that they were told of what was asked for by a moment.

    It reads each alert once, as it stood last: of a hundred thousand there are a million records.
    """

    def __init__(self, reader: Reader, by: datetime) -> None:
        """Take a reader of the alerts."""
        self._reader = reader
        self._by = by
        self._changed: dict[bytes | None, bytes] = {}
        self._waiting: dict[bytes | None, list[str]] = {}

    def left(self) -> list[str]:
        """Return the steps that came to no end by now. Raises KafkaError; then ask again."""
        for batch in self._reader.to_end():
            self._changed.update((each.key, each.value) for each in batch if each.value)
        for key, value in self._changed.items():
            self._waiting[key] = untold([codec.decode(value)[1]], self._by)
        self._changed.clear()
        return [step for steps in self._waiting.values() for step in steps]


def journal(brokers: str, prefix: str) -> list[dict[str, Any]]:
    """Return every telling as the notifier noted it last."""
    with Reader(brokers, prefixed(prefix, TELLINGS.name)) as reader:
        return [codec.decode(row)[1] for row in live_rows(reader.to_end()).values()]


def judge_telling(noted: Iterable[Mapping[str, Any]], webhook: Webhook, left: list[str]) -> Told:
    """Compare what the notifier noted with what came; `left` are steps that came to no end.

    Of each desk and alert as many messages came as tellings are noted as told; what was being delivered when the
    notifier was killed may have come too.
    """
    told = Told(never=list(left))
    sure: Counter[tuple[str, str]] = Counter()
    perhaps: Counter[tuple[str, str]] = Counter()
    for each in noted:
        told.tellings += 1
        place = (each["recipient"], wording.reference(each["alert"]))
        if each["state"] == "told":
            sure[place] += 1
        else:
            perhaps[place] += 1
            told.unknown += each["state"] in {"unknown", "delivering"}
    came: dict[tuple[str, str], int] = defaultdict(int)
    for path, message in webhook.posted:
        desk = path.rpartition("/")[2].partition("?")[0]
        for reference in REFERENCE.findall(message["message"]):
            came[desk, reference] += 1
    for place in sure.keys() | perhaps.keys() | came.keys():
        name = "/".join(place)
        if came[place] < sure[place]:
            told.never.append(name)
        if came[place] > sure[place] + perhaps[place]:
            told.twice.append(name)
    return told
