"""speed.py TOKENIZE SRCDIR: seconds of both on one thread for the same texts, and of one long word."""
import glob
import os
import subprocess
import sys
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["RAYON_NUM_THREADS"] = "1"
import tokenizers  # noqa: E402  (after the threads are set)
from tokenizers import Tokenizer  # noqa: E402
import texts  # noqa: E402

tokenize, srcdir = sys.argv[1:]
ROUNDS = 3


def ours(path, list_of_texts):
    out = subprocess.run([tokenize, path, str(ROUNDS)], input=texts.packed(list_of_texts), capture_output=True, check=True)
    seconds, count = out.stdout.split()
    return float(seconds), int(count)


def theirs(make, list_of_texts):
    best, count = None, 0
    for _ in range(ROUNDS):
        t = make()
        start = time.perf_counter()
        encoded = t.encode_batch_fast(list_of_texts, add_special_tokens=False)
        took = time.perf_counter() - start
        best = took if best is None else min(best, took)
        count = sum(len(e.ids) for e in encoded)
    return best, count


def prose():
    out = []
    for pattern in ("*.md", "src/**/*.[ch]", "db/**/*.[ch]", "ui/**/*.[ch]", "tests/**/*.[ch]", "man/*", "share/demo/*.jsonl"):
        for name in sorted(glob.glob(os.path.join(srcdir, pattern), recursive=True)):
            out += open(name, encoding="utf-8", errors="replace").read().replace("\0", "").split("\n\n")
    return out


kinds = []
model = texts.smollm2_file()
if model:
    reference = texts.smollm2_reference(model)
    kinds.append(("SmolLM2's (49,152 tokens)", model, lambda: Tokenizer.from_str(reference.to_str())))
for name in ("qwen2", "llama3", "sentencepiece"):
    path = os.path.join(srcdir, "tests/golden/tokenizers", name + ".json")
    kinds.append((f"{name}, golden (about 460 tokens)", path, lambda path=path: Tokenizer.from_file(path)))
corpora = [("this tree's texts", prose()), ("mixed lines", list(texts.lines(100000, 7)))]

print(f"| tokenizer | texts | hinge-train | tokenizers {tokenizers.__version__} | ratio |")
print("| --- | --- | --- | --- | --- |")
for label, path, make in kinds:
    for what, corpus in corpora:
        size = sum(len(t.encode()) for t in corpus) / 1e6
        a, n = ours(path, corpus)
        b, m = theirs(make, corpus)
        same = "" if n == m else f" ({n} and {m} ids!)"
        print(f"| {label} | {what}, {size:.1f} MB | {size / a:.1f} MB/s | {size / b:.1f} MB/s | {b / a:.2f} x{same} |")
print()
print("One word of so many bytes, in milliseconds: twice as long should take twice the time.")
print()
print("| bytes | hinge-train | tokenizers |")
print("| --- | --- | --- |")
label, path, make = kinds[0]
for size in (250000, 500000, 1000000):
    word = ["".join(chr(97 + (i * i + i // 7) % 26) for i in range(size))]
    print(f"| {size:,} | {ours(path, word)[0] * 1000:.0f} | {theirs(make, word)[0] * 1000:.0f} |")
