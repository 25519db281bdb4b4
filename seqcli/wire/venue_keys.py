"""What each venue wants as credentials, and the shape of each part. Pure; no message ever holds a value.

Source: the vendor's connecting guide. Both sides use it: the client before anything leaves, the exchange at its door.
"""

import re
from collections.abc import Callable
from typing import Any

import msgspec

from seqcli.wire import ethereum
from seqcli.wire.credentials import Save

Check = Callable[[str], str | None]
"""What is wrong with a text, None when nothing is."""

_LONGEST = 4096
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_HEX_KEY = re.compile(r"(0[xX])?[0-9a-fA-F]{64}")


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One part: `name` is its key in the body, in `extra_json` when `extra`; `many` = may have several lines."""

    name: str
    label: str
    check: Check
    required: bool = True
    extra: bool = False
    many: bool = False

    @property
    def path(self) -> str:
        """Where it stands in the body."""
        return f"extra_json.{self.name}" if self.extra else self.name


def opaque(text: str) -> str | None:
    """A token of the venue's own making."""
    if len(text) > _LONGEST or not text.isascii() or not text.isprintable() or " " in text:
        return "must be printable ASCII without spaces"
    return None


def phrase(text: str) -> str | None:
    """A passphrase: spaces are allowed."""
    return None if len(text) <= _LONGEST and text.isprintable() else "must be one printable line"


def uuid(text: str) -> str | None:
    """Such as Kalshi's key id."""
    return None if _UUID.fullmatch(text) else "must be a UUID (8-4-4-4-12 hexadecimal digits)"


def hex_key(text: str) -> str | None:
    """A private key of an Ethereum-like chain."""
    return None if _HEX_KEY.fullmatch(text) else "must be 64 hexadecimal digits, with or without 0x"


def rsa_pem(text: str) -> str | None:
    """An RSA private key, PKCS#1 or PKCS#8, unencrypted."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(text.strip().encode("ascii"), password=None)
    except TypeError:
        return "is encrypted; give the key without a password"
    except (ValueError, UnsupportedAlgorithm):
        return "must be the whole RSA private key in PEM, from -----BEGIN to -----END"
    return None if isinstance(key, RSAPrivateKey) else "must be an RSA key"


def rsa_or_opaque(text: str) -> str | None:
    """Coinbase's secret: a token, or (for its newer keys) a PEM block, which is left to the venue."""
    if text.lstrip().startswith("-----BEGIN"):
        return None if "-----END" in text else "must be the whole key, from -----BEGIN to -----END"
    return opaque(text)


def base58(length: int, what: str) -> Check:
    """A check for `length` bytes written in base 58."""

    def check(text: str) -> str | None:
        if not text or len(text) > 2 * length or any(letter not in _BASE58 for letter in text):
            return f"must be {what} in base 58"
        number = 0
        for letter in text:
            number = number * 58 + _BASE58.index(letter)
        zeros = len(text) - len(text.lstrip("1"))
        return None if zeros + (number.bit_length() + 7) // 8 == length else f"must be {what} in base 58"

    return check


def _key(label: str = "API key", check: Check = opaque) -> Field:
    return Field(name="api_key", label=label, check=check)


def _secret(label: str = "API secret", check: Check = opaque, *, many: bool = False) -> Field:
    return Field(name="api_secret", label=label, check=check, many=many)


def _optional(name: str, label: str, check: Check, *, extra: bool = True) -> Field:
    return Field(name=name, label=label, check=check, required=False, extra=extra)


_PASSPHRASE = _optional("passphrase", "Passphrase", phrase, extra=False)
_ON_CHAIN = (_optional("rpc_url", "RPC address", opaque), _optional("chain", "Chain", opaque))
_PLAIN = (_key(), _secret())
_WITH_PHRASE = (_key(), _secret(), _PASSPHRASE)

FIELDS: dict[str, tuple[Field, ...]] = {
    "binance": _PLAIN,
    "coinbase": (_key(), _secret(check=rsa_or_opaque, many=True), _PASSPHRASE),
    "kraken": _PLAIN,
    "okx": _WITH_PHRASE,
    "bybit": _PLAIN,
    "kalshi": (_key("Key id", uuid), _secret("RSA private key (PEM)", rsa_pem, many=True)),
    "polymarket": (
        Field(name="signer_private_key", label="Signer private key", check=hex_key, extra=True),
        _optional("proxy_address", "Proxy address", ethereum.fault_of),
    ),
    "hyperliquid": (
        _key("Agent wallet address", ethereum.fault_of),
        _secret("Agent wallet private key", hex_key),
        _optional("passphrase", "Vault address", ethereum.fault_of, extra=False),
        _optional("vault_address", "Vault address", ethereum.fault_of),
    ),
    "bitget": _WITH_PHRASE,
    "cryptocom": _WITH_PHRASE,
    "dex_ethereum": (_key("Address", ethereum.fault_of), _secret("Private key", hex_key), *_ON_CHAIN),
    "solana": (
        _key("Address", base58(32, "a 32-byte address")),
        _secret("Private key", base58(64, "a 64-byte key")),
        *_ON_CHAIN,
    ),
}
"""The twelve venues, in the order of their list."""


def fields_of(venue: str) -> tuple[Field, ...]:
    """The parts that a venue takes; `dex` is the same as `dex_ethereum`."""
    return FIELDS["dex_ethereum" if venue == "dex" else venue]


def violations(venue: str, body: Save) -> list[tuple[str, str]]:
    """What is missing or malformed, as (field, message)."""
    bad = []
    for field in fields_of(venue):
        value = value_of(field, body)
        if value is None or (isinstance(value, str) and not value.strip()):
            if field.required:
                bad.append((field.path, "missing"))
        elif not isinstance(value, str):
            bad.append((field.path, "must be text"))
        else:
            fault = field.check(value)
            if fault:
                bad.append((field.path, fault))
    if not isinstance((body.extra_json or {}).get("builder", {}), dict):
        bad.append(("extra_json.builder", "must be an object"))
    return bad


def value_of(field: Field, body: Save) -> Any:
    """The part of a body; None when it is not there."""
    return (body.extra_json or {}).get(field.name) if field.extra else getattr(body, field.name)


def assembled(venue: str, values: dict[str, Any]) -> Save:
    """The body made of named parts; empty ones are left out."""
    given = {name: value for name, value in values.items() if value not in (None, "")}
    own = {name: given.pop(name, "") for name in ("api_key", "api_secret")}
    passphrase = given.pop("passphrase", None)
    extra = {**given.pop("extra_json", {}), **given}
    if venue in ("kalshi", "coinbase") and "\n" not in own["api_secret"]:
        own["api_secret"] = own["api_secret"].replace("\\n", "\n")
    return Save(**own, passphrase=passphrase, extra_json=extra or None)
