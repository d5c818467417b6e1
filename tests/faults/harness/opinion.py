"""A second opinion on a run: the alerts on the topic against those that SQL works out over all that was told.

The verdict's own judge is baton's, so what a rule gets wrong it gets wrong too. The auditor shares no code with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from baton.agents.pseudonym import Pseudonyms
from baton.auditor import Comparison, compare, expected_alerts
from baton.contract import codec
from baton.contract.topics import ALERT_ACTIONS, ALERTS
from tests.faults.harness.verdict import Topics

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def second_opinion(
    topics: Topics, policy: str, pseudonyms: Pseudonyms, until: datetime
) -> Comparison:
    """Compare how each alert stands on its topic with how it should at `until`, for the rules that the auditor knows.

    `policy` is the text of the policy. An alert whose last record was there before is doubled.
    """
    expected = expected_alerts(
        _log(topics),
        policy,
        until=until,
        person=lambda scheme, value: pseudonyms.of({"scheme": scheme, "value": value}),
    )
    last = {each.key: each.value for each in topics.written[ALERTS.name]}
    lasting = (each.value for each in topics.written[ALERTS.name] if each.value == last[each.key])
    return compare(expected, (codec.decode(value)[1] for value in lasting))


def _log(topics: Topics) -> Iterator[dict[str, Any]]:
    """Give what was told and not rejected in the order of hearing, as the objects of a log; not what people did."""
    rejected = {
        (entry.headers["topic"].decode(), int(entry.headers["offset"])) for entry in topics.rejected
    }
    heard = sorted(
        (entry.timestamp_ms, topic, entry.offset, entry.value)
        for topic, entries in topics.sources.items()
        if topic != ALERT_ACTIONS.name
        for entry in entries
        if (topic, entry.offset) not in rejected
    )
    for timestamp_ms, _, _, value in heard:
        name, fields = codec.decode(value)
        if name != "Tick":
            received_at = _EPOCH + timedelta(milliseconds=timestamp_ms)
            yield {
                **codec.to_json(name, fields),
                "record": name,
                "received_at": received_at.isoformat(),
            }
