"""`baton doctor`: what is missing or wrong on this machine, one line each, with what to do."""

from __future__ import annotations

import logging
import os
import platform
import shutil
import socket
import stat
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import typer

from baton.cli.exits import MISSING
from baton.cli.options import Brokers, Json, PolicyFile, Prefix, kafka_settings_of
from baton.cli.output import console, counted, print_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from baton.runtime.settings import Settings

State = Literal["ok", "missing", "wrong", "unknown"]

_PYTHON: Final = (3, 11)
_FREE_BYTES: Final = 1024**3
_TICKS_WITHIN: Final = 5.0
"""Seconds without a tick after which the clock counts as stopped."""
_FORWARDED_WITHIN: Final = 15.0
"""Seconds by which a worker may be behind the clock."""
_CLOCKS_DIFFER_BY: Final = 1.0
"""Seconds by which the broker's clock may differ from this machine's."""
_LISTEN_FOR: Final = 3.0
_STYLES: Final = {"ok": "green", "missing": "bold red", "wrong": "bold red", "unknown": "yellow"}
_MAKE_KEY: Final = "(umask 077 && mkdir -p {folder} && openssl rand -hex 32 > {path})"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's: what was looked at, how it is, and what to do."""

    check: str
    state: State
    detail: str


def doctor(
    json: Json = False,
    brokers: Brokers = None,
    prefix: Prefix = None,
    policy: PolicyFile = None,
) -> None:
    """Say what is missing or wrong here, one line each, and what to do. Exit code 3 if anything is.

    It looks at what a developer's Kafka needs, at Kafka itself and its topics, at the policy and
    the key, and whether a clock and a worker are alive.
    """
    # A wrong setting is told as such, before anything is looked at.
    settings = kafka_settings_of(brokers, prefix, policy)
    logging.getLogger("kafka").setLevel(logging.CRITICAL + 1)
    elsewhere = brokers is not None or bool(os.environ.get("BATON_BROKERS"))
    well = True
    out = console()
    for found in examine(settings, elsewhere=elsewhere):
        well = well and found.state in {"ok", "unknown"}
        if json:
            print_json({"check": found.check, "state": found.state, "detail": found.detail})
        else:
            from rich.text import Text

            line = Text.assemble(
                (f"{found.state:8}", _STYLES[found.state]), f"{found.check:15} {found.detail}"
            )
            out.print(line, soft_wrap=True)
    if not well:
        raise typer.Exit(MISSING)


def examine(settings: Settings, *, elsewhere: bool) -> Iterator[Finding]:
    """Look at one thing after the other; `elsewhere`: Kafka is not the local node's business."""
    yield _python()
    yield from _local_kafka(needed=not elsewhere)
    kafka = _broker(settings)
    yield kafka
    if kafka.state == "ok":
        yield _topics(settings)
    yield _policy(settings)
    yield _key(settings.pseudonym_key_file)
    if kafka.state == "ok":
        yield from _alive(settings)
    yield _disk(settings.data_dir)


def _python() -> Finding:
    version = platform.python_version()
    if sys.version_info < _PYTHON:
        wanted = ".".join(map(str, _PYTHON))
        return Finding("Python", "wrong", f"{version}: install {wanted} or newer")
    return Finding("Python", "ok", version)


def _local_kafka(*, needed: bool) -> Iterator[Finding]:
    """Look at Java, Maven and the jars; where Kafka is elsewhere, they are not needed."""
    from baton.localkafka.needs import LocalKafkaError, find_jars, find_java

    def look(what: str, find: Callable[[], str]) -> Finding:
        try:
            return Finding(what, "ok", find())
        except LocalKafkaError as error:
            if needed:
                return Finding(what, "missing", str(error))
            return Finding(what, "ok", "not there, and not needed: Kafka is elsewhere")

    jars = look("Kafka's jars", find_jars)
    yield look("Java", find_java)
    maven = shutil.which("mvn")
    if maven is not None:
        yield Finding("Maven", "ok", maven)
    elif jars.state == "ok":
        yield Finding("Maven", "ok", "not there, and not needed any more")
    else:
        what = "install it (Debian: apt install maven): it brings Kafka's jars"
        yield Finding("Maven", "missing", what)
    yield jars


