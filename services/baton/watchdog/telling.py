"""The alert `pipeline-blind`, and how it is written: as everything else, in one transaction, and never twice.

Writing is rare, so there is no producer that waits for it. Each time, in this order: **fence, read, write**. The
producer's name belongs to the one watchdog of a deployment, so a second one cannot be half-way through; what is on the
topic by then is true; and only what differs from it is written. A crash anywhere leaves the old alert or the new one.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from kafka import KafkaProducer

from baton.contract import codec
from baton.contract.topics import ALERTS, agency_alerts, prefixed
from baton.engine.alerts import OPEN
from baton.engine.entitled import entitled_agencies
from baton.reading import BOOTSTRAP_TIMEOUT_MS, Reader, newest
from baton.rules import source_silent
from baton.watchdog.owning import UNLIVED, Deeds, lived
from baton.watchdog.sight import Blindness

if TYPE_CHECKING:
    from collections.abc import Mapping

    from baton.rules.policy import Policy

RULE: Final = "pipeline-blind"
RULE_VERSION: Final = 1
SEVERITY: Final = 1
"""Act now, out of hours too: nobody is told anything while it lasts."""
ABOUT: Final = {"kind": "agency", "key": "baton"}
"""Baton is here the one that has stopped telling, as an agency in `source-silent`."""
AUTHORITY: Final = "local"

_ONCE: Final = ("alert_id", "due_at", "raised_at", "policy_version", "tell")
"""What is as it was when it was raised."""
_STANDING: Final = OPEN | {"closed"}
"""How an alert of ours may be while the blindness lasts: that people have closed it ends nothing."""
_WRITER: Final = "baton-watchdog"
_OVER: Final = (
    *("acknowledged_by", "acknowledged_until", "closing_by", "silence", "silenced_until"),
    *("next_step", "next_step_at"),
)
"""What is over with the alert; who took it, and who closed it, stays."""
_WITHIN: Final = 20.0


def alert_id_of(blindness: Blindness) -> str:
    """Return the id: one for each blindness, the same whichever watchdog derives it."""
    return f"{RULE}/{blindness.since.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}/{ABOUT['key']}"


def raised(
    blindness: Blindness, now: datetime, policy: Policy, before: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Return the alert while it lasts, without what became of it; `before` is how it stood on the topic.

    Who is told is whom the policy names for a silent feed: to the partnership it is the same. All of them are told at
    once, in one step: none of them sees it by themselves.
    """
    terms = policy.terms(source_silent.SLUG, now, AUTHORITY)
    agency, role = terms.responsible
    fields: dict[str, Any] = {
        "alert_id": alert_id_of(blindness),
        "rule": RULE,
        "rule_version": RULE_VERSION,
        "policy_version": policy.version,
        "severity": SEVERITY,
        "about": ABOUT,
        "authority": AUTHORITY,
        "status": "raised",
        "reason": "overdue",
        "trigger": [],
        "evidence": [],
        "missing": [],
        "members": [
            {"key": name, "states": sorted(states)}
            for name, states in sorted(blindness.members.items())
        ],
        "due_at": blindness.since,
        "raised_at": max(now, blindness.since),
        "as_of": max(now, blindness.since),
        "responsible": {"agency": agency, "team": None, "role": role},
        "tell": ["+".join(terms.tell)],
    }
    if before is not None:
        fields |= {name: before[name] for name in _ONCE}
        # An older watchdog wrote each role as a word, and told all of them at once: so it stays.
        fields["tell"] = ["+".join(before["tell"])]
    return codec.complete("Alert", fields)


def answered(before: Mapping[str, Any], seen_to: datetime, now: datetime) -> dict[str, Any]:
    """Return a standing alert once the judge has caught up to `seen_to`: how long it lasted is in it."""
    after = dict(before) | {
        "status": "answered",
        "reason": "answered-late",
        "answered_at": max(seen_to, before["due_at"]),
        "as_of": max(now, before["as_of"]),
        **{name: UNLIVED[name] for name in _OVER},
    }
    number = before["steps"][-1]["number"] + 1 if before["steps"] else 1
    roles = [role for word in before["tell"] for role in word.split("+")]
    step = {"number": number, "kind": "resolved", "roles": roles, "at": after["as_of"]}
    after["steps"] = [*before["steps"], step]
    return after


def blindness_of(alert: Mapping[str, Any]) -> Blindness:
    """Return the blindness that a standing alert tells of."""
    members = {each["key"]: frozenset(each["states"]) for each in alert["members"]}
    return Blindness(alert["due_at"], members)


