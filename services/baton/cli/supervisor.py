"""Keeps processes running: starts them, starts them again when they end, stops them in order.

A worker in doubt exits with 70 and is started again; this is the other half of that promise for `baton up`, `baton
demo` and the tests. In a deployment systemd or Compose does it.
"""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Final, Self

import structlog

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FIRST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 10.0
"""Seconds before a process that ended is started again; each time twice as long, up to the longest."""
STEADY_AFTER: Final = 20.0
"""Seconds after which a process that runs has earned the first pause again."""
STOP_WITHIN: Final = 20.0
"""Seconds a process has to stop in good order before it is killed."""
HOPELESS: Final = 2
"""The exit code of a program that was given something wrong: starting it again would change nothing."""
_LOOK_EVERY: Final = 0.1

logger = structlog.get_logger("baton.supervisor")


@dataclass(slots=True)
class _Child:
    name: str
    argv: Sequence[str]
    environment: Mapping[str, str]
    output: IO[bytes] | None
    process: subprocess.Popen[bytes]
    started_at: float
    pause: float = FIRST_PAUSE
    start_at: float | None = None
    restarts: int = 0


@dataclass(slots=True)
class Supervisor:
    """The processes of one `with`; on leaving, all are stopped, the last started first."""

    _children: list[_Child] = field(default_factory=list)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _stopping: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    failed: threading.Event = field(default_factory=threading.Event)
    """Set when a process has ended in a way that starting it again would not change."""

    def __enter__(self) -> Self:
        """Begin to look after processes."""
        self._thread = threading.Thread(target=self._watch, name="supervisor", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop every process."""
        self.stop()

    def start(
        self,
        name: str,
        argv: Sequence[str],
        environment: Mapping[str, str],
        output: IO[bytes] | None = None,
    ) -> int:
        """Start a process and keep it running; return its process id. `output` takes both its streams."""
        with self._lock:
            process = _spawn(argv, environment, output)
            self._children.append(
                _Child(name, argv, environment, output, process, time.monotonic())
            )
            return process.pid

    @property
    def restarts(self) -> dict[str, int]:
        """How often each process was started again."""
        with self._lock:
            return {child.name: child.restarts for child in self._children}

    def pids(self) -> dict[str, int]:
        """Return the process id of each process."""
        with self._lock:
            return {child.name: child.process.pid for child in self._children}

    def remove(self, name: str) -> None:
        """Stop one process and look after it no longer; does nothing where there is none of that name."""
        with self._lock:
            removed = [child for child in self._children if child.name == name]
            self._children = [child for child in self._children if child.name != name]
        for child in removed:
            _stop(child)

    def stop(self) -> None:
        """Stop every process, the last started first, and kill what does not stop in time."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
        for child in reversed(self._children):
            _stop(child)
        self._children.clear()

    def _watch(self) -> None:
        while not self._stopping.wait(_LOOK_EVERY):
            with self._lock:
                for child in self._children:
                    self._look(child)

    def _look(self, child: _Child) -> None:
        now = time.monotonic()
        if child.start_at is not None:
            if now >= child.start_at:
                child.process = _spawn(child.argv, child.environment, child.output)
                child.started_at, child.start_at = now, None
                child.restarts += 1
            return
        code = child.process.poll()
        if now - child.started_at > STEADY_AFTER:
            child.pause = FIRST_PAUSE
        if code is None:
            return
        if code == HOPELESS:
            if not self.failed.is_set():
                logger.error("process_failed", service=child.name, code=code)
            self.failed.set()
            return
        logger.warning("process_ended", service=child.name, code=code, seconds=child.pause)
        child.start_at = now + child.pause
        child.pause = min(child.pause * 2, LONGEST_PAUSE)


def _stop(child: _Child) -> None:
    if child.process.poll() is None:
        child.process.send_signal(signal.SIGTERM)
        try:
            child.process.wait(STOP_WITHIN)
        except subprocess.TimeoutExpired:
            logger.warning("process_killed", service=child.name, pid=child.process.pid)
            child.process.kill()
            child.process.wait()


def _spawn(
    argv: Sequence[str], environment: Mapping[str, str], output: IO[bytes] | None
) -> subprocess.Popen[bytes]:
    # Its own session: Ctrl-C reaches us alone, and we stop things in order.
    return subprocess.Popen(  # noqa: S603 (our own program)
        argv,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=None if output is None else subprocess.STDOUT,
        start_new_session=True,
    )
