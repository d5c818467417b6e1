"""The process, with a journal and a channel that reach nothing: who waits for whom."""

from __future__ import annotations

import threading
import time
from typing import Any, cast

from baton.notify.channels import Channel
from baton.notify.message import Message
from baton.notify.recipients import Recipient
from baton.notify.service import AT_THE_SAME_TIME, Journal, Notifier
from baton.notify.tellings import AT_ONCE, TO_ONE, Tellings
from tests.notify.conftest import alert, desk, desks, step


class NoJournal:
    """Takes what is written."""

    def write(self, *_: Any) -> None:
        """Keep nothing."""


class OneHangs:
    """Delivers to every desk but one, which takes a message and never answers."""

    def __init__(self) -> None:
        """Begin with nobody told."""
        self.answers = threading.Event()
        self.told: list[str] = []
        self.hanging = 0

    def deliver(self, recipient: Recipient, _: Message, __: str) -> None:
        """Tell a desk, or wait."""
        if recipient.key == "desk-hangs":
            self.hanging += 1
            self.answers.wait(60)
        self.told.append(recipient.key)


def test_a_desk_that_hangs_holds_up_no_other() -> None:
    """However much is for it: it has few threads, and the others have the rest."""
    hangs, lives = desk("desk-hangs", "hub_manager"), desk("desk-lives", "head_of_service")
    channel = OneHangs()
    notifier = Notifier(
        Tellings(desks(hangs, lives)), cast("Journal", NoJournal()), cast("Channel", channel)
    )
    try:
        for number in range(AT_ONCE):
            notifier.take([alert(alert_id=f"rule/inc-{number}/woman-1", severity=1)])
        notifier.turn()
        notifier.take([alert(step(1, "head_of_service"), alert_id="rule/inc-99/woman-1")])
        gives_up_at = time.monotonic() + 30
        while (not channel.told or channel.hanging < TO_ONE) and time.monotonic() < gives_up_at:
            notifier.turn()
            time.sleep(0.01)

        assert TO_ONE < AT_THE_SAME_TIME
        assert (["desk-lives"], TO_ONE) == (channel.told, channel.hanging)
    finally:
        channel.answers.set()
        notifier.close()
