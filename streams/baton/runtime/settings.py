"""What a deployment sets through its environment, validated once, with every mistake reported together."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LogFormat = Literal["auto", "json", "pretty"]

_HIGHEST_PORT = 65_535
_SHORTEST, _LONGEST = 5, 3_600
"""Seconds of `blind_after`: less would be blind at every restart, more would be told too late to matter."""

REPLICATION = 3
"""One broker may die, and what is confirmed is still on two."""
_MOST_COPIES = 9


class SettingsError(ValueError):
    """One or more settings are wrong; each line says which variable and what it must be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of one process. Every default is safe on a developer's machine."""

    brokers: str = "127.0.0.1:9092"
    """BATON_BROKERS: where Kafka is, as host:port, separated by commas."""
    topic_prefix: str = ""
    """BATON_TOPIC_PREFIX: kept before every topic, group and transactional id, to share one Kafka."""
    replication: int = REPLICATION
    """BATON_REPLICATION: copies of each topic that is created; 1 where there is one broker, to try things out."""
    policy: Path = Path("policy.toml")
    """BATON_POLICY: the partnership's policy file."""
    pseudonym_key_file: Path = Path(".baton/pseudonym.key")
    """BATON_PSEUDONYM_KEY_FILE: the secret from which persons' pseudonyms are made; the same for every worker.

    By default `pseudonym.key` in BATON_DATA_DIR.
    """
    data_dir: Path = Path(".baton")
    """BATON_DATA_DIR: where a developer's Kafka and the key file are kept."""
    health_port: int = 0
    """BATON_HEALTH_PORT: where metrics and health are served, on loopback; 0 for not at all."""
    worker_name: str = ""
    """BATON_WORKER_NAME: a name that no other worker has; one that was killed then takes over again at once."""
    log_format: LogFormat = "auto"
    """BATON_LOG_FORMAT: `json`, `pretty`, or `auto` for pretty on a terminal and JSON otherwise."""
    users_file: Path = Path(".baton/users.toml")
    """BATON_USERS_FILE: operators who sign in here, from `baton users`; by default in BATON_DATA_DIR."""
    console_host: str = "127.0.0.1"
    """BATON_CONSOLE_HOST: the address that the console listens at; another than loopback only behind HTTPS."""
    console_port: int = 0
    """BATON_CONSOLE_PORT: the port of the console; 0 takes a free one, and says which."""
    console_address: str = ""
    """BATON_CONSOLE_ADDRESS: where browsers reach the console (https://baton.example); empty: loopback alone."""
    oidc_issuer: str = ""
    """BATON_OIDC_ISSUER: the identity provider that operators sign in at (https://id.example), or none."""
    oidc_client_id: str = "baton"
    """BATON_OIDC_CLIENT_ID: what the provider knows baton by."""
    oidc_client_secret_file: Path = Path(".baton/oidc.secret")
    """BATON_OIDC_CLIENT_SECRET_FILE: a file, its owner's alone, with the secret that the provider gave."""
    oidc_key_claim: str = "preferred_username"
    """BATON_OIDC_KEY_CLAIM: the claim with an operator's key; better not a name."""
    recipients_file: Path = Path(".baton/recipients.toml")
    """BATON_RECIPIENTS_FILE: who is told for each role, and how; by default in BATON_DATA_DIR."""
    govuk_notify_key_file: Path = Path(".baton/govuk-notify.key")
    """BATON_GOVUK_NOTIFY_KEY_FILE: a file, its owner's alone, with the key of GOV.UK Notify, where it is used."""
    govuk_notify_address: str = ""
    """BATON_GOVUK_NOTIFY_ADDRESS: where GOV.UK Notify is, if not at its public address."""
    operator: str = ""
    """BATON_OPERATOR: the key of whoever works at this terminal, never a name."""
    rejected_ceiling: float = 0.5
    """BATON_REJECTED_CEILING: the share of recent messages that may be rejected before the worker stops, 0 to 1."""
    blind_after: int = 60
    """BATON_BLIND_AFTER: seconds that the judge may be behind the clock before the watchdog says so; 5 to 3600."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Read the BATON_ variables; raise SettingsError with every mistake, one a line."""
        given: dict[str, object] = {}
        mistakes = []
        for name, variable in variables().items():
            text = environment.get(variable, "")
            if not text:
                continue
            try:
                given[name] = _READERS[name](text)
            except ValueError as error:
                mistakes.append(f"{variable}: {error}")
        mistakes += [
            f"{name}: there is no such setting"
            for name in sorted(environment)
            if name.startswith("BATON_") and name not in variables().values()
        ]
        if mistakes:
            raise SettingsError("\n".join(mistakes))
        for name, file in _IN_DATA_DIR.items():
            if "data_dir" in given and name not in given:
                given[name] = Path(str(given["data_dir"])) / file
        return cls(**given)  # type: ignore[arg-type]  # each reader gives its field's type


