"""What lies on the disk: events and records, keys, sealed credentials."""
