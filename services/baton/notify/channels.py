"""Delivering one message to one recipient: Apprise for nearly everything, GOV.UK Notify where it is wanted."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final, Protocol

import apprise
from notifications_python_client.errors import HTTPError
from notifications_python_client.notifications import NotificationsAPIClient

if TYPE_CHECKING:
    from baton.notify.message import Message
    from baton.notify.recipients import Recipient

WITHIN: Final = 20
"""Seconds in which one attempt must come to an end."""


class NotDeliveredError(RuntimeError):
    """The recipient was not told; trying again may help. The message holds no address."""


class Channel(Protocol):
    """How messages are delivered; tests have one of their own."""

    def deliver(self, recipient: Recipient, message: Message, reference: str) -> None:
        """Tell the recipient, or raise NotDeliveredError. `reference` names the telling."""


class Channels:
    """The real channels of a deployment."""

    def __init__(self, govuk_notify_key: str = "", govuk_notify_address: str = "") -> None:
        """Take the key of GOV.UK Notify, and its address where it is another than the public one."""
        # Its own lines would show addresses, passwords included.
        logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
        self._notify: NotificationsAPIClient | None = None
        if govuk_notify_key:
            given = {"base_url": govuk_notify_address} if govuk_notify_address else {}
            self._notify = NotificationsAPIClient(govuk_notify_key, timeout=WITHIN, **given)

    def deliver(self, recipient: Recipient, message: Message, reference: str) -> None:
        """Tell the recipient, or raise NotDeliveredError."""
        if recipient.url:
            self._by_apprise(recipient, message)
        else:
            self._by_govuk_notify(recipient, message, reference)

    @staticmethod
    def _by_apprise(recipient: Recipient, message: Message) -> None:
        asset = apprise.AppriseAsset(app_id="baton", app_desc="baton", async_mode=False)
        channel = apprise.Apprise(asset=asset)
        separator = "&" if "?" in recipient.url else "?"
        if not channel.add(f"{recipient.url}{separator}rto={WITHIN}&cto={WITHIN}"):
            raise NotDeliveredError("the recipient's address is none that Apprise knows")
        told = channel.notify(
            title=message.title, body=message.text, body_format=apprise.NotifyFormat.TEXT
        )
        if not told:
            raise NotDeliveredError(f"{recipient.means} did not take the message")

    def _by_govuk_notify(self, recipient: Recipient, message: Message, reference: str) -> None:
        if self._notify is None:
            raise NotDeliveredError(
                "there is no key of GOV.UK Notify (BATON_GOVUK_NOTIFY_KEY_FILE)"
            )
        try:
            known = self._notify.get_all_notifications(reference=reference)
            if known.get("notifications"):
                return  # An earlier attempt whose answer was lost: it has the message.
            self._notify.send_email_notification(
                email_address=recipient.govuk_notify_email,
                template_id=recipient.govuk_notify_template,
                personalisation={"title": message.title, "text": message.text},
                reference=reference,
            )
        except HTTPError as error:
            raise NotDeliveredError(f"GOV.UK Notify refused: {error.status_code}") from None
