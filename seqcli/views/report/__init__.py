"""Results as one HTML page that needs nothing else: text, tables and pictures, for a browser and for paper."""

from seqcli.views.report.page import Section, page

__all__ = ["Section", "page"]
