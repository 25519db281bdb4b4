"""The manual, written from the command tree: man pages, completions, the README's tables.

`python -m seqcli.manual` writes them; a test compares them and names that command.
"""
