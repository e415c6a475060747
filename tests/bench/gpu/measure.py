"""hinge-train beside transformers + PEFT on one GPU: shapes of Qwen3, plain sequences, RGT pairs and generating. Standard library
alone. Lines that begin with | are the table; OUT/bench.jsonl gets a line for each measurement as it is made, and a later call goes on
from there; OUT/bench.json has all of them and the verdicts. What does not fit or does not run is told, never left out."""
import argparse
import hashlib
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
GOLDEN = os.path.join(HERE, "..", "..", "golden")
VOCAB, NEAR = 151936, 5e-3  # the first losses of two programs in bf16 differ by less
# hidden, ffn, layers, query heads, key heads, head, tied; the published models of these names
SHAPES = {"tiny": (64, 128, 2, 4, 2, 16, True), "0.6B": (1024, 3072, 28, 16, 8, 128, True), "4B": (2560, 9728, 36, 32, 8, 128, True),
          "8B": (4096, 12288, 36, 32, 8, 128, False), "14B": (5120, 17408, 40, 40, 8, 128, False),
          "32B": (5120, 25600, 64, 64, 8, 128, False)}
# prefix, branches, pairs of a step; a plain sequence has no branches
WORKS = {"SFT 4096": (4096,), "pairs 1000/500/60": (1000, 500, 60, 2), "pairs 4000/500/60": (4000, 500, 60, 1),
         "pairs 500/500/200": (500, 500, 200, 2)}
FLASH3 = (616e12, 561e12)  # FlashAttention-3's forward and backward on an H100: head 128, 16k, causal


def arguments():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--train", required=True, help="hinge-train")
    p.add_argument("--python", default=os.environ.get("PYTHON", sys.executable), help="one with torch, transformers and peft")
    p.add_argument("--device", default="0", help="the GPU's number")
    p.add_argument("--out", default=".", help="where the results go")
    p.add_argument("--work", help="where models stand meanwhile (default: beside the results)")
    p.add_argument("--sizes", default="auto", help='such as "8B 0.6B"; auto: all that fit this GPU, 8B first')
    p.add_argument("--ranks", default="16 256")
    p.add_argument("--minutes", type=float, default=120, help="what is not measured by then is told as such")
    p.add_argument("--seconds", type=float, default=2, help="least time of a measurement")
    p.add_argument("--every-way", action="store_true", help="checkpointing also where a peer fits without it")
    p.add_argument("--no-compile", action="store_true", help="no torch.compile")
    p.add_argument("--no-peer", action="store_true", help="hinge-train alone")
    p.add_argument("--speed", help="what tests/gpu/speed said, for the verdict on attention")
    p.add_argument("--cpu", action="store_true", help="the peer on the CPU: a rehearsal")
    p.add_argument("--divide", type=int, default=1, help="lengths of sequences by this: a rehearsal")
    return p.parse_args()


class Bench:
    def __init__(self, a):
        self.a, self.lines, self.end = a, [], time.monotonic() + 60 * a.minutes
        os.makedirs(a.out, exist_ok=True)
        self.path = os.path.join(a.out, "bench.jsonl")
        self.program = hashlib.sha256(open(a.train, "rb").read()).hexdigest()[:16]
        if os.path.exists(self.path):
            with open(self.path, encoding="utf-8") as f:
                known = [json.loads(line) for line in f if line.endswith("}\n")]
            self.lines = [x for x in known if x["who"] == "peer" or x["program_sha256"] == self.program]
        self.environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "" if a.cpu else a.device, "HF_HUB_OFFLINE": "1",
                            "TRANSFORMERS_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false",
                            "PYTORCH_CUDA_ALLOC_CONF": "expandable_segments:True"}
        self.peer = None if a.no_peer else self.peer_has()

    def left(self):
        return max(0.0, self.end - time.monotonic())

    def add(self, **line):
        if line["who"] == "hinge":  # another program's figures are not ours
            line["program_sha256"] = self.program
        self.lines.append(line)
        with open(self.path, "a", encoding="utf-8") as f:
            f.write(json.dumps(line) + "\n")

    def of(self, **what):
        return [line for line in self.lines if all(line.get(k) == v for k, v in what.items())]

    def log(self, text):
        print(text, flush=True)

    def run(self, command, seconds, told=None):
        """The command's lines as they come; its exit code, or None when it was ended for time."""
        if self.left() < 5:
            return None, ""
        with tempfile.TemporaryFile("w+") as errors, subprocess.Popen(
                ["timeout", "-k", "10", str(int(min(seconds, self.left()) + 1)), *command], stdout=subprocess.PIPE, stderr=errors,
                text=True, env=self.environment) as p:
            for line in p.stdout:
                if told:
                    told(line)
            p.wait()
            errors.seek(0)
            text = [x for x in errors.read().split("\n") if x.strip()]
        return (None if p.returncode in (124, 137) else p.returncode), (text[-1] if text else "")

    def peer_command(self, *words):
        return [self.a.python, os.path.join(HERE, "peer.py"), *words, "--device", "cpu" if self.a.cpu else "cuda:0"]

    def peer_has(self):
        said = []
        code, text = self.run(self.peer_command("have"), 300, said.append)
        if code == 0 and said:
            self.log("peer: " + said[-1].strip())
            return json.loads(said[-1])
        self.log(f"no peer: {self.a.python} has no torch (CUDA), transformers and peft ({text}): hinge-train alone")
        return None


