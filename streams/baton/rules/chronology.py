"""All that agencies have told about one person, case, team or feed: what a rule reads."""

from __future__ import annotations

from bisect import bisect
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping
    from datetime import datetime

    from baton.rules.facts import Fact
    from baton.rules.outcome import AboutKind

    _Split = tuple[tuple[type[Fact], ...], Callable[..., Iterable[object]]]

FactType = TypeVar("FactType", bound="Fact")
Found = TypeVar("Found")
Name = TypeVar("Name")


_SHARED: dict[frozenset[type[Fact]], frozenset[type[Fact]]] = {}


@dataclass(frozen=True, slots=True)
class Feed:
    """How far an agency's feed has told us everything, and from when it counts as silent unless heard again."""

    complete_to: datetime
    silent_from: datetime

    def has_told(self, until: datetime, now: datetime) -> bool:
        """Say whether absence up to `until` means anything, as of `now`."""
        return self.complete_to >= until or now < self.silent_from


@dataclass(slots=True)
class Reading:
    """What a question has read: while none of it changes, neither does the answer, unless time changes it.

    `kinds` are the types of fact that it asked for, `feeds` what it was told of an agency's silence, by (authority,
    agency) and up to when.
    """

    kinds: set[type[Fact]] = field(default_factory=set)
    feeds: dict[tuple[tuple[str, str], datetime], bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _WorkedOut:
    """What was worked out of a chronology, from what, and from facts of which types."""

    found: tuple[object, ...]
    about: object
    kinds: frozenset[type[Fact]]


class _Shelf:
    """The facts of a chronology, by type and in order, and what was worked out of them."""

    __slots__ = ("by_kind", "feeds", "parts", "reading", "worked_out")

    def __init__(self, feeds: Mapping[tuple[str, str], Feed]) -> None:
        self.feeds = feeds
        self.by_kind: dict[type[Fact], tuple[Fact, ...]] = {}
        self.worked_out: dict[tuple[object, ...], _WorkedOut] = {}
        self.parts: dict[_Split, dict[object, Chronology]] = {}
        self.reading = Reading()


class Chronology:
    """A set of facts about one key; order and repetition play no part.

    Besides the facts that name the key it holds those of the incidents, notifications, referrals and transfers
    that these facts name, since many records name only their incident or referral.
    """

    __slots__ = ("_shelf", "about", "kind")

    def __init__(
        self,
        kind: AboutKind,
        about: str,
        facts: Iterable[Fact],
        feeds: Mapping[tuple[str, str], Feed],
        shelf: _Shelf | None = None,
    ) -> None:
        """Take the facts, each once, and the feeds by (authority, agency); a feed never heard of is alive.

        A `shelf` is that of another chronology, which shares all that is in it.
        """
        self.kind = kind
        self.about = about
        self._shelf = _Shelf(feeds) if shelf is None else shelf
        self.add(facts)

    def add(self, facts: Iterable[Fact]) -> set[type[Fact]]:
        """Take more facts, each once and none that is here; return their types."""
        by_kind = self._shelf.by_kind
        grouped: dict[type[Fact], list[Fact]] = {}
        for fact in facts:
            grouped.setdefault(type(fact), []).append(fact)
        for kind, told in grouped.items():
            known = by_kind.get(kind, ())
            if len(told) == 1 and known:
                place = bisect(known, _place(told[0]), key=_place)
                by_kind[kind] = (*known[:place], told[0], *known[place:])
            else:
                by_kind[kind] = tuple(sorted((*known, *told), key=_place))
        worked_out = self._shelf.worked_out
        if worked_out:
            stale = [key for key, each in worked_out.items() if not each.kinds.isdisjoint(grouped)]
            for key in stale:
                del worked_out[key]
        for split, parts in self._shelf.parts.items():
            self._part(parts, split, grouped)
        return set(grouped)

    def apart(self) -> Chronology:
        """Return a chronology of its own with the same facts, and what was worked out of them."""
        shelf = _Shelf(self._shelf.feeds)
        shelf.by_kind.update(self._shelf.by_kind)
        shelf.worked_out.update(self._shelf.worked_out)
        # No part changes: one that there is more of is made anew.
        shelf.parts = {split: parts.copy() for split, parts in self._shelf.parts.items()}
        return Chronology(self.kind, self.about, (), {}, shelf)

    def read_as(self, kind: AboutKind, about: str) -> Chronology:
        """Return the same facts as the chronology of another key, for a question that is asked of it alone."""
        return Chronology(kind, about, (), {}, self._shelf)

    def noting(self, reading: Reading) -> Chronology:
        """Return this chronology; from now on it notes in `reading` what is read of it."""
        self._shelf.reading = reading
        return self

    def of(self, kind: type[FactType]) -> tuple[FactType, ...]:
        """Return the facts of one type, by when they occurred."""
        shelf = self._shelf
        shelf.reading.kinds.add(kind)
        return shelf.by_kind.get(kind, ())  # type: ignore[return-value]  # by type, so of that type

    @property
    def kinds(self) -> Collection[type[Fact]]:
        """The types of fact that there are; asking for them is not noted."""
        return self._shelf.by_kind.keys()

    def once(self, find: Callable[..., Iterable[Found]], about: object = None) -> tuple[Found, ...]:
        """Return what `find` gives of this chronology, worked out when a rule first asks for it, and after a change.

        `find` must depend on the facts alone; `about`, unless None, is what it is given besides the chronology.
        """
        shelf = self._shelf
        key = (find, about if isinstance(about, str) else id(about), self.kind, self.about)
        known = shelf.worked_out.get(key)
        if known is None:
            outer = shelf.reading
            shelf.reading = Reading(feeds=outer.feeds)
            found = tuple(find(self) if about is None else find(self, about))
            # With what it is about, so that no other object takes that one's place in memory, and its id.
            known = _WorkedOut(found, about, shared(shelf.reading.kinds))
            shelf.reading = outer
            shelf.worked_out[key] = known
        shelf.reading.kinds |= known.kinds
        return cast("tuple[Found, ...]", known.found)

    def parts(
        self, kinds: tuple[type[FactType], ...], of: Callable[[FactType], Iterable[Name]]
    ) -> Mapping[Name, Chronology]:
        """Return the facts of these types in the parts to which each belongs by `of`: a chronology for each name.

        A new fact changes its own parts alone: of the others stands what was worked out of them (`once`), so that of
        a team with a thousand transfers only what is new is worked out anew.
        """
        shelf = self._shelf
        shelf.reading.kinds.update(kinds)
        parts = shelf.parts.get((kinds, of))
        if parts is None:
            parts = shelf.parts[kinds, of] = {}
            self._part(parts, (kinds, of), shelf.by_kind)
        return cast("Mapping[Name, Chronology]", parts)

    def _part(
        self,
        parts: dict[object, Chronology],
        split: _Split,
        told: Mapping[type[Fact], Iterable[Fact]],
    ) -> None:
        kinds, of = split
        more: dict[object, list[Fact]] = {}
        for kind in kinds:
            for fact in told.get(kind, ()):
                for name in of(fact):
                    more.setdefault(name, []).append(fact)
        for name, facts in more.items():
            known = parts.get(name) or Chronology(self.kind, self.about, (), self._shelf.feeds)
            parts[name] = known.apart()
            parts[name].add(facts)

    def can_tell(self, agency: str, authority: str, until: datetime, now: datetime) -> bool:
        """Say whether silence of `agency` up to `until` may be read as absence, as of `now`."""
        name = (authority, agency)
        can_tell = can_tell_of(self._shelf.feeds.get(name), until, now)
        self._shelf.reading.feeds[name, until] = can_tell
        return can_tell


def shared(kinds: Iterable[type[Fact]]) -> frozenset[type[Fact]]:
    """Return these types as the one set of them that there is: very much rests on the same few."""
    found = frozenset(kinds)
    return _SHARED.setdefault(found, found)


def can_tell_of(feed: Feed | None, until: datetime, now: datetime) -> bool:
    """Say whether the silence of a feed up to `until` may be read as absence, as of `now`; one never heard is alive."""
    return feed is None or feed.has_told(until, now)


def _place(fact: Fact) -> tuple[datetime, str, tuple[str, str, str, str]]:
    return (fact.occurred_at, fact.event_id, fact.identity)
