"""Man pages: one a command, in section 1, named seqcli*.1 so that `man seq` stays coreutils'."""

from collections.abc import Iterable

from seqcli.commands import topics
from seqcli.manual.tree import Page, Word

STATUSES = tuple(topics.rows(topics.EXIT_STATUS))
ENVIRONMENT = tuple(topics.rows(topics.ENVIRONMENT))
FILES = (
    ("~/.config/seqcli/config.toml", "profiles and settings"),
    ("~/.config/seqcli/policy.toml", "limits of your own, checked before anything is sent"),
    ("~/.local/state/seqcli/journal.sqlite3", "every order that was meant to be sent, and how it ended"),
    ("~/.local/state/seqcli/sandbox/", "the built-in exchange"),
)


def file_name(page: Page) -> str:
    """``seqcli-order-buy.1``."""
    return "-".join(("seqcli", *page.words)) + ".1"


def roff(page: Page) -> str:
    """The page's text. No date and no version: it changes only when the command does."""
    name = file_name(page).removesuffix(".1")
    typed = " ".join(("seq", *page.words))
    lines = [f'.TH {name.upper()} 1 "" "seqcli" "seq manual"', ".SH NAME", f"{_plain(name)} \\- {_plain(page.summary)}"]
    lines += [".SH SYNOPSIS", f".B {_plain(typed)}", _synopsis(page)]
    lines += [".SH DESCRIPTION", *_paragraphs(page.text)]
    if page.alone:
        lines += [".PP", f"Alone it means: {_plain(' '.join((typed, *page.alone)))}"]
    if page.children:
        lines += [".SH COMMANDS", *_list((" ".join(child.words[-1:]), child.summary) for child in page.children)]
    lines += _words("ARGUMENTS", page.arguments)
    lines += _words("OPTIONS", page.options)
    lines += _words("OPTIONS OF EVERY COMMAND", page.every)
    lines += [".SH EXIT STATUS", *_list(STATUSES), ".SH ENVIRONMENT", *_list(ENVIRONMENT), ".SH FILES", *_list(FILES)]
    lines += [".SH EXAMPLES", ".nf", *(_plain(example) for example in page.examples), ".fi"]
    lines += [".SH SEE ALSO", _see_also(page)]
    return "\n".join(line for line in lines if line) + "\n"


def _synopsis(page: Page) -> str:
    parts = [_argument(word) for word in page.arguments]
    if page.children:
        parts.append("COMMAND ...")
    return _plain(" ".join([*parts, "[OPTIONS]"]))


def _argument(word: Word) -> str:
    name = (word.metavar or "").strip("[]")
    return name if word.required else f"[{name}]"


def _words(title: str, words: tuple[Word, ...]) -> list[str]:
    return [f".SH {title}", *_list((_heading(word), word.help) for word in words)] if words else []


def _heading(word: Word) -> str:
    if not word.names:
        return (word.metavar or "").strip("[]")
    return ", ".join(word.names) + (f" {word.metavar}" if word.metavar else "")


def _list(rows: Iterable[tuple[str, str]]) -> list[str]:
    return [line for term, text in rows for line in (".TP", f".B {_plain(term)}", _plain(text))]


def _paragraphs(text: str) -> list[str]:
    return [_plain(line.strip()) if line.strip() else ".PP" for line in text.splitlines()]


def _see_also(page: Page) -> str:
    above = [page.words[:-1]] if page.words else []
    named = [*above, *(child.words for child in page.children)]
    return ", ".join(f"{_plain('-'.join(('seqcli', *words)))}(1)" for words in named)


def _plain(text: str) -> str:
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{escaped}" if escaped[:1] in {".", "'"} else escaped
