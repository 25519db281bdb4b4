"""Settings and keys: which account, which values, and where each of them came from."""
