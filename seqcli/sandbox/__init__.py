"""The exchange in the box: the hosted one's operations, embedded in a command or served on loopback."""
