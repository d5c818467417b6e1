"""Delivery: to a real mail server and a real web hook on loopback, and to an API like that of GOV.UK Notify."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from baton.notify.channels import Channels, NotDeliveredError
from baton.notify.message import Message
from tests.notify.conftest import desk

if TYPE_CHECKING:
    from tests.notify.conftest import Mailbox, Webhook

SAID = Message("baton: ACT NOW: unreferred incident", "Something is missing.")
KEY = "key_name-12345678-1234-1234-1234-123456789012-12345678-1234-1234-1234-123456789012"


def test_mail_is_delivered(mailbox: Mailbox) -> None:
    """As plain text, with the title as its subject."""
    url = f"mailto://127.0.0.1:{mailbox.port}/?from=baton@example.org&to=desk@example.org&mode=insecure"
    Channels().deliver(desk(url=url), SAID, "reference")

    (letter,) = mailbox.letters
    assert "unreferred incident" in letter
    assert "To: desk@example.org" in letter


def test_a_web_hook_is_called(webhook: Webhook) -> None:
    """With title and text."""
    Channels().deliver(desk(url=f"json://127.0.0.1:{webhook.port}/hook"), SAID, "reference")

    assert SAID.title == webhook.came[0]["title"]
    assert SAID.text in webhook.came[0]["message"]


@pytest.mark.parametrize("url", ["json://127.0.0.1:1/", "nothing://127.0.0.1/"])
def test_what_is_not_delivered_is_said_without_the_address(url: str) -> None:
    """Nobody listens, or no such channel."""
    with pytest.raises(NotDeliveredError) as refused:
        Channels().deliver(desk(url=url), SAID, "reference")

    assert "127.0.0.1" not in str(refused.value)


def test_a_refusal_is_no_delivery(webhook: Webhook) -> None:
    """The other side answers with an error."""
    webhook.answer = lambda _: (500, {})
    with pytest.raises(NotDeliveredError, match="did not take"):
        Channels().deliver(desk(url=f"json://127.0.0.1:{webhook.port}/"), SAID, "reference")


def test_govuk_notify_is_told_once(webhook: Webhook) -> None:
    """It is asked for the telling's reference first: an attempt whose answer was lost is not repeated."""
    notify = desk(url="", govuk_notify_email="desk@example.org", govuk_notify_template="t-1")
    channels = Channels(KEY, f"http://127.0.0.1:{webhook.port}")
    known: list[dict[str, str]] = []
    webhook.answer = lambda _: (200, {"notifications": known, "links": {}})
    channels.deliver(notify, SAID, "reference-1")
    known.append({"id": "n-1"})
    channels.deliver(notify, SAID, "reference-1")

    (sent,) = webhook.came
    assert ("desk@example.org", "t-1", "reference-1") == (
        sent["email_address"],
        sent["template_id"],
        sent["reference"],
    )
    assert {"title": SAID.title, "text": SAID.text} == sent["personalisation"]


def test_without_a_key_govuk_notify_is_said_to_be_missing() -> None:
    """And which setting it is."""
    notify = desk(url="", govuk_notify_email="desk@example.org", govuk_notify_template="t-1")
    with pytest.raises(NotDeliveredError, match="BATON_GOVUK_NOTIFY_KEY_FILE"):
        Channels().deliver(notify, SAID, "reference")


def test_a_refusal_of_govuk_notify_is_no_delivery(webhook: Webhook) -> None:
    """By its status, without what was sent."""
    notify = desk(url="", govuk_notify_email="desk@example.org", govuk_notify_template="t-1")
    webhook.answer = lambda _: (403, {"errors": []})
    with pytest.raises(NotDeliveredError, match="403"):
        Channels(KEY, f"http://127.0.0.1:{webhook.port}").deliver(notify, SAID, "reference")
