"""The message around an event: its key, and CloudEvents' headers in binary mode. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from baton.contract.topics import (
    ALERT_ACTIONS,
    CASE_ACTIVITY,
    CASE_TRANSFERS,
    DOMESTIC_INCIDENTS,
    MATERNITY,
    REFERRALS,
    SOURCE_HEARTBEATS,
    topic_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    DOMESTIC_INCIDENTS.name: ("incident",),
    REFERRALS.name: ("referral", "notification"),
    CASE_TRANSFERS.name: ("case",),
    CASE_ACTIVITY.name: ("case", "worker", "team"),
    MATERNITY.name: (),
    SOURCE_HEARTBEATS.name: ("agency",),
    ALERT_ACTIONS.name: ("alert",),
}
"""Which fields a message's key is taken from, the first that is stated; else it is the event's id.

A person's identifier is never among them: keys are shown by every tool that lists messages.
"""

_CONTENT_TYPE: Final = b"application/avro"
_TYPE_PREFIX: Final = "baton."


def key_of(record: str, fields: Mapping[str, Any]) -> bytes:
    """Give the message key of an event, as the catalogue of topics has it; raise LookupError."""
    for name in _KEYS[topic_of(record)]:
        if fields.get(name):
            return str(fields[name]).encode()
    return str(fields["event_id"]).encode()


def headers_of(
    record: str, fields: Mapping[str, Any], traceparent: str | None = None
) -> list[tuple[str, bytes]]:
    """Give the headers of an event whose fields are complete."""
    headers = [
        ("ce_specversion", b"1.0"),
        ("ce_id", str(fields["event_id"]).encode()),
        ("ce_source", f"/baton/{fields['authority']}/{fields['agency']}".encode()),
        ("ce_type", f"{_TYPE_PREFIX}{record}".encode()),
        ("ce_time", _rfc_3339(fields["occurred_at"]).encode()),
        ("content-type", _CONTENT_TYPE),
    ]
    if traceparent:
        headers.append(("traceparent", traceparent.encode()))
    return headers


def _rfc_3339(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
