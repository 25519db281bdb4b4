"""The only place where untrusted text is made safe for a terminal, and where width and colour are decided."""

import os
import unicodedata
from typing import TextIO

_BIDI_AND_INVISIBLE = frozenset({"Cf", "Cc", "Cs", "Co", "Cn", "Zl", "Zp"})
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
"""Letters and marks that show nothing. Source: Default_Ignorable_Code_Point in Unicode's DerivedCoreProperties.txt."""
_SELECTORS = range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0)
_PICTURE_SELECTORS = frozenset("\ufe0e\ufe0f")
_STACKED = 4


def clean(text: str) -> str:
    r"""`text` on one line, with control, bidi, invisible and line-breaking characters shown as `\uXXXX`.

    Combining marks are kept up to a few a letter and never first, so that text can't climb over its neighbours. The
    selector behind a picture is left out: terminals do not agree on its width.
    """
    if text.isascii() and text.isprintable():
        return text
    shown = []
    stacked, before = _STACKED, ""
    for character in text:
        category = unicodedata.category(character)
        stacked = stacked + 1 if category in {"Mn", "Me"} else 0
        if stacked > _STACKED or _hides(character, category):
            left_out = character in _PICTURE_SELECTORS and before == "So"
            shown.append("" if left_out else _spelled(character))
        else:
            shown.append(character)
        before = category
    return "".join(shown)


def _hides(character: str, category: str) -> bool:
    """Whether it shows nothing itself, or changes how others are shown."""
    return (
        category in _BIDI_AND_INVISIBLE
        or character in _BLANK
        or any(ord(character) in selectors for selectors in _SELECTORS)
    )


def _spelled(character: str) -> str:
    if character in "\t\n":
        return " "
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"  # noqa: PLR2004 - the end of the basic plane


def has_colour(stream: TextIO, choice: str) -> bool:
    """Whether `stream` gets colour: the option, then FORCE_COLOR, NO_COLOR, then whether it is a terminal."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("FORCE_COLOR"):
        return True
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return is_terminal(stream)


def is_terminal(stream: TextIO) -> bool:
    """Whether `stream` is a terminal; a closed one is not."""
    try:
        return stream.isatty()
    except ValueError:
        return False


def can_redraw(stream: TextIO) -> bool:
    """Whether `stream` is a terminal whose cursor moves."""
    return is_terminal(stream) and os.environ.get("TERM") != "dumb"


def can_show(letters: str, stream: TextIO) -> bool:
    """Whether `stream` has these letters in its encoding."""
    try:
        letters.encode(getattr(stream, "encoding", None) or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def width(stream: TextIO, given: int | None) -> int | None:
    """Columns of the terminal; None where lines may be of any length."""
    if given is not None:
        return given
    named = os.environ.get("COLUMNS", "")
    if not is_terminal(stream):
        return None
    if named.isascii() and named.isdigit() and int(named):
        return int(named)
    try:
        return os.get_terminal_size(stream.fileno()).columns or None
    except OSError:
        return None
