"""hinge-train generate beside llama.cpp (llama-cpp-python's low-level batch interface): greedy answers of 128 tokens to 16
prompts at once, the same weights (hinge-train's fp32, as a GGUF of F32 and one of F16 for llama.cpp). Prints Markdown.
usage: generate.py HINGE_TRAIN MODEL.gguf"""
import ctypes
import json
import os
import subprocess
import sys
import tempfile
import time

import gguf
import llama_cpp as L
import numpy

THREADS, COUNT, NEW = int(os.environ.get("HINGE_THREADS", "2")), 16, 128
hinge, model = sys.argv[1:3]


silent = L.llama_log_callback(lambda *_: None)  # held: C calls it


def convert(path, kind):
    """The model with all matrices as kind; norms stay F32."""
    reader = gguf.GGUFReader(model)
    writer = gguf.GGUFWriter(path, "llama")
    for field in reader.fields.values():
        if field.name.startswith("GGUF.") or field.name == "general.architecture":
            continue
        if field.name == "general.file_type":
            writer.add_file_type(0 if kind == numpy.float32 else 1)
            continue
        value, types = field.contents(), field.types
        writer.add_key_value(field.name, value, types[0], types[1] if len(types) > 1 else None)
    for t in reader.tensors:
        data = gguf.quants.dequantize(t.data, t.tensor_type).astype(numpy.float32)
        writer.add_tensor(t.name, data if data.ndim == 1 else data.astype(kind))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def peer(path, prompts):
    """All prompts in one decode, then one token of each sequence a decode; the answers' text and seconds."""
    L.llama_log_set(silent, None)
    m = L.llama_model_load_from_file(path.encode(), L.llama_model_default_params())
    p = L.llama_context_default_params()
    p.n_ctx, p.n_batch, p.n_ubatch, p.n_seq_max = COUNT * 512, 2048, 512, COUNT
    p.n_threads = p.n_threads_batch = THREADS
    c = L.llama_init_from_model(m, p)
    vocab = L.llama_model_get_vocab(m)
    size = L.llama_vocab_n_tokens(vocab)
    ids = []
    for text in prompts:
        buffer = (L.llama_token * 4096)()
        n = L.llama_tokenize(vocab, text.encode(), len(text.encode()), buffer, 4096, False, True)
        ids.append(list(buffer[:n]))
    batch = L.llama_batch_init(2048, 0, 1)

    def decode(rows):  # (token, position, sequence, wants logits)
        batch.n_tokens = len(rows)
        for i, (token, position, sequence, logits) in enumerate(rows):
            batch.token[i], batch.pos[i], batch.n_seq_id[i], batch.logits[i] = token, position, 1, logits
            batch.seq_id[i][0] = sequence
        assert L.llama_decode(c, batch) == 0

    def likeliest(i):
        return int(numpy.ctypeslib.as_array(L.llama_get_logits_ith(c, i), (size,)).argmax())

    decode([(1, 0, 0, 1)])  # warm up
    L.llama_memory_clear(L.llama_get_memory(c), True)
    start = time.perf_counter()
    rows = [(t, k, s, k + 1 == len(x)) for s, x in enumerate(ids) for k, t in enumerate(x)]
    last = [i for i, row in enumerate(rows) if row[3]]
    decode(rows)
    answers = [[likeliest(i)] for i in last]
    for k in range(NEW - 1):
        decode([(a[-1], len(x) + k, s, 1) for s, (a, x) in enumerate(zip(answers, ids))])
        for s, a in enumerate(answers):
            a.append(likeliest(s))
    seconds = time.perf_counter() - start
    L.llama_batch_free(batch)
    L.llama_free(c)
    L.llama_model_free(m)
    return answers, seconds


def ours(path, prompts_file, out):
    start = time.perf_counter()
    subprocess.run([hinge, "generate", "--model", path, "--chat", "chatml", "--prompts", prompts_file, "--out", out,
                    "--batch", str(COUNT), "--max-new", str(NEW), "--threads", str(THREADS), "--ignore-end"], check=True)
    whole = time.perf_counter() - start
    with open(out) as f:
        return [json.loads(line) for line in f], whole


topics = ("the moon", "bread", "a river", "trains", "winter", "bees", "chess", "salt", "a violin", "mountains", "glass",
          "coffee", "maps", "whales", "paper", "clocks")
questions = [f"Write a short and careful explanation of {t} for a curious child, with one example." for t in topics]
with tempfile.TemporaryDirectory() as folder:
    f32, f16, prompts = folder + "/f32.gguf", folder + "/f16.gguf", folder + "/prompts.jsonl"
    convert(f32, numpy.float32)
    convert(f16, numpy.float16)
    with open(prompts, "w") as f:
        for i, q in enumerate(questions):
            f.write(json.dumps({"id": str(i), "prompt": q}) + "\n")
    rendered = [f"<|im_start|>user\n{q}<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n" for q in questions]
    # what loading takes is measured with one prompt of one token and taken off
    ours(f32, prompts, folder + "/warm.jsonl")
    one = folder + "/one.jsonl"
    with open(one, "w") as f:
        f.write(json.dumps({"id": "0", "prompt": "x"}) + "\n")
    start = time.perf_counter()
    subprocess.run([hinge, "generate", "--model", f32, "--chat", "chatml", "--prompts", one, "--out", folder + "/o",
                    "--batch", str(COUNT), "--max-new", "1", "--threads", str(THREADS)], check=True)
    loading = time.perf_counter() - start
    answers, whole = ours(f32, prompts, folder + "/out.jsonl")
    a32, s32 = peer(f32, rendered)
    _, s16 = peer(f16, rendered)
tokens = COUNT * NEW
assert all(a["tokens"] == NEW for a in answers)
print(f"Generating {NEW} tokens greedily for each of {COUNT} prompts at once, prompts included; loading (measured with one "
      f"token) taken off:\n")
print("| program | s | tokens/s | times llama.cpp F32 |\n| --- | --- | --- | --- |")
for name, s in (("hinge-train, fp32", whole - loading), ("llama.cpp, F32", s32), ("llama.cpp, F16", s16)):
    print(f"| {name} | {s:.2f} | {tokens / s:.0f} | {s32 / s:.2f} |")
