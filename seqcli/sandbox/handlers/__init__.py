"""One file a noun: operation → exchange command → reply. Imported when an operation of the noun is first called."""
