"""Scenario files: timetables that a safeguarding lead can read (design, section 5), checked and read.

`read_scenario` finds every mistake of a file at once, with line and field. What it returns needs nothing more to be
played: the records are complete, silence has become heartbeats, and the policy has the scenario's own lines.

The form, beyond what the design says of it:

- A time is text or a TOML date-time; without an offset it is local time (Europe/London). One that a clock change
  skips or repeats is read as before the change.
- `event_id`, `authority` and `source_record` of the contract may be given. An `event_id` left out is made from the
  place in the file: the first block, `told[0]`, is `told-0`.
- `[[expect]]` may also have `reason`, `severity`, `due_at`, `answered_at` and `members` (ids, in any order); and of
  what became of the alert its `owner`, its `steps` (why people were to be told, in order) and what was `refused` (why,
  in order).
- `[[silent]]` may have an `authority`. A block that is not longer than the policy's limit is no silence. With a `role`
  in place of `from` that role has nobody to tell.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, get_args

from baton.contract import codec
from baton.contract.topics import SOURCE_TOPICS
from baton.engine.alerts import Status
from baton.engine.life import REFUSALS, STEPS
from baton.engine.policy_file import AGENCIES, parse_policy
from baton.engine.toml_lines import Mistake, Mistakes, Table, did_you_mean, read_toml, shortened
from baton.replay.nobody import Unmanned, unheard
from baton.replay.short_forms import SOME_TIME, field_types, moment, something, spelt_out
from baton.replay.silence import Silence, heartbeats
from baton.replay.told import Told
from baton.rules.register import RULES

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import datetime

    from baton.rules.policy import Policy

EVENTS: Final = tuple(
    sorted(name for topic in SOURCE_TOPICS for name in topic.records if name != "Tick")
)
"""Every record that an agency or an operator can tell."""

STATUSES: Final[tuple[str, ...]] = get_args(Status)

_TOP = ("title", "review", "until", "rules", "others", "policy", "told", "silent", "expect")
_ENVELOPE = {"at": "occurred_at", "recorded": "recorded_at", "from": "agency"}
_OURS = {"event", "received", *_ENVELOPE}
_EXPECT = (
    *("alert", "about", "at", "after", "before", "status"),
    *("reason", "severity", "due_at", "answered_at", "members"),
    *("owner", "steps", "refused"),
)
_SILENT = ("from", "role", "after", "until", "authority")
_MISSING: Final = "is missing"
_BAD_TIME: Final = 'must be a date and a time, such as "2015-03-02T21:40"'


@dataclass(frozen=True, slots=True)
class PolicyText:
    """The text of the policy and what its file is called, so that a scenario can be laid over it."""

    text: str
    name: str = "policy.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """One `[[expect]]` block: what must be said; None where the block says nothing about it.

    `after` and `before` bound `raised_at`, both included.
    """

    line: int
    alert: str
    about: str
    at: datetime | None = None
    after: datetime | None = None
    before: datetime | None = None
    status: str | None = None
    reason: str | None = None
    severity: int | None = None
    due_at: datetime | None = None
    answered_at: datetime | None = None
    members: frozenset[str] | None = None
    owner: str | None = None
    steps: tuple[str, ...] | None = None
    refused: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A scenario, ready to be played: `told` is in the order of hearing, heartbeats of silent feeds included."""

    file: str
    title: str
    review: str | None
    until: datetime
    told: tuple[Told, ...]
    expected: tuple[Expected, ...]
    rules: frozenset[str]
    others_allowed: bool
    policy: Policy


def read_scenario(text: str, file: str, policy: PolicyText) -> Scenario:
    """Read a scenario; `file` is how its mistakes call it.

    Raises Mistakes: of the scenario and of its `[policy]` lines, or, as PolicyErrors, of the policy itself.
    """
    return _Reading(read_toml(text, file), policy).scenario()


