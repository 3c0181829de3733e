"""A source read one step ahead by a thread, so that inflating and decoding run side by side.

Inputs: a :class:`Source`, and a block store to fill on the way. Outputs: the same stream through the
same ``read_into``.
"""

from __future__ import annotations

from queue import Queue
from threading import Event, Thread
from types import TracebackType
from typing import NamedTuple, Self

from .source import Buffer, Source
from .store import BlockStoreWriter

CHUNK = 1 << 21  # bytes per step
_PATIENCE = 1.0  # seconds to wait for the thread when closing
_AHEAD = 2  # buffers, one being filled while the other is used


class _Step(NamedTuple):
    buffer: bytearray
    size: int  # 0: the end
    file_pos: int
    error: BaseException | None


class ReadAhead:
    """Reads ``source`` in a thread and hands out its bytes in order; closes the source in the end.

    With ``store`` every byte of the stream is appended to it, also in the thread; the store is at
    rest once ``read_into`` gave 0 or :meth:`close` returned. It may hold more than was handed out.
    """

    def __init__(self, source: Source, store: BlockStoreWriter | None = None, chunk: int = CHUNK) -> None:
        """Start reading ``source`` in steps of ``chunk`` bytes."""
        self.source = source
        self.file_size = source.file_size
        self.file_pos = 0  # bytes of the file behind what was handed out, for progress
        self.stream_pos = 0  # bytes handed out
        self._store = store
        self._free: Queue[bytearray] = Queue()
        self._ready: Queue[_Step] = Queue()
        for _ in range(_AHEAD):
            self._free.put(bytearray(chunk))
        self._step: _Step | None = None
        self._used = 0
        self._over = False
        self._stop = Event()
        self._thread = Thread(target=self._run, name="capture-reader", daemon=True)
        self._thread.start()

    @property
    def compressed(self) -> bool:
        """Whether the file is compressed."""
        return self.source.compressed

    @property
    def truncated(self) -> bool:
        """Whether the stream ended too early; known once ``read_into`` gave 0."""
        return self.source.truncated

    @property
    def damage(self) -> str | None:
        """What is wrong with the file, in words; known once ``read_into`` gave 0."""
        return self.source.damage

    @property
    def needs_store(self) -> bool:
        """Whether records cannot be read again at their offset in the file."""
        return self.source.needs_store

    def read_into(self, view: Buffer) -> int:
        """Fill the writable buffer ``view`` with the next bytes of the stream, as far as they are there.

        Waits for at least one byte; returns how many were put in, 0 at the end. Raises what reading
        the source raised.
        """
        target = memoryview(view).cast("B")  # pyright: ignore[reportArgumentType]  (arrays are buffers)
        done = 0
        while done < len(target) and not self._over:
            if self._step is None:
                if done and self._ready.empty():
                    break
                self._next()
                continue
            step = self._step
            size = min(step.size - self._used, len(target) - done)
            target[done : done + size] = memoryview(step.buffer)[self._used : self._used + size]
            done += size
            self._used += size
            if self._used == step.size:
                self._step = None
                self._free.put(step.buffer)
        self.stream_pos += done
        return done

    def close(self) -> None:
        """Stop the thread and close the source.

        Waits for the step under way; a pipe that gives nothing is left to the thread to close.
        """
        self._over = True
        self._stop.set()
        self._free.put(bytearray())
        self._thread.join(_PATIENCE)

    def __enter__(self) -> Self:
        """Return the reader itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the reader."""
        self.close()

    def _next(self) -> None:
        step = self._ready.get()
        self.file_pos = step.file_pos
        if step.size == 0:
            self._over = True
            self._thread.join()
            if step.error is not None:
                raise step.error
            return
        self._step = step
        self._used = 0

    def _run(self) -> None:
        try:
            self._read()
        finally:
            self.source.close()

    def _read(self) -> None:
        while True:
            buffer = self._free.get()
            if self._stop.is_set():
                return
            size = 0
            error: BaseException | None = None
            try:
                size = self.source.read_into(buffer)
                if self._stop.is_set():
                    return
                if self._store is not None:
                    self._store.append(memoryview(buffer)[:size])
            except BaseException as caught:  # handed to the reading side
                size, error = 0, caught
            self._ready.put(_Step(buffer, size, self.source.file_pos, error))
            if size == 0:
                return
