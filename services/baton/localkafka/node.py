"""One Kafka node: start it in a folder, find it again, stop it.

The folder holds `log/` (Kafka's data), `server.properties`, `kafka.log` and, while it runs, `running.json`.
A node is ours only if its process still runs *and* was started with that folder's `server.properties`; only
such a process is ever reused or signalled.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError

from baton.localkafka.needs import (
    LOOPBACK,
    LocalKafkaError,
    find_jars,
    find_java,
    free_ports,
    refuse_taken,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

# Sixteen bytes in Kafka's alphabet: tells our data from that of another cluster.
CLUSTER_ID = "YmF0b24tbG9jYWwtbm9kZQ"
SETTINGS = Path(__file__).with_name("server.properties")
_PAUSE_S = 0.05
_LOG_LINES_SHOWN = 15


@dataclass(frozen=True, slots=True)
class Member:
    """One node of a cluster: its number, and where clients and the other nodes reach it."""

    number: int
    broker: str
    controller: str


@dataclass(frozen=True, slots=True)
class LocalKafka:
    """A running node: where clients reach it, its process, its folder, and whether it ran before we asked."""

    bootstrap: str
    pid: int
    data_dir: Path
    reused: bool
    # Only where we are its parent: a stopped child stays as a zombie until it is waited for.
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False, compare=False)

    def is_running(self) -> bool:
        """Say whether the process lives and is this folder's Kafka."""
        if self._process is not None:
            return self._process.poll() is None
        return _is_ours(self.pid, self.data_dir)

    def kill(self) -> None:
        """Kill the node at once, as a power cut would, and wait until it is gone. Its data stays."""
        self.stop(within_s=0.0)

    def stop(self, within_s: float = 20.0) -> None:
        """Ask the node to stop, wait for it, and kill it where it has not stopped after `within_s` seconds.

        A node that is gone already is no error. Its data stays.
        """
        patiently = ((signal.SIGTERM, within_s),) if within_s else ()
        for signal_number, patience_s in (*patiently, (signal.SIGKILL, 10.0)):
            gives_up_at = time.monotonic() + patience_s
            if self.is_running():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self.pid, signal_number)
            while self.is_running() and time.monotonic() < gives_up_at:
                time.sleep(_PAUSE_S)
        _note(self.data_dir).unlink(missing_ok=True)


def start_kafka(
    data_dir: Path, port: int = 0, heap: str = "512m", *, within_s: float = 180.0
) -> LocalKafka:
    """Start a Kafka node with its data in `data_dir`, or return the one that runs there; it is ready to serve.

    `port` 0 takes a free one of loopback; `heap` is the size of Java's heap. Raises LocalKafkaError with a
    sentence that says what to do: Java or the jars missing, the port taken, data of another cluster, not ready
    after `within_s` seconds, or stopped at once (with the end of its log).
    """
    data_dir = data_dir.resolve()
    data_dir.mkdir(parents=True, exist_ok=True)
    with _one_start_at_a_time(data_dir, within_s):
        running = running_kafka(data_dir)
        if running is not None and port and running.bootstrap != f"{LOOPBACK}:{port}":
            message = (
                f"The Kafka of {data_dir} runs already, on {running.bootstrap} and not on port {port}:"
                f" use that one, or stop it first (process {running.pid})."
            )
            raise LocalKafkaError(message)
        if running is not None:
            try:
                _wait_until_ready(running, within_s)
            except LocalKafkaError:
                # It was on its way out, killed or stopped a moment ago: then it is as if there were none.
                if running.is_running():
                    raise
            else:
                return running
        return _start(data_dir, port, heap, within_s)


def running_kafka(data_dir: Path) -> LocalKafka | None:
    """Return the node that runs in this folder, or None; starts nothing."""
    data_dir = data_dir.resolve()
    try:
        noted = json.loads(_note(data_dir).read_text())
        found = LocalKafka(noted["bootstrap"], int(noted["pid"]), data_dir, reused=True)
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        # Never started, or a crash cut the note short: either way it leads to no node.
        return None
    return found if found.is_running() else None


def _start(data_dir: Path, port: int, heap: str, within_s: float) -> LocalKafka:
    if port:
        refuse_taken(port)
    broker_port, controller_port = free_ports(2)
    alone = Member(1, f"{LOOPBACK}:{port or broker_port}", f"{LOOPBACK}:{controller_port}")
    node = launch(data_dir, alone, [alone], heap)
    try:
        _wait_until_ready(node, within_s)
    except BaseException:
        # Also on Ctrl-C: a node that nobody was told of must not stay behind.
        node.stop(within_s=5.0)
        raise
    return node


