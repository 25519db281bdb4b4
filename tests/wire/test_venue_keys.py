"""The shape of each venue's credentials: what fits passes, what is off by one character is named, never quoted."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from seqcli.wire import venue_keys
from seqcli.wire.credentials import CONNECTABLE
from seqcli.wire.ethereum import checksummed, fault_of, keccak256

ADDRESS = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
HEX = "4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318"
SOLANA = "4fYNw3dojWmQ4dXtSGE9epjRGy9pFSx62YypT7avPYvA"
SOLANA_KEY = "2AXDGYSE4f2sz7tvMMzyHvUfcoJmxudvdhBcmiUSo6iuCXagjUCKEQF21awZnUGxmwD4m9vGXuC3qieHXJQHAcT"


def pem(kind: PrivateFormat, *, password: bytes | None = None) -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    cover = BestAvailableEncryption(password) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, kind, cover).decode()


PEM = pem(PrivateFormat.PKCS8)
GOOD: dict[str, dict[str, Any]] = {
    "binance": {"api_key": "k1", "api_secret": "s1"},
    "coinbase": {"api_key": "k1", "api_secret": "s1", "passphrase": "two words"},
    "kraken": {"api_key": "k1", "api_secret": "s+/1=="},
    "okx": {"api_key": "k1", "api_secret": "s1", "passphrase": "p"},
    "bybit": {"api_key": "k1", "api_secret": "s1"},
    "kalshi": {"api_key": "0f3b1c2d-0000-4a4a-8b8b-1234567890ab", "api_secret": PEM},
    "polymarket": {"signer_private_key": f"0x{HEX}", "proxy_address": ADDRESS, "builder": {"any": 1}},
    "hyperliquid": {"api_key": ADDRESS, "api_secret": HEX, "passphrase": ADDRESS.lower()},
    "bitget": {"api_key": "k1", "api_secret": "s1", "passphrase": "p"},
    "cryptocom": {"api_key": "k1", "api_secret": "s1"},
    "dex_ethereum": {"api_key": ADDRESS, "api_secret": HEX, "chain": "arbitrum"},
    "solana": {"api_key": SOLANA, "api_secret": SOLANA_KEY},
}


def faults(venue: str, **values: Any) -> dict[str, str]:
    return dict(venue_keys.violations(venue, venue_keys.assembled(venue, values)))


def test_every_venue_that_takes_credentials_has_its_fields():
    assert tuple(venue_keys.FIELDS) == CONNECTABLE
    assert tuple(GOOD) == CONNECTABLE


@pytest.mark.parametrize("venue", CONNECTABLE)
def test_what_fits_passes_and_each_required_part_is_missed(venue: str):
    assert faults(venue, **GOOD[venue]) == {}
    for field in venue_keys.fields_of(venue):
        without = {name: value for name, value in GOOD[venue].items() if name != field.name}
        assert faults(venue, **without) == ({field.path: "missing"} if field.required else {})


@pytest.mark.parametrize(
    ("venue", "part", "value", "named"),
    [
        ("kraken", "api_secret", "two words", "without spaces"),
        ("kraken", "api_key", "k\x1b[31m", "printable"),
        ("kalshi", "api_key", "0f3b1c2d", "UUID"),
        ("kalshi", "api_secret", PEM[:-40], "whole RSA private key"),
        ("kalshi", "api_secret", "secret", "whole RSA private key"),
        ("kalshi", "api_secret", pem(PrivateFormat.PKCS8, password=b"x"), "encrypted"),
        (
            "kalshi",
            "api_secret",
            ec.generate_private_key(ec.SECP256R1())
            .private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            .decode(),
            "RSA",
        ),
        ("polymarket", "signer_private_key", HEX[:-1], "64 hexadecimal"),
        ("polymarket", "proxy_address", ADDRESS[:-1] + "D", "checksum"),
        ("hyperliquid", "api_key", ADDRESS[:-1], "40 hexadecimal"),
        ("hyperliquid", "api_secret", HEX + "00", "64 hexadecimal"),
        ("dex_ethereum", "api_key", "5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0x and 40"),
        ("solana", "api_key", SOLANA + "1", "32-byte"),
        ("solana", "api_key", SOLANA.replace("w", "0"), "base 58"),
        ("solana", "api_secret", SOLANA, "64-byte"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_does_not_fit_is_named_and_never_quoted(venue: str, part: str, value: str, named: str):
    (fault,) = faults(venue, **GOOD[venue] | {part: value}).values()
    assert named in fault
    assert value not in fault


def test_a_key_in_its_older_form_and_one_with_written_line_ends_pass():
    assert faults("kalshi", **GOOD["kalshi"] | {"api_secret": pem(PrivateFormat.TraditionalOpenSSL)}) == {}
    escaped = venue_keys.assembled("kalshi", GOOD["kalshi"] | {"api_secret": PEM.replace("\n", "\\n")})
    assert escaped.api_secret == PEM


def test_the_digest_and_the_checksum_are_those_of_the_standard():
    """Vectors of the Keccak submission and of EIP-55."""
    assert keccak256(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
    assert keccak256(b"abc").hex() == "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"
    for address in (
        "0x52908400098527886E0F7030069857D2E4169EE7",
        "0xde709f2102306220921060314715629080e2fb77",
        "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
        "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
    ):
        assert fault_of(address) is None
    assert checksummed(ADDRESS[2:].lower()) == ADDRESS


def test_a_long_message_is_taken_in_blocks():
    """Lengths round the block of 136 bytes end in as many digests, none of them the same."""
    assert len({keccak256(b"a" * length) for length in range(130, 280)}) == 150
