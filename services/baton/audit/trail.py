"""Noting access: what is to be seen is shown only once Kafka has confirmed that somebody saw it."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from baton.contract.pointers import check_pointers
from baton.publish import Publisher

if TYPE_CHECKING:
    from baton.runtime.settings import Settings


class Trail:
    """Notes who had access to what. Use it in a `with`; its `note` may be called by several threads."""

    def __init__(self, settings: Settings, agency: str = "childrens_social_care") -> None:
        """Connect. `agency` is who runs this. Raises KafkaError."""
        self._publisher = Publisher(settings.brokers, settings.topic_prefix)
        self._agency = agency

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._publisher.close()

    def note(  # noqa: PLR0913 (an access is all of these, and each has a name)
        self,
        who: str,
        what: str,
        where: str | None = None,
        why: str | None = None,
        *,
        alert: str | None = None,
        page: str | None = None,
    ) -> None:
        """Note one access and return once it is confirmed; the words are those of AccessRecorded.

        `what` may be written with hyphens. Raises KafkaError where it may not have been noted, and InvalidField for a
        key that intake would reject, such as an address: then show nothing.
        """
        fields = {
            "event_id": f"access-{uuid.uuid4()}",
            "occurred_at": datetime.now(UTC),
            "agency": self._agency,
            "by": who or "unknown",
            "what": what.replace("-", "_"),
            "alert": alert,
            "page": page,
            "where": where,
            "why": why,
        }
        check_pointers(fields)
        self._publisher.send("AccessRecorded", fields).confirmed()
