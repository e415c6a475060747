"""Processor time of whole processes on four pairs, beside the peers that are installed; prints Markdown.
usage: speed.py HINGE INPROC RECORDS"""
import os
import shutil
import subprocess
import sys
import tempfile
import time

import texts

PATIENCE = 30  # seconds
ROUNDS = 15
GIT = "git diff --word-diff"


def once(command):
    """Processor milliseconds, user and system, None when it takes too long. None of the peers uses more than one
    processor, so on a quiet machine this is the wall time. Peers may exit 1 for 'different'."""
    began = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while True:
        pid, status, used = os.wait4(child.pid, os.WNOHANG)
        if pid:
            break
        if time.perf_counter() - began > PATIENCE:
            child.kill()
            os.wait4(child.pid, 0)
            child.returncode = -9
            return None
        time.sleep(0.0005)
    child.returncode = os.waitstatus_to_exitcode(status)
    return 1000 * (used.ru_utime + used.ru_stime) if child.returncode in (0, 1) else None


def best(peers, files):
    """For each peer the best of some runs, taken in turns, so that the machine's other work hits all alike."""
    times = {name: [] for name, _ in peers}
    for _ in range(ROUNDS):
        for name, command in peers:
            if None not in times[name] and sum(times[name]) < 4000:
                times[name].append(once(command + files))
    return {name: None if None in took else min(took) for name, took in times.items()}


def pairs(records):
    demo = texts.corpus(records)
    small = texts.grown(demo, 2000, 1)
    middle = texts.grown(demo, 200000, 2)
    large = texts.grown(demo, 2000000, 3)
    yield "2 KB", small, texts.scattered(small, 0.1, 1)
    yield "200 KB, every fourth word edited", middle, texts.scattered(middle, 0.25, 2)
    yield "2 MB, every hundredth word edited", large, texts.scattered(large, 0.01, 3)
    yield "2 MB, unrelated", texts.grown(demo, 2000000, 4, 0), texts.grown(demo, 2000000, 5, 1)


def commands(hinge):
    python = sys.executable
    peer = os.path.join(os.path.dirname(os.path.abspath(__file__)), "peer.py")
    yield "hinge, exact, JSON", [hinge, "diff", "--layer", "exact", "--format", "json"]
    yield "hinge, readable, JSON", [hinge, "diff", "--format", "json"]
    yield "hinge, readable, for people", [hinge, "diff"]
    yield GIT, ["git", "diff", "--no-index", "--word-diff"]
    yield "git, punctuation apart", ["git", "diff", "--no-index", "--word-diff",
                                     "--word-diff-regex=[[:alnum:]]+|[^[:space:]]"]
    if shutil.which("wdiff"):
        yield "wdiff", ["wdiff"]
    yield "Python difflib", [python, peer, "difflib"]
    if subprocess.run([python, "-c", "import diff_match_patch"], stderr=subprocess.DEVNULL).returncode == 0:
        yield "diff-match-patch (Python)", [python, peer, "dmp"]


def main():
    hinge, inproc, records = sys.argv[1:4]
    with tempfile.TemporaryDirectory() as d:
        names, files = [], []
        for i, (name, a, b) in enumerate(pairs(records)):
            names.append(name)
            files.append([os.path.join(d, f"{i}.{side}") for side in "ab"])
            for path, text in zip(files[-1], (a, b)):
                with open(path, "w", encoding="utf-8") as f:
                    f.write(text)
        note = [os.path.join(d, f"note.{side}") for side in "ab"]
        text = texts.grown(texts.corpus(records), 3000, 5)
        for path, body in zip(note, (text, texts.scattered(text, 0.1, 5))):
            with open(path, "w", encoding="utf-8") as f:
                f.write(body)
        exact, readable = subprocess.run([inproc, *note], stdout=subprocess.PIPE, check=True).stdout.split()
        words = len(text.split())
        print(f"In process, {words} words with every tenth edited, words found and numbered included: exact "
              f"{float(exact):.3f} ms, readable {float(readable):.3f} ms.\n")
        print("Whole processes, processor milliseconds, best of 15 taken in turns (in brackets: times git's word diff):\n")
        print("| | " + " | ".join(names) + " |")
        print("| --- |" + " --- |" * len(names))
        peers = list(commands(hinge))
        columns = [best(peers, f) for f in files]
        for name, _ in peers:
            cells = [f"{c[name]:.1f} ({c[name] / c[GIT]:.2f})" if c[name] else f"over {PATIENCE} s" for c in columns]
            print(f"| {name} | " + " | ".join(cells) + " |")


main()
