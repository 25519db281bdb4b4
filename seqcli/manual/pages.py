"""Man pages: one a command, in section 1, named seqcli*.1 so that `man seq` stays coreutils'."""

from collections.abc import Iterable

from seqcli.manual.tree import Page, Word

STATUSES = (
    ("0", "done (an empty list, too)"),
    ("1", "a bug of ours"),
    ("2", "usage: bad words, bad numbers, a missing --yes"),
    ("3", "refused by the exchange, by risk or by the local policy; nothing is open because of this call"),
    ("4", "no key, bad key, not permitted"),
    ("5", "not found"),
    ("6", "rate-limited, after the allowed retries"),
    ("7", "unreachable, and nothing was changed"),
    ("8", "accepted, not finished when --wait ran out"),
    ("9", "outcome unknown: the order may exist; the message names the graph id and the command that settles it"),
    ("10", "partly done"),
    ("130", "interrupted"),
    ("141", "the reader of the output went away"),
)
ENVIRONMENT = (
    ("SEQ_PROFILE", "which stored profile; `local` is the built-in exchange"),
    ("SEQ_API_KEY", "the key, for scripts; with SEQ_API_URL it makes an ad-hoc profile"),
    ("SEQ_API_KEY_FILE", "a file that holds the key: 0600 and yours"),
    ("SEQ_API_URL", "the address that belongs to SEQ_API_KEY"),
    ("SEQ_OUTPUT", "table, json, ndjson, csv or raw"),
    ("SEQ_TIMEOUT", "seconds each operation may take, its retries included"),
    ("SEQ_YES", "1: answer yes to a confirmation"),
    ("SEQ_NO_INPUT", "1: never ask"),
    ("SEQ_CONFIG_DIR", "the folder of config.toml and policy.toml"),
    ("SEQ_STATE_DIR", "the folder of the journal and of the built-in exchange"),
    ("SEQ_DEBUG", "1: show the traceback of a bug"),
    ("NO_COLOR, FORCE_COLOR", "without and with colour, whatever the output is"),
    ("CI", "set: nothing is ever asked"),
)
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