class Telling:
    """The alerts topic, for the watchdog's own alerts alone."""

    def __init__(self, brokers: str, prefix: str, policy: Policy) -> None:
        """Take bootstrap servers, the topics' prefix, and the policy."""
        self._brokers = brokers
        self._prefix = prefix
        self._policy = policy
        self._deeds: Deeds | None = None
        self._last: dict[str, dict[str, Any]] = {}
        """Our alerts that stand, as they were last on the topic."""

    def close(self) -> None:
        """Disconnect."""
        deeds, self._deeds = self._deeds, None
        if deeds is not None:
            deeds.close()

    def is_told(self, blindness: Blindness, now: datetime) -> bool:
        """Say whether the topic has what has become of the alert by now, as far as we know. Raises KafkaError."""
        known = self._last.get(alert_id_of(blindness))
        return known is not None and _same(known, self._lived(blindness, now, known))

    def standing(self) -> list[dict[str, Any]]:
        """Return this deployment's `pipeline-blind` alerts that stand, the oldest first. Raises KafkaError."""
        with Reader(self._brokers, prefixed(self._prefix, ALERTS.name)) as reader:
            every = newest(reader.to_end()).values()
        ours = (each for each in every if each["rule"] == RULE and each["status"] in _STANDING)
        return sorted(ours, key=lambda each: (each["due_at"], each["alert_id"]))

    def tell(
        self, blindness: Blindness | None, seen_to: datetime | None, now: datetime
    ) -> list[dict[str, Any]]:
        """Make the topic say what is so: this blindness stands, or none. Return what was written.

        Whatever else of ours stands is answered: it was over at `seen_to`. Raises KafkaError.
        """
        producer = self._producer()
        try:
            producer.init_transactions()
            before = {each["alert_id"]: each for each in self.standing()}
            wanted, last = [], {}
            if blindness is not None:
                known = before.pop(alert_id_of(blindness), None)
                after = self._lived(blindness, now, known)
                last[after["alert_id"]] = after
                if known is None or not _same(known, after):
                    wanted.append(after)
            over = blindness.since if blindness is not None else seen_to
            for each in before.values():
                now_standing = self._lived(blindness_of(each), now, each)
                wanted.append(answered(now_standing, over or now, now))
            if wanted:
                self._write(producer, wanted)
            self._last = last
            if not last:
                self.close()
        finally:
            producer.close(timeout=_WITHIN)
        return wanted

    def _lived(
        self, blindness: Blindness, now: datetime, known: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        """Return the alert of a blindness with what people have done to it; `known` is how it stood on the topic."""
        begun = raised(blindness, now, self._policy, known)
        # By the broker's time, as are the deeds; `raised_at` may be by the clock of a host.
        since = begun["due_at"]
        if self._deeds is None or self._deeds.since > since:
            self.close()
            self._deeds = Deeds(self._brokers, self._prefix, since)
        deeds = self._deeds.of(begun["alert_id"], since)
        # A watchdog whose time is behind that of the one before takes nothing back.
        to = now if known is None else max(now, known["as_of"])
        return lived(begun, deeds, to, self._policy)

    def _write(self, producer: KafkaProducer, alerts: list[dict[str, Any]]) -> None:
        agency_of = {name: role.agency for name, role in self._policy.roles.items()}
        producer.begin_transaction()
        sent = [
            producer.send(
                prefixed(self._prefix, topic),
                key=alert["alert_id"].encode(),
                value=codec.encode("Alert", alert),
            )
            for alert in alerts
            # As the judge does it: also to the agencies that read Kafka themselves.
            for topic in (
                ALERTS.name,
                *(agency_alerts(each) for each in sorted(_agencies(alert, agency_of))),
            )
        ]
        producer.flush(timeout=_WITHIN)
        for each in sent:
            each.get(timeout=_WITHIN)
        producer.commit_transaction()

    def _producer(self) -> KafkaProducer:
        return KafkaProducer(
            bootstrap_servers=self._brokers.split(","),
            transactional_id=f"{self._prefix}{_WRITER}",
            transaction_timeout_ms=15_000,
            enable_idempotence=True,
            acks="all",
            allow_auto_create_topics=False,
            bootstrap_timeout_ms=BOOTSTRAP_TIMEOUT_MS,
            max_block_ms=int(_WITHIN * 1_000),
            request_timeout_ms=5_000,
            delivery_timeout_ms=int(_WITHIN * 1_000),
            metrics_enabled=False,
        )


def _agencies(alert: Mapping[str, Any], agency_of: Mapping[str, str]) -> set[str]:
    """Return the agencies that our alert is for; it is about baton, which is none."""
    return set(entitled_agencies(alert, agency_of)) - {ABOUT["key"]}


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Say whether two records differ in no more than as of when they are."""
    return codec.encode("Alert", {**one, "as_of": other["as_of"]}) == codec.encode("Alert", other)
