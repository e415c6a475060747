"""How well the readable layer shows known edits; prints Markdown. usage: quality.py HINGE RECORDS"""
import json
import os
import random
import re
import subprocess
import sys
import tempfile

import texts

FUNCTION = set("a an the of to in on at by for with and or as is was are were be been it its this that from "
               "he she they his her their has had have not".split()) - {"not"}


def run(hinge, a, b, layer):
    with tempfile.TemporaryDirectory() as d:
        paths = [os.path.join(d, n) for n in "ab"]
        for path, body in zip(paths, (a, b)):
            with open(path, "wb") as f:
                f.write(body)
        out = subprocess.run([hinge, "diff", "--format", "json", "--layer", layer, *paths],
                             stdout=subprocess.PIPE, check=True).stdout
    return json.loads(out)


def tokens(body):
    text = body.decode()
    at, out, last = 0, [], 0
    for m in texts.TOKEN.finditer(text):
        at += len(text[last:m.start()].encode())
        size = len(m.group().encode())
        out.append((at, at + size, m.group()))
        at += size
        last = m.end()
    return out


def covered(token, ranges):
    return any(f < token[1] and token[0] < t for f, t in ranges)


def marks(diff):
    return ([tuple(o["a"]) for o in diff["ops"] if o["op"] == "-"],
            [tuple(o["b"]) for o in diff["ops"] if o["op"] == "+"])


def score(known, diff):
    """Right, marked and true tokens."""
    right = marked = true = 0
    for body, shown, truth in zip((known.a, known.b), marks(diff), (known.gone, known.new)):
        for token in tokens(bytes(body)):
            m, t = covered(token, shown), covered(token, truth)
            right += m and t
            marked += m
            true += t
    return right, marked, true


def islands(known, diff):
    """Kept ops of one or two function words between two changes, and hunks."""
    ops, count, hunks, inside = diff["ops"], 0, 0, False
    for i, op in enumerate(ops):
        if op["op"] != "=":
            hunks += not inside
            inside = True
            continue
        inside = False
        words = re.findall(r"[^\W_]+|[^\w\s]", bytes(known.b[op["b"][0]:op["b"][1]]).decode())
        between = 0 < i < len(ops) - 1
        count += between and 0 < len(words) <= 2 and all(w.lower() in FUNCTION for w in words)
    return count, hunks


def moved(known, diff):
    found = total = 0
    for (a, _b) in known.moved:
        for token in tokens(bytes(known.a)):
            if a[0] <= token[0] < a[1]:
                total += 1
                found += covered(token, [tuple(m["a"]) for m in diff["moves"]])
    return found, total


def lcs(a, b):
    row = [0] * (len(b) + 1)
    for x in a:
        corner = 0
        for j, y in enumerate(b):
            above = row[j + 1]
            row[j + 1] = corner + 1 if x == y else max(above, row[j])
            corner = above
    return row[-1]


def clusters_marked(parts, ranges):
    at, count = 0, 0
    for part in parts:
        size = len(part.encode())
        count += covered((at, at + size), ranges)
        at += size
    return count


def over_minimum(hinge, layer):
    for name, a, b in texts.scripts(3):
        diff = run(hinge, "".join(a).encode(), "".join(b).encode(), layer)
        gone, new = marks(diff)
        shown = clusters_marked(a, gone) + clusters_marked(b, new)
        least = len(a) + len(b) - 2 * lcs(a, b)
        yield name, shown, least


def main():
    hinge, records = sys.argv[1:3]
    sentences = texts.sentences(records)
    vocabulary = sorted({w for s in sentences for w in re.findall(r"\b[a-z]{3,}\b", s)})
    random.Random(1).shuffle(vocabulary)
    print("| layer | F1 of marked tokens | precision | recall | islands, % of hunks | moved tokens found |")
    print("| --- | --- | --- | --- | --- | --- |")
    for layer in ("exact", "readable"):
        right = marked = true = island = hunks = found = total = 0
        for seed in range(60):
            known = texts.known_edits(sentences, vocabulary, seed, seed % 2 == 1)
            diff = run(hinge, bytes(known.a), bytes(known.b), layer)
            for n, value in zip(("r", "m", "t"), score(known, diff)):
                right += value if n == "r" else 0
                marked += value if n == "m" else 0
                true += value if n == "t" else 0
            i, h = islands(known, diff)
            f, t = moved(known, diff)
            island, hunks, found, total = island + i, hunks + h, found + f, total + t
        p, r = right / marked, right / true
        moves = f"{100 * found / total:.1f} %" if layer == "readable" else "-"
        print(f"| {layer} | {2 * p * r / (p + r):.4f} | {p:.4f} | {r:.4f} | "
              f"{100 * island / hunks:.2f} | {moves} |")
    print()
    for layer in ("exact", "readable"):
        parts = [f"{n}: {s} marked, {m} at least ({100 * (s - m) / m:+.1f} %)"
                 for n, s, m in over_minimum(hinge, layer)]
        print(f"- {layer}, " + "; ".join(parts))


main()
