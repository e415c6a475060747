"""transformers + PEFT beside hinge-train: the same weights, token ids, rank and hyper-parameters. A line of JSON for each way
that was tried, as it is done; one that fails is told, too. measure.py calls it.

    peer.py have [--device D]           what is installed here
    peer.py make CONFIG.json DIR        random bf16 weights of a config.json, as safetensors
    peer.py train DIR SPEC.json         SPEC: cases (name, rank, sequences of ids, trained tokens of each), and which ways
    peer.py generate DIR SPEC.json      SPEC: prompts (ids), new

Training is bf16 weights, adapters in fp32, fused AdamW, clipping to 1, labels of prompts masked. Ways: attention (flash where it
is installed, SDPA), torch.compile or not, checkpointing or not, sequences padded to one batch or packed into one row, Liger's
kernels, TRL's SFTTrainer. Checkpointing computes more, so it is tried where a way does not fit without it (all: always)."""
import argparse
import gc
import importlib.util
import json
import sys
import time

import torch
import transformers

ALPHA, RATE = 32, 1e-6


def say(**what):
    print(json.dumps(what), flush=True)


def installed(name):
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False


class Gpu:
    """The device's clock and memory; the CPU has a clock alone."""

    def __init__(self, name):
        self.name, self.cuda = name, name.startswith("cuda")

    def wait(self):
        if self.cuda:
            torch.cuda.synchronize()

    def fresh(self):
        gc.collect()
        if self.cuda:
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()

    def peak(self):
        return torch.cuda.max_memory_allocated() if self.cuda else 0

    def reserved(self):
        return torch.cuda.max_memory_reserved() if self.cuda else 0


def make(config, folder, device):
    torch.manual_seed(0)
    with torch.device(device):
        model = transformers.AutoModelForCausalLM.from_config(transformers.AutoConfig.from_pretrained(config),
                                                              dtype=torch.bfloat16)
    model.save_pretrained(folder)


def load(folder, device, attention, liger=False, bits=16):
    options = {"dtype": torch.bfloat16, "device_map": {"": device}, "attn_implementation": attention}
    if bits == 4:
        options["quantization_config"] = transformers.BitsAndBytesConfig(
            load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=torch.bfloat16)
    if liger:
        from liger_kernel.transformers import AutoLigerKernelForCausalLM as kind
    else:
        kind = transformers.AutoModelForCausalLM
    return kind.from_pretrained(folder, **options)


def padded(case, device):
    rows, longest = case["sequences"], max(map(len, case["sequences"]))
    ids = torch.zeros(len(rows), longest, dtype=torch.long)
    labels, mask = torch.full_like(ids, -100), torch.zeros_like(ids)
    for i, (row, trained) in enumerate(zip(rows, case["trained"])):
        ids[i, :len(row)] = torch.tensor(row)
        labels[i, len(row) - trained:len(row)] = torch.tensor(row[-trained:])
        mask[i, :len(row)] = 1
    batch = {"input_ids": ids, "labels": labels}
    if any(len(row) != longest for row in rows):
        batch["attention_mask"] = mask
    return {k: v.to(device) for k, v in batch.items()}


def packed(case, device):
    """One row, positions beginning again: transformers sees from these where a sequence begins."""
    ids = [i for row in case["sequences"] for i in row]
    labels = [i for row, n in zip(case["sequences"], case["trained"]) for i in [-100] * (len(row) - n) + row[len(row) - n:]]
    positions = [i for row in case["sequences"] for i in range(len(row))]
    return {k: torch.tensor([v], device=device) for k, v in
            (("input_ids", ids), ("labels", labels), ("position_ids", positions))}


def adapter(rank):
    from peft import LoraConfig
    return LoraConfig(r=rank, lora_alpha=ALPHA, target_modules="all-linear", task_type="CAUSAL_LM")


