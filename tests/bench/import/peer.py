"""The least that a Python tool does to hold records in SQLite: parse each line, one insert each, one
transaction, a unique id. No revisions, no full-text index, no counts, nothing kept of the source's bytes.
With --fts the texts go into an FTS5 table besides, which is what search needs (hinge always does that)."""
import json
import sqlite3
import sys

path, db_path = sys.argv[1], sys.argv[2]
fts = "--fts" in sys.argv
db = sqlite3.connect(db_path)
db.execute("PRAGMA journal_mode=WAL")
db.execute("CREATE TABLE record (id TEXT PRIMARY KEY, task TEXT, prompt TEXT, y0 TEXT, y_star TEXT,"
           " score REAL, rationale TEXT, body TEXT)")
if fts:
    db.execute("CREATE VIRTUAL TABLE search USING fts5(prompt, y0, y_star, rationale)")
with open(path, encoding="utf-8") as lines:
    for line in lines:
        r = json.loads(line)
        db.execute("INSERT INTO record VALUES (?,?,?,?,?,?,?,?)",
                   (r["id"], r.get("task"), json.dumps(r.get("prompt")), r.get("y0"), r.get("y_star"),
                    r.get("score"), r.get("rationale"), line))
        if fts:
            db.execute("INSERT INTO search VALUES (?,?,?,?)",
                       (json.dumps(r.get("prompt")), r.get("y0"), r.get("y_star"), r.get("rationale")))
db.commit()
db.close()
