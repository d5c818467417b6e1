"""What a Kafka needs of this machine: Java, the jars and free ports. What is missing is said in one sentence."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
from pathlib import Path

JAVA_MIN = 17
LOOPBACK = "127.0.0.1"
# services/baton/localkafka/needs.py is four levels below the project's folder.
PROJECT = Path(__file__).resolve().parents[3]
JARS = PROJECT / ".kafka" / "lib"

_ELSEWHERE = "or set BATON_BROKERS to a Kafka that is running already"
_INSTALL_JAVA = f"install it (Debian: apt install default-jre-headless), {_ELSEWHERE}"


class LocalKafkaError(RuntimeError):
    """The developer's Kafka cannot run; the message is one sentence that says what to do."""


def find_java() -> str:
    """Return the path of a Java that is new enough, that of JAVA_HOME first.

    Raises LocalKafkaError where there is none, or it is too old.
    """
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=f"{home}/bin") if home else shutil.which("java")
    if java is None:
        where = f"in JAVA_HOME ({home})" if home else "on this machine"
        message = (
            f"Kafka needs Java {JAVA_MIN} or newer and there is none {where}: {_INSTALL_JAVA}."
        )
        raise LocalKafkaError(message)
    version = _java_version(java)
    if version < JAVA_MIN:
        found = f"is version {version}" if version else "does not run"
        message = f"Kafka needs Java {JAVA_MIN} or newer and {java} {found}: {_INSTALL_JAVA}."
        raise LocalKafkaError(message)
    return java


def _java_version(java: str) -> int:
    """Return the major version, or 0 if this Java does not say (as the stub of macOS does not)."""
    try:
        said = subprocess.run(  # noqa: S603 (a path found on PATH or in JAVA_HOME)
            [java, "-version"], capture_output=True, text=True, timeout=30, check=False
        ).stderr
    except (OSError, subprocess.TimeoutExpired):
        return 0
    # Java 8 called itself "1.8.0", later ones "17.0.15".
    told = re.search(r'version "(?:1\.)?(\d+)', said)
    return int(told[1]) if told else 0


def find_jars() -> str:
    """Return the class path of Kafka. Raises LocalKafkaError where `make setup` has not brought it."""
    if not any(JARS.glob("kafka_*.jar")):
        message = f"Kafka itself is not in {JARS}: run `make setup` in {PROJECT}, {_ELSEWHERE}."
        raise LocalKafkaError(message)
    return f"{JARS}/*"


def free_ports(count: int) -> list[int]:
    """Return ports of loopback that nothing listens on now; held together, so that no two are the same."""
    held = []
    try:
        for _ in range(count):
            listener = socket.socket()
            held.append(listener)
            listener.bind((LOOPBACK, 0))
        return [listener.getsockname()[1] for listener in held]
    finally:
        for listener in held:
            listener.close()


def refuse_taken(port: int) -> None:
    """Raise LocalKafkaError if something listens on this port of loopback."""
    with socket.socket() as listener:
        # As Kafka does it: a port that lately served another connection is free.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((LOOPBACK, port))
        except OSError as error:
            message = (
                f"Port {port} of {LOOPBACK} is taken ({error.strerror}): stop what uses it, choose another port"
                f" (0 takes a free one), {_ELSEWHERE}."
            )
            raise LocalKafkaError(message) from error
