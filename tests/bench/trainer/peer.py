"""One training by transformers + PEFT on plain sequences, on the same weights and texts. Prints a line of JSON.
usage: peer.py MODEL.gguf DATA.jsonl THREADS RANK BATCH CHECKPOINTING(0|1) STEPS

Every branch is a sequence of its own (prompts masked), BATCH of them a forward pass (padded to the longest),
gradients accumulated over one example's branches or four examples of one branch, SDPA attention, fused AdamW."""
import json
import os
import sys
import time

os.environ["CUDA_VISIBLE_DEVICES"] = ""
import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

gguf, data = os.path.split(os.path.abspath(sys.argv[1])), sys.argv[2]
threads, rank, batch, checkpointing, steps = map(int, sys.argv[3:8])
torch.set_num_threads(threads)
torch.manual_seed(0)


def peak():
    with open("/proc/self/status") as f:
        return next(int(line.split()[1]) * 1024 for line in f if line.startswith("VmHWM"))


tokenizer = AutoTokenizer.from_pretrained(gguf[0], gguf_file=gguf[1])
model = AutoModelForCausalLM.from_pretrained(gguf[0], gguf_file=gguf[1], dtype=torch.float32, attn_implementation="sdpa")
if checkpointing:
    model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    model.enable_input_require_grads()
model = get_peft_model(model, LoraConfig(r=rank, lora_alpha=32, target_modules="all-linear", task_type="CAUSAL_LM"))
model.train()
optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=2e-4, weight_decay=0, fused=True)


def sequences(example):
    prompt = f"<|im_start|>user\n{example['prompt']}<|im_end|>\n<|im_start|>assistant\n"
    for branch in example["branches"]:
        think, given, trained = branch["think"], "", ""
        if think is not None:
            given, trained = ("<think>\n\n</think>\n\n", "") if think == "" else ("", f"<think>\n{think}\n</think>\n\n")
        head = tokenizer(prompt + given, add_special_tokens=False)["input_ids"]
        tail = [*tokenizer(trained, add_special_tokens=False)["input_ids"]] if trained else []
        tail += tokenizer(branch["text"], add_special_tokens=False)["input_ids"]
        tail.append(tokenizer.convert_tokens_to_ids("<|im_end|>"))
        yield head, tail


def padded(rows):
    longest = max(len(h) + len(t) for h, t in rows)
    ids = torch.zeros(len(rows), longest, dtype=torch.long)
    labels = torch.full_like(ids, -100)
    mask = torch.zeros_like(ids)
    for i, (head, tail) in enumerate(rows):
        n = len(head) + len(tail)
        ids[i, :n] = torch.tensor(head + tail)
        labels[i, len(head):n] = torch.tensor(tail)
        mask[i, :n] = 1
    return {"input_ids": ids, "labels": labels, "attention_mask": mask} if len(rows) > 1 else \
        {"input_ids": ids, "labels": labels}


def step(rows, update=True):
    trained = sum(len(tail) for _, tail in rows)
    total = 0.0
    for at in range(0, len(rows), batch):
        loss = model(**padded(rows[at:at + batch]), use_cache=False, num_items_in_batch=trained).loss
        loss.backward()
        total += loss.item()
    if update:
        torch.nn.utils.clip_grad_norm_([p for p in model.parameters() if p.requires_grad], 1.0)
        optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    return total


with open(data) as f:
    examples = [list(sequences(json.loads(line))) for line in f]
group = 1 if len(examples[0]) > 1 else 4
steps_rows = [[s for e in examples[i:i + group] for s in e] for i in range(0, len(examples), group)]
step([(head[-128:], tail[:128]) for head, tail in steps_rows[0]], update=False)  # warm up
with open("/proc/self/clear_refs", "w") as f:
    f.write("5")  # the peak of loading is not counted either
losses, seconds = [], []
for i in range(steps):
    start = time.perf_counter()
    losses.append(step(steps_rows[0]))
    seconds.append(time.perf_counter() - start)
tokens = sum(len(h) + len(t) - 1 for h, t in steps_rows[0])
print(json.dumps({"losses": losses, "seconds": min(seconds), "tokens": tokens, "peak": peak(),
                  "versions": f"torch {torch.__version__}"}))
