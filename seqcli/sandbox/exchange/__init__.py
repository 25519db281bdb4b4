"""The plain machine: one command in, events out; no clock, no chance, no input or output."""
