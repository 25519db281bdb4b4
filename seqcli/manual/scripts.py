"""What the completion scripts of all shells are made from: words a place, and where an option's values come from."""

import msgspec

from seqcli.manual.tree import Page, Word, walk
from seqcli.wire.credentials import CONNECTABLE

_SOURCES = {"SYMBOL": "symbols", "FILE": "files", "DIR": "files", "VENUE": "venues", "V": "venues", "VENUES": "venues"}


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where the cursor can be: after `words`. `values` says what an argument there may be."""

    words: tuple[str, ...]
    verbs: tuple[tuple[str, str], ...]
    options: tuple[tuple[str, str], ...]
    values: str


class Script(msgspec.Struct, frozen=True, kw_only=True):
    """`taking` maps an option to a source of values.

    A source is words (``a b c``), or one of symbols, profiles, files, venues, any.
    """

    places: tuple[Place, ...]
    taking: dict[str, str]

    @property
    def paths(self) -> tuple[str, ...]:
        """Every path that can be typed, as ``order buy``."""
        return tuple(" ".join(place.words) for place in self.places if place.words)


VENUES = " ".join(sorted({*CONNECTABLE, "dex"}))


def script(root: Page) -> Script:
    """The whole tree, flattened."""
    pages = list(walk(root))
    taking: dict[str, str] = {}
    for page in pages:
        for word in (*page.options, *page.every):
            source = _source(word) if word.metavar else ""
            better = [name for name in word.names if source and taking.get(name, "any") == "any"]
            taking |= dict.fromkeys(better, source)
    return Script(places=tuple(_place(page) for page in pages), taking=dict(sorted(taking.items())))


def _place(page: Page) -> Place:
    return Place(
        words=page.words,
        verbs=tuple((child.words[-1], child.summary) for child in page.children),
        options=tuple(
            (name, word.help) for word in (*page.options, *page.every) for name in word.names if name[:2] == "--"
        ),
        values=_source(page.arguments[0]) if page.arguments else "",
    )


def _source(word: Word) -> str:
    if word.choices:
        return " ".join(word.choices)
    if word.names == ("--profile",):
        return "profiles"
    return _SOURCES.get(word.kind, "any")
