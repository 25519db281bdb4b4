"""One file a noun: words → request → view; no URL, no print, no try."""
