"""A TLS server on loopback whose certificate nobody signed but itself. Its key is a test's, and opens nothing."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_KEY = """\
-----BEGIN EC PRIVATE KEY-----
MHcCAQEEIPGushKjzpbhpMa13Y3m7N8QtypRT4Xs0nBf2T/gLPeDoAoGCCqGSM49
AwEHoUQDQgAE2A8I0D3H6Qir4NPwiUW0+gP6MXrXXVi5QfgB5kWcjF4oc0fJy/Ll
ehoJK4D928i4Manz74MhXnhmdW0epy0sag==
-----END EC PRIVATE KEY-----
"""
CERTIFICATE = """\
-----BEGIN CERTIFICATE-----
MIIBkDCCATagAwIBAgIUUWGgITOU+B5oMwosyOKa5dWDYfkwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJMTI3LjAuMC4xMCAXDTI2MTEyOTExNTYxOFoYDzIxMjYxMTA1
MTE1NjE4WjAUMRIwEAYDVQQDDAkxMjcuMC4wLjEwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAATYDwjQPcfpCKvg0/CJRbT6A/oxetddWLlB+AHmRZyMXihzR8nL8uV6
GgkrgP3byLgxqfPvgyFeeGZ1bR6nLSxqo2QwYjAdBgNVHQ4EFgQUCeKNBOyRUhVj
jdfzeHiicgUDVAcwHwYDVR0jBBgwFoAUCeKNBOyRUhVjjdfzeHiicgUDVAcwDwYD
VR0TAQH/BAUwAwEB/zAPBgNVHREECDAGhwR/AAABMAoGCCqGSM49BAMCA0gAMEUC
IQDNW12/xYrG6bN5Fza4UsZYv6TTGlEOasyPmCPS9ktc9gIgFMv/35t4tchHYIGe
1TcELaOvGa9vNj5SmwTZLYuvxXg=
-----END CERTIFICATE-----
"""


@contextmanager
def self_signed(folder: Path) -> Iterator[str]:
    """Serve, with the certificate in *folder*, and yield the base URL. Who trusts it would be told nothing."""
    (folder / "server.pem").write_text(_KEY + CERTIFICATE, encoding="ascii")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = threading.Thread(target=_greet_all, args=(listener, context), daemon=True)
        serving.start()
        try:
            yield f"https://127.0.0.1:{listener.getsockname()[1]}/v1"
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            serving.join(10)


def _greet_all(listener: socket.socket, context: ssl.SSLContext) -> None:
    with suppress(OSError):
        while True:
            connection, _ = listener.accept()
            with connection, suppress(OSError):
                connection.settimeout(5)
                context.wrap_socket(connection, server_side=True).close()
