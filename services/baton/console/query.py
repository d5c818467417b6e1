"""What somebody wants to see in the list, as it is in the page's address: so a view can be kept and passed on."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from baton.engine.alerts import OPEN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from baton.console.rows import Row

PAGE_SIZE: Final = 25

STATUSES: Final[Mapping[str, str]] = {
    "open": "Open",
    "raised": "Raised, nobody has taken it up",
    "acknowledged": "Acknowledged",
    "second-person": "Waiting for a second person to close",
    "answered": "Answered",
    "closed": "Closed",
    "withdrawn": "Withdrawn",
    "any": "Any",
}
"""What can be chosen of the status, with its words; the first where nothing is."""
AGES: Final[Mapping[str, tuple[str, timedelta]]] = {
    "hour": ("Up to an hour", timedelta(hours=1)),
    "day": ("Up to a day", timedelta(days=1)),
    "week": ("Up to a week", timedelta(days=7)),
    "older": ("More than a week", timedelta.max),
}
"""How long ago it was raised, and not sooner than the one before: a word, how people say it, and the limit."""
SORTS: Final[Mapping[str, str]] = {
    "urgent": "Most serious first",
    "newest": "Newest first",
    "oldest": "Oldest first",
    "due": "Longest overdue first",
    "next": "Next step first",
}
_FAR: Final = datetime.max.replace(tzinfo=UTC)
_LONGEST: Final = 200
"""Characters of one filter; nothing that could match is longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Filters, order and page; an empty filter lets everything through."""

    status: str = "open"
    severity: str = ""
    age: str = ""
    rule: str = ""
    agency: str = ""
    role: str = ""
    authority: str = ""
    owner: str = ""
    text: str = ""
    sort: str = "urgent"
    page: int = 1

    @classmethod
    def of(cls, given: Mapping[str, str]) -> Query:
        """Read a page's address; what it does not know or understand counts as not said."""
        found: dict[str, Any] = {
            each.name: given[each.name].strip()[:_LONGEST]
            for each in fields(cls)
            if given.get(each.name) and each.name != "page"
        }
        for name, known in (("status", STATUSES), ("age", AGES), ("sort", SORTS)):
            if found.get(name) not in known:
                found.pop(name, None)
        if found.get("severity") not in {"1", "2", "3", "4"}:
            found.pop("severity", None)
        page = given.get("page", "")
        if page.isascii() and page.isdecimal() and len(page) < len("1000000"):
            found["page"] = max(1, int(page))
        return cls(**found)

    @property
    def filters(self) -> dict[str, str]:
        """What is chosen, without order and page, in words by field; empty where it is all that is open."""
        chosen = {each.name: str(getattr(self, each.name)) for each in fields(self)}
        del chosen["sort"], chosen["page"]
        if chosen["status"] == "open":
            del chosen["status"]
        return {name: value for name, value in chosen.items() if value}

    def address(self, **changes: object) -> str:
        """Give the query of an address for this view with some changes; a change of a filter begins at page 1."""
        changed = replace(self, **{"page": 1, **changes})  # type: ignore[arg-type]  # names of fields
        usual = Query()
        given = {
            each.name: getattr(changed, each.name)
            for each in fields(changed)
            if getattr(changed, each.name) != getattr(usual, each.name)
        }
        return f"?{urlencode(given)}" if given else "?"

    def tests(self, me: str) -> list[Callable[[Row], bool]]:
        """Return what a row must pass, but for severity and age, which are counted apart. `me`: who asks."""
        found: list[Callable[[Row], bool]] = [_STATUS_TESTS[self.status]]
        if self.status == "any":
            found.clear()
        if self.rule:
            found.append(lambda row: row.rule == self.rule)
        if self.agency:
            found.append(lambda row: row.audience.agency == self.agency)
        if self.role:
            found.append(lambda row: self.role in row.audience.roles)
        if self.authority:
            found.append(lambda row: row.audience.authority == self.authority)
        if self.owner:
            wanted = {"nobody": None, "me": me}.get(self.owner, self.owner)
            found.append(lambda row: row.owner == wanted)
        if self.text:
            words = self.text.lower().split()
            found.append(lambda row: all(word in row.text for word in words))
        return found

    def order(self) -> Callable[[Row], tuple[Any, ...]]:
        """Return the key by which rows are sorted."""
        return _ORDERS[self.sort]


def ages_of(rows: Iterable[Row], now: datetime) -> list[str]:
    """Return the word of `AGES` for each row."""
    words = tuple(AGES)[::-1]
    since = [now - most for _, most in tuple(AGES.values())[-2::-1]]
    return [words[bisect_right(since, row.raised_at)] for row in rows]


_STATUS_TESTS: Final[Mapping[str, Callable[[Row], bool]]] = {
    "open": lambda row: row.status in OPEN,
    "second-person": lambda row: row.closing,
    **{
        word: (lambda row, word=word: row.status == word)  # type: ignore[misc]  # a default binds the word now
        for word in STATUSES
        if word not in {"open", "second-person"}
    },
}
_ORDERS: Final[Mapping[str, Callable[[Row], tuple[Any, ...]]]] = {
    "urgent": lambda row: (row.severity, -row.raised, row.alert_id),
    "newest": lambda row: (-row.raised, row.alert_id),
    "oldest": lambda row: (row.raised_at, row.alert_id),
    "due": lambda row: (row.due_at or _FAR, row.alert_id),
    "next": lambda row: (row.next_step_at or _FAR, row.alert_id),
}
