"""The catalogue of topics: from it they are created and checked, and the documentation is written.

Names stand here without the prefix by which a demonstration or a test is kept apart on a shared
Kafka; `prefixed` adds it. Partition counts are fixed for good: a ledger's position, state and
transactional id belong to a partition.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from types import MappingProxyType
from typing import Final, Literal

Cleanup = Literal["delete", "compact"]
TimestampType = Literal["LogAppendTime", "CreateTime"]

_KIB: Final = 1024
_MIB: Final = 1024 * _KIB
_KAFKA_DEFAULT_MESSAGE_BYTES: Final = _MIB + 12
_LONG_MAX: Final = 2**63 - 1
_HUNDRED_YEARS: Final = timedelta(days=36525)
_NAME: Final = re.compile(r"[a-zA-Z0-9._-]{1,249}")
_MIN_IN_SYNC: Final = 2


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic: what is on it, for how long, and who may see it."""

    name: str
    key: str
    """What the message key is, in words; `none` where the messages have none."""
    records: tuple[str, ...]
    """The records of the contract on it; empty where the values are not the contract's."""
    producers: tuple[str, ...]
    consumers: tuple[str, ...]
    classification: str
    retention: timedelta | None
    """How long a message is kept; None: for ever, or until a newer one of its key replaces it."""
    partitions: int = 1
    cleanup: Cleanup = "delete"
    timestamps: TimestampType = "LogAppendTime"
    """Whose time a message bears: the broker's, which nobody can set wrong, or its producer's."""
    max_message_bytes: int = _KAFKA_DEFAULT_MESSAGE_BYTES
    virtual_time: bool = False
    """Whether years pass in seconds on it: then nothing may depend on the age of a message."""


_IDENTIFIED: Final = "official-sensitive: agencies' own identifiers of persons"
_PSEUDONYMOUS: Final = "official-sensitive: pseudonymous"
_OPERATORS: Final = "official-sensitive: operators' keys, no persons"
_OPERATIONAL: Final = "official: no persons"

_SOURCE_RETENTION: Final = timedelta(days=30)
_AGENCY_PRODUCERS: Final = ("gateway", "emit", "cli", "clock")
_TICK: Final = "Tick"


def _source(name: str, key: str, classification: str, *records: str) -> Topic:
    return Topic(
        name=name,
        key=key,
        records=(*records, _TICK),
        producers=_AGENCY_PRODUCERS,
        consumers=("intake",),
        classification=classification,
        retention=_SOURCE_RETENTION,
    )


DOMESTIC_INCIDENTS: Final = _source(
    "domestic-incidents",
    "the incident",
    _IDENTIFIED,
    "IncidentRecorded",
    "IncidentUpdated",
    "IncidentClosed",
    "NotificationSent",
)
REFERRALS: Final = _source(
    "referrals",
    "the referral, else the notification, else the event",
    _IDENTIFIED,
    "NotificationRecorded",
    "ReferralReceived",
    "NotificationTriaged",
    "ReferralDecided",
    "FeedbackGiven",
    "FeedbackAcknowledged",
    "EscalationRaised",
    "ReferrerObjected",
    "ObjectionAnswered",
    "AgencyInformed",
    "InformationAcknowledged",
)
CASE_TRANSFERS: Final = _source(
    "case-transfers",
    "the case, else the event",
    _IDENTIFIED,
    "TransferRequested",
    "TransferAccepted",
    "TransferRejected",
    "TransferWithdrawn",
    "HandoverRecorded",
    "OpenItemClosed",
    "FileRead",
    "AddressChanged",
    "TransferInRequested",
    "TransferInConferenceHeld",
)
CASE_ACTIVITY: Final = _source(
    "case-activity",
    "the case, else the worker, team or event",
    _IDENTIFIED,
    "CaseOpened",
    "WorkerAllocated",
    "WorkerEnded",
    "WorkerLeft",
    "WorkerAbsent",
    "TeamClosed",
    "ContactMade",
    "NonEngagementReviewed",
    "VisitAttempted",
    "VisitCompleted",
    "AssessmentStarted",
    "AssessmentAuthorised",
    "AgencyCheckReturned",
    "HouseholdRecorded",
    "SupervisionRecorded",
    "ConcernResolved",
    "CaseClosed",
    "CaseReopened",
    "PlanStarted",
    "PlanChanged",
    "PlanOffered",
    "PlanDeclined",
    "PlanStepHeld",
    "PlacementStarted",
    "CarerCapacityReviewed",
    "PlacementVisited",
    "PlacementEnded",
)
MATERNITY: Final = _source(
    "maternity",
    "the event, since a person's identifier is never a key",
    _IDENTIFIED,
    "PregnancyBooked",
    "DueDateRevised",
    "MilestoneRecorded",
    "BirthRecorded",
    "PregnancyEnded",
)
SOURCE_HEARTBEATS: Final = replace(
    _source("source-heartbeats", "the agency", _OPERATIONAL, "SourceHeartbeat"),
    consumers=("intake", "watchdog"),
)
ALERT_ACTIONS: Final = replace(
    _source(
        "alert-actions",
        "the alert, else the event",
        _OPERATORS,
        "AlertAcknowledged",
        "AlertAssigned",
        "AlertNoted",
        "AlertClosed",
        "AlertReopened",
        "AlertsSilenced",
        "SilenceEnded",
        "AlertTold",
        "AccessRecorded",
    ),
    producers=("console", "cli", "notify", "clock"),
)

