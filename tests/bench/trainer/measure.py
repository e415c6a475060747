"""hinge-train fit beside transformers + PEFT: seconds a step, tokens/s and peak memory, on the same weights, texts,
rank and threads, one after the other. Prints rows of a Markdown table.
usage: measure.py HINGE_TRAIN MODEL.gguf CASE...    cases: sft, or PROMPT/ANSWER/STRATEGY

A step is four plain sequences (sft: 512 + 512 tokens) or one pair. Each of PEFT's settings is one process."""
import json
import os
import subprocess
import sys
import tempfile

THREADS, RANK = int(os.environ.get("HINGE_THREADS", "2")), int(os.environ.get("HINGE_RANK", "256"))
hinge, model = sys.argv[1:3]
here = os.path.dirname(os.path.abspath(__file__))
quiet = {"stderr": subprocess.DEVNULL}


def ours(data, count, steps, options):
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([hinge, "fit", "--model", model, "--chat", "chatml", "--max-tokens", "8192", "--data", data,
                        "--batch", str(count), "--epochs", str(steps), "--threads", str(THREADS), "--rank", str(RANK),
                        "--out", folder + "/run", *options], check=True, stdout=subprocess.DEVNULL)
        with open(folder + "/run/metrics.jsonl") as f:
            lines = [json.loads(line) for line in f]
    return {"losses": [line["loss"] for line in lines], "seconds": min(line["seconds"] for line in lines),
            "tokens": lines[0]["tokens"], "peak": lines[-1]["resident_bytes"]}


def peft(data, batch, checkpointing, steps):
    out = subprocess.run([sys.executable, here + "/peer.py", model, data, str(THREADS), str(RANK), str(batch),
                          str(checkpointing), str(steps)], check=True, stdout=subprocess.PIPE, **quiet).stdout
    return json.loads(out.splitlines()[-1])


def row(case, name, r, best, memory):
    print(f"| {case} | {name} | {r['losses'][0]:.4f} | {r['seconds']:.2f} | {r['tokens'] / r['seconds']:.0f} | "
          f"{best['seconds'] / r['seconds']:.2f} | {r['peak'] / 2**30:.2f} | {100 * r['peak'] / memory['peak']:.0f} % |", flush=True)


for case in sys.argv[3:]:
    prompt, answer, strategy = (512, 512, 0) if case == "sft" else map(int, case.split("/"))
    count, steps = (1, 1 if prompt > 2000 else 2) if strategy else (4, 1)
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as f:
        subprocess.run([sys.executable, here + "/make_data.py", *map(str, (prompt, answer, strategy, count))],
                       check=True, stdout=f)
        name = "plain, 4 of 512 + 512" if case == "sft" else f"pair {case}"
        peers = {"PEFT": peft(f.name, 1, 0, steps), "PEFT, checkpointing": peft(f.name, 1, 1, steps)}
        if prompt <= 1000:
            peers["PEFT, batches of 2"] = peft(f.name, 2, 0, steps)
        best = min(peers.values(), key=lambda r: r["seconds"])
        for label, r in peers.items():
            row(name, label, r, best, best)
        row(name, "hinge-train", ours(f.name, count, steps, []), best, best)
        if case != "sft":
            row(name, "hinge-train --no-share", ours(f.name, count, steps, ["--no-share"]), best, best)
        row(name, "hinge-train --recompute on", ours(f.name, count, steps, ["--recompute", "on"]), best, best)