def launch(
    data_dir: Path,
    member: Member,
    voters: Sequence[Member],
    heap: str,
    more: Mapping[str, str] = MappingProxyType({}),
) -> LocalKafka:
    """Start the process of one node of a cluster of `voters`, and do not wait until it serves.

    `more` are settings beside those of server.properties. Raises LocalKafkaError.
    """
    java, jars = find_java(), find_jars()
    # This folder comes first, for simplelogger.properties.
    class_path = ["-cp", f"{SETTINGS.parent}:{jars}"]
    properties = _properties(data_dir)
    properties.write_text(_settings(data_dir, member, voters, more))
    _format_once(data_dir, [java, "-Xmx128m", "-XX:TieredStopAtLevel=1", *class_path])
    run = [java, f"-Xmx{heap}", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20", *class_path]
    with (data_dir / "kafka.log").open("ab" if len(voters) > 1 else "wb") as log:
        process = subprocess.Popen(  # noqa: S603 (our own arguments, no shell)
            [*run, "kafka.Kafka", str(properties)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            # Its own session: Ctrl-C in a terminal reaches us alone, and we stop things in order.
            start_new_session=True,
        )
    node = LocalKafka(member.broker, process.pid, data_dir, reused=False, _process=process)
    _note(data_dir).write_text(json.dumps({"pid": node.pid, "bootstrap": member.broker}))
    return node


def _settings(
    data_dir: Path, member: Member, voters: Sequence[Member], more: Mapping[str, str]
) -> str:
    listeners = f"PLAINTEXT://{member.broker},CONTROLLER://{member.controller}"
    quorum = ",".join(f"{each.number}@{each.controller}" for each in voters)
    return (
        f"{SETTINGS.read_text()}\n"
        "# Written at each start, for this folder and its ports. What stands last counts.\n"
        f"node.id={member.number}\n"
        f"log.dirs={data_dir / 'log'}\n"
        f"listeners={listeners}\n"
        f"advertised.listeners={listeners}\n"
        f"controller.quorum.voters={quorum}\n"
    ) + "".join(f"{name}={value}\n" for name, value in more.items())


def _format_once(data_dir: Path, java: list[str]) -> None:
    """Give the folder its cluster id, unless it has one. Raises LocalKafkaError if that is another cluster's."""
    meta = data_dir / "log" / "meta.properties"
    if meta.exists():
        if f"cluster.id={CLUSTER_ID}\n" not in meta.read_text():
            message = (
                f"{data_dir} holds the data of another Kafka cluster: choose another folder, or delete it"
                " if that data is not wanted."
            )
            raise LocalKafkaError(message)
        return
    arguments = ["format", "-t", CLUSTER_ID, "-c", str(_properties(data_dir))]
    done = subprocess.run(  # noqa: S603 (our own arguments, no shell)
        [*java, "kafka.tools.StorageTool", *arguments],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    if done.returncode:
        message = (
            f"Kafka could not format {data_dir}; it said:\n{_end_of(done.stdout + done.stderr)}"
        )
        raise LocalKafkaError(message)


def _wait_until_ready(node: LocalKafka, within_s: float) -> None:
    """Return once the node answers a metadata request with itself as a broker; raises LocalKafkaError."""
    gives_up_at = time.monotonic() + within_s
    while time.monotonic() < gives_up_at:
        if not node.is_running():
            what = "Kafka stopped at once"
            break
        if _answers(node.bootstrap):
            return
        time.sleep(_PAUSE_S)
    else:
        what = f"Kafka (process {node.pid}) did not answer on {node.bootstrap} within {within_s:.0f} seconds"
    log = node.data_dir / "kafka.log"
    told = log.read_text(errors="replace") if log.exists() else ""
    message = f"{what}; the end of {log} says why:\n{_end_of(told)}"
    raise LocalKafkaError(message)


def _answers(bootstrap: str) -> bool:
    host, _, port = bootstrap.partition(":")
    try:
        # Asked first, because a Kafka client logs a warning for each attempt that is refused.
        socket.create_connection((host, int(port)), timeout=1.0).close()
        admin = KafkaAdminClient(
            bootstrap_servers=bootstrap, bootstrap_timeout_ms=2_000, request_timeout_ms=2_000
        )
    except (OSError, KafkaError):
        return False
    try:
        cluster = admin.describe_cluster()
    except KafkaError:
        return False
    finally:
        admin.close()
    return bool(cluster["brokers"])


def _is_ours(pid: int, data_dir: Path) -> bool:
    """Say whether this process is a Kafka started with this folder's settings; process ids are used again."""
    return str(_properties(data_dir)) in _command_line(pid)


def _command_line(pid: int) -> str:
    """Return the arguments of a process, or nothing for one that is gone, a zombie or not ours to see."""
    of_linux = Path("/proc") / str(pid) / "cmdline"
    if Path("/proc/self/cmdline").exists():
        with contextlib.suppress(OSError):
            return of_linux.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        return ""
    return subprocess.run(  # noqa: S603 (a number)
        ["/bin/ps", "-ww", "-o", "command=", "-p", str(pid)],
        capture_output=True,
        text=True,
        timeout=10,
        check=False,
    ).stdout


@contextlib.contextmanager
def _one_start_at_a_time(data_dir: Path, within_s: float) -> Iterator[None]:
    """Hold the folder's lock, so that two commands started together share one node."""
    gives_up_at = time.monotonic() + within_s
    with (data_dir / "lock").open("w") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() > gives_up_at:
                    message = (
                        f"Another start of the Kafka of {data_dir} has not finished: try again."
                    )
                    raise LocalKafkaError(message) from error
                time.sleep(_PAUSE_S)
        yield


def _note(data_dir: Path) -> Path:
    return data_dir / "running.json"


def _properties(data_dir: Path) -> Path:
    return data_dir / "server.properties"


def _end_of(text: str) -> str:
    return "\n".join(text.strip().splitlines()[-_LOG_LINES_SHOWN:])
