"""Writes N records to standard output: those of a file over and over, each time under new ids and with a
word of its own in each text, so that no two are alike."""
import json
import sys

with open(sys.argv[1], encoding="utf-8") as f:
    records = [json.loads(line) for line in f]
for n in range(int(sys.argv[2])):
    r = dict(records[n % len(records)])
    mark = " w%d" % (n // len(records))
    r["id"] = "%s#%d" % (r["id"], n)
    for key in ("y0", "y_star", "rationale"):
        if isinstance(r.get(key), str):
            r[key] += mark
    if isinstance(r.get("prompt"), str):
        r["prompt"] += mark
    print(json.dumps(r, ensure_ascii=False, separators=(",", ":")))
