"""`baton up`: a whole baton in the foreground, on this machine: Kafka, topics, workers, clock, watchdog; one log."""

from __future__ import annotations

import fcntl
import os
import signal
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from baton import topics
from baton.agents.pseudonym import make_key, read_key
from baton.cli.playback import WORKER
from baton.cli.supervisor import Supervisor
from baton.engine.policy_file import parse_policy
from baton.localkafka import use_kafka
from baton.localkafka.needs import LocalKafkaError, free_ports, refuse_taken
from baton.runtime.logs import configure_logs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from baton.runtime.settings import Settings

CONSOLE = (*WORKER[:-1], "console")
CLOCK = (*WORKER[:-1], "clock")
WATCHDOG = (*WORKER[:-1], "watchdog")
NOTIFY = (*WORKER[:-1], "notify")


def run_up(settings: Settings, *, workers: int, kafka_port: int, say: Callable[[str], None]) -> int:
    """Run everything until Ctrl-C or SIGTERM; return the exit code. `say` prints a line for people.

    Raises LocalKafkaError, PolicyErrors, TopicsDifferError, TooFewBrokersError, KafkaError or OSError for what a
    person must mend.
    """
    configure_logs(settings.log_format, "up")
    with _alone(settings.data_dir):
        return _run(settings, workers, kafka_port, say)


@contextmanager
def _alone(data_dir: Path) -> Iterator[None]:
    """Hold the folder: two runs on one would fence each other's workers for ever. Raises LocalKafkaError."""
    data_dir.mkdir(parents=True, exist_ok=True)
    with (data_dir / "up.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            message = f"`baton up` runs already with {data_dir}: use that one, or set BATON_DATA_DIR to another folder."
            raise LocalKafkaError(message) from None
        yield


def _run(settings: Settings, workers: int, kafka_port: int, say: Callable[[str], None]) -> int:
    parse_policy(settings.policy.read_text(encoding="utf-8"), str(settings.policy))
    if settings.health_port:
        refuse_taken(settings.health_port)
    first_port, watchdog_port, console_port = free_ports(3)
    if settings.console_port:
        refuse_taken(settings.console_port)
    console_port = settings.console_port or console_port
    first_port = settings.health_port or first_port
    made = make_key(settings.pseudonym_key_file)
    read_key(settings.pseudonym_key_file)
    if made:
        say(f"made the pseudonym key {settings.pseudonym_key_file}; keep it, and keep it secret")
    stop = threading.Event()
    # SIGTERM and Ctrl-C also end what is still being started, in order.
    with _stopped_by_signals(stop), use_kafka(settings.data_dir / "kafka", kafka_port) as brokers:
        # The node that is started here is alone.
        copies = settings.replication if os.environ.get("BATON_BROKERS") else 1
        created = topics.apply(brokers, settings.topic_prefix, replication=copies)
        say(f"Kafka is {brokers}; {len(created)} topics created, the others are as they should be")
        with Supervisor() as supervisor:
            for number in range(workers):
                environment = _environment(settings, brokers)
                environment["BATON_WORKER_NAME"] = f"worker-{number + 1}"
                if number == 0:
                    environment["BATON_HEALTH_PORT"] = str(first_port)
                supervisor.start(f"worker-{number + 1}", WORKER, environment)
            supervisor.start("clock", CLOCK, _environment(settings, brokers))
            watched = _environment(settings, brokers)
            watched["BATON_HEALTH_PORT"] = str(watchdog_port)
            supervisor.start("watchdog", WATCHDOG, watched)
            supervisor.start("notify", NOTIFY, _environment(settings, brokers))
            served = _environment(settings, brokers)
            served["BATON_CONSOLE_PORT"] = str(console_port)
            supervisor.start("console", CONSOLE, served)
            say(f"the console: http://127.0.0.1:{console_port}/ (first `baton users add`)")
            say(f"metrics and health: http://127.0.0.1:{first_port}/metrics, /-/healthy, /-/ready")
            say(f"the watchdog's, of all together: http://127.0.0.1:{watchdog_port}/-/ready")
            say(
                "in another terminal: `baton watch`, and `baton emit --help`; Ctrl-C here stops everything"
            )
            while not stop.wait(0.2):
                if supervisor.failed.is_set():
                    return 2
            say("stopping")
    return 0


@contextmanager
def _stopped_by_signals(stop: threading.Event) -> Iterator[None]:
    """Set `stop` at the first SIGINT or SIGTERM; a second one interrupts whatever is being done."""

    def ask(number: int, _: object) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()
        if number == signal.SIGINT and sys.stderr.isatty():
            sys.stderr.write("\n")

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _environment(settings: Settings, brokers: str) -> dict[str, str]:
    """Return the environment of a process started here: ours, with the settings spelt out."""
    environment = {**os.environ}
    environment.pop("BATON_HEALTH_PORT", None)
    return environment | {
        "BATON_BROKERS": brokers,
        "BATON_TOPIC_PREFIX": settings.topic_prefix,
        "BATON_POLICY": str(settings.policy),
        "BATON_PSEUDONYM_KEY_FILE": str(settings.pseudonym_key_file),
        "BATON_LOG_FORMAT": settings.log_format,
        "BATON_REJECTED_CEILING": str(settings.rejected_ceiling),
        "BATON_BLIND_AFTER": str(settings.blind_after),
        "BATON_DATA_DIR": str(settings.data_dir),
    }
