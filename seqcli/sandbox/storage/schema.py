"""The tables of the store."""

VERSION = 1
TABLES = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE events (
  first_seq INTEGER PRIMARY KEY, last_seq INTEGER NOT NULL, crc INTEGER NOT NULL, batch BLOB NOT NULL
);
CREATE TABLE snapshot (
  id INTEGER PRIMARY KEY CHECK (id = 1), seq INTEGER NOT NULL, ts_ns INTEGER NOT NULL,
  crc INTEGER NOT NULL, data BLOB NOT NULL
);
CREATE TABLE orders (
  client_id TEXT NOT NULL, node_order_id TEXT NOT NULL, graph_id TEXT NOT NULL, symbol TEXT NOT NULL,
  status TEXT NOT NULL, venues TEXT NOT NULL, sandbox INTEGER NOT NULL, is_slice INTEGER NOT NULL,
  ended INTEGER NOT NULL, created_ns INTEGER NOT NULL, seq INTEGER NOT NULL, record BLOB NOT NULL,
  PRIMARY KEY (client_id, node_order_id)
);
CREATE INDEX orders_by_time ON orders (client_id, created_ns, seq);
CREATE INDEX orders_by_graph ON orders (client_id, graph_id);
CREATE INDEX orders_open ON orders (client_id) WHERE ended = 0;
CREATE TABLE graphs (
  client_id TEXT NOT NULL, graph_id TEXT NOT NULL, status TEXT NOT NULL, sandbox INTEGER NOT NULL,
  ended INTEGER NOT NULL, created_ns INTEGER NOT NULL, seq INTEGER NOT NULL, record BLOB NOT NULL,
  PRIMARY KEY (client_id, graph_id)
);
CREATE INDEX graphs_by_time ON graphs (client_id, created_ns, seq);
CREATE TABLE fills (
  client_id TEXT NOT NULL, fill_id TEXT NOT NULL, node_order_id TEXT NOT NULL, graph_id TEXT NOT NULL,
  symbol TEXT NOT NULL, venue TEXT NOT NULL, sandbox INTEGER NOT NULL, created_ns INTEGER NOT NULL,
  seq INTEGER NOT NULL, record BLOB NOT NULL,
  PRIMARY KEY (client_id, fill_id)
);
CREATE INDEX fills_by_time ON fills (client_id, created_ns, seq);
CREATE INDEX fills_by_graph ON fills (client_id, graph_id);
CREATE TABLE api_keys (key_id TEXT PRIMARY KEY, row BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE credentials (
  client_id TEXT NOT NULL, sandbox INTEGER NOT NULL, venue TEXT NOT NULL, created_ns INTEGER NOT NULL,
  updated_ns INTEGER NOT NULL, shown BLOB NOT NULL, nonce BLOB NOT NULL, sealed BLOB NOT NULL,
  PRIMARY KEY (client_id, sandbox, venue)
) WITHOUT ROWID;
CREATE TABLE deployments (
  client_id TEXT NOT NULL, deployment_id TEXT NOT NULL, sandbox INTEGER NOT NULL, created_ns INTEGER NOT NULL,
  record BLOB NOT NULL, module BLOB NOT NULL,
  PRIMARY KEY (client_id, deployment_id)
);
"""
POSTINGS = """
CREATE TABLE IF NOT EXISTS postings (
  client_id TEXT NOT NULL, seq INTEGER NOT NULL, ts_ns INTEGER NOT NULL, kind TEXT NOT NULL, data BLOB NOT NULL,
  PRIMARY KEY (client_id, seq)
) WITHOUT ROWID;
"""
"""What moved an account's money beside its fills; a store from before this table has no such past to tell."""
POSTED = frozenset({"ledger", "funding", "resolution", "redemption", "withdrawal"})

UPSERT = {
    "order": """
INSERT INTO orders (client_id, node_order_id, graph_id, symbol, status, venues, sandbox, is_slice, ended,
created_ns, seq, record)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (client_id, node_order_id) DO UPDATE SET status = excluded.status, venues = excluded.venues,
ended = excluded.ended, seq = excluded.seq, record = excluded.record""",
    "graph": """
INSERT INTO graphs (client_id, graph_id, status, sandbox, ended, created_ns, seq, record)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (client_id, graph_id) DO UPDATE SET status = excluded.status, ended = excluded.ended,
seq = excluded.seq, record = excluded.record""",
    "fill": """
INSERT OR IGNORE INTO fills (client_id, fill_id, node_order_id, graph_id, symbol, venue, sandbox, created_ns,
seq, record)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
}
"""What each kind of event does to the records; the last one of an id stands."""
