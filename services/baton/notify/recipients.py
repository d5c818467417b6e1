"""Who is told for a role, and how: a deployment's own file, since addresses are secret and change often.

    [[recipient]]
    key    = "hub-duty-desk"            # never a name
    role   = "hub_manager"              # a role of the policy
    area   = "local"                    # left out: every area
    url    = "mailtos://…"              # an address as Apprise has them: e-mail, Teams, Slack, webhook, …
    quiet  = ["22:00", "07:00"]         # not then, unless an alert is critical; local time
    digest = "08:30"                    # what is not urgent (severity 3 and 4) comes once a day, at this local time

Instead of `url`, `govuk_notify_email` and `govuk_notify_template` tell by GOV.UK Notify.
"""

from __future__ import annotations

import stat
import tomllib
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from baton.rules.working_days import LONDON

if TYPE_CHECKING:
    from pathlib import Path

_MEANS: Final = {
    "mailto": "email",
    "mailtos": "email",
    "json": "webhook",
    "jsons": "webhook",
    "msteams": "teams",
    "workflows": "teams",
}
"""By what means an address tells, in the words of an alert; any other scheme is its own word."""


class RecipientsError(RuntimeError):
    """The file cannot be used; the message has every mistake, and no address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """One desk that is told for one role."""

    key: str
    role: str
    area: str | None
    url: str
    govuk_notify_email: str = ""
    govuk_notify_template: str = ""
    quiet: tuple[time, time] | None = None
    digest: time | None = None

    @property
    def means(self) -> str:
        """By what it is told, such as `email`."""
        if not self.url:
            return "govuk-notify"
        scheme = self.url.partition(":")[0].lower()
        return _MEANS.get(scheme, scheme)

    def not_before(self, asked_at: datetime, severity: int) -> datetime:
        """Return when something asked for at `asked_at` may be told: after quiet hours, or with the day's digest."""
        local = asked_at.astimezone(LONDON)
        if self.digest is not None and severity > 2:
            return _next(local, self.digest)
        if self.quiet is not None and severity > 1 and _within(local.time(), *self.quiet):
            return _next(local, self.quiet[1])
        return asked_at

    def comes_together(self, severity: int) -> bool:
        """Say whether an alert of this severity comes with the day's others."""
        return self.digest is not None and severity > 2


class Recipients:
    """Everybody who is told."""

    def __init__(self, recipients: tuple[Recipient, ...] = ()) -> None:
        """Take them."""
        self._recipients = recipients

    def __len__(self) -> int:
        return len(self._recipients)

    def of(self, role: str, area: str) -> tuple[Recipient, ...]:
        """Return who is told for a role in an area; those of the area, else those of every area."""
        there = [each for each in self._recipients if each.role == role and each.area == area]
        anywhere = (each for each in self._recipients if each.role == role and each.area is None)
        return tuple(there or anywhere)


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    key: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")
    role: str = Field(min_length=1)
    area: str | None = None
    url: str = ""
    govuk_notify_email: str = ""
    govuk_notify_template: str = ""
    quiet: tuple[time, time] | None = None
    digest: time | None = None

    @model_validator(mode="after")
    def _has_one_address(self) -> _Row:
        notify = bool(self.govuk_notify_email and self.govuk_notify_template)
        if bool(self.url) == notify or (self.url and "://" not in self.url):
            message = "needs either `url`, or `govuk_notify_email` with `govuk_notify_template`"
            raise ValueError(message)
        return self


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    recipient: tuple[_Row, ...] = ()


def read_recipients(path: Path, roles: frozenset[str] | None = None) -> Recipients:
    """Read the file; without one nobody is told. `roles` are those of the policy. Raises RecipientsError."""
    try:
        mode = path.stat().st_mode
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Recipients()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        message = f"{path}: cannot be read: {error}"
        raise RecipientsError(message) from None
    if stat.S_IMODE(mode) & 0o077:
        message = f"{path}: holds addresses and can be read by others than its owner: chmod 600"
        raise RecipientsError(message)
    try:
        rows = _File.model_validate(told).recipient
    except ValidationError as error:
        raise RecipientsError("\n".join(_mistakes(path, error))) from None
    wrong = [
        f"{path}: recipient {number} ({row.key}): there is no role {row.role} in the policy"
        for number, row in enumerate(rows, start=1)
        if roles is not None and row.role not in roles
    ]
    keys = [row.key for row in rows]
    wrong += [f"{path}: there are two recipients {key}" for key in {*keys} if keys.count(key) > 1]
    if wrong:
        raise RecipientsError("\n".join(sorted(wrong)))
    return Recipients(tuple(Recipient(**dict(row)) for row in rows))


def _mistakes(path: Path, error: ValidationError) -> list[str]:
    """Say what is wrong where, without the values: they are addresses."""
    lines = []
    for each in error.errors(include_input=False, include_url=False):
        place: tuple[Any, ...] = each["loc"]
        number = next((part + 1 for part in place if isinstance(part, int)), "")
        field = next((str(part) for part in reversed(place) if isinstance(part, str)), "")
        lines.append(f"{path}: recipient {number}: {field}: {each['msg']}")
    return lines


def _within(now: time, begin: time, end: time) -> bool:
    """Say whether a time of day lies in a span, which may go past midnight."""
    return begin <= now < end if begin <= end else now >= begin or now < end


def _next(local: datetime, at: time) -> datetime:
    """Return the next moment with this local time of day, at or after `local`."""
    day = local.date() if local.time() <= at else local.date() + timedelta(days=1)
    return datetime.combine(day, at, LONDON).astimezone(local.tzinfo)
