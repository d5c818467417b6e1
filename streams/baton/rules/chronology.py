"""All that agencies have told about one person, case, team or feed: what a rule reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from baton.rules.facts import Fact
    from baton.rules.outcome import AboutKind

FactType = TypeVar("FactType", bound="Fact")
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Feed:
    """How far an agency's feed has told us everything, and from when it counts as silent unless heard again."""

    complete_to: datetime
    silent_from: datetime

    def has_told(self, until: datetime, now: datetime) -> bool:
        """Say whether absence up to `until` means anything, as of `now`."""
        return self.complete_to >= until or now < self.silent_from


class Chronology:
    """A set of facts about one key; order and repetition play no part.

    Besides the facts that name the key it holds those of the incidents, notifications, referrals and transfers
    that these facts name, since many records name only their incident or referral.
    """

    __slots__ = ("_asked", "_by_kind", "_feeds", "_worked_out", "about", "kind")

    def __init__(
        self,
        kind: AboutKind,
        about: str,
        facts: Iterable[Fact],
        feeds: Mapping[tuple[str, str], Feed],
        asked: set[type[Fact]] | None = None,
    ) -> None:
        """Take the facts, each once, and the feeds by (authority, agency); a feed never heard of is alive.

        Into `asked` goes every type of fact that a rule asks for: facts of other types cannot change what it says.
        """
        self._asked = set() if asked is None else asked
        self.kind = kind
        self.about = about
        self._feeds = feeds
        self._worked_out: dict[tuple[object, ...], object] = {}
        self._by_kind: dict[type[Fact], tuple[Fact, ...]] = {}
        by_kind: dict[type[Fact], list[Fact]] = {}
        for fact in facts:
            by_kind.setdefault(type(fact), []).append(fact)
        for each, told in by_kind.items():
            told.sort(key=lambda fact: (fact.occurred_at, fact.event_id, fact.identity))
            self._by_kind[each] = tuple(told)

    def read_as(self, kind: AboutKind, about: str) -> Chronology:
        """Return the same facts as the chronology of another key, for a question that is asked of it alone."""
        other = Chronology(kind, about, (), self._feeds, self._asked)
        other._by_kind = self._by_kind
        return other

    def of(self, kind: type[FactType]) -> tuple[FactType, ...]:
        """Return the facts of one type, by when they occurred."""
        self._asked.add(kind)
        return cast("tuple[FactType, ...]", self._by_kind.get(kind, ()))

    def holds(self, kinds: frozenset[type[Fact]]) -> bool:
        """Say whether there is a fact of any of these types."""
        self._asked |= kinds
        return not kinds.isdisjoint(self._by_kind)

    def once(self, find: Callable[..., Iterable[Found]], about: object = None) -> tuple[Found, ...]:
        """Return what `find` gives of this chronology, worked out the first time that a rule asks for it.

        `find` must be pure; `about`, unless None, is what it is given besides the chronology.
        """
        key = (find, about if isinstance(about, str) else id(about))
        known = self._worked_out.get(key)
        if known is None:
            known = tuple(find(self) if about is None else find(self, about))
            self._worked_out[key] = known
        return cast("tuple[Found, ...]", known)

    def can_tell(self, agency: str, authority: str, until: datetime, now: datetime) -> bool:
        """Say whether silence of `agency` up to `until` may be read as absence, as of `now`."""
        feed = self._feeds.get((authority, agency))
        return feed is None or feed.has_told(until, now)