@dataclass(slots=True)
class _Reading:
    """One file, being read; what is wrong in it is added to `mistakes`."""

    table: Table
    policy_text: PolicyText
    mistakes: list[Mistake] = field(default_factory=list)

    def scenario(self) -> Scenario:
        top = self.table
        self._known_keys(top, _TOP)
        title = self._text(top, "title") or ""
        review = self._text(top, "review")
        until = self._required(top, "until", self._time)
        rules = self._slugs(top)
        if top.data.get("others", "allow") != "allow":
            self._wrong(top, 'must be "allow", or left out', "others")
        told = [self._told(block, place) for place, block in enumerate(self._blocks("told"))]
        silences = [self._silence(block) for block in self._blocks("silent")]
        expected = [self._expected(block) for block in self._blocks("expect")]
        policy = self._policy()
        unmanned = [each for each in silences if isinstance(each, Unmanned)]
        roles = {} if policy is None else policy.roles
        for each in unmanned:
            if roles and each.role not in roles:
                hint = did_you_mean(each.role, roles)
                self._wrong(each.block, f"there is no such role; {hint}", "role")
        if self.mistakes or policy is None or until is None:
            raise Mistakes(self.mistakes)
        silent = [each for each in silences if isinstance(each, Silence)]
        beats = self._heartbeats(silent, until, policy)
        heard = sorted(
            [each for each in (*told, *beats) if each is not None],
            key=lambda each: each.received_at,
        )
        return Scenario(
            file=top.file,
            title=title,
            review=review,
            until=until,
            told=tuple(unheard(heard, unmanned, until, policy)),
            expected=tuple(each for each in expected if each is not None),
            rules=rules,
            others_allowed="others" in top.data,
            policy=policy,
        )

    # The blocks.

    def _policy(self) -> Policy | None:
        overrides: Table | None = None
        if "policy" in self.table.data:
            if isinstance(self.table.data["policy"], dict):
                overrides = self.table.table("policy")
            else:
                self._wrong(self.table, "must be a table of the policy's shape", "policy")
        try:
            return parse_policy(self.policy_text.text, self.policy_text.name, overrides)
        except Mistakes as error:
            if any(mistake.file == self.policy_text.name for mistake in error.mistakes):
                raise
            self.mistakes += error.mistakes
            return None

    def _told(self, block: Table, place: int) -> Told | None:
        event = self._required(block, "event", self._text)
        agency = self._required(block, "from", self._agency)
        at = self._required(block, "at", self._time)
        recorded = self._time(block, "recorded") if "recorded" in block.data else at
        received = self._time(block, "received") if "received" in block.data else at
        if at is not None and received is not None and received < at:
            self._wrong(
                block, "is earlier than `at`: nothing is heard before it happens", "received"
            )
        if event is None:
            return None
        if event not in EVENTS:
            self._wrong(
                block, f"is no event of the contract; {did_you_mean(event, EVENTS)}", "event"
            )
            return None
        for key, name in _ENVELOPE.items():
            if name in block.data:
                self._wrong(block, f"is written as `{key}` in a scenario", name)
        own = {
            key: value
            for key, value in block.data.items()
            if key not in _OURS | {*_ENVELOPE.values()}
        }
        kinds = field_types(event)
        fields = {
            "event_id": f"told-{place}",
            "occurred_at": at or SOME_TIME,
            "recorded_at": recorded,
            "agency": agency or AGENCIES[0],
            **{key: spelt_out(kinds.get(key, {}), value) for key, value in own.items()},
        }
        complete = self._complete(event, fields, block)
        if complete is None or received is None:
            return None
        return Told(event, complete, received)

    def _complete(self, event: str, fields: dict[str, Any], block: Table) -> dict[str, Any] | None:
        """Return the record with its defaults, or None after noting each field that is wrong."""
        kinds = field_types(event)
        replaced: set[str] = set()
        while True:
            try:
                complete = codec.complete(event, fields)
            except codec.InvalidField as error:
                name, *_ = re.split(r"[.\[]", error.path, maxsplit=1)
                what = error.detail.removeprefix(f"{error.path}: ")
                self.mistakes.append(_inside(block, error.path, what))
                # Once noted, something that is right takes its place, so that the next mistake is found too.
                if name in kinds and name not in replaced:
                    fields[name] = something(kinds[name])
                elif name in fields and name not in kinds:
                    del fields[name]
                else:
                    return None
                replaced.add(name)
            except codec.InvalidEvent as error:
                self._wrong(block, error.detail, "event")
                return None
            else:
                return None if replaced else complete

    def _silence(self, block: Table) -> Silence | Unmanned | None:
        self._known_keys(block, _SILENT)
        role = self._text(block, "role")
        agency = None
        if role is None:
            agency = self._required(block, "from", self._agency)
        elif "from" in block.data:
            self._wrong(block, "is either an agency's feed (`from`) or a role, not both", "role")
        after = self._required(block, "after", self._time)
        until = self._time(block, "until")
        authority = self._text(block, "authority") or "local"
        if after is not None and until is not None and until <= after:
            self._wrong(block, "must be later than `after`", "until")
        if role is not None and after is not None:
            return Unmanned(role=role, authority=authority, after=after, until=until, block=block)
        if agency is None or after is None:
            return None
        return Silence(agency=agency, authority=authority, after=after, until=until, block=block)

    def _heartbeats(self, silences: list[Silence], until: datetime, policy: Policy) -> list[Told]:
        beats, mistakes = heartbeats(silences, until, policy)
        if mistakes:
            raise Mistakes(mistakes)
        return beats

    def _expected(self, block: Table) -> Expected | None:
        self._known_keys(block, _EXPECT)
        alert = self._required(block, "alert", self._text)
        if alert is not None and alert not in RULES:
            self._wrong(block, f"there is no such rule; {did_you_mean(alert, RULES)}", "alert")
        about = self._required(block, "about", self._about)
        status = self._text(block, "status")
        if status is not None and status not in STATUSES:
            self._wrong(block, f"must be one of {', '.join(STATUSES)}", "status")
        severity = block.data.get("severity")
        if not (severity is None or (type(severity) is int and 1 <= severity <= 4)):
            self._wrong(block, "must be from 1 to 4", "severity")
        times = {
            key: self._time(block, key)
            for key in ("at", "after", "before", "due_at", "answered_at")
        }
        reason, members = self._text(block, "reason"), self._members(block)
        owner = self._text(block, "owner")
        steps, refused = self._words(block, "steps", STEPS), self._words(block, "refused", REFUSALS)
        if alert is None or about is None:
            return None
        return Expected(
            line=block.mistake("").line,
            alert=alert,
            about=about,
            status=status,
            reason=reason,
            severity=severity,
            members=members,
            owner=owner,
            steps=steps,
            refused=refused,
            **times,
        )

    # The parts of blocks. Each notes what is wrong and then returns None, as for a key that is not there.

    def _required(self, block: Table, key: str, read: Callable[[Table, str], Any]) -> Any:  # noqa: ANN401 (whatever `read` returns)
        if key not in block.data:
            self._wrong(block, _MISSING, key)
            return None
        return read(block, key)

    def _text(self, block: Table, key: str) -> str | None:
        value = block.data.get(key)
        if value is None or (isinstance(value, str) and value.strip()):
            return value
        self._wrong(block, "must be text", key)
        return None

    def _time(self, block: Table, key: str) -> datetime | None:
        value = block.data.get(key)
        if value is None:
            return None
        time = moment(value)
        if time is None:
            self._wrong(block, _BAD_TIME, key)
        return time

    def _agency(self, block: Table, key: str) -> str | None:
        value = block.data[key]
        if value in AGENCIES:
            return str(value)
        hint = did_you_mean(str(value), AGENCIES)
        self._wrong(block, f"must be an agency of the contract; {hint}", key)
        return None

    def _about(self, block: Table, key: str) -> str | None:
        value = block.data[key]
        if isinstance(value, dict) and value.keys() == {"scheme", "value"}:
            value = value["value"]
        if isinstance(value, str) and value.strip():
            return value
        self._wrong(block, "must be the id of a person, case, team or agency", key)
        return None

    def _members(self, block: Table) -> frozenset[str] | None:
        value = block.data.get("members")
        if value is None:
            return None
        if isinstance(value, list) and all(isinstance(each, str) for each in value):
            return frozenset(value)
        self._wrong(block, "must be a list of ids", "members")
        return None

    def _words(self, block: Table, key: str, known: Collection[str]) -> tuple[str, ...] | None:
        value = block.data.get(key)
        if value is None:
            return None
        if isinstance(value, list) and all(each in known for each in value):
            return tuple(value)
        self._wrong(block, f"must be a list of these words: {', '.join(known)}", key)
        return None

    def _slugs(self, top: Table) -> frozenset[str]:
        value = top.data.get("rules")
        if value is None:
            return frozenset(RULES)
        if not (isinstance(value, list) and value and all(isinstance(each, str) for each in value)):
            self._wrong(top, "must be a list of rules", "rules")
            return frozenset()
        for place, slug in enumerate(value):
            if slug not in RULES:
                self._wrong(
                    top,
                    f"{shortened(slug)}: there is no such rule; {did_you_mean(slug, RULES)}",
                    "rules",
                    place,
                )
        return frozenset(value)

    def _blocks(self, key: str) -> list[Table]:
        value = self.table.data.get(key, [])
        if isinstance(value, list) and all(isinstance(each, dict) for each in value):
            return [self.table.table(key, place) for place in range(len(value))]
        self._wrong(self.table, f"must be written as [[{key}]]", key)
        return []

    def _known_keys(self, block: Table, known: tuple[str, ...]) -> None:
        for key in block.data:
            if key not in known:
                self._wrong(block, f"is not known here; {did_you_mean(key, known)}", key)

    def _wrong(self, block: Table, message: str, *keys: str | int) -> None:
        self.mistakes.append(block.mistake(message, *keys))


def _inside(block: Table, path: str, message: str) -> Mistake:
    """Place a mistake that the contract found in a record: its paths are like `people[0].role`."""
    by_name = {name: key for key, name in _ENVELOPE.items()}
    keys: list[str | int] = []
    for name, index in re.findall(r"([^.\[\]]+)|\[(\d+)\]", path):
        keys.append(int(index) if index else by_name.get(name, name))
    if message == "is required":
        message = _MISSING
    return block.mistake(message, *keys)
