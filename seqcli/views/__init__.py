"""Reply → columns → bytes; knows nothing of HTTP. The table library is imported only to draw a table."""

from seqcli.views.live import Live
from seqcli.views.render import note, planned, render, render_failure
from seqcli.views.result import Options, Result, Table

__all__ = ["Live", "Options", "Result", "Table", "note", "planned", "render", "render_failure"]
