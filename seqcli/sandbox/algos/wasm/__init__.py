"""Algorithms at work: the vendor's ABI to the byte, the module in its limits, and the child process that holds it."""
