"""A fuse: whoever reaches for anything but this machine from a test fails that test, whatever swallows the error."""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass, field
from typing import Any

_HERE = frozenset({"localhost", "", None})


class Reached(BaseException):
    """Something reached for the network. Not an Exception: code under test must not swallow it."""


@dataclass(slots=True)
class Fuse:
    """Note in `reached` what the test called `test` reached for: there is one for all tests of a process."""

    test: str = ""
    reached: list[str] = field(default_factory=list)

    def check(self, host: Any) -> None:
        name = host.decode() if isinstance(host, bytes) else host
        if name not in _HERE and not _loopback(name):
            self.reached.append(str(name))
            raise Reached(f"{self.test} reached for {name}: tests talk to this machine only")

    def install(self) -> None:
        """Put the fuse into every way out that Python code has, for good: asyncio's and httpx's end here too."""
        for method in ("connect", "connect_ex"):
            setattr(socket.socket, method, self._guarded(getattr(socket.socket, method)))
        look_up = socket.getaddrinfo

        def getaddrinfo(host: Any, *rest: Any, **named: Any) -> Any:
            self.check(host)
            return look_up(host, *rest, **named)

        socket.getaddrinfo = getaddrinfo

    def _guarded(self, method: Any) -> Any:
        def guarded(sock: socket.socket, address: Any) -> Any:
            if sock.family in {socket.AF_INET, socket.AF_INET6}:
                self.check(address[0])
            return method(sock, address)

        return guarded


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