SOURCE_TOPICS: Final = (
    DOMESTIC_INCIDENTS,
    REFERRALS,
    CASE_TRANSFERS,
    CASE_ACTIVITY,
    MATERNITY,
    SOURCE_HEARTBEATS,
    ALERT_ACTIONS,
)
"""What is told to baton, each event record on exactly one of them."""

FACTS: Final = Topic(
    name="facts",
    key="none",
    records=("FactHeard", "TickForwarded"),
    producers=("intake",),
    consumers=("judge", "auditor"),
    classification=_PSEUDONYMOUS,
    # The keyed state of two years (Retention, in the handbook) can be rebuilt from it.
    retention=timedelta(days=731),
)
ALERTS: Final = Topic(
    name="alerts",
    key="the alert's id",
    records=("Alert",),
    producers=("judge", "watchdog"),
    consumers=("watch", "console", "notify", "auditor", "watchdog"),
    classification=_PSEUDONYMOUS,
    retention=None,
    cleanup="compact",
)
AGENCIES: Final = (
    *("police", "housing", "midwifery", "health_visiting", "gp", "hospital"),
    *("childrens_social_care", "school", "probation", "voluntary", "public", "other"),
)
"""Every kind of agency, as the enum of the contract has them; a test compares."""


def agency_alerts(agency: str) -> str:
    """Return the name of the topic with the alerts that an agency is entitled to."""
    return f"{ALERTS.name}-{agency.replace('_', '-')}"


AGENCY_ALERTS: Final = tuple(
    replace(ALERTS, name=agency_alerts(agency), consumers=(agency,)) for agency in AGENCIES
)
"""For agencies that read Kafka themselves: written with `alerts`, in one transaction."""
AUDIT: Final = Topic(
    name="audit",
    key="none",
    records=("AuditEntry",),
    producers=("judge",),
    consumers=("cli", "console"),
    classification="official-sensitive: pseudonymous, with operators' keys and addresses",
    # As long as alerts (Retention, in the handbook).
    retention=timedelta(days=6 * 366),
)
TELLINGS: Final = Topic(
    name="tellings",
    key="the telling's reference",
    records=("TellingNoted",),
    producers=("notify",),
    consumers=("notify",),
    classification=_OPERATORS,
    retention=None,
    cleanup="compact",
)
REJECTED_EVENTS: Final = Topic(
    name="rejected-events",
    key="as in the source",
    records=(),
    producers=("intake", "cli"),
    consumers=("cli",),
    classification="official-sensitive: what agencies sent, unread",
    retention=timedelta(days=90),
    # The largest message of a source topic and the headers that say why it was rejected.
    max_message_bytes=2 * _MIB,
)

