"""An event loop without clock, selector or thread: one callback at a time, when the scheduler says so.

Each worker has one of its own. To kill the worker is to forget the loop, at any await; to freeze it is to let others
run meanwhile. Callbacks run in the order in which asyncio would run them; when an answer of Kafka comes, the scheduler
decides.
"""

from __future__ import annotations

import asyncio
import heapq
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine
    from contextvars import Context


NEAR = 60.0
"""Seconds: a timer that is further away never fires."""


class Loop:
    """What tasks, futures, timeouts and sleeps need of a loop, and nothing else."""

    def __init__(self) -> None:
        """Begin at the time 0, with nothing to do."""
        self._as_loop = cast("asyncio.AbstractEventLoop", self)
        self._now = 0.0
        self._ready: deque[asyncio.Handle] = deque()
        self._timers: list[tuple[float, int, asyncio.TimerHandle]] = []
        self._count = 0
        self.waiting: list[asyncio.Future[None]] = []
        """Questions to Kafka that have not been answered."""
        self._tasks: list[asyncio.Task[Any]] = []

    # Of the scheduler.

    @property
    def has_ready(self) -> bool:
        """Whether a callback can run now."""
        return bool(self._ready)

    @property
    def has_timer(self) -> bool:
        """Whether anything waits for time to pass."""
        while self._timers and self._timers[0][2].cancelled():
            heapq.heappop(self._timers)
        return bool(self._timers)

    def run_one(self) -> None:
        """Run the callback whose turn it is."""
        handle = self._ready.popleft()
        if not handle.cancelled():
            asyncio._set_running_loop(self._as_loop)
            try:
                handle._run()
            finally:
                asyncio._set_running_loop(None)

    def pass_time(self) -> None:
        """Let time come to the next timer, unless it is a limit that nothing comes near."""
        if self.has_timer and self._timers[0][0] < self._now + NEAR:
            at, _, timer = heapq.heappop(self._timers)
            self._now = max(self._now, at)
            self._ready.append(timer)

    def answer(self, place: int) -> None:
        """Answer one of the questions."""
        future = self.waiting[place]
        self.waiting[place] = self.waiting[-1]
        self.waiting.pop()
        if not future.done():
            future.set_result(None)

    def forget(self) -> None:
        """Drop everything: nothing of this loop runs any more, and nothing that is cleaned up is seen."""
        for task in self._tasks:
            # Whatever a coroutine says to its end: the process that it was part of is gone.
            with suppress(BaseException):
                task.get_coro().close()
        self._tasks.clear()
        self._ready.clear()
        self._timers.clear()
        self.waiting.clear()

    def point(self) -> Awaitable[None]:
        """Return an await that ends when the scheduler says so."""
        future = self.create_future()
        self.waiting.append(future)
        return future

    def start(self, coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Begin a task, from without."""
        return self.create_task(coroutine)

    # Of asyncio.

    def time(self) -> float:
        """Return the loop's own time."""
        return self._now

    def call_soon(
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        """Queue a callback."""
        handle = asyncio.Handle(callback, args, self._as_loop, context)
        self._ready.append(handle)
        return handle

    def call_later(
        self,
        delay: float,
        callback: Callable[..., object],
        *args: Any,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """Queue a callback for later."""
        return self.call_at(self._now + delay, callback, *args, context=context)

    def call_at(
        self,
        when: float,
        callback: Callable[..., object],
        *args: Any,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """Queue a callback for a moment."""
        timer = asyncio.TimerHandle(when, callback, args, self._as_loop, context)
        self._count += 1
        heapq.heappush(self._timers, (when, self._count, timer))
        return timer

    def create_future(self) -> asyncio.Future[Any]:
        """Make a future."""
        return asyncio.Future(loop=self._as_loop)

    def create_task(self, coro: Any, **more: Any) -> asyncio.Task[Any]:
        """Make a task."""
        task = asyncio.Task(coro, loop=self._as_loop, **more)
        self._tasks.append(task)
        return task

    def get_debug(self) -> bool:
        """Say no."""
        return False

    def is_closed(self) -> bool:
        """Say no."""
        return False

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """Pass over what nobody asked for: a worker that died has said why."""

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """Nothing: cancelled timers are passed over."""
