"""What a setting may be: how text and TOML become a checked value. Each refuses with what to type instead."""

import re
from collections.abc import Callable
from typing import Any

import msgspec

from seqcli.errors import Usage
from seqcli.profile import address

ON = ("1", "true", "yes", "on")
OFF = ("0", "false", "no", "off", "")
_SECONDS = r"[0-9]{1,6}(\.[0-9]{1,6})?"
_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
_VARIABLE = r"[A-Za-z_][A-Za-z0-9_]{0,127}"
_DAY_S = 86_400.0


class Wrong(Exception):
    """A value of the wrong kind; `expected` says what would be right."""

    def __init__(self, expected: str) -> None:
        super().__init__(expected)
        self.expected = expected


class Kind(msgspec.Struct, frozen=True):
    """`read` checks a TOML value, `parse` makes one of text; both raise Wrong. `expected` is for sentences."""

    expected: str
    read: Callable[[object], Any]
    parse: Callable[[str], Any]


def _text(expected: str, check: Callable[[str], Any]) -> Kind:
    """A kind whose TOML form is a string."""

    def read(value: object) -> Any:
        if not isinstance(value, str):
            raise Wrong(expected)
        return check(value)

    return Kind(expected, read, check)


def choice(*words: str) -> Kind:
    """One of a few words."""
    expected = f"one of {', '.join(words)}"

    def check(text: str) -> str:
        if text not in words:
            raise Wrong(expected)
        return text

    return _text(expected, check)


def matching(shape: str, expected: str) -> Kind:
    """Text of a given shape."""

    def check(text: str) -> str:
        if re.fullmatch(shape, text) is None:
            raise Wrong(expected)
        return text

    return _text(expected, check)


def _url(normal: Callable[..., str], expected: str) -> Kind:
    def check(text: str) -> str:
        try:
            return normal(text, named="it")
        except Usage as failure:
            raise Wrong(f"{expected} ({failure.message})") from None

    return _text(expected, check)


def _path_check(text: str) -> str:
    import os.path

    path = os.path.expanduser(text)  # noqa: PTH111 -- Path would make "" into "."
    if not os.path.isabs(path) or "\0" in path:  # noqa: PTH117 -- the same
        raise Wrong(PATH.expected)
    return path


def _seconds_read(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= _DAY_S:
        raise Wrong(SECONDS.expected)
    return float(value)


def _seconds_parse(text: str) -> float:
    if re.fullmatch(_SECONDS, text) is None:
        raise Wrong(SECONDS.expected)
    return _seconds_read(float(text) if "." in text else int(text))


def _flag_read(value: object) -> bool:
    if not isinstance(value, bool):
        raise Wrong(FLAG.expected)
    return value


def _flag_parse(text: str) -> bool:
    word = text.lower()
    if word not in ON and word not in OFF:
        raise Wrong("1 or 0")
    return word in ON


def _words_read(value: object) -> tuple[str, ...]:
    if (
        not isinstance(value, list)
        or not value
        or not all(isinstance(word, str) and "\0" not in word for word in value)
    ):
        raise Wrong(WORDS.expected)
    program = value[0]
    if not program or ("/" in program and not program.startswith("/")):
        raise Wrong(f"{WORDS.expected}; the program by its name or its whole path")
    return tuple(value)


def _words_parse(text: str) -> list[str]:
    try:
        value = msgspec.json.decode(text, type=list[str])
    except msgspec.MsgspecError:
        raise Wrong(WORDS.expected) from None
    return list(_words_read(value))


BASE_URL = _url(address.base_url, f"an address like {address.HOSTED}")
PROXY_URL = _url(address.proxy_url, "an address like http://127.0.0.1:3128")
PATH = _text("the whole path of a file", _path_check)
SECONDS = Kind("seconds, more than 0 and at most 86400", _seconds_read, _seconds_parse)
FLAG = Kind("true or false", _flag_read, _flag_parse)
WORDS = Kind('a program and its arguments, like ["pass", "show", "seq"]', _words_read, _words_parse)
PROFILE = matching(_NAME, "a name of letters, digits, . - and _")
VARIABLE = matching(_VARIABLE, "the name of an environment variable")
