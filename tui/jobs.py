"""Work off the event loop: numbered requests in daemon threads, the newest of a lane wins.

Threads are our own and daemons, so that leaving never waits for work that cannot be interrupted (a compiler
at work, a core that hangs). Results come back as messages on the event loop.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from textual.message import Message
from textual.message_pump import MessagePump

from ..core.errors import Cancelled, ScaptuiError

T = TypeVar("T")
Check = Callable[[], bool]


@dataclass(eq=False)
class Request:
    """One piece of work; ``serial`` grows, and only the newest of a lane is delivered.

    The work asks it whether to stop (it is a :data:`Check`), and may tell it how far it is.
    """

    serial: int
    lane: str
    stop: threading.Event = field(default_factory=threading.Event)
    done: int = 0
    total: int = 0  # 0: the work does not say how far it is

    def cancelled(self) -> bool:
        """Return whether nobody waits for the result any more."""
        return self.stop.is_set()

    __call__ = cancelled

    def report(self, done: int, total: int) -> None:
        """Take how much of the work is done."""
        self.done, self.total = done, total


class JobDone(Message):
    """A request ended; sent to the target of its :class:`Jobs`."""

    def __init__(self, request: Request, result: Any, error: Exception | None) -> None:
        """Take the request and its result, or the error that ended it."""
        self.request = request
        self.result = result
        self.error = error
        super().__init__()


class Jobs:
    """The requests of one screen. All methods belong to the event loop's thread."""

    def __init__(self, target: MessagePump) -> None:
        """Results are sent to ``target``, which hands each :class:`JobDone` to :meth:`deliver`."""
        self._target = target
        self._serial = 0
        self._newest: dict[str, tuple[Request, Callable[[Any], None], Callable[[str], None]]] = {}
        self._threads: set[threading.Thread] = set()

    @property
    def idle(self) -> bool:
        """Whether no request is waited for."""
        return not self._newest

    def busy(self, lane: str) -> bool:
        """Return whether a request of ``lane`` is waited for."""
        return lane in self._newest

    def waiting(self) -> list[Request]:
        """Return the requests that are waited for."""
        return [request for request, _, _ in self._newest.values()]

    def start(
        self,
        lane: str,
        work: Callable[[Request], T],
        done: Callable[[T], None],
        failed: Callable[[str], None],
    ) -> Request:
        """Run ``work(request)`` in a thread; the older request of the lane is cancelled and forgotten.

        ``done(result)`` or ``failed(sentence)`` is called on the event loop, unless a newer request came.
        """
        self.cancel(lane)
        self._serial += 1
        request = Request(self._serial, lane)
        self._newest[lane] = (request, done, failed)

        def run() -> None:
            result, error = None, None
            try:
                result = work(request)
            except Exception as raised:
                error = raised
            self._target.post_message(JobDone(request, result, error))

        thread = threading.Thread(target=run, name=f"{lane}-{request.serial}", daemon=True)
        self._threads = {other for other in self._threads if other.is_alive()} | {thread}
        thread.start()
        return request

    def cancel(self, lane: str) -> None:
        """Forget the request of ``lane`` and tell its work to stop."""
        if lane in self._newest:
            self._newest.pop(lane)[0].stop.set()

    def deliver(self, message: JobDone) -> None:
        """Hand a result to whoever asked for it, if nothing newer was asked since."""
        request = message.request
        newest = self._newest.get(request.lane)
        if newest is None or newest[0].serial != request.serial:
            return
        del self._newest[request.lane]
        if message.error is None:
            newest[1](message.result)
        else:
            newest[2](sentence(message.error))

    def stop(self, lane: str) -> None:
        """Tell the work of ``lane`` to stop; what it has by then is still delivered."""
        if lane in self._newest:
            self._newest[lane][0].stop.set()

    def close(self) -> None:
        """Cancel everything."""
        for lane in list(self._newest):
            self.cancel(lane)

    def running(self) -> bool:
        """Return whether a thread is still at work."""
        return any(thread.is_alive() for thread in self._threads)


def sentence(error: Exception) -> str:
    """Return what to tell a person about ``error``."""
    if isinstance(error, ScaptuiError):
        return str(error)
    if isinstance(error, Cancelled):
        return "Stopped before there was anything to show."
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename or 'The capture'}: {error.strerror}."
    if isinstance(error, MemoryError):
        return "There is not enough memory for this."
    return f"An error inside scaptui: {type(error).__name__}: {error}."
