"""What an inquiry asks of one alert: what baton knew when, what it said, who saw it and what they did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, get_args

from baton.engine.alerts import OPEN
from baton.engine.life import OnOneAlert
from baton.reading import Silences, is_for
from baton.rules.facts import AlertsSilenced, SilenceEnded

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from baton.reading import StatedSilence


_LOOKS: Final = frozenset({"viewed", "exported"})
"""Who takes an alert away has seen it."""
_ON_ONE_ALERT: Final = frozenset(kind.__name__ for kind in get_args(OnOneAlert))
_SILENCING: Final = frozenset({AlertsSilenced.__name__, SilenceEnded.__name__})
NOT_ON_IT: Final = "What came of it is not on the alert: it is not judged yet, or too long ago."


@dataclass(frozen=True, slots=True)
class Inquiry:
    """All that is recorded of one alert, each in the order in which baton knew it.

    `alert` is the alert as it stands, `evidence` each event that it rests on with its times (occurred, recorded by
    the agency, received by baton), `entries` the audit's entries about it, `silences` those that were for it while
    it stood, `seen_by` the keys of those who saw it.
    """

    alert: Mapping[str, Any]
    evidence: tuple[Mapping[str, Any], ...]
    entries: tuple[Mapping[str, Any], ...]
    silences: tuple[StatedSilence, ...] = ()
    heard_from: datetime | None = None
    """Since when baton has what it heard: of a silence from before nothing can be said. None: it has nothing."""

    @property
    def tells_all_silences(self) -> bool:
        """Say whether baton has what it heard for as long as the alert has been there."""
        return self.heard_from is not None and self.heard_from <= self.alert["raised_at"]

    @property
    def seen_by(self) -> tuple[str, ...]:
        """Who saw it, in the order of their first look."""
        looks = (each["by"] for each in self.entries if each["detail"] in _LOOKS)
        return tuple(dict.fromkeys(looks))

    def refused(self, entry: Mapping[str, Any]) -> str | None:
        """Return the word for why a deed had no effect, or None where it had one or is none.

        The entry is written when the deed is told, before it is judged; the alert says what came of it, unless it has
        left room there for newer ones: then `NOT_ON_IT`.
        """
        if entry["what"] not in _ON_ONE_ALERT:
            return None
        name = (entry["what"], entry["event_id"], entry["by"])
        for each in self.alert["actions"]:
            if name == (each["event"], each["event_id"], each["by"]):
                refused: str | None = each["refused"]
                return refused
        return NOT_ON_IT


def inquire(
    alert: Mapping[str, Any],
    heard: Iterable[tuple[Mapping[str, Any], str, Mapping[str, Any]]],
    entries: Iterable[Mapping[str, Any]],
) -> Inquiry:
    """Gather what is recorded of an alert.

    `heard` gives each FactHeard with the record's name and fields, `entries` the whole audit. Of an event only its
    pointer and its times are taken: no field of it that could describe a person.
    """
    wanted = {each["event_id"] for each in (*alert["trigger"], *alert["evidence"])}
    evidence = []
    silences = Silences()
    heard_from: datetime | None = None
    for fact, record, fields in heard:
        heard_from = min(heard_from or fact["received_at"], fact["received_at"])
        if fields["event_id"] in wanted:
            evidence.append(
                {
                    "event_id": fields["event_id"],
                    "event": record,
                    "agency": fields["agency"],
                    "occurred_at": fields["occurred_at"],
                    "recorded_at": fields["recorded_at"],
                    "received_at": fact["received_at"],
                }
            )
        elif record in _SILENCING:
            silences.take(record, fields, fact["received_at"])
    evidence.sort(key=lambda each: each["received_at"])
    about = tuple(each for each in entries if each["alert"] == alert["alert_id"])
    meant = tuple(each for each in silences.all() if _was_for(each, alert))
    return Inquiry(alert, tuple(evidence), about, meant, heard_from)


def _was_for(silence: StatedSilence, alert: Mapping[str, Any]) -> bool:
    """Say whether a silence held for an alert while it stood; what was refused held for none.

    One that names a severity may have meant it as it stood then: the alert itself shows what began while it was open.
    """
    if silence.refused is not None or silence.stated["authority"] != alert["authority"]:
        return False
    if any(
        each["event"] == AlertsSilenced.__name__
        and (each["event_id"], each["by"]) == (silence.stated["event_id"], silence.stated["by"])
        for each in alert["actions"]
    ):
        return True
    begun = min(alert["raised_at"], *(each["at"] for each in alert["steps"]), alert["as_of"])
    ended = silence.ended_at or silence.stated["until"]
    stood = ended > begun and (alert["status"] in OPEN or silence.at <= alert["as_of"])
    return stood and is_for(silence.stated["matcher"], alert)
