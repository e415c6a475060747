"""The reference: transformers and PEFT in fp32, on the weights of the same GGUF file."""
import dataclasses
import os
import warnings

os.environ["TQDM_DISABLE"] = "1"
warnings.simplefilter("ignore")

import torch
import torch.nn.functional as F
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer, logging

logging.set_verbosity_error()
logging.disable_progress_bar()
ALL = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
EMPTY = "<think>\n\n</think>\n\n"


def load(path):
    """Model (dequantised to fp32) and tokenizer of a GGUF file."""
    folder, name = os.path.split(path)
    model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=name, dtype=torch.float32)
    return model.eval(), AutoTokenizer.from_pretrained(folder, gguf_file=name)


def load_folder(folder):
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()


def messages(prompt):
    return [{"role": "user", "content": prompt}] if isinstance(prompt, str) else prompt


class Encoder:
    """A snapshot's branches as ids, by the reference tokenizer and its chat template."""

    def __init__(self, tokenizer):
        self.tokenizer = tokenizer

    def ids(self, text):
        return self.tokenizer(text, add_special_tokens=False).input_ids

    def prompt(self, prompt, think=None):
        """A prompt's text; think "" appends the empty block."""
        text = self.tokenizer.apply_chat_template(messages(prompt), tokenize=False, add_generation_prompt=True)
        return text + EMPTY if think == "" else text

    def branch(self, prompt, think, text):
        """(ids, number of ids that are given). The parts are encoded apart, as hinge-train does: what is
        trained never shares a token with what is given."""
        given = self.ids(self.prompt(prompt, think))
        strategy = self.ids(f"<think>\n{think}\n</think>\n\n") if think else []
        end = self.tokenizer.convert_tokens_to_ids("<|im_end|>")
        return given + strategy + self.ids(text) + [end], len(given)

    def examples(self, snapshot):
        return [[self.branch(e["prompt"], b["think"], b["text"]) for b in e["branches"]] for e in snapshot]


def token_losses(model, ids, given):
    """Loss of each trained token of one sequence, and the logits that predict them."""
    logits = model(input_ids=torch.tensor([ids])).logits[0, given - 1 : -1]
    return F.cross_entropy(logits, torch.tensor(ids[given:]), reduction="none"), logits


@torch.no_grad()
def scores(model, ids, given, slack):
    """What hinge-train score says of a branch: log-probability, entropy and margin over the next best of each
    token, and the ranks it may have when logits move by slack."""
    losses, logits = token_losses(model, ids, given)
    logp = torch.log_softmax(logits.double(), -1)
    index = torch.tensor(ids[given:])[:, None]
    own, others = logits.gather(-1, index), logits.scatter(-1, index, -torch.inf)
    return {
        "logprob": (-losses).tolist(),
        "entropy": (-(logp.exp() * logp).sum(-1)).tolist(),
        "margin": (own[:, 0] - others.max(-1).values).tolist(),
        "ranks": list(zip((others > own + slack).sum(-1).tolist(), (others > own - slack).sum(-1).tolist())),
    }


def fresh_adapter(model, rank, alpha, seed):
    torch.manual_seed(seed)
    config = LoraConfig(task_type="CAUSAL_LM", r=rank, lora_alpha=alpha, lora_dropout=0.0, target_modules=ALL)
    return get_peft_model(model, config)


def config_fields():
    return {f.name for f in dataclasses.fields(LoraConfig)}


def read_adapter(model, folder, trainable=False):
    return PeftModel.from_pretrained(model, folder, is_trainable=trainable).eval()


def fit(model, examples, batches, lr):
    """Trains an adapter with torch's AdamW; the loss and gradient norm of each step. Every branch is a plain
    sequence of its own, the loss the mean over the step's trained tokens, gradients clipped at 1."""
    params = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(params, lr=lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0)
    losses, norms = [], []
    for batch in batches:
        branches = [b for i in batch for b in examples[i]]
        count, total = sum(len(ids) - given for ids, given in branches), 0.0
        optimizer.zero_grad()
        for ids, given in branches:
            loss = token_losses(model, ids, given)[0].sum() / count
            loss.backward()
            total += loss.item()
        norms.append(torch.nn.utils.clip_grad_norm_(params, 1.0).item())
        optimizer.step()
        losses.append(total)
    return losses, norms
