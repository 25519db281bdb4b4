"""An SSLContext of our own, made from named files only: no variable of the environment has a say in it."""

import os
import ssl
from pathlib import Path

from seqcli.errors import NotSent

_STORE = 20  # hashed names; a folder with fewer is not the system's store


def context(ca_file: str | None = None) -> ssl.SSLContext:
    """A verifying client context, TLS 1.2 or newer.

    Trusts `ca_file` alone when it is given, else OpenSSL's own hashed folder (read a certificate at a time,
    so it costs next to nothing), else OpenSSL's own bundle, else certifi's. Raises NotSent when `ca_file`
    can't be read.
    """
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_file is not None:
        _trust(made, ca_file)
        return made
    paths = ssl.get_default_verify_paths()
    if _is_store(paths.openssl_capath):
        made.load_verify_locations(capath=paths.openssl_capath)
    elif Path(paths.openssl_cafile).is_file():
        made.load_verify_locations(cafile=paths.openssl_cafile)
    else:
        import certifi

        made.load_verify_locations(cafile=certifi.where())
    return made


def untrusting() -> ssl.SSLContext:
    """A context that trusts nobody, for plain HTTP: making it reads no file, and any TLS with it fails."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _trust(made: ssl.SSLContext, ca_file: str) -> None:
    try:
        made.load_verify_locations(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        raise NotSent(
            f"the CA file {ca_file} can't be read: {error.strerror or 'no certificate in it'}",
            code="BAD_CA",
            hint="it has to be a PEM file: seq config list shows where the setting came from",
        ) from error


def _is_store(folder: str) -> bool:
    try:
        with os.scandir(folder) as entries:
            hashed = (entry for entry in entries if entry.name.endswith(".0"))
            return sum(1 for _ in zip(hashed, range(_STORE), strict=False)) == _STORE
    except OSError:
        return False
