"""Bytes of a capture in order, whatever the file is: plain, gzip, a pipe.

Inputs: a path (``-``: standard input). Outputs: the decompressed stream, read into the caller's
buffers. The file is read, never mapped: a file that shrinks under a map kills the process.
"""

from __future__ import annotations

import os
import stat
import sys
import zlib
from os import PathLike
from types import TracebackType
from typing import Any, Self, cast

import numpy as np
from isal import igzip_lib
from numpy.typing import NDArray

from ..errors import CaptureError

Buffer = memoryview | bytearray | NDArray[np.uint8]

GZIP_MAGIC = b"\x1f\x8b"
_InflateError = cast("type[Exception]", igzip_lib.error)
_READ = 1 << 18  # compressed bytes taken from the file at a time
_RESCUE = 1 << 13  # the same while rescuing what precedes a damaged place


def open_source(path: str | PathLike[str]) -> Source:
    """Open ``path`` (``-``: standard input) for reading in order.

    Raises :class:`CaptureError` when there is nothing to read: a missing or unreadable file, a
    directory, an empty file. Whether it is a capture is for the block layer to say.
    """
    name = os.fspath(path)
    try:
        fd = os.dup(sys.stdin.fileno()) if name == "-" else os.open(name, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        raise CaptureError(name, "there is no such file") from None
    except PermissionError:
        raise CaptureError(name, "the file may not be read: permission denied") from None
    except (OSError, ValueError) as error:
        raise CaptureError(name, f"the file cannot be opened: {_why(error)}") from None
    try:
        if name == "-" and os.isatty(fd):
            raise CaptureError(name, "this is a terminal; a capture comes through a pipe")
        info = os.fstat(fd)
        if stat.S_ISDIR(info.st_mode):
            raise CaptureError(name, "this is a directory, not a capture file")
        regular = stat.S_ISREG(info.st_mode)
        if regular and name != "-":
            os.lseek(fd, 0, os.SEEK_SET)
        try:
            head = _read_head(fd)
        except OSError as error:
            raise CaptureError(name, f"the file cannot be read: {_why(error)}") from None
        if not head:
            raise CaptureError(name, "the file is empty")
    except BaseException:
        os.close(fd)
        raise
    size = info.st_size if regular else 0
    seekable = regular and name != "-"
    if head[:2] == GZIP_MAGIC:
        return GzipSource(name, fd, size, seekable, head)
    return Source(name, fd, size, seekable, head)


class Source:
    """A plain stream of bytes; base of the compressed ones."""

    compressed: bool = False

    def __init__(self, path: str, fd: int, size: int, seekable: bool, head: bytes) -> None:
        """Take the open ``fd``, of which ``head`` was read already."""
        self.path = path
        self.file_size = size  # bytes of the file, 0: not known (a pipe)
        self.file_pos = 0  # bytes of the file used so far, for progress
        self.stream_pos = 0  # bytes of the decompressed stream delivered so far
        self.seekable = seekable  # a regular file with a name, which can be opened again
        self.truncated = False  # the stream ends before the compressed data say so
        self.damage: str | None = None  # why the stream ends early, in words
        self._fd = fd
        self._head = head

    @property
    def needs_store(self) -> bool:
        """Whether records cannot be read again at their offset in the file."""
        return self.compressed or not self.seekable

    def read_into(self, view: Buffer) -> int:
        """Fill the writable buffer ``view`` with the next bytes of the stream.

        Returns how many bytes were put in, as many as there are: less than the buffer holds only
        near the end, 0 at the end. Raises :class:`CaptureError` when the file cannot be read.
        """
        target = memoryview(view).cast("B")  # pyright: ignore[reportArgumentType]  (arrays are buffers)
        done = self._fill(target)
        self.stream_pos += done
        return done

    def close(self) -> None:
        """Let go of the file."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def __enter__(self) -> Self:
        """Return the source itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the source."""
        self.close()

    def _fill(self, target: memoryview) -> int:
        done = 0
        if self._head:
            done = min(len(self._head), len(target))
            target[:done] = self._head[:done]
            self._head = self._head[done:]
            self.file_pos += done
        while done < len(target):
            try:
                got = os.readv(self._fd, [target[done:]])
            except OSError as error:
                raise CaptureError(self.path, f"reading failed: {_why(error)}", self.file_pos) from None
            if got == 0:
                break
            done += got
            self.file_pos += got
        return done

    def _raw(self, size: int) -> bytes:
        """Return up to ``size`` next bytes of the file itself, b"" at its end."""
        if self._head:
            data, self._head = self._head[:size], self._head[size:]
        else:
            try:
                data = os.read(self._fd, size)
            except OSError as error:
                raise CaptureError(self.path, f"reading failed: {_why(error)}", self.file_pos) from None
        self.file_pos += len(data)
        return data


class GzipSource(Source):
    """A gzip file; members that follow one another are one stream."""

    compressed = True

    def __init__(self, path: str, fd: int, size: int, seekable: bool, head: bytes) -> None:
        """Take the open ``fd``, of which ``head`` was read already."""
        super().__init__(path, fd, size, seekable, head)
        self._inflater: igzip_lib.IgzipDecompressor | None = _inflater()
        self._pending = b""  # compressed bytes not given to the inflater yet
        self._inflated = 0  # bytes that came out so far
        self._rescued = memoryview(b"")

    def _fill(self, target: memoryview) -> int:
        done = 0
        while done < len(target):
            piece = self._inflate(len(target) - done)
            if not piece:
                break
            target[done : done + len(piece)] = piece
            done += len(piece)
        return done

    def _inflate(self, limit: int) -> bytes | memoryview:
        """Return 1..``limit`` inflated bytes, b"" at the end of the stream."""
        while self._inflater is not None:
            if self._inflater.eof and not self._next_member(self._inflater.unused_data):
                break
            data = b""
            if self._inflater.needs_input:
                data = self._pending or self._raw(_READ)
                self._pending = b""
                if not data:
                    self.truncated = True
                    self.damage = "the compressed data end in the middle: the file was cut"
                    self._inflater = None
                    break
            try:
                piece = self._inflater.decompress(data, limit)
            except _InflateError:
                self._inflater = None
                self.truncated = True
                self.damage = f"the compressed data are damaged near byte {self.file_pos} of the file"
                self._rescued = self._rescue()
                break
            if piece:
                self._inflated += len(piece)
                return piece
        piece, self._rescued = self._rescued[:limit], self._rescued[limit:]
        return piece

    def _next_member(self, rest: bytes) -> bool:
        """Start the member after the one that ended; False when there is none. Zero padding is skipped."""
        self._inflater = None
        rest = rest.lstrip(b"\0")
        while len(rest) < 2:
            more = self._raw(_READ)
            if not more:
                break
            rest = (rest + more).lstrip(b"\0")
        if rest[:2] == GZIP_MAGIC:
            self._inflater = _inflater()
            self._pending = rest
            return True
        if rest:
            self.damage = "bytes after the end of the compressed data are not gzip and were left out"
        return False

    def _rescue(self) -> memoryview:
        """Return the inflatable bytes that the failed call swallowed: inflate again, carefully."""
        if not self.seekable:
            return memoryview(b"")
        out = bytearray()
        skip = self._inflated
        inflater = zlib.decompressobj(31)
        offset = 0
        data = b""
        while True:
            if not data:
                data = os.pread(self._fd, _RESCUE, offset)
                offset += len(data)
                if not data:
                    return memoryview(out)
            before = inflater.copy()
            try:
                piece = inflater.decompress(data)
            except zlib.error:
                out += _crumbs(before, data)[skip:]
                return memoryview(out)
            out += piece[skip:]
            skip = max(skip - len(piece), 0)
            data = b""
            if inflater.eof:
                data = inflater.unused_data.lstrip(b"\0")
                inflater = zlib.decompressobj(31)


def _crumbs(inflater: Any, data: bytes) -> bytes:
    """Return what ``inflater`` gives before it fails in ``data``."""
    out = bytearray()
    try:
        for i in range(len(data)):
            out += inflater.decompress(data[i : i + 1])
    except zlib.error:
        pass
    return bytes(out)


def _inflater() -> igzip_lib.IgzipDecompressor:
    return igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)


def _read_head(fd: int) -> bytes:
    """Return the first bytes of ``fd``: at least two unless the stream is shorter."""
    head = os.read(fd, _READ)
    while len(head) == 1:
        more = os.read(fd, _READ)
        if not more:
            break
        head += more
    return head


def _why(error: Exception) -> str:
    text = error.strerror if isinstance(error, OSError) else None
    return (text or str(error)).lower()