def one_way(base, case, way, gpu, least):
    """Seconds a step, the loss of the first, memory."""
    from peft import get_peft_model
    gpu.fresh()
    model = get_peft_model(base, adapter(case["rank"]))
    try:
        model.train()
        if way["checkpointing"]:
            model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
            model.enable_input_require_grads()
        else:
            model.gradient_checkpointing_disable()
        weights = [p for p in model.parameters() if p.requires_grad]
        optimizer = torch.optim.AdamW(weights, lr=RATE, weight_decay=0, fused=True)
        run = torch.compile(model) if way["compile"] else model
        batch = (packed if way["layout"] == "packed" else padded)(case, gpu.name)

        def step():
            with torch.autocast(gpu.name.split(":")[0], dtype=torch.bfloat16):
                loss = run(**batch, use_cache=False).loss
            loss.backward()
            torch.nn.utils.clip_grad_norm_(weights, 1.0)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            return loss

        first = step().item()
        for _ in range(2):
            step()
        gpu.wait()
        begun, steps = time.perf_counter(), 0
        while steps < 3 or time.perf_counter() - begun < least:
            step()
            steps += 1
            if steps % 4 == 0:
                gpu.wait()  # so that time is the device's
        gpu.wait()
        return {"seconds": (time.perf_counter() - begun) / steps, "first_loss": first, "bytes": gpu.peak(),
                "reserved_bytes": gpu.reserved()}
    finally:
        model.unload()
        for p in base.parameters():
            p.requires_grad_(False)
            p.grad = None
        if way["compile"]:
            torch._dynamo.reset()


def trl_way(base, case, way, gpu, least):
    """TRL's SFTTrainer on the same sequences, with Liger's kernels where they can run."""
    import tempfile

    import datasets
    import pyarrow
    import trl
    gpu.fresh()
    data = datasets.Dataset(pyarrow.Table.from_pylist([
        {"input_ids": row, "labels": [-100] * (len(row) - n) + row[len(row) - n:], "attention_mask": [1] * len(row)}
        for row, n in zip(case["sequences"], case["trained"])] * 64), fingerprint="rows")
    tokenizer = transformers.PreTrainedTokenizerFast.from_pretrained(case["folder"])
    tokenizer.pad_token = tokenizer.pad_token or "<|endoftext|>"
    told = {"begun": 0.0, "steps": 0, "seconds": 0.0}

    class Clock(transformers.TrainerCallback):
        def on_step_end(self, args, state, control, **rest):
            if state.global_step == 3:
                gpu.wait()
                told["begun"] = time.perf_counter()
            elif state.global_step > 3 and state.global_step % 3 == 0:
                gpu.wait()
                told["seconds"], told["steps"] = time.perf_counter() - told["begun"], state.global_step - 3
                control.should_training_stop = told["seconds"] >= least

    with tempfile.TemporaryDirectory() as out:
        options = trl.SFTConfig(output_dir=out, max_steps=60, per_device_train_batch_size=len(case["sequences"]),
                                learning_rate=RATE, weight_decay=0, lr_scheduler_type="constant", max_grad_norm=1.0, bf16=gpu.cuda,
                                use_cpu=not gpu.cuda, gradient_checkpointing=way["checkpointing"], use_liger_kernel=way["liger"],
                                optim="adamw_torch_fused", logging_steps=1, save_strategy="no", report_to=[], max_length=None,
                                packing=False, dataset_kwargs={"skip_prepare_dataset": True}, seed=0, dataloader_num_workers=0,
                                disable_tqdm=True)
        trainer = trl.SFTTrainer(model=base, args=options, train_dataset=data, peft_config=adapter(case["rank"]),
                                 processing_class=tokenizer, callbacks=[Clock()])
        trainer.remove_callback(transformers.PrinterCallback)
        try:
            trainer.train()
            first = next(line["loss"] for line in trainer.state.log_history if "loss" in line)
        finally:
            trainer.model.unload()
            for p in base.parameters():
                p.requires_grad_(False)
    return {"seconds": told["seconds"] / told["steps"], "first_loss": first, "bytes": gpu.peak(),
            "reserved_bytes": gpu.reserved()}


def tried(work, what, way, *args):
    """A way's line; True when it did not fit."""
    try:
        say(**what, **way, **work(*args))
    except torch.OutOfMemoryError:
        say(**what, **way, failed="out of memory")
        return True
    except Exception as e:  # what this version does not have is told, and the next way is tried
        text = f"{type(e).__name__}: {e}".split("\n")[0][:300]
        say(**what, **way, failed=text)
        return "out of memory" in text.lower()
    return False


def models(spec, gpu):
    """The ways a model is loaded: by attention and kernels, the most likely to be fastest first."""
    attentions = (["flash_attention_2"] if installed("flash_attn") and gpu.cuda else []) + ["sdpa"]
    for liger in ([False, True] if installed("liger_kernel") and gpu.cuda else [False]):
        for attention in attentions:
            yield attention, liger


