"""The API as data: one file a noun holds its operations and their types."""