def gpu_bytes(device):
    try:
        said = subprocess.run(["nvidia-smi", "--query-gpu=memory.total", "--format=csv,noheader,nounits", "-i", device],
                              stdout=subprocess.PIPE, text=True, check=True).stdout
        return float(said.split()[0]) * 2**20
    except (OSError, subprocess.CalledProcessError, ValueError, IndexError):
        return 0.0


def weight_bytes(size):
    hidden, ffn, layers, q, kv, head, tied = SHAPES[size]
    return 2 * (layers * hidden * (head * (2 * q + 2 * kv) + 3 * ffn) + VOCAB * hidden * (1 if tied else 2))


def sizes_of(a):
    """Name and bits of the weights: those that leave room for training on this GPU."""
    if a.sizes != "auto":
        return [(name, 4 if name == "32B" and gpu_bytes(a.device) < 100e9 else 16) for name in a.sizes.split()]
    memory = gpu_bytes(a.device)
    fit = [(name, 16) for name in ("8B", "0.6B", "4B", "14B", "32B") if weight_bytes(name) < 0.6 * memory]
    return fit + ([("32B", 4)] if memory > 70e9 and ("32B", 16) not in fit else [])


def write_config(size, folder):
    hidden, ffn, layers, q, kv, head, tied = SHAPES[size]
    with open(os.path.join(folder, "config.json"), "w", encoding="utf-8") as f:
        json.dump({"architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3", "vocab_size": 464 if size == "tiny" else VOCAB,
                   "hidden_size": hidden, "intermediate_size": ffn, "num_hidden_layers": layers, "num_attention_heads": q,
                   "num_key_value_heads": kv, "head_dim": head, "max_position_embeddings": 40960, "rms_norm_eps": 1e-6,
                   "rope_theta": 1000000.0, "tie_word_embeddings": tied, "attention_bias": False, "hidden_act": "silu",
                   "torch_dtype": "bfloat16"}, f)
    shutil.copy(os.path.join(GOLDEN, "tokenizers", "qwen2.json"), os.path.join(folder, "tokenizer.json"))
    with open(os.path.join(folder, "tokenizer_config.json"), "w", encoding="utf-8") as f:
        json.dump({"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "<|im_end|>", "pad_token": "<|endoftext|>"}, f)


class Case:
    """The token ids of one step, from a seed: both programs are given the same."""

    def __init__(self, name, rank, size, divide):
        self.name, self.rank = name, rank
        rng, vocab = random.Random(name), 464 if size == "tiny" else VOCAB
        n = [max(8, x // divide) for x in WORKS[name][:3]]
        take = lambda count: [rng.randrange(vocab) for _ in range(count)]
        self.pair = n if len(n) == 3 else None
        self.pairs = WORKS[name][3] if self.pair else 0
        self.ids, self.sequences, self.trained = [], [], []
        self.rows = max(16, sum(n)) if self.pair else max(16, n[0])
        for _ in range(max(1, self.pairs)):
            if not self.pair:
                self.ids = take(self.rows)
                self.sequences, self.trained = [self.ids], [self.rows - 1]
                continue
            prefix, a, b = take(n[0]), take(n[1]), take(n[2])
            self.ids += prefix + a + b
            self.sequences += [prefix + a, prefix + b]
            self.trained += [len(a), len(b)]

    def options(self):
        return ["--pair", ",".join(map(str, self.pair)), "--pairs", str(self.pairs)] if self.pair else []

    def sharing(self):
        p, a, b = self.pair
        return (p + a + b) / (2 * p + a + b)


def make_weights(bench, size, folder):
    """The same weights for both, where the disk has room; else None and why."""
    need, free = weight_bytes(size), shutil.disk_usage(folder).free
    if not bench.peer:
        return "there is no peer to make them"
    if need > 0.9 * free:
        return f"they are {need * 1e-9:.0f} GB and {free * 1e-9:.0f} GB of the disk are free"
    code, text = bench.run(bench.peer_command("make", os.path.join(folder, "config.json"), folder), 900)
    return None if code == 0 else f"the peer made none: {text or 'out of time'}"


def ours(bench, size, bits, folder, init, case, work):
    tokens = os.path.join(work, "tokens")
    with open(tokens, "w", encoding="ascii") as f:
        f.write(" ".join(map(str, case.ids)) + "\n")
    failed = "out of time"
    for recompute in ("off", "on"):
        said = []
        command = [bench.a.train, "bench", "--device", "cuda:0" if bench.a.cpu else "cuda", "--model", folder, "--init", init, "--rank",
                   str(case.rank), "--recompute", recompute, "--row-tokens", str(case.rows), "--tokens", tokens, "--json", "--seconds",
                   str(bench.a.seconds), "--base-bits", str(bits), "--max-tokens", "40000", "--batch",
                   "2" if bench.a.divide > 1 else "16", *case.options()]
        code, text = bench.run(command, 900, said.append)
        if code == 0 and said:
            bench.add(who="hinge", size=size, bits=bits, case=case.name, rank=case.rank, recompute=recompute, same_weights=init == "model",
                      said=json.loads(said[-1]))
            return
        failed = text or failed
    bench.log(f"hinge-train, {size}, {case.name}, rank {case.rank}: {failed}")
    bench.add(who="hinge", size=size, bits=bits, case=case.name, rank=case.rank, failed=failed)


def theirs(bench, size, bits, folder, cases, work):
    """One process for all cases of a size: its lines are kept as they come, so time that ends loses nothing."""
    spec = os.path.join(work, "spec.json")
    with open(spec, "w", encoding="utf-8") as f:
        json.dump({"bits": bits, "seconds": bench.a.seconds, "all": bench.a.every_way, "compile": not bench.a.no_compile,
                   "cases": [{"name": c.name, "rank": c.rank, "sequences": c.sequences, "trained": c.trained} for c in cases]}, f)

    def told(line):
        if line.startswith("{"):
            bench.add(who="peer", size=size, bits=bits, **json.loads(line))
    code, text = bench.run(bench.peer_command("train", folder, spec), bench.left(), told)
    if code != 0:
        bench.log(f"peer, {size}: {'ended for time' if code is None else text}")


def prompts_of(divide):
    rng = random.Random(1)
    words = "the patient has a fever for three days and no cough doctor asks about pain in chest".split()
    count, length, new = (256, 120, 256) if divide == 1 else (4, 6, 4)
    return [" ".join(rng.choice(words) for _ in range(length)) for _ in range(count)], new


def generate_ours(bench, size, bits, folder, init, work):
    """All prompts, less what one prompt of one token takes: that is loading."""
    texts, new = prompts_of(bench.a.divide)
    files = {"all": [*texts], "one": ["x"]}
    for name, list_of in files.items():
        with open(os.path.join(work, name), "w", encoding="utf-8") as f:
            f.writelines(json.dumps({"id": str(i), "prompt": text}) + "\n" for i, text in enumerate(list_of))

    def call(name, most, batch):
        begun = time.monotonic()
        code, text = bench.run([bench.a.train, "generate", "--device", "cuda:0" if bench.a.cpu else "cuda", "--model", folder, "--chat",
                                "chatml", "--base-bits", str(bits), "--prompts", os.path.join(work, name), "--out",
                                os.path.join(work, "answers"), "--batch", str(batch), "--max-new", str(most), "--ignore-end"], 900)
        return time.monotonic() - begun if code == 0 else None, text
    what = {"who": "hinge", "size": size, "bits": bits, "case": "generate", "rank": 0}
    if init != "model":
        bench.add(**what, failed="there are no weights on the disk to generate with")
        return
    failed = ""
    for batch in (256, 128, 64) if bench.a.divide == 1 else (4,):
        whole, failed = call("all", new, batch)
        if whole:
            with open(os.path.join(work, "answers"), encoding="utf-8") as f:
                asked = sum(json.loads(line)["prompt_tokens"] for line in f)
            loading = min(x for x in (call("one", 1, batch)[0] for _ in range(2)) if x)
            bench.add(**what, batch=batch, seconds=whole - loading, loading=loading, prompt_tokens=asked,
                      tokens_per_second=len(texts) * new / (whole - loading))
            return
    bench.add(**what, failed=failed or "out of time")


def encode_prompts(bench, folder, work):
    """Ids of the prompts as hinge-train reads them: its chat format around each, by the same tokenizer."""
    texts, new = prompts_of(bench.a.divide)
    program = ("import json, sys, tokenizers; t = tokenizers.Tokenizer.from_file(sys.argv[1]); print(json.dumps([t.encode(x, "
               "add_special_tokens=False).ids for x in json.load(open(sys.argv[2]))]))")
    rendered = [f"<|im_start|>user\n{x}<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n" for x in texts]
    with open(os.path.join(work, "rendered"), "w", encoding="utf-8") as f:
        json.dump(rendered, f)
    said = []
    code, text = bench.run([bench.a.python, "-c", program, os.path.join(folder, "tokenizer.json"), os.path.join(work, "rendered")], 120,
                           said.append)
    return (json.loads(said[-1]), new) if code == 0 else (None, text)


def generate_theirs(bench, size, bits, folder, work):
    ids, new = encode_prompts(bench, folder, work)
    if ids is None:
        bench.add(who="peer", size=size, bits=bits, case="generate", rank=0, failed=f"prompts: {new}")
        return
    spec = os.path.join(work, "prompts.json")
    with open(spec, "w", encoding="utf-8") as f:
        json.dump({"prompts": ids, "new": new, "compile": not bench.a.no_compile}, f)

    def told(line):
        if line.startswith("{"):
            bench.add(who="peer", size=size, bits=bits, prompt_tokens=sum(map(len, ids)), **json.loads(line))
    bench.run(bench.peer_command("generate", folder, spec), min(1800, bench.left()), told)


def measure_size(bench, size, bits):
    folder = tempfile.mkdtemp(prefix=f"model-{size}-", dir=bench.a.work or bench.a.out)
    work = tempfile.mkdtemp(prefix="work-", dir=bench.a.work or bench.a.out)
    try:
        write_config(size, folder)
        why = make_weights(bench, size, folder)
        init = "random" if why else "model"
        if why:
            bench.log(f"{size}: not the same weights for both: {why}")
        cases = [Case(name, int(rank), size, bench.a.divide) for rank in bench.a.ranks.split() for name in WORKS]
        known = lambda who, case: [x for x in bench.of(who=who, size=size, bits=bits, case=case.name, rank=case.rank)
                                   if "failed" not in x]
        for case in cases:
            if not known("hinge", case):
                ours(bench, size, bits, folder, init, case, work)
        if init == "model" and not bench.of(who="hinge", size=size, bits=bits, case="generate"):
            generate_ours(bench, size, bits, folder, init, work)
        if init == "model" and not bench.of(who="peer", size=size, bits=bits, case="generate") and bits == 16:
            generate_theirs(bench, size, bits, folder, work)
        missing = [case for case in cases if not known("peer", case)]
        if init == "model" and missing:
            theirs(bench, size, bits, folder, missing, work)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(work, ignore_errors=True)


def good_loss(line, mine):
    """Whether a peer's way computed the same; TRL shuffles the rows, so its first batch may hold one twice."""
    if not mine or not mine["same_weights"] or "first_loss" not in mine["said"]["training"]:
        return True
    most = 4 * NEAR if line.get("program") == "TRL" else NEAR
    return abs(line["first_loss"] - mine["said"]["training"]["first_loss"]) <= most * line["first_loss"]


def summary(bench, size, bits, case):
    """What a row of the table says: ours, the peer's fastest way, and what did not run."""
    what = {"size": size, "bits": bits, "case": case.name, "rank": case.rank}
    mine = ([x for x in bench.of(who="hinge", **what) if "said" in x] or [None])[-1]
    ways = bench.of(who="peer", **what)
    ran = [x for x in ways if "seconds" in x and good_loss(x, mine)]
    best = min(ran, key=lambda x: x["seconds"]) if ran else None
    row = {**what, "failed": [x for x in ways if "failed" in x],
           "other_loss": [x for x in ways if "seconds" in x and not good_loss(x, mine)], "best": best}
    units = case.pairs or sum(map(len, case.sequences))
    if mine:
        t = mine["said"]["training"]
        row.update(rate=units / t["seconds"], flops=t["flops_per_second"], share=t["share_of_product"], bytes=mine["said"]["bytes"],
                   recompute=mine["recompute"], first_loss=t.get("first_loss"))
        whole = mine["said"].get("unshared", {})
        if "seconds" in whole:
            row["shared_time"] = t["seconds"] / whole["seconds"]
            row["shared_ideal"] = case.sharing()
        plain = whole if "seconds" in whole else t
        if best:
            row["peer_flops"] = plain["flops_per_second"] * plain["seconds"] / best["seconds"]
    if best:
        row.update(peer_rate=units / best["seconds"], peer_bytes=best["bytes"], peer_loss=best["first_loss"])
    if mine and best:
        row["ratio"] = row["rate"] / row["peer_rate"]
        row["memory"] = row["bytes"] / best["bytes"] if best["bytes"] else None
    return row


def verdict(name, reach, cases, good, text, worst_is=min):
    """One figure of the issue over all cases that were measured: met when every one is."""
    if not cases:
        return {"figure": name, "reach": reach, "verdict": "not measured", "measured": ""}
    worst = worst_is(cases, key=lambda x: x[0])
    return {"figure": name, "reach": reach, "verdict": "met" if all(good(x[0]) for x in cases) else "not met",
            "measured": f"{text.format(worst[0])} at worst ({worst[1]}), {len(cases)} cases"}


def attention_of(path):
    try:
        with open(path, encoding="utf-8") as f:
            said = json.loads([line for line in f if line.startswith("{")][-1])["attention_128"]
        return [(said["forward_flops_per_second"] / FLASH3[0], "forward"), (said["backward_flops_per_second"] / FLASH3[1], "backward")]
    except (OSError, TypeError, KeyError, ValueError, IndexError):
        return []


def verdicts(bench, rows):
    name = lambda r: f"{r['size']} r={r['rank']} {r['case']}"
    plain = [r for r in rows if r["case"].startswith("SFT")]
    pairs = [r for r in rows if r["case"].startswith("pairs")]
    generated = []
    for size in {x["size"] for x in bench.lines}:
        mine = [x["tokens_per_second"] for x in bench.of(who="hinge", size=size, case="generate") if "seconds" in x]
        peer = [x["tokens_per_second"] for x in bench.of(who="peer", size=size, case="generate") if "seconds" in x]
        if mine and peer:
            generated.append((max(mine) / max(peer), size))
    return [
        verdict("plain SFT beside PEFT", ">= 1.5 times", [(r["ratio"], name(r)) for r in plain if "ratio" in r], lambda x: x >= 1.5,
                "{:.2f} times"),
        verdict("plain SFT at 8B, of the GEMM rate", ">= 55 %", [(r["share"], name(r)) for r in plain if r["size"] == "8B" and "share" in r],
                lambda x: x >= 0.55, "{:.0%}"),
        verdict("RGT pairs beside PEFT", ">= 2.5 times", [(r["ratio"], name(r)) for r in pairs if "ratio" in r], lambda x: x >= 2.5,
                "{:.2f} times"),
        verdict("shared pairs by unshared time", "within 10 % of (P+A+B)/(2P+A+B)",
                [(r["shared_ideal"] / r["shared_time"], name(r)) for r in pairs if "shared_time" in r], lambda x: x >= 1 / 1.1,
                "{:.2f} of the ideal speed"),
        verdict("peak memory beside PEFT's", "<= 60 %", [(r["memory"], name(r)) for r in rows if r.get("memory")], lambda x: x <= 0.6,
                "{:.0%}", max),
        verdict("attention beside FlashAttention-3's figures", ">= 60 %", attention_of(bench.a.speed), lambda x: x >= 0.6, "{:.0%}"),
        verdict("generation beside transformers", ">= 3 times", generated, lambda x: x >= 3, "{:.2f} times"),
    ]


def cell(row, key, form, factor=1):
    return form.format(row[key] * factor) if row.get(key) else "-"


def way_of(best):
    if not best:
        return "-"
    words = [best["program"], best["attention"], best["layout"]] + [w for w in ("compile", "checkpointing", "liger") if best[w]]
    return ", ".join(words)


def report(bench, sizes):
    rows = []
    print("| model | rank | step | hinge-train /s | peer /s | ratio | TFLOP/s ours, theirs | of GEMM | GB ours, theirs | shared time (ideal) "
          "| first loss ours, theirs | recomputed | the peer's fastest way | ways that failed |\n" + "| --- " * 14 + "|")
    for size, bits in sizes:
        for rank in bench.a.ranks.split():
            for name in WORKS:
                r = summary(bench, size, bits, Case(name, int(rank), size, bench.a.divide))
                rows.append(r)
                failed = {re.sub(r"[|\s]+", " ", f"{x['program']} {x['attention']}: {x['failed']}")[:80] for x in r["failed"]}
                failed |= {f"{x['program']} {x['layout']}: other loss {x['first_loss']:.3f}" for x in r["other_loss"]}
                print("| " + " | ".join([
                    size + ("" if bits == 16 else f" in {bits} bits"), rank, name, cell(r, "rate", "{:.4g}"), cell(r, "peer_rate", "{:.4g}"),
                    cell(r, "ratio", "{:.2f}"), cell(r, "flops", "{:.0f}", 1e-12) + ", " + cell(r, "peer_flops", "{:.0f}", 1e-12),
                    cell(r, "share", "{:.0%}"), cell(r, "bytes", "{:.1f}", 1e-9) + ", " + cell(r, "peer_bytes", "{:.1f}", 1e-9),
                    cell(r, "shared_time", "{:.2f}") + " (" + cell(r, "shared_ideal", "{:.2f}") + ")",
                    cell(r, "first_loss", "{:.4f}") + ", " + cell(r, "peer_loss", "{:.4f}"), r.get("recompute", "-"), way_of(r["best"]),
                    "; ".join(sorted(failed)) or "-"]) + " |")
    print("\n| generating | program | batch | tokens/s |\n| --- | --- | --- | --- |")
    for x in (x for x in bench.lines if x["case"] == "generate"):
        told = f"{x['tokens_per_second']:.0f}" if "seconds" in x else x["failed"][:80].replace("|", " ")
        print(f"| {x['size']} | {x.get('program', 'hinge-train')} {x.get('cache') or ''} | {x.get('batch', '-')} | {told} |")
    said = verdicts(bench, rows)
    print("\n| figure of the issue | to reach | verdict | measured |\n| --- | --- | --- | --- |")
    for v in said:
        print(f"| {v['figure']} | {v['reach']} | {v['verdict']} | {v['measured']} |")
    with open(os.path.join(bench.a.out, "bench.json"), "w", encoding="utf-8") as f:
        json.dump({"peer": bench.peer, "measurements": bench.lines, "rows": rows, "verdicts": said}, f, indent=1)


def main():
    bench = Bench(arguments())
    sizes = sizes_of(bench.a)
    if not sizes:
        sys.exit("bench/gpu: nvidia-smi tells no memory: name --sizes")
    for size, bits in sizes:
        if bench.left() < 30:
            bench.log(f"{size}: not measured: the {bench.a.minutes:g} minutes are over")
            continue
        measure_size(bench, size, bits)
    report(bench, sizes)
    return 0 if any("said" in x for x in bench.lines) else 1


if __name__ == "__main__":
    sys.exit(main())
