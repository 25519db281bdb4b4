"""The way in and out: connections, the one gate, the one line of commands, the state folder."""
