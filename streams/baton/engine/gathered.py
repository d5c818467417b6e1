"""The facts of a chronology, taken up from the index as they come, so that no fact is gathered or sorted twice.

The index only grows: a chronology remembers how many facts of each key it has taken up, and takes the rest of those
keys of which it was told that there is more (`touch`): a team names hundreds of transfers, and is judged at each.

The chronology of a person whom a referral about an unborn child names has, besides, what is told of the pregnancies of
the others whom it names: nobody states which of them is the mother (`mothers`).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

from baton.engine.keys import FOLLOWED, WITHOUT_CASE, kind_of
from baton.engine.mothers import REFERRAL, is_of_pregnancy, is_read_beside, possible_mothers
from baton.rules.chronology import Chronology
from baton.rules.facts import FACTS, Fact, ReferralReceived

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from baton.engine.keys import Kept
    from baton.rules.chronology import Feed
    from baton.rules.outcome import AboutKind

Index = dict[str, "tuple[Kept, ...] | list[Kept]"]
"""The facts that name a key, by key, in the order in which they were recorded; of most keys there are few."""
Feeds = dict[tuple[str, str], "Feed"]

ANY: frozenset[type[Fact]] = frozenset(FACTS.values())
"""Every type of fact."""
FEW = 4
NONE: frozenset[type[Fact]] = frozenset()
_NEVER = datetime.min.replace(tzinfo=UTC)


def add_to(index: Index, key: str, alone: tuple[Kept]) -> None:
    """Add a fact to those that name a key. A tuple is smaller, a list grows without being copied.

    It comes alone in a tuple, and that one is kept under every key of which nothing else was told.
    """
    told = index.get(key, ())
    if isinstance(told, list):
        told.extend(alone)
    else:
        index[key] = told + alone if len(told) < FEW else [*told, *alone]


class Gathered:
    """The facts of a chronology: those that name its keys, and those of the records that they name.

    After each `take_up`, `new` are the facts that it found, `fresh` their types, and `latest` is when the last fact
    of all occurred: an agency's clock may be ahead of ours.
    """

    __slots__ = (
        "_beside",
        "_followed",
        "_taken",
        "_touched",
        "chronology",
        "fresh",
        "kept",
        "latest",
        "new",
    )

    def __init__(
        self,
        about: str,
        feeds: Mapping[tuple[str, str], Feed],
        keys: Iterable[str] = (),
        follow: str = "",
    ) -> None:
        """Begin with no fact taken up, `about` a key: of its own facts, or of those of other `keys` of one kind."""
        kind, _, name = about.partition(":")
        self.chronology = Chronology(cast("AboutKind", kind), name, (), feeds)
        self.kept: dict[Kept, None] = {}
        self.new: Collection[Kept] = ()
        self.fresh: Collection[type[Fact]] = NONE
        self.latest = _NEVER
        self._followed = FOLLOWED[follow or kind]
        self._taken = dict.fromkeys(keys or (about,), 0)
        self._beside: dict[str, int] = {}
        self._touched = set(self._taken)

    def include(self, key: str) -> None:
        """Take up the facts of one key more."""
        self._taken.setdefault(key, 0)
        self._touched.add(key)

    def touch(self, keys: Iterable[str]) -> None:
        """Hear that a fact was recorded that names these keys."""
        self._touched.update(keys)

    @property
    def own(self) -> Iterator[Kept]:
        """Give the facts that name its keys, and not what is told of the pregnancies of others."""
        return (kept for kept in self.kept if not self._taken.keys().isdisjoint(kept.keys))

    def take_up(self, index: Index) -> Gathered:
        """Take up what the index has more than before of the keys that were touched; return self."""
        new = self._named(index)
        if self.chronology.kind == "person":
            new += self._of_pregnancies(index, new)
        self._touched.clear()
        self.new, self.fresh = new, NONE
        if new:
            self.fresh = self.chronology.add(each.fact for each in new)
            self.latest = max(self.latest, *(each.fact.occurred_at for each in new))
        return self

    def _named(self, index: Index) -> list[Kept]:
        taken = self._taken
        new: list[Kept] = []
        open_keys = sorted(self._touched & taken.keys())
        while open_keys:
            key = open_keys.pop()
            told = index.get(key, ())
            for kept in told[taken[key] :]:
                if kept not in self.kept:
                    self.kept[kept] = None
                    new.append(kept)
                    for each, kind in zip(kept.keys, kept.kinds, strict=True):
                        if kind in self._followed and each not in taken:
                            taken[each] = 0
                            open_keys.append(each)
            taken[key] = len(told)
        return new

    def _of_pregnancies(self, index: Index, new: Iterable[Kept]) -> list[Kept]:
        """Take up what is told of the pregnancies of those whom a referral about an unborn child names besides.

        What such a fact names, in its turn, is not followed.
        """
        if not is_read_beside(index, f"person:{self.chronology.about}"):
            return []
        open_keys = self._touched & self._beside.keys()
        open_keys |= self._named_besides(index, new)
        more: list[Kept] = []
        for key in sorted(open_keys):
            if not is_read_beside(index, key):
                continue
            told = index[key]
            for kept in told[self._beside[key] :]:
                if kept not in self.kept and is_of_pregnancy(kept):
                    self.kept[kept] = None
                    more.append(kept)
            self._beside[key] = len(told)
        return more

    def _named_besides(self, index: Index, new: Iterable[Kept]) -> set[str]:
        """Note whom referrals about an unborn child name besides this person, and return those not noted before."""
        besides: set[str] = set()
        for kept in new:
            if type(kept.fact) is not ReferralReceived:
                continue
            for referral in kept.named(REFERRAL):
                named = possible_mothers(index, referral)
                # A referral that is only followed, through an incident, may be about strangers.
                if not named.isdisjoint(self._taken):
                    besides |= named - self._taken.keys() - self._beside.keys()
        self._beside |= dict.fromkeys(besides, 0)
        return besides


class Beside:
    """The facts of a chronology, and those of the persons, cases, workers or teams that they name, each once.

    Or, where no `kinds` are given, those of the keys that are `named`. While there are none of these, it is the
    chronology that it is gathered beside, with all that was worked out of it.
    """

    __slots__ = (
        "_base",
        "_begun",
        "_kinds",
        "_parted",
        "_taken",
        "chronology",
        "fresh",
        "kept",
        "latest",
        "new",
    )

    def __init__(self, base: Gathered | Beside, kinds: frozenset[str]) -> None:
        """Begin beside `base` with nothing taken up; `kinds` are those of the keys that are looked for."""
        self._base, self._kinds = base, kinds
        self._begun = self._parted = False
        self._taken: dict[str, int] = {}
        self._share(base)

    def named(self, keys: Collection[str], index: Index) -> Beside | None:
        """Take up the facts of these keys besides; return self, or None where it has taken up those of others too."""
        if not self._taken.keys() <= set(keys):
            return None
        for key in keys:
            self._taken.setdefault(key, 0)
        return self.take_up(index)

    def take_up(self, index: Index) -> Beside:
        """Take up what `base` and the index have more than before; return self. The base comes first."""
        base = self._base
        new = list(base.new if self._begun else base.kept)
        self._begun = True
        for kept in new:
            for key in kept.named(self._kinds):
                self._taken.setdefault(key, 0)
        beside = self._more(index)
        if self._parted:
            self._add(kept for kept in dict.fromkeys((*new, *beside)) if kept not in self.kept)
            return self
        self._share(base)
        if beside and not base.kept.keys() >= set(beside):
            self._part(base, beside)
        return self

    def _share(self, base: Gathered | Beside) -> None:
        self.chronology: Chronology = base.chronology
        self.kept: dict[Kept, None] = base.kept
        self.new: Collection[Kept] = base.new
        self.fresh: Collection[type[Fact]] = base.fresh
        self.latest: datetime = base.latest

    def _more(self, index: Index) -> Sequence[Kept]:
        more: list[Kept] = []
        for key, count in self._taken.items():
            told = index.get(key, ())
            if len(told) > count:
                self._taken[key] = len(told)
                alone = kind_of(key) in WITHOUT_CASE
                more += (kept for kept in told[count:] if not (alone and kept.has_case))
        return more

    def _part(self, base: Gathered | Beside, beside: Iterable[Kept]) -> None:
        """Become a chronology of its own: that of the base, and what is beside it."""
        self._parted = True
        self.kept = dict(base.kept)
        self.chronology = base.chronology.apart()
        self._add(kept for kept in dict.fromkeys(beside) if kept not in base.kept)
        self.new, self.fresh = [*base.new, *self.new], {*base.fresh, *self.fresh}

    def _add(self, kept: Iterable[Kept]) -> None:
        new = list(kept)
        self.kept.update(dict.fromkeys(new))
        self.new, self.fresh = new, NONE
        if new:
            self.fresh = self.chronology.add(each.fact for each in new)
            self.latest = max(self.latest, *(each.fact.occurred_at for each in new))
