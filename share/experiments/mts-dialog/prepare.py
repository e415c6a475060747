#!/usr/bin/env python3
"""MTS-Dialog as hinge takes it: see README.md beside this file. Needs the standard library alone.

    prepare.py --train FILE --test FILE --out DIR [--examples N] [--records N] [--longest CHARACTERS]

FILE: JSONL with prompt, y_star and meta.section_header, or the published CSV (ID, section_header, section_text, dialogue).
"""
import argparse
import csv
import hashlib
import json
import os
import shutil


def rows(path):
    with open(path, encoding="utf-8", newline="") as f:
        if path.endswith(".csv"):
            for r in csv.DictReader(f):
                yield r["ID"], r["section_header"], r["dialogue"], r["section_text"]
            return
        for line in f:
            r = json.loads(line)
            yield r["id"], r["meta"]["section_header"], r["prompt"], r["y_star"]


def clean(text):
    return "\n".join(line.strip() for line in text.replace("\r", "\n").split("\n") if line.strip())


def chosen(path, count, longest):
    """The first `count` by a hash of the id, so that a choice does not depend on the order of the file."""
    fit = [(i, h, clean(d), clean(t)) for i, h, d, t in rows(path) if len(d) + len(t) <= longest]
    fit.sort(key=lambda r: hashlib.sha256(str(r[0]).encode()).hexdigest())
    return fit[:count]


def prompt(header, dialogue):
    return f"Write the section {header} of the note of this visit.\n\n{dialogue}"


def write(path, lines):
    with open(path, "w", encoding="utf-8") as out:
        for line in lines:
            out.write(json.dumps(line, ensure_ascii=False) + "\n")


def snapshot(items):
    for i, header, dialogue, text in items:
        yield {"id": f"mts/{i}", "prompt": [{"role": "user", "content": prompt(header, dialogue)}],
               "branches": [{"kind": "A", "think": None, "text": text}]}


def records(items):
    for i, header, dialogue, text in items:
        yield {"id": f"mts/{i}", "task": "note-section", "prompt": prompt(header, dialogue), "y_star": text, "split": "test",
               "meta": {"reference": text, "section_header": header}}


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--train", required=True)
    p.add_argument("--test", required=True)
    p.add_argument("--out", required=True)
    p.add_argument("--examples", type=int, default=200)
    p.add_argument("--records", type=int, default=40)
    p.add_argument("--longest", type=int, default=1500)
    a = p.parse_args()
    os.makedirs(a.out, mode=0o700, exist_ok=True)
    test = chosen(a.test, a.records, a.longest)
    heard = {r[2] for r in test}  # MTS-Dialog repeats a training dialogue in its test part
    train = [r for r in chosen(a.train, a.examples + len(test), a.longest) if r[2] not in heard][: a.examples]
    write(os.path.join(a.out, "train.jsonl"), snapshot(train))
    write(os.path.join(a.out, "valid.jsonl"), snapshot(test))
    write(os.path.join(a.out, "records.jsonl"), records(test))
    with open(os.path.join(a.out, "mts.ini"), "w", encoding="utf-8") as out:
        out.write(f'[grader rouge]\nkind = program\nprogram = "{shutil.which("hinge") or "hinge"}" experiment rouge\nscale = 0..1\n\n'
                  "[task note-section]\ngraders = rouge\n")
    print(f"{len(train)} examples, {len(test)} records in {a.out}")


if __name__ == "__main__":
    main()
