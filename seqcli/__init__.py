"""Trade Sequence Markets from a shell.

The map of this house, top floor first; a room uses lower rooms only, never a neighbour:

__main__            argv → coreutils hand-over → app → exit status: the only sys.exit, signals, broken pipe
app · handover      the command tree, assembled lazily · a call that is meant for coreutils
manual              man pages, completions and the README's tables, written from the command tree
commands            one file a noun: words → request → view
desk                the only door for what changes the market: journal, submit, reconcile, policy, kill switch
client · views · profile    operation → HTTP → reply · reply → columns → bytes · settings and keys
sandbox             the exchange in the box: the same operations, served or embedded
wire                the API as data: operations and their types
units               Price 1e9 · Quantity 1e8 · BasisPoints · Nanoseconds
lock · files · errors    between processes · private, replaced whole · the failure tree
"""

__version__ = "0.1.0"