_IN_DATA_DIR = {
    "pseudonym_key_file": "pseudonym.key",
    "users_file": "users.toml",
    "oidc_client_secret_file": "oidc.secret",
    "recipients_file": "recipients.toml",
    "govuk_notify_key_file": "govuk-notify.key",
}


def variables() -> dict[str, str]:
    """Return the environment variable of each setting."""
    return {each.name: f"BATON_{each.name.upper()}" for each in fields(Settings)}


def _brokers(text: str) -> str:
    for broker in text.split(","):
        host, _, port = broker.strip().rpartition(":")
        if not host or not port.isdecimal() or not 0 < int(port) <= _HIGHEST_PORT:
            message = f"must be host:port, separated by commas, not {text!r}"
            raise ValueError(message)
    return text


def _prefix(text: str) -> str:
    if not all(each.isalnum() or each in "._-" for each in text) or not text.isascii():
        message = "may hold letters, digits, '.', '_' and '-' only"
        raise ValueError(message)
    return text


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > _HIGHEST_PORT:
        message = f"must be a port from 0 to {_HIGHEST_PORT}, not {text!r}"
        raise ValueError(message)
    return int(text)


def _copies(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= _MOST_COPIES:
        message = f"must be a whole number from 1 to {_MOST_COPIES}, not {text!r}"
        raise ValueError(message)
    return int(text)


def _address(text: str) -> str:
    parts = urlsplit(text)
    local = parts.hostname in {"localhost", "127.0.0.1", "::1"}
    if not parts.hostname or parts.scheme not in {"https", *(["http"] if local else [])}:
        message = f"must be an address that begins with https:// (http:// for this machine alone), not {text!r}"
        raise ValueError(message)
    return text.rstrip("/")


def _word(text: str) -> str:
    if not text.isprintable() or " " in text:
        message = f"must be one word, not {text!r}"
        raise ValueError(message)
    return text


def _log_format(text: str) -> str:
    if text not in {"auto", "json", "pretty"}:
        message = f"must be auto, json or pretty, not {text!r}"
        raise ValueError(message)
    return text


def _seconds(text: str) -> int:
    if not text.isdecimal() or not _SHORTEST <= int(text) <= _LONGEST:
        message = f"must be whole seconds from {_SHORTEST} to {_LONGEST}, not {text!r}"
        raise ValueError(message)
    return int(text)


def _share(text: str) -> float:
    message = f"must be a share from 0 to 1, not {text!r}"
    try:
        share = float(text)
    except ValueError:
        raise ValueError(message) from None
    if not 0 <= share <= 1:
        raise ValueError(message)
    return share


_READERS: dict[str, Callable[[str], object]] = {
    "brokers": _brokers,
    "topic_prefix": _prefix,
    "replication": _copies,
    "policy": Path,
    "pseudonym_key_file": Path,
    "data_dir": Path,
    "health_port": _port,
    "worker_name": _prefix,
    "log_format": _log_format,
    "users_file": Path,
    "console_host": _word,
    "console_port": _port,
    "console_address": _address,
    "oidc_issuer": _address,
    "oidc_client_id": _word,
    "oidc_client_secret_file": Path,
    "oidc_key_claim": _word,
    "recipients_file": Path,
    "govuk_notify_key_file": Path,
    "govuk_notify_address": _address,
    "operator": _word,
    "rejected_ceiling": _share,
    "blind_after": _seconds,
}
