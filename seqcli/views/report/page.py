"""One HTML page of the same blocks that a terminal shows.

It asks nobody for anything: style and pictures are inside, there is no script, and its policy allows nothing but that
one style. Text from elsewhere is cleaned and escaped. Dark or light as the reader's system is.
"""

from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256

import msgspec

from seqcli.views.blocks import Block, Cell, Chart, Grid, Line, Pairs
from seqcli.views.report.svg import picture, text

_STYLE = """
:root { color-scheme: light dark; --paper: #fff; --ink: #1b1f24; --dim: #626b76; --rule: #d9dee4; --soft: #f4f6f8;
  --good: #1a7f46; --bad: #c0362c; --warn: #9a6700; --c0: #1f6feb; --c1: #bf5b04; --c2: #8250df; --c3: #1a7f46;
  --c4: #0a7a8a; --c5: #c0362c; }
@media (prefers-color-scheme: dark) { :root { --paper: #14171a; --ink: #e4e8ec; --dim: #98a2ad; --rule: #343a41;
  --soft: #1d2125; --good: #4cc37d; --bad: #ff7b72; --warn: #e0b23f; --c0: #6cb0ff; --c1: #f0a04b; --c2: #c297ff;
  --c3: #4cc37d; --c4: #4fc3d4; --c5: #ff7b72; } }
body { margin: 0 auto; padding: 2rem 1.5rem 4rem; max-width: 72rem; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; margin: 0; }
h2 { font-size: 1.2rem; margin: 2.5rem 0 .5rem; padding-bottom: .3rem; border-bottom: 1px solid var(--rule); }
h3 { font-size: 1rem; margin: 1.5rem 0 .4rem; }
header p { margin: .2rem 0 0; color: var(--dim); }
.wide { overflow-x: auto; margin: .6rem 0; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; white-space: nowrap; }
th, td { padding: .3rem .8rem .3rem 0; text-align: left; border-bottom: 1px solid var(--rule); }
thead th { color: var(--dim); font-weight: 600; font-size: .8rem; }
.right { text-align: right; }
.pairs th { color: var(--dim); font-weight: 400; padding-right: 2rem; }
.pairs td, .pairs th { border: 0; padding-block: .1rem; }
figure { margin: 1rem 0; padding: 1rem; background: var(--soft); border-radius: 6px; }
figcaption { font-weight: 600; margin-bottom: .6rem; }
svg { display: block; width: 100%; height: auto; font: 13px system-ui, sans-serif; fill: var(--ink); }
.name, .value, .mark { text-anchor: end; } .time { text-anchor: middle; }
.mark, .time { fill: var(--dim); font-size: 12px; }
.grid { stroke: var(--rule); } .axis, .wick { stroke: var(--dim); }
.rise { fill: var(--c0); } .fall { fill: var(--bad); }
.line { fill: none; stroke-width: 2; stroke-linejoin: round; }
.line0 { stroke: var(--c0); } .line1 { stroke: var(--c1); } .line2 { stroke: var(--c2); } .line3 { stroke: var(--c3); }
.line4 { stroke: var(--c4); } .line5 { stroke: var(--c5); } .legend { stroke-width: 0; paint-order: stroke; }
.legend.line0 { fill: var(--c0); } .legend.line1 { fill: var(--c1); } .legend.line2 { fill: var(--c2); }
.legend.line3 { fill: var(--c3); } .legend.line4 { fill: var(--c4); } .legend.line5 { fill: var(--c5); }
.good { color: var(--good); } .bad { color: var(--bad); } .warn { color: var(--warn); }
.dim { color: var(--dim); } .strong { font-weight: 600; }
@media print { body { max-width: none; padding: 0; } figure, tr { break-inside: avoid; } }
"""
_HASH = b64encode(sha256(_STYLE.encode()).digest()).decode()
_POLICY = f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'"


class Section(msgspec.Struct, frozen=True):
    """Blocks under a heading."""

    title: str
    blocks: Sequence[Block]


def page(title: str, sections: Sequence[Section], *, note: str = "") -> bytes:
    """The whole page, UTF-8."""
    body = "".join(f"<section><h2>{text(part.title)}</h2>{_blocks(part.blocks)}</section>" for part in sections)
    under = f"<p>{text(note)}</p>" if note else ""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="referrer" content="no-referrer">'
        f"<title>{text(title)}</title><style>{_STYLE}</style></head>"
        f"<body><header><h1>{text(title)}</h1>{under}</header><main>{body}</main></body></html>\n"
    ).encode()


def _blocks(blocks: Sequence[Block]) -> str:
    return "".join(map(_block, blocks))


def _block(block: Block) -> str:
    if isinstance(block, Line):
        return f"<p>{_cell(block.cell)}</p>"
    if isinstance(block, Pairs):
        return _pairs(block)
    return _figure(block) if isinstance(block, Chart) else _grid(block)


def _figure(chart: Chart) -> str:
    drawn = picture(chart) or f'<p class="dim">{text(chart.empty)}</p>'
    caption = f"<figcaption>{text(chart.title)}</figcaption>" if chart.title else ""
    return f"<figure>{caption}{drawn}</figure>"


def _pairs(block: Pairs) -> str:
    rows = "".join(f'<tr><th scope="row">{text(name)}</th><td>{_cell(value)}</td></tr>' for name, value in block.rows)
    return f'{_heading(block.title)}<div class="wide"><table class="pairs">{rows}</table></div>'


def _grid(block: Grid) -> str:
    if not block.rows:
        return f'{_heading(block.title)}<p class="dim">{text(block.empty)}</p>'
    kept = [place for place, column in enumerate(block.columns) if not column.bars]
    sides = {place: ' class="right"' if block.columns[place].right else "" for place in kept}
    head = "".join(f'<th scope="col"{sides[place]}>{text(block.columns[place].title)}</th>' for place in kept)
    rows = "".join(
        f"<tr>{''.join(f'<td{sides[place]}>{_cell(row[place])}</td>' for place in kept)}</tr>" for row in block.rows
    )
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    return f'{_heading(block.title)}<div class="wide">{table}</div>'


def _heading(title: str) -> str:
    return f"<h3>{text(title)}</h3>" if title else ""


def _cell(cell: Cell | str) -> str:
    if isinstance(cell, str):
        return text(cell)
    return f'<span class="{text(cell.mood)}">{text(cell.text)}</span>' if cell.mood else text(cell.text)
