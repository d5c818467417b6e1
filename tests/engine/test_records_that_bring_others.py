"""A record that names another one brings what was told of that into a chronology, whatever its own type."""

from __future__ import annotations

from baton.rules.register import RULES
from tests.engine.driving import Driven
from tests.rules.told import (
    DAY,
    HOUR,
    MINUTE,
    NOON,
    birth,
    closed,
    heard,
    incident,
    noted,
    notified,
)


def test_an_incident_brings_its_close_to_a_person_judged_before() -> None:
    """The rule asked for closes alone when it was judged, and the incident is none."""
    slug = "incident-closed-incomplete"
    driven = Driven(birth(NOON), closed(NOON), rules={slug: RULES[slug]})
    driven.advance(NOON)

    driven.hear(heard(incident(NOON), NOON + MINUTE))
    (alert,) = driven.advance(NOON + HOUR)

    assert (slug, NOON + MINUTE) == (alert.rule, alert.raised_at)


def test_a_notice_that_names_two_records_brings_one_to_the_other() -> None:
    """A person of the incident is asked about what children's services recorded under the notice's id alone."""
    slug = "notification-not-triaged"
    driven = Driven(incident(NOON), noted(NOON), rules={slug: RULES[slug]})
    driven.advance(NOON)

    driven.hear(heard(notified(NOON), NOON + MINUTE))
    driven.advance(NOON + 2 * DAY)

    assert [(slug, NOON + DAY)] == [(each.rule, each.raised_at) for each in driven.log]