def train(folder, spec, gpu):
    bits, least = spec.get("bits", 16), spec.get("seconds", 2)
    for attention, liger in models(spec, gpu):
        try:
            base = load(folder, gpu.name, attention, liger, bits)
        except Exception as e:  # told for each case: nothing of this kind can be measured
            for case in spec["cases"]:
                say(case=case["name"], rank=case["rank"], program="PEFT", attention=attention, liger=liger, compile=False,
                    checkpointing=False, layout="padded", failed=f"{type(e).__name__}: {e}".split("\n")[0][:300])
            continue
        for compiled in ([False, True] if spec.get("compile", True) else [False]):
            for case in spec["cases"]:
                for layout in (["padded", "packed"] if len(case["sequences"]) > 1 else ["padded"]):
                    what = {"case": case["name"], "rank": case["rank"]}
                    for checkpointing in (False, True):
                        way = {"program": "PEFT", "attention": attention, "liger": liger, "compile": compiled,
                               "checkpointing": checkpointing, "layout": layout}
                        full = tried(one_way, what, way, base, case, way, gpu, least)
                        if not full and not spec.get("all"):
                            break
        if installed("trl") and installed("datasets") and (liger or not installed("liger_kernel") or not gpu.cuda):
            for case in spec["cases"]:
                for checkpointing in (False, True):
                    way = {"program": "TRL", "attention": attention, "liger": liger, "compile": False,
                           "checkpointing": checkpointing, "layout": "padded"}
                    full = tried(trl_way, {"case": case["name"], "rank": case["rank"]}, way, base, {**case, "folder": folder}, way,
                                 gpu, least)
                    if not full and not spec.get("all"):
                        break
        del base
        gpu.fresh()


def answers(model, prompts, new, cache, gpu):
    longest = max(map(len, prompts))
    ids, mask = torch.zeros(len(prompts), longest, dtype=torch.long), torch.zeros(len(prompts), longest, dtype=torch.long)
    for i, prompt in enumerate(prompts):
        ids[i, longest - len(prompt):] = torch.tensor(prompt)
        mask[i, longest - len(prompt):] = 1
    options = {"max_new_tokens": new, "min_new_tokens": new, "do_sample": False, "pad_token_id": 0, "eos_token_id": None}
    if cache:
        options["cache_implementation"] = cache
    model.generate(ids.to(gpu.name), attention_mask=mask.to(gpu.name), **options)


def generate_way(model, spec, way, gpu):
    prompts, new, n = spec["prompts"], spec["new"], way["batch"]
    gpu.fresh()
    with torch.no_grad():
        answers(model, prompts[:n], 4, way["cache"], gpu)
        if way["cache"]:
            answers(model, prompts[:n], new, way["cache"], gpu)  # compiled for these sizes
        gpu.wait()
        begun = time.perf_counter()
        for at in range(0, len(prompts), n):
            answers(model, prompts[at:at + n], new, way["cache"], gpu)
        gpu.wait()
    seconds = time.perf_counter() - begun
    return {"seconds": seconds, "tokens_per_second": len(prompts) * new / seconds, "bytes": gpu.peak()}


def generate(folder, spec, gpu):
    attention = next(models(spec, gpu))[0]
    model = load(folder, gpu.name, attention).eval()
    for cache in (None, "static") if spec.get("compile", True) else (None,):
        n = len(spec["prompts"])
        while n >= 1:
            way = {"program": "transformers", "attention": attention, "cache": cache, "batch": n}
            if not tried(generate_way, {"case": "generate", "rank": 0}, way, model, spec, way, gpu):
                break
            n //= 2


def main():
    p = argparse.ArgumentParser()
    p.add_argument("what", choices=("have", "make", "train", "generate"))
    p.add_argument("arguments", nargs="*")
    p.add_argument("--device", default="cuda:0")
    a = p.parse_args()
    gpu = Gpu(a.device)
    if a.what == "have":
        import peft
        if gpu.cuda and not torch.cuda.is_available():
            sys.exit("torch sees no GPU here")
        say(torch=torch.__version__, transformers=transformers.__version__, peft=peft.__version__,
            **{name: installed(name) for name in ("flash_attn", "liger_kernel", "trl", "datasets", "bitsandbytes")})
    elif a.what == "make":
        make(*a.arguments, gpu.name)
    else:
        transformers.logging.set_verbosity_error()
        with open(a.arguments[1], encoding="utf-8") as f:
            spec = json.load(f)
        (train if a.what == "train" else generate)(a.arguments[0], spec, gpu)


main()
