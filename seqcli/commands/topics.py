"""Help topics that belong to no command."""

EXIT_STATUS = """\
  0  done (an empty list too)
  1  a bug of ours
  2  usage: bad words, bad numbers, a missing --yes
  3  refused by the exchange, by risk or by the local policy; nothing is open because of this call
  4  no key, bad key, not permitted
  5  not found
  6  rate-limited, after the allowed retries
  7  unreachable, and nothing was changed
  8  accepted, not finished when --wait ran out
  9  outcome unknown: the order may exist; the message names the command that settles it
 10  partly done
130  interrupted
141  the reader went away"""
ENVIRONMENT = """\
SEQ_API_KEY        the key, of an account that no profile holds
SEQ_API_KEY_FILE   a file with it, mode 0600
SEQ_API_URL        the address that goes with it
SEQ_PROFILE        which stored profile; local is the exchange in the box
SEQ_OUTPUT         table, json, ndjson, csv or raw
SEQ_TIMEOUT        seconds an operation may take, retries included
SEQ_YES            1: answer yes to a confirmation
SEQ_NO_INPUT       1: never ask (CI set to anything does the same)
SEQ_CONFIG_DIR     where config.toml and policy.toml are
SEQ_STATE_DIR      where the journal and the built-in sandbox are
SEQ_DEBUG          1: print the traceback of a bug of ours
NO_COLOR           set: no colour, whatever the output is
FORCE_COLOR        set: colour, whatever the output is"""
GRAPH_FILES = """\
A graph is JSON, or TOML in *.toml: nodes are orders, edges start or cancel
them. Check a file with seq graph validate FILE.

{
  "nodes": [
    {"node_id": "spot",
     "instrument": {"symbol": "ETH-USD", "type": "spot", "venue": null},
     "side": "buy", "order_type": {"limit": {"price_1e9": 2000000000000}},
     "quantity": {"fixed": {"qty_1e8": 100000000}},
     "execution": {"urgency": "medium"}},
    {"node_id": "hedge", "instrument": {"symbol": "ETH-USD-PERP"},
     "side": "sell", "order_type": "market",
     "quantity": {"fixed": {"qty_1e8": 100000000}},
     "execution": {"policy": "aggressive_chase"}}
  ],
  "edges": [
    {"edge_id": "e1", "from_node": "spot", "to_node": "hedge",
     "trigger": "on_fill_ratio", "condition": {"fill_ratio_gte": 0.5}}
  ],
  "risk": {"admission": {"max_notional_usd": 10000},
           "runtime": {"max_loss_usd": 500},
           "on_failure": {"on_runtime_breach": "pause"}}
}

Numbers are integers at the scale that their name ends in: 1 ETH is qty_1e8
100000000, 2000 USD is price_1e9 2000000000000.

order_type  "market" · {"limit": {"price_1e9": N}}
            {"stop_market": {"trigger_price_1e9": N}}
            {"stop_limit": {"trigger_price_1e9": N, "price_1e9": N}}
quantity    {"fixed": {"qty_1e8": N}} · {"notional": {"notional_usd_1e9": N}}
execution   policy sor, aggressive_chase, passive · urgency low, medium, high
            tif gtc, ioc, fok, post_only · max_slippage_bps · horizon_ms
            pacing {"uniform": {"num_slices": 10, "interval_ms": 30000}}
trigger     on_accepted · on_first_fill · on_fill (each one) · on_full_fill
            on_fill_ratio (once, with a condition) · on_cancel · on_reject
            on_done (any end) · {"on_timeout": {"ms": N}} (after its start)
sizing      "node" (the target's own) · {"fixed": {"qty_1e8": N}}
            {"fill_ratio": {"ratio": R}} (R times what was filled)
            the target's quantity caps the sum over all its starts
action      activate · cancel

A node without an edge that activates it starts at once; the others wait.
Edges that activate form no cycle."""
STRATEGY_FILES = """\
A strategy is a folder with a program and a Sequence.toml:

[strategy]
name = "rebalance"
runtime = "python"

[hosted]
entrypoint = "main.py"
env = { MARKET = "ETH-USD" }      # seen by whoever can read the account
secrets = ["DESK_TOKEN"]          # names; their values are never shown again

[hosted.resources]
memory_mb = 256
timeout_secs = 3600               # 0 or absent: no limit

The values of secrets are read where you deploy: from the environment, or from
--secrets-from FILE. The program finds them, env, SEQ_API_KEY and SEQ_API_URL in
its environment; the key is made for the run and ends with it.

What is sent: every file of the folder, as one archive, always the same bytes
for the same files. What stays at home, and is told:
  what a .gitignore names, in the folder, in it and above it
  names that are secrets by custom: .env*, *.pem, *.key, id_rsa*, credentials
  what tools make again: .git, __pycache__, venv, node_modules
A file that holds a private key or a key of this exchange, and a link out of the
folder, stop it: nothing is sent."""
SWEEP_FILES = """\
A sweep runs a backtest for every combination of the values in a TOML file.
Parameters vary slowest, in the file's order; then symbols, then seeds.

seeds = [1, 2, 3]                 # of the market and of latencies
symbols = ["ETH-USD", "BTC-USD"]  # one at a time

[[params]]                        # as in Sequence.toml, with several values
slot = 0
type = "bps"
values = [5, 10, 20]

[[params]]
slot = 1
type = "i64"
range = { from = 1, to = 9, step = 4 }    # 1, 5 and 9

All of it is optional, but two combinations are the least and 2000 the most.
What the file does not vary is as on the command line, or in Sequence.toml.

  seq algo backtest maker --sweep sweep.toml --start 2026-01-01 --end 2026-01-02
  seq algo backtest maker --sweep sweep.toml --tape FILE --dask tcp://HOST:8786

Without --dask the cores of this machine work. On a cluster the workers need this
package, no file: the module and recordings travel. What a lost process or worker
had under way is run again."""

