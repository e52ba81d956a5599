"""Frames between the server and its workers: one byte of kind, four of length, the payload."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
from typing import Any

CALL = b"C"
HEAD = b"H"
DATA = b"D"
END = b"E"
FAULT = b"X"

_FRAME = struct.Struct("!cI")


_written = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":")).encode


def packed(content: Any) -> bytes:
    """JSON as it goes from one process to another: nobody reads it on the way."""
    return _written(content).encode()


def framed(kind: bytes, payload: bytes) -> bytes:
    """One frame."""
    return _FRAME.pack(kind, len(payload)) + payload


def send(connection: socket.socket, kind: bytes, payload: bytes = b"") -> None:
    """Send one frame. Raises OSError when the other side is gone."""
    connection.sendall(framed(kind, payload))


def send_json(connection: socket.socket, kind: bytes, content: Any) -> None:
    """Send one frame that holds JSON."""
    send(connection, kind, packed(content))


def hang_up(connection: socket.socket) -> None:
    """Close a connection for the other side too, whoever holds copies of this one by a fork."""
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()


class Reader:
    """Reads frames; asks the socket for what is missing and keeps what came too early."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._buffer = bytearray()

    def buffered(self) -> bool:
        """Whether a whole frame is here already."""
        if len(self._buffer) < _FRAME.size:
            return False
        length: int = _FRAME.unpack_from(self._buffer)[1]
        return len(self._buffer) >= _FRAME.size + length

    def fill(self) -> bool:
        """Take what the socket has, waiting if it has nothing; False at the end of the stream."""
        part = self._connection.recv(262_144)
        self._buffer += part
        return bool(part)

    def take(self) -> tuple[bytes, bytes]:
        """The next frame: its kind and its payload; one must be `buffered`."""
        kind, length = _FRAME.unpack_from(self._buffer)
        end = _FRAME.size + length
        payload = bytes(self._buffer[_FRAME.size : end])
        del self._buffer[:end]
        return kind, payload

    def wait(self) -> tuple[bytes, bytes] | None:
        """The next frame, waiting for it; None at the end of the stream."""
        while not self.buffered():
            if not self.fill():
                return None
        return self.take()
