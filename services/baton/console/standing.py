"""Every alert as it stands now, in memory: fed by a thread that reads, asked by the pages, each by who asks."""

from __future__ import annotations

import threading
from collections import Counter, deque
from dataclasses import dataclass, field
from heapq import nsmallest
from typing import TYPE_CHECKING, Final

from baton import wording
from baton.console.query import AGES, PAGE_SIZE, ages_of
from baton.console.rows import Audience, Audiences, Row, row_of
from baton.contract import codec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from baton.access import Entitlements, Operator
    from baton.console.query import Query
    from baton.reading import Message

REMEMBERED: Final = 5_000
"""Changes that are remembered for those who follow; who is further behind looks at everything again."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the list, and the counts over all that matches."""

    rows: list[Row]
    number: int
    pages: int
    total: int
    by_severity: dict[int, int]
    """Of what matches but for the severity chosen."""
    by_age: dict[str, int]
    """Of what matches but for the age chosen."""


@dataclass(slots=True)
class Standing:
    """The alerts as they stand. Safe to be fed by one thread and asked by many."""

    entitlements: Entitlements
    unreadable: int = 0
    """Messages that this program could not read: it may be older than what wrote them."""
    version: int = 0
    """Counts every change."""
    ended: bool = False
    """The console is being shut down: who follows is to stop."""
    _rows: dict[str, Row] = field(default_factory=dict)
    _by_reference: dict[str, str] = field(default_factory=dict)
    _audiences: Audiences = field(default_factory=Audiences)
    _answers: dict[str, str | None] = field(default_factory=dict)
    _changes: deque[tuple[int, Row]] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _followers: list[Callable[[], None]] = field(default_factory=list)

    def hear(self, batch: Iterable[Message]) -> None:
        """Take messages of the topic of alerts; one that was taken already, or is older, changes nothing."""
        count = 0
        with self._changed:
            for message in batch:
                count += self._hear(message)
            if count:
                self._changed.notify_all()
        if count:
            for follower in list(self._followers):
                follower()

    def _hear(self, message: Message) -> int:
        if message.value is None:
            gone = None if message.key is None else self._rows.pop(message.key.decode(), None)
            if gone is not None:
                self._by_reference.pop(wording.reference(gone.alert_id), None)
            return int(gone is not None)
        try:
            name, alert = codec.decode(message.value)
        except codec.InvalidEvent:
            self.unreadable += 1
            return 0
        if name != "Alert":
            self.unreadable += 1
            return 0
        before = self._rows.get(alert["alert_id"])
        if before is not None and message.offset <= before.offset:
            return 0
        row = row_of(alert, message.value, message.offset, self._audiences.of(alert))
        if before is None:
            self._by_reference[wording.reference(row.alert_id)] = row.alert_id
        self._rows[row.alert_id] = row
        for action in alert["actions"]:
            self._answers[action["event_id"]] = action["refused"]
        self.version += 1
        self._changes.append((self.version, row))
        return 1

    def __len__(self) -> int:
        """How many alerts there are, whoever may see them."""
        return len(self._rows)

    def may_see(self, operator: Operator, audience: Audience) -> bool:
        """Say whether an operator may see the alerts of an audience."""
        known = audience.seen_by.get(operator)
        if known is None:
            known = self.entitlements.may_see(operator, audience.fields)
            audience.seen_by[operator] = known
        return known

    def get(self, alert_id: str) -> Row | None:
        """Return the row of an alert, whoever may see it: the caller asks that."""
        return self._rows.get(alert_id)

    def id_of(self, reference: str) -> str:
        """Return the id of the alert that messages name by a reference; empty where there is none."""
        return self._by_reference.get(reference, "")

    def visible(self, operator: Operator) -> list[Row]:
        """Return the rows of all alerts that an operator may see."""
        seen = {id(each) for each in self._audiences.all() if self.may_see(operator, each)}
        return [row for row in list(self._rows.values()) if id(row.audience) in seen]

    def of_areas(self, authorities: frozenset[str]) -> list[Row]:
        """Return the rows of all alerts of some areas, whoever may see them: for counts alone."""
        return [
            each for each in list(self._rows.values()) if each.audience.authority in authorities
        ]

    def audiences(self, operator: Operator) -> list[Audience]:
        """Return the audiences of all alerts that an operator may see: what there is to filter by."""
        return [each for each in self._audiences.all() if self.may_see(operator, each)]

    def page(self, operator: Operator, query: Query, now: datetime) -> Page:
        """Return the page of the list that an operator asks for."""
        rows = self.visible(operator)
        for test in query.tests(operator.key):
            rows = [row for row in rows if test(row)]
        ages = ages_of(rows, now)
        level = int(query.severity) if query.severity else 0
        by_severity, by_age = Counter[int](), Counter[str]()
        counted = Counter(zip([row.severity for row in rows], ages, strict=True))
        for (severity, age), count in counted.items():
            by_severity[severity] += count if query.age in {"", age} else 0
            by_age[age] += count if level in {0, severity} else 0
        if query.age:
            rows = [row for row, age in zip(rows, ages, strict=True) if age == query.age]
        if level:
            rows = [row for row in rows if row.severity == level]
        pages = max(1, -(-len(rows) // PAGE_SIZE))
        number = min(query.page, pages)
        first = nsmallest(number * PAGE_SIZE, rows, key=query.order())
        return Page(
            rows=first[(number - 1) * PAGE_SIZE :],
            number=number,
            pages=pages,
            total=len(rows),
            by_severity={level: by_severity[level] for level in (1, 2, 3, 4)},
            by_age={name: by_age[name] for name in AGES},
        )

    def answer(self, event_id: str, within: float) -> tuple[bool, str | None]:
        """Wait until an alert shows an action, so many seconds at most; return whether it does, and any refusal."""
        with self._changed:
            shown = self._changed.wait_for(lambda: event_id in self._answers, within)
            return shown, self._answers.get(event_id)

    def changed_since(self, version: int, operator: Operator) -> list[str] | None:
        """Return the ids of what changed that an operator may see; None when too much has to tell."""
        with self._changed:
            changes = list(self._changes)
            if version < self.version and (not changes or changes[0][0] > version + 1):
                return None
        return list(
            dict.fromkeys(
                row.alert_id
                for number, row in changes
                if number > version and self.may_see(operator, row.audience)
            )
        )

    def end(self) -> None:
        """Let everybody who follows stop."""
        self.ended = True
        for follower in list(self._followers):
            follower()

    def follow(self, tell: Callable[[], None]) -> Callable[[], None]:
        """Call `tell`, from the thread that reads, after each change; return what ends it."""
        self._followers.append(tell)
        return lambda: self._followers.remove(tell)
