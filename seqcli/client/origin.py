"""Where a key may go: HTTPS to any host, plain HTTP to a literal loopback address and nowhere else."""

import re
from typing import NamedTuple

from seqcli.errors import Usage

_URL = re.compile(r"(https?)://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?(/[!-~]*)?")
_LOOPBACK = r"127(?:\.(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])){3}|\[::1\]"
_DOTS = re.compile(r"/(?:\.|%2e){1,2}(?=[/?]|$)", re.IGNORECASE)
_LAST_PORT = 65535


class Origin(NamedTuple):
    """One server. `host` is lower case, IPv6 in brackets; `port` is None for the scheme's own."""

    scheme: str
    host: str
    port: int | None

    @property
    def secure(self) -> bool:
        """Whether TLS is spoken."""
        return self.scheme == "https"

    @property
    def name(self) -> str:
        """Host and port, as sentences name them."""
        return self.host if self.port is None else f"{self.host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.name}"


def split(url: str) -> tuple[Origin, str]:
    """The origin of `url`, and its path with the query, spelled as given.

    `localhost` is read as 127.0.0.1, so no resolver is trusted with plain HTTP. Raises Usage, without
    quoting the URL: what is wrong with it may be a password in it.
    """
    found = _URL.fullmatch(url)
    if found is None:
        raise Usage("the URL can't be read", hint="https://host, a port if need be, and a path of printable ASCII")
    scheme, host, port, path = found.groups()
    host = "127.0.0.1" if host.lower() == "localhost" else host.lower()
    if port is not None and not 1 <= int(port) <= _LAST_PORT:
        raise Usage(f"{host} has no port {port}", hint="a port is 1 to 65535")
    if scheme == "http" and not re.fullmatch(_LOOPBACK, host):
        raise Usage(f"plain http to {host} is refused", hint=f"use https://{host}; http is for this machine only")
    check_path(path or "/")
    return Origin(scheme, host, None if port is None else int(port)), path or "/"


def check_path(path: str) -> None:
    """Refuse what an HTTP library would rewrite before it sends it. Raises Usage."""
    if not path.startswith("/") or "#" in path or "\\" in path or not re.fullmatch(r"[!-~]*", path):
        raise Usage(f"{path!r} is not a path", hint="it begins with / and is printable ASCII without spaces, # and \\")
    if _DOTS.search(path.partition("?")[0]):
        raise Usage(f"{path!r} has a . or .. in it", hint="spell the path out; an id can't be . or ..")
