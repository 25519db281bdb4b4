"""A result as a page for a browser, beside what is printed."""

from pathlib import Path
from typing import Annotated

import typer

from seqcli import __version__, files
from seqcli.commands.session import Session
from seqcli.errors import Usage
from seqcli.views import Result
from seqcli.views.blocks import Block

HtmlOption = Annotated[
    Path | None,
    typer.Option("--html", metavar="FILE", help="Also write one page with pictures, which needs no network."),
]
Sections = list[tuple[str, list[Block]]]


def check(html: Path | None) -> None:
    """Refuse a folder before anything is asked."""
    if html is not None and html.is_dir():
        raise Usage(f"--html {html} is a folder", hint=f"name a file, such as {html / 'report.html'}")


def written(session: Session, html: Path | None, title: str, sections: Sections) -> None:
    """Write the page of an account, if one is wanted, and say so."""
    from seqcli.units import SECOND, timestamp_text

    if html is None:
        return
    now = timestamp_text(session.client.clock.time_ns() // SECOND * SECOND).partition(".")[0].replace("T", " ")
    mode = {"live": "LIVE", "sandbox": "sandbox", "local": "local sandbox"}.get(session.account.mode, "")
    kept(session, html, title, sections, f"{now} UTC, {mode} account, seqcli {__version__}")


def kept(session: Session, html: Path, title: str, sections: Sections, note: str) -> None:
    """Write a page with a note of the caller's, and say so; neither clock nor account is looked at."""
    from seqcli.views.report import Section, page

    content = page(title, [Section(name, blocks) for name, blocks in sections], note=note)
    files.replace(html.absolute(), content)
    session.note(f"wrote {html}")


def blocks_of(result: Result) -> list[Block]:
    """What the result's table is made of."""
    from seqcli.views import Options
    from seqcli.views.render import blocks_of as shown

    return list(shown(result, Options()))
