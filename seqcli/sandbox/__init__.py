"""The exchange in the box: the hosted one's operations, embedded in a command or served on loopback.

The floors of it, top first:

server · embedded   kept open on loopback · inside one command
running · box       the event loop of a server · the open store, keys, market and exchange of one state folder
handlers            one file a noun: operation → exchange command → reply
service             connections, the one gate, the one line of commands, faults on demand, the state folder
streams · algos     what is told as it happens · what is deployed, what runs, backtests
strategies          programs that are hosted, and the processes that run them
analysis            costs, forecasts, worth, histories: what was made of it
storage             events and records in SQLite, keys, sealed credentials
exchange            the plain machine: one command in, events out
market              books at any instant: a function of a seed, or a recording
serving · rounding  what stands between gate and handlers · every rounding by its name
"""