def _broker(settings: Settings) -> Finding:
    from kafka.errors import KafkaError

    from baton.reading import BOOTSTRAP_TIMEOUT_MS
    from baton.topics import cluster_size

    start = "start one (`baton up`, or `make kafka`), or set BATON_BROKERS"
    # Asked first, because it is answered at once.
    if not any(_listens(broker) for broker in settings.brokers.split(",")):
        return Finding("Kafka", "missing", f"nothing listens at {settings.brokers}: {start}")
    try:
        count = cluster_size(settings.brokers)
    except KafkaError:
        seconds = BOOTSTRAP_TIMEOUT_MS // 1_000
        what = f"what listens at {settings.brokers} did not answer as Kafka within {seconds} s"
        return Finding("Kafka", "wrong", f"{what}: {start}")
    return Finding("Kafka", "ok", f"{counted(count, 'broker')} at {settings.brokers}")


def _listens(broker: str) -> bool:
    host, _, port = broker.strip().rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=2.0).close()
    except OSError:
        return False
    return True


def _topics(settings: Settings) -> Finding:
    from kafka.errors import KafkaError

    from baton import topics

    try:
        found = topics.check(
            settings.brokers, settings.topic_prefix, replication=settings.replication
        )
    except KafkaError as error:
        return Finding("topics", "wrong", f"Kafka refused to show them: {error}")
    missing = [each for each in found if each.what == "missing"]
    if missing:
        return Finding("topics", "missing", f"{len(missing)} of them: run `baton topics apply`")
    if found:
        more = f", and {len(found) - 1} more: see `baton topics check`" if len(found) > 1 else ""
        return Finding("topics", "wrong", f"{found[0]}{more}")
    return Finding("topics", "ok", "all there, as the catalogue says")


def _policy(settings: Settings) -> Finding:
    from baton.cli.exits import CommandError
    from baton.cli.options import policy_of
    from baton.engine.toml_lines import Mistakes

    try:
        policy = policy_of(settings)
    except CommandError as error:
        return Finding("policy", "missing", f"{error} Set BATON_POLICY, or --policy")
    except Mistakes as error:
        what = counted(len(error.mistakes), "mistake")
        return Finding("policy", "wrong", f"{settings.policy} has {what}: see `baton policy check`")
    return Finding("policy", "ok", f"{settings.policy}, version {policy.version}")


def _key(path: Path) -> Finding:
    from baton.agents.pseudonym import PseudonymKeyError, read_key

    make = _MAKE_KEY.format(folder=path.parent, path=path)
    if not path.exists():
        what = f"{path} is not there; `baton up` makes one, or: {make}. All workers need the same"
        return Finding("pseudonym key", "missing", what)
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        what = f"{path} can be read by others (mode {mode:04o}): chmod 600 {path}"
        return Finding("pseudonym key", "wrong", what)
    try:
        read_key(path)
    except PseudonymKeyError:
        what = f"{path} cannot be read, or is no key of 64 hexadecimal digits or more: restore it"
        return Finding("pseudonym key", "wrong", what)
    return Finding("pseudonym key", "ok", f"{path}, private")


def _alive(settings: Settings) -> Iterator[Finding]:
    from kafka.errors import KafkaError

    from baton.reading import TopicMissingError

    try:
        ticked, apart = _last_tick(settings)
        yield from _clock(ticked, apart)
        yield _worker(_last_forwarded(settings), ticked)
    except TopicMissingError:
        yield Finding("clock, worker", "unknown", "not before the topics are there")
    except KafkaError as error:
        yield Finding("clock, worker", "unknown", f"Kafka refused: {error}")