ALIASES: dict[str, tuple[str, ...]] = {
    "buy": ("order", "buy"),
    "sell": ("order", "sell"),
    "cancel": ("order", "cancel"),
    "amend": ("order", "amend"),
    "decrease": ("order", "decrease"),
    "preview": ("order", "preview"),
    "orders": ("order", "list"),
    "positions": ("portfolio", "positions"),
    "balances": ("portfolio", "balances"),
    "symbols": ("market", "symbols"),
    "fees": ("market", "fees"),
    "venues": ("creds", "venue", "list"),
    "redeem": ("predict", "redeem"),
    "connect": ("creds", "venue", "add"),
    "disconnect": ("creds", "venue", "remove"),
    "login": ("creds", "login"),
    "logout": ("creds", "logout"),
    "init": ("algo", "init"),
    "build": ("algo", "build"),
    "backtest": ("algo", "backtest"),
    "tca": ("analytics", "tca"),
    "trace": ("execution", "trace"),
    "intel": ("market", "intel"),
    "undeploy": ("algo", "undeploy"),
    "strategy push": ("strategy", "deploy"),
    "logs": ("algo", "logs"),
    "deploy": ("algo", "deploy"),
    "start": ("algo", "start"),
    "stop": ("algo", "stop"),
    "status": ("algo", "list"),
}
"""The vendor's words, and ours for them."""


SAME = ("quote", "fills")
"""Words that are the same in both."""
NOT_HERE: dict[str, tuple[str, str]] = {
    "bundle": (
        "bundles are not made here: a module goes to the edges as it is",
        "seq algo build checks it, seq algo deploy uploads it with its hash",
    ),
    "update": (
        "this tool does not replace itself",
        "update it with what installed it, such as: pip install --upgrade seqcli",
    ),
}
"""The vendor's words that can't be honoured: why, and what to type instead."""


def aliases() -> str:
    """The vendor's words, one a line."""
    width = max(map(len, (*ALIASES, *NOT_HERE)))
    lines = [f"seq {word:{width}}  =  seq {' '.join(ours)}" for word, ours in ALIASES.items()]
    lines += [f"seq {word:{width}}  =  the same" for word in SAME]
    lines += [f"seq {word:{width}}  -  {why}; {instead}" for word, (why, instead) in NOT_HERE.items()]
    return "\n".join(lines)


def of(word: str) -> str | None:
    """The text of a topic; None when there is no such topic."""
    known = {
        "exit-status": EXIT_STATUS,
        "environment": ENVIRONMENT,
        "graph-files": GRAPH_FILES,
        "strategy-files": STRATEGY_FILES,
        "sweep-files": SWEEP_FILES,
    }
    return aliases() if word == "aliases" else known.get(word)


def rows(text: str) -> list[tuple[str, str]]:
    """The lines of a topic as a word and what it means."""
    pairs = (line.strip().partition(" ") for line in text.splitlines())
    return [(word, meaning.strip()) for word, _, meaning in pairs]
