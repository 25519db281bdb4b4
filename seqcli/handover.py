"""Hand a coreutils call over: our `seq` stands before GNU's on PATH, and `seq 1 3` must still count.

A call is coreutils' when it has an operand or an option, every operand is a number as C's strtold reads it, and
every option is one of `-f -s -w --format --separator --equal-width`: clusters, values and unambiguous abbreviations
included. `-h`, `--help` and `--version` are ours, and none of our words is a number, so nothing is guessed.

Only the standard library's smallest parts are imported: this runs before everything else.
"""

import os
import sys
from stat import S_ISREG

TYPE_CHECKING = False  # the imports below would be a sixth of a bare interpreter's start
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

MARK = "SEQ_HANDED_OVER"
"""Set for the program we become; finding it means that the program we became was ourselves."""

_LONG = {"equal-width": False, "format": True, "separator": True, "help": None, "version": None}
"""coreutils' long options: do they take a value? None: the option is ours."""
_SHORT = {"w": False, "f": True, "s": True}
_SPACE = " \t\n\v\f\r"
_DIGITS = frozenset("0123456789")
_HEX_DIGITS = frozenset("0123456789abcdefABCDEF")
_WORD = frozenset("0123456789_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_HEAD = 4096
_NOT_COREUTILS = (b"seqcli", b"pyenv", b"asdf")
"""A script with one of these in its head is a console script of ours, or a shim that would start us again."""


def is_for_coreutils(arguments: "Sequence[str]") -> bool:
    """Can `arguments` (without the program's name) only be a call of coreutils' `seq`?"""
    rest = iter(arguments)
    seen = False
    for word in rest:
        if word == "--":
            continue
        if not _is_number(word) and not _is_option(word, rest):
            return False
        seen = True
    return seen


def _is_option(word: str, rest: "Iterator[str]") -> bool:
    """Is `word` one of coreutils' options? Takes its value from `rest` when it is the next word."""
    if word.startswith("--"):
        return _is_long(word[2:], rest)
    if len(word) < 2 or word[0] != "-":  # noqa: PLR2004 - a dash and a letter
        return False
    for place, letter in enumerate(word[1:], 2):
        takes_value = _SHORT.get(letter)
        if takes_value is None:
            return False
        if takes_value:
            if place == len(word):
                next(rest, None)
            return True
    return True


def _is_long(word: str, rest: "Iterator[str]") -> bool:
    name, equals, _ = word.partition("=")
    meant = [option for option in _LONG if option.startswith(name)]
    if len(meant) != 1:
        return False
    takes_value = _LONG[meant[0]]
    if takes_value and not equals:
        next(rest, None)
    return takes_value is not None


def _is_number(text: str) -> bool:
    """Would C's strtold read `text` to its end?"""
    body = text.lstrip(_SPACE)
    if body[:1] in ("+", "-"):
        body = body[1:]
    lower = body.lower()
    if lower in ("inf", "infinity", "nan"):
        return body.isascii()
    if lower.startswith("nan("):
        return body.endswith(")") and _WORD.issuperset(body[4:-1])
    if lower.startswith("0x"):
        return _is_scaled(body[2:], _HEX_DIGITS, "pP")
    return _is_scaled(body, _DIGITS, "eE")


def _is_scaled(body: str, digits: frozenset[str], marks: str) -> bool:
    """Digits with at most one point among them, then perhaps an exponent in decimal digits."""
    for mark in marks:
        head, found, exponent = body.partition(mark)
        if found:
            exponent = exponent[1:] if exponent[:1] in ("+", "-") else exponent
            if not exponent or not _DIGITS.issuperset(exponent):
                return False
            body = head
            break
    whole, _, fraction = body.partition(".")
    return bool(whole or fraction) and digits.issuperset(whole) and digits.issuperset(fraction)


def hand_over(argv: "Sequence[str]") -> str:
    """Become the next `seq` on PATH. Returns only when there is none: the sentence that says so."""
    if MARK not in os.environ and os.name == "posix":
        for candidate in _candidates(argv[0]):
            _become(candidate, argv)
    return "these words are a call of coreutils' seq, and no other seq is on PATH: this one trades; try: seq --help"


def _become(program: str, argv: "Sequence[str]") -> None:
    import signal

    for name in ("SIGPIPE", "SIGXFSZ"):  # Python ignores both, and a new program would inherit that
        signal.signal(getattr(signal, name), signal.SIG_DFL)
    try:
        os.execve(program, ["seq", *argv[1:]], {**_environment(), MARK: "1"})  # noqa: S606 - no shell is wanted
    except OSError:
        return  # not a program of this machine: the next one may be


def _environment() -> "Mapping[str, str]":
    """Ours, without the LC_CTYPE that Python sets in the C locale (it would change coreutils' quotes)."""
    if "LC_CTYPE" not in os.environ:
        return os.environ
    try:
        with open("/proc/self/environ", "rb") as stream:  # noqa: PTH123 - pathlib is heavy here
            given = any(line.startswith(b"LC_CTYPE=") for line in stream.read().split(b"\0"))
    except OSError:
        return os.environ
    return os.environ if given else {name: os.environ[name] for name in os.environ if name != "LC_CTYPE"}


def _candidates(ourselves: str) -> "Iterator[str]":
    """Each program called `seq` on PATH that is neither we nor a way back to us."""
    own = {os.path.realpath(path) for path in (ourselves, sys.argv[0])}
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        path = os.path.join(folder or os.curdir, "seq")  # noqa: PTH118 - pathlib is heavy here
        if os.path.realpath(path) not in own and _is_program(path) and not _leads_back(path):
            yield path


def _is_program(path: str) -> bool:
    try:
        return S_ISREG(os.stat(path).st_mode) and os.access(path, os.X_OK)  # noqa: PTH116 - as above
    except OSError:
        return False


def _leads_back(path: str) -> bool:
    try:
        with open(path, "rb") as stream:  # noqa: PTH123 - as above
            head = stream.read(_HEAD)
    except OSError:
        return False  # may be run and not read: not one of ours
    return head.startswith(b"#!") and any(word in head for word in _NOT_COREUTILS)
