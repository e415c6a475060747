"""transformers + PEFT on the GPU, beside hinge-train: the same weights, shapes and rank. Every line it prints is JSON.

    peer.py make CONFIG.json DIR                 random bf16 weights for a config.json, as safetensors
    peer.py sft DIR RANK ROW_TOKENS              packed plain sequences
    peer.py pairs DIR RANK P A B PAIRS           pairs as two plain sequences each, padded to the longer
    peer.py generate DIR PROMPTS PROMPT NEW      tokens a second of generate()

Training is bf16 weights, fp32 adapters, AdamW (fused), gradient clipping, attention the fastest there is (flash_attention_2,
else SDPA); with and without torch.compile, and with and without checkpointing: all that fit in memory are measured, the
fastest is marked. With Liger kernels installed they are tried as well."""
import itertools
import json
import sys
import time

import torch
from transformers import AutoConfig, AutoModelForCausalLM

WARM, STEPS = 3, 8


def say(**what):
    print(json.dumps(what), flush=True)


def make(config, folder):
    torch.manual_seed(0)
    with torch.device("cuda"):
        model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(config), dtype=torch.bfloat16)
    model.save_pretrained(folder)


def load(folder, attention):
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16, device_map={"": 0}, attn_implementation=attention)


def attentions():
    try:
        import flash_attn  # noqa: F401
        return ["flash_attention_2", "sdpa"]
    except ImportError:
        return ["sdpa"]


def ligers():
    try:
        import liger_kernel.transformers as liger
        return [None, liger.AutoLigerKernelForCausalLM]
    except ImportError:
        return [None]


def batch_of(model, rows, lengths, trained):
    """Random ids; the first lengths[i] - trained[i] tokens of each row are not trained."""
    longest = max(lengths)
    ids = torch.randint(0, model.config.vocab_size, (rows, longest), device="cuda")
    labels, mask = ids.clone(), torch.ones_like(ids)
    for i, (length, tail) in enumerate(zip(lengths, trained)):
        labels[i, :length - tail] = -100
        labels[i, length:] = -100
        mask[i, length:] = 0
    plain = all(n == longest for n in lengths)
    return {"input_ids": ids, "labels": labels} if plain else {"input_ids": ids, "labels": labels, "attention_mask": mask}


def one_way(folder, rank, lengths, trained, compiled, checkpointing, attention, liger):
    from peft import LoraConfig, get_peft_model
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    if liger:
        model = liger.from_pretrained(folder, dtype=torch.bfloat16, device_map={"": 0}, attn_implementation=attention)
    else:
        model = load(folder, attention)
    if checkpointing:
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
        model.enable_input_require_grads()
    model = get_peft_model(model, LoraConfig(r=rank, lora_alpha=32, target_modules="all-linear", task_type="CAUSAL_LM"))
    model.train()
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-6, weight_decay=0, fused=True)
    run = torch.compile(model) if compiled else model
    batch = batch_of(model, len(lengths), lengths, trained)

    def step():
        with torch.autocast("cuda", dtype=torch.bfloat16):
            run(**batch).loss.backward()
        torch.nn.utils.clip_grad_norm_([p for p in model.parameters() if p.requires_grad], 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    for _ in range(WARM):
        step()
    torch.cuda.synchronize()
    begun = time.perf_counter()
    for _ in range(STEPS):
        step()
    torch.cuda.synchronize()
    return (time.perf_counter() - begun) / STEPS, torch.cuda.max_memory_allocated()


def train(kind, folder, rank, lengths, trained, pairs):
    best = None
    for compiled, checkpointing, attention, liger in itertools.product((False, True), (False, True), attentions(), ligers()):
        way = {"compile": compiled, "checkpointing": checkpointing, "attention": attention, "liger": bool(liger)}
        try:
            seconds, memory = one_way(folder, rank, lengths, trained, compiled, checkpointing, attention, liger)
        except torch.cuda.OutOfMemoryError:
            say(kind=kind, **way, failed="out of memory")
            continue
        except Exception as e:  # a combination that this version does not have
            say(kind=kind, **way, failed=f"{type(e).__name__}: {str(e)[:200]}")
            continue
        told = {"kind": kind, **way, "seconds": seconds, "bytes": memory, "tokens_per_second": sum(lengths) / seconds,
                "pairs_per_second": pairs / seconds}
        say(**told)
        if not best or seconds < best["seconds"]:
            best = told
    say(best=best)


def generate(folder, prompts, length, new):
    model = load(folder, attentions()[0]).eval()
    ids = torch.randint(0, model.config.vocab_size, (prompts, length), device="cuda")
    options = {"max_new_tokens": new, "min_new_tokens": new, "do_sample": False, "pad_token_id": 0}
    with torch.no_grad():
        model.generate(ids[:2], attention_mask=torch.ones_like(ids[:2]), **options)
        torch.cuda.synchronize()
        begun = time.perf_counter()
        model.generate(ids, attention_mask=torch.ones_like(ids), **options)
        torch.cuda.synchronize()
    seconds = time.perf_counter() - begun
    say(best={"kind": "generate", "seconds": seconds, "tokens_per_second": prompts * new / seconds,
              "bytes": torch.cuda.max_memory_allocated()})


def main():
    what, arguments = sys.argv[1], sys.argv[2:]
    if what == "make":
        make(*arguments)
        return
    folder, numbers = arguments[0], [int(x) for x in arguments[1:]]
    if what == "sft":
        train(what, folder, numbers[0], [numbers[1]], [numbers[1] - 1], 0)
    elif what == "pairs":
        rank, p, a, b, pairs = numbers
        train(what, folder, rank, [p + a, p + b] * pairs, [a, b] * pairs, pairs)
    elif what == "generate":
        generate(folder, *numbers)


main()
