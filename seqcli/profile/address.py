"""A base URL: scheme, host and port, nothing else. HTTPS, or plain HTTP to this machine itself."""

import re

from seqcli.errors import Usage

HOSTED = "https://api.sequencemkts.com"
"""The exchange. Source: the API's overview page."""
LOCAL = "http://localhost:50052"
"""Where a sandbox on this machine listens unless told otherwise."""

_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_SHAPE = rf"(https?)://({_LABEL}(?:\.{_LABEL})*|\[[0-9a-f:.]+\])(?::([0-9]{{1,5}}))?/?"
_STANDARD = {"https": 443, "http": 80}
_LAST_PORT = 65535


def base_url(text: str, *, named: str) -> str:
    """`text` in its one spelling: lower case, no standard port, no trailing slash. Raises Usage with `named`."""
    scheme, host, port = _parts(text, named)
    if host.startswith("["):
        _literal(host, named)
    if scheme == "http" and not is_loopback(host):
        raise Usage(
            f"{named} is plain http to {host}",
            hint=f"use https://{host}; http is for 127.0.0.1, [::1] and localhost",
        )
    suffix = "" if port is None or port == _STANDARD[scheme] else f":{port}"
    return f"{scheme}://{host}{suffix}"


def proxy_url(text: str, *, named: str) -> str:
    """The same shape; plain HTTP to any host, since TLS runs inside the tunnel."""
    scheme, host, port = _parts(text, named)
    if port is None:
        raise Usage(f"{named} names no port", hint=f"for example {scheme}://{host}:3128")
    return f"{scheme}://{host}:{port}"


def is_loopback(host: str) -> bool:
    """Whether `host` is `localhost` or a literal address of this machine; `127.0.0.1.example.com` is neither."""
    if host == "localhost":
        return True
    import ipaddress

    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    # Pythons differ on what ::ffff:127.0.0.1 is, so it is nothing.
    return address.is_loopback and getattr(address, "ipv4_mapped", None) is None


def is_local(url: str) -> bool:
    """Whether a base URL is one of this machine itself."""
    return is_loopback(_parts(url, "the base URL")[1])


def _parts(text: str, named: str) -> tuple[str, str, int | None]:
    found = re.fullmatch(_SHAPE, text.lower()) if text.isascii() else None
    if found is None:
        raise Usage(f"{named} is not a base URL: {_fault(text)}", hint=f"for example {HOSTED}")
    scheme, host, port = found.groups()
    number = None if port is None else int(port)
    if number is not None and not 1 <= number <= _LAST_PORT:
        raise Usage(f"{named} has no port {port}", hint="a port is 1 to 65535")
    return scheme, host, number


def _fault(text: str) -> str:
    """What is wrong, without a word of the text: it may hold a password."""
    if not text:
        return "it is empty"
    if "@" in text:
        return "user names and passwords are not allowed in it"
    if "://" not in text or not text.lower().startswith(("http:", "https:")):
        return "it has to begin with https://"
    if any(mark in text.split("://", 1)[1].rstrip("/") for mark in "/?#"):
        return "it has to end after the host and port, without a path"
    return "the host or port can't be read"


def _literal(host: str, named: str) -> None:
    import ipaddress

    try:
        ipaddress.IPv6Address(host[1:-1])
    except ValueError:
        raise Usage(f"{named} is not a base URL: the address in brackets can't be read") from None
