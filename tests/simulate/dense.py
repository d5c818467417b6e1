"""Volumes for tests of what goes wrong."""

from __future__ import annotations

from baton.simulate import Volumes

DENSE = Volumes(
    incidents=6,
    pregnant_share=0.5,
    bookings=3,
    referrals=6,
    opened_share=0.8,
    transfers=4,
    blocks=0.5,
    reorganisations=0.01,
    silences=0.03,
    teams=3,
    heartbeat_minutes=55,
)
"""A small authority in which much goes wrong."""