STATE_PREFIX: Final = "state-"


def _state(source: Topic) -> Topic:
    owner = "judge" if source is FACTS else "intake"
    return Topic(
        name=f"{STATE_PREFIX}{source.name}",
        key="the row's key",
        records=(),
        producers=(owner,),
        consumers=(owner, "watchdog"),
        classification=_PSEUDONYMOUS,
        retention=None,
        partitions=source.partitions,
        cleanup="compact",
    )


STATE_TOPICS: Final = tuple(_state(topic) for topic in (*SOURCE_TOPICS, FACTS))
"""Rows and position of each ledger: a topic for each that a ledger reads, of as many partitions."""

TOPICS: Final[Mapping[str, Topic]] = MappingProxyType(
    {
        topic.name: topic
        for topic in (
            *SOURCE_TOPICS,
            FACTS,
            ALERTS,
            *AGENCY_ALERTS,
            AUDIT,
            TELLINGS,
            REJECTED_EVENTS,
            *STATE_TOPICS,
        )
    }
)
"""Every topic, by its name without prefix."""

_SOURCE_OF: Final = {
    record: topic.name for topic in SOURCE_TOPICS for record in topic.records if record != _TICK
}


def topic_of(record: str) -> str:
    """Give the source topic of an event record; raise LookupError where there is not just one."""
    try:
        return _SOURCE_OF[record]
    except KeyError:
        message = f"{record} is not an event that is told on one source topic"
        raise LookupError(message) from None


def state_topic(source: str) -> Topic:
    """Give the state topic of the ledger that reads the topic named `source` (without prefix)."""
    return TOPICS[f"{STATE_PREFIX}{source}"]


def prefixed(prefix: str, name: str) -> str:
    """Give the topic's name on Kafka; raise ValueError if Kafka would refuse it."""
    full = f"{prefix}{name}"
    if not _NAME.fullmatch(full):
        message = f"{full!r} cannot be a topic: letters, digits, '.', '_' and '-', at most 249"
        raise ValueError(message)
    return full


def for_virtual_time(topic: Topic) -> Topic:
    """Give the variant for years that pass in seconds: messages bear their own time, and stay."""
    return replace(topic, timestamps="CreateTime", retention=None, virtual_time=True)


def configs(topic: Topic, replication: int = 1) -> dict[str, str]:
    """Give the settings with which Kafka creates the topic with so many replicas.

    All that baton relies on is written out, though a broker's default may say so.
    """
    result = {
        "cleanup.policy": topic.cleanup,
        "message.timestamp.type": topic.timestamps,
        "max.message.bytes": str(topic.max_message_bytes),
        "retention.bytes": "-1",
        "unclean.leader.election.enable": "false",
    }
    if replication > 1:
        result["min.insync.replicas"] = str(_MIN_IN_SYNC)
    if topic.cleanup == "compact":
        # Hot rows make a long log, and a ledger reads all of it when it opens: compact early and in
        # small segments. A tombstone must outlast the longest load.
        result |= {
            "max.compaction.lag.ms": _ms(timedelta(hours=1)),
            "min.cleanable.dirty.ratio": "0.1",
            "delete.retention.ms": _ms(timedelta(days=7)),
            "segment.bytes": str(64 * _MIB),
        }
    else:
        result["retention.ms"] = "-1" if topic.retention is None else _ms(topic.retention)
    if topic.virtual_time:
        # Kafka measures age by the messages' own time: without these it would roll a segment with
        # every message, and refuse one that seems to come from the future.
        result |= {
            "segment.ms": _ms(_HUNDRED_YEARS),
            "message.timestamp.before.max.ms": str(_LONG_MAX),
            "message.timestamp.after.max.ms": str(_LONG_MAX),
        }
        if topic.cleanup == "compact":
            result["max.compaction.lag.ms"] = str(_LONG_MAX)  # a shorter one would roll them too
    return result


def _ms(duration: timedelta) -> str:
    return str(duration // timedelta(milliseconds=1))