def _clock(ticked: float | None, apart: float | None) -> Iterator[Finding]:
    run = "run `baton up`, or `baton clock`: without it nothing falls due"
    if ticked is None:
        yield Finding("clock", "missing", f"it has never ticked: {run}")
        return
    age = time.time() - ticked
    if apart is None and age > _TICKS_WITHIN:
        yield Finding("clock", "missing", f"its last tick is {_seconds(age)} old: {run}")
    else:
        yield Finding("clock", "ok", "it ticks")
    if apart is None:
        yield Finding("broker's time", "unknown", "can be compared only while the clock ticks")
    elif abs(apart) > _CLOCKS_DIFFER_BY:
        side = "behind" if apart > 0 else "ahead of"
        what = f"the broker's is {_seconds(abs(apart))} {side} this machine's: mend NTP on both"
        yield Finding("broker's time", "wrong", what)
    else:
        yield Finding("broker's time", "ok", "the same as this machine's, to the second")


def _worker(forwarded: float | None, ticked: float | None) -> Finding:
    run = "run `baton up`, or `baton worker`, and see its log"
    if forwarded is None:
        return Finding("worker", "missing", f"none has ever passed on a tick: {run}")
    behind = (ticked or forwarded) - forwarded
    if behind > _FORWARDED_WITHIN:
        what = f"it is {_seconds(behind)} behind the clock: it catches up, or it has stopped"
        return Finding("worker", "wrong", f"{what}; {run}")
    if time.time() - forwarded > _FORWARDED_WITHIN + _TICKS_WITHIN:
        return Finding("worker", "unknown", "it has passed on every tick; see the clock")
    return Finding("worker", "ok", "it passes on the ticks")


def _last_tick(settings: Settings) -> tuple[float | None, float | None]:
    """Give the time of the last tick, and this machine's time less the broker's (None: no new tick).

    The time of arrival is this machine's; a tick that comes while we listen is a moment old.
    """
    from baton.contract.topics import SOURCE_HEARTBEATS, prefixed
    from baton.reading import Reader

    topic = prefixed(settings.topic_prefix, SOURCE_HEARTBEATS.name)
    last: float | None = None
    with Reader(settings.brokers, topic) as reader:
        reader.skip_to_last(100)
        for batch in reader.to_end():
            for message in batch:
                if _is_record(message.value, "Tick"):
                    last = message.timestamp_ms / 1_000
        until = time.monotonic() + _LISTEN_FOR
        for batch in reader.follow():
            arrived = time.time()
            for message in batch:
                if _is_record(message.value, "Tick"):
                    at = message.timestamp_ms / 1_000
                    return at, arrived - at
            if time.monotonic() >= until:
                break
    return last, None


def _last_forwarded(settings: Settings) -> float | None:
    """Give the time of the last tick that a worker has passed on."""
    from baton.contract import codec
    from baton.contract.topics import FACTS, prefixed
    from baton.reading import Reader

    last: float | None = None
    with Reader(settings.brokers, prefixed(settings.topic_prefix, FACTS.name)) as reader:
        reader.skip_to_last(1_000)
        for batch in reader.to_end():
            for message in batch:
                if message.value and _is_record(message.value, "TickForwarded"):
                    last = codec.decode(message.value)[1]["at"].timestamp()
    return last


def _is_record(value: bytes | None, name: str) -> bool:
    from baton.contract import codec

    try:
        return codec.decode(value)[0] == name
    except codec.InvalidEvent:
        return False


def _disk(folder: Path) -> Finding:
    existing = next((each for each in (folder, *folder.resolve().parents) if each.exists()), folder)
    usage = shutil.disk_usage(existing)
    free = f"{usage.free / 1024**3:.1f} GiB free at {existing}"
    if usage.free < _FREE_BYTES:
        return Finding("disk", "wrong", f"{free}: make room, or set BATON_DATA_DIR")
    return Finding("disk", "ok", free)


def _seconds(span: float) -> str:
    from datetime import timedelta

    from baton.wording import duration

    return duration(timedelta(seconds=span))
