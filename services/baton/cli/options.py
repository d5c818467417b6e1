"""Options that several commands share, and the settings that result from them."""

from __future__ import annotations

import logging
import os
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from baton.cli.exits import MISSING, WRONG, CommandError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from baton.rules.policy import Policy
    from baton.runtime.settings import Settings

_CLUSTER: Final = "Where Kafka and the policy are"

Brokers = Annotated[
    str | None,
    typer.Option(
        "--brokers",
        metavar="HOST:PORT,…",
        help="Where Kafka is. [default: BATON_BROKERS, else the local node that runs]",
        rich_help_panel=_CLUSTER,
        show_default=False,
    ),
]
Prefix = Annotated[
    str | None,
    typer.Option(
        "--prefix",
        metavar="TEXT",
        help="What all topic names begin with. [default: BATON_TOPIC_PREFIX, else nothing]",
        rich_help_panel=_CLUSTER,
        show_default=False,
    ),
]
PolicyFile = Annotated[
    Path | None,
    typer.Option(
        "--policy",
        metavar="FILE",
        help="The policy. [default: BATON_POLICY, else policy.toml]",
        rich_help_panel=_CLUSTER,
        show_default=False,
    ),
]
Json = Annotated[
    bool, typer.Option("--json", help="Print JSON lines, and nothing else, on standard output.")
]


def settings_of(
    brokers: str | None = None, prefix: str | None = None, policy: Path | None = None
) -> Settings:
    """Read the settings, options before environment. Raises SettingsError with all mistakes."""
    from baton.runtime.settings import Settings, SettingsError

    given = {
        "BATON_BROKERS": ("--brokers", brokers),
        "BATON_TOPIC_PREFIX": ("--prefix", prefix),
        "BATON_POLICY": ("--policy", None if policy is None else str(policy)),
    }
    environment = dict(os.environ)
    environment |= {name: value for name, (_, value) in given.items() if value is not None}
    try:
        return Settings.from_environment(environment)
    except SettingsError as error:
        text = str(error)
        for name, (option, value) in given.items():
            if value is not None:
                text = text.replace(f"{name}:", f"{option}:")
        raise SettingsError(text) from None


def kafka_settings_of(
    brokers: str | None = None, prefix: str | None = None, policy: Path | None = None
) -> Settings:
    """Read the settings of a command that needs Kafka.

    Where nobody said which Kafka, and the local node of this folder runs, it is that one, with one copy of each topic.
    """
    settings = settings_of(brokers, prefix, policy)
    if brokers is not None or os.environ.get("BATON_BROKERS"):
        return settings
    from baton.localkafka import default_data_dir, running_kafka

    node = running_kafka(default_data_dir())
    return settings if node is None else replace(settings, brokers=node.bootstrap, replication=1)


@contextmanager
def reaching(settings: Settings) -> Iterator[None]:
    """Turn what Kafka raises into a sentence that says what to do; raise it as CommandError."""
    from kafka.errors import KafkaError, KafkaTimeoutError

    from baton.reading import TopicMissingError

    # Its own lines, one for each attempt, would bury that sentence.
    logging.getLogger("kafka").setLevel(logging.CRITICAL + 1)
    try:
        yield
    except TopicMissingError as error:
        message = (
            f"There is no topic {error.topic} on {settings.brokers}: run `baton topics apply`."
        )
        raise CommandError(message, MISSING) from error
    except KafkaTimeoutError as error:
        message = (
            f"Kafka does not answer at {settings.brokers}: start one (`baton up`, or `make kafka`),"
            " or set BATON_BROKERS to one that runs."
        )
        raise CommandError(message, MISSING) from error
    except KafkaError as error:
        text = str(error).strip() or type(error).__name__
        message = f"Kafka at {settings.brokers} refused: {text}"
        raise CommandError(message, MISSING) from error


def policy_of(settings: Settings) -> Policy:
    """Read the policy; raise PolicyErrors with every mistake, CommandError where there is none."""
    from baton.engine.policy_file import parse_policy

    return parse_policy(text_of(settings.policy, "the policy"), str(settings.policy))


def text_of(path: Path, what: str) -> str:
    """Read a text file that a person named; raise CommandError where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        message = f"Cannot read {what} {path}: it is not UTF-8 text."
    except OSError as error:
        message = f"Cannot read {what} {path}: {error.strerror or error}."
    raise CommandError(message, WRONG)
