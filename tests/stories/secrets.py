"""A secret of every kind for every venue, and where a secret is found that ought to be nowhere."""

import hashlib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

ADDRESS = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_HINTED = 4
"""So many last characters of a key are shown as a hint."""


def _hex(seed: str) -> str:
    return hashlib.sha256(seed.encode()).hexdigest()


def _base58(seed: str, size: int) -> str:
    number, text = int.from_bytes(hashlib.sha512(seed.encode()).digest()[:size]), ""
    while number:
        number, digit = divmod(number, 58)
        text = _BASE58[digit] + text
    return text


def _pem(key: Any, kind: PrivateFormat) -> str:
    return str(key.private_bytes(Encoding.PEM, kind, NoEncryption()).decode())


@cache
def every() -> dict[str, dict[str, Any]]:
    """What a person enters for each of the twelve venues: the names of the parts, and their texts."""
    plain = {
        venue: {"api_key": f"CANARY-{venue}-key-{_hex(venue)[:12]}", "api_secret": f"CANARY/{venue}+s/{_hex(venue)}=="}
        for venue in ("binance", "coinbase", "kraken", "okx", "bybit", "bitget", "cryptocom")
    }
    for venue in ("okx", "bitget", "cryptocom"):
        plain[venue]["passphrase"] = f"CANARY {venue} words of a phrase"
    curve = _pem(ec.generate_private_key(ec.SECP256R1()), PrivateFormat.TraditionalOpenSSL)
    rsa_key = _pem(rsa.generate_private_key(65537, 2048), PrivateFormat.PKCS8)
    digits = _hex("kalshi")
    return plain | {
        "coinbase": plain["coinbase"] | {"api_secret": curve, "passphrase": "CANARY coinbase words"},
        "kalshi": {"api_key": f"{digits[:8]}-{digits[:4]}-4a4a-8b8b-{digits[8:20]}", "api_secret": rsa_key},
        "polymarket": {"signer_private_key": f"0x{_hex('polymarket')}", "proxy_address": ADDRESS},
        "hyperliquid": {"api_key": ADDRESS, "api_secret": _hex("hyperliquid"), "passphrase": ADDRESS.lower()},
        "dex_ethereum": {
            "api_key": ADDRESS,
            "api_secret": f"0x{_hex('dex')}",
            "rpc_url": f"https://rpc.example/v3/{_hex('rpc')}",
            "chain": "arbitrum",
        },
        "solana": {"api_key": _base58("address", 32), "api_secret": _base58("solana", 64)},
    }


PUBLIC = {("hyperliquid", "api_key"), ("hyperliquid", "passphrase"), ("dex_ethereum", "api_key"), ("solana", "api_key")}
"""Addresses: anybody may read them on the chain."""


def secrets_of(venue: str) -> list[str]:
    """What nobody may see of a venue's credentials."""
    known = every()[venue]
    return [
        text for name, text in known.items() if name not in ("chain", "proxy_address") and (venue, name) not in PUBLIC
    ]


def needles(secret: str) -> list[str]:
    """What to look for: each line of a secret, without its last characters."""
    return [line[:-_HINTED] for line in secret.splitlines() if not line.startswith("-----")]


def found(secrets: Iterable[str], texts: Mapping[str, str], folders: Iterable[Path]) -> set[str]:
    """The names of the texts, and the files, that hold a part of a secret."""
    sought = [needle for secret in secrets for needle in needles(secret)]
    places = {name for name, text in texts.items() if any(needle in text for needle in sought)}
    for path in (path for folder in folders for path in folder.rglob("*")):
        held = path.read_bytes() if path.is_file() else b""
        if any(needle in path.name or needle.encode() in held for needle in sought):
            places.add(str(path))
    return places
