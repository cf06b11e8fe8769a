"""Whether the hub may listen where it was told to."""

import errno
import socket

from server.errors import OperatorError


def refuse_taken(host: str, port: int) -> None:
    """Refuse an address this process cannot listen on.

    Workers share their socket with SO_REUSEPORT, so a second hub would not fail but take half of the first one's
    requests; this bind, without it, does fail.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except socket.gaierror:
        raise OperatorError(f"HOST {host} is not an address of this machine") from None
    family, kind, protocol, _, address = found[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            raise OperatorError(_explained(error, host, port)) from None


def _explained(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} on {host} is in use; set PORT to a free one"
    if error.errno == errno.EACCES:
        return f"port {port} needs privileges this account lacks; set PORT to 1024 or above"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"HOST {host} is not an address of this machine"
    return f"cannot listen on {host}:{port}: {error.strerror}"


def address(host: str, port: int) -> str:
    """Where somebody at this machine reaches a hub that listens on ``host``."""
    reached = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104 -- what was set, not what we set
    return f"http://{reached}:{port}"
