#!/usr/bin/env python3
"""Writes the golden files of the trainer from the reference everybody trusts.

    python3 -m venv V && V/bin/pip install torch==2.15.0 transformers==5.24.0 peft==0.21.2 tokenizers==0.23.3 \\
        gguf==0.19.0 numpy
    V/bin/python tests/golden/make.py tests/golden

Tiny random models, so that the files stay small; `make check` reads them and needs no Python.
Each model's folder: config.json, model.safetensors, adapter/ (PEFT) and expected.safetensors:
ids, logits (with the adapter), loss of each token, gradient of each LoRA tensor for the mean loss of
tokens 5 and later, the losses of ten AdamW steps (lr 1e-3, no decay, clip 1.0) and the tensors after them, and
24 tokens generated greedily after the first 6 ids, with the adapter. chat.jsonl is written only when a second
argument names a folder with the models' chat templates (see chats below).
"""
import json
import os
import sys

import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers, Regex
from transformers import AutoModelForCausalLM, LlamaConfig, Qwen2Config, Qwen3Config

OUT = sys.argv[1]
ALL = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
COMMON = dict(vocab_size=320, num_hidden_layers=2, rms_norm_eps=1e-6, max_position_embeddings=256,
              initializer_range=0.2, bos_token_id=None, eos_token_id=None, pad_token_id=None)
MODELS = {
    "qwen3": (Qwen3Config(hidden_size=32, intermediate_size=64, num_attention_heads=4, num_key_value_heads=2,
                          head_dim=16, tie_word_embeddings=True, rope_theta=1000000.0, **COMMON),
              dict(r=4, lora_alpha=8, use_rslora=True, target_modules=ALL)),
    "qwen2": (Qwen2Config(hidden_size=32, intermediate_size=48, num_attention_heads=4, num_key_value_heads=1,
                          tie_word_embeddings=False, rope_theta=10000.0, **COMMON),
              dict(r=3, lora_alpha=6, target_modules=["q_proj", "v_proj", "down_proj"])),
    "llama": (LlamaConfig(hidden_size=48, intermediate_size=64, num_attention_heads=3, num_key_value_heads=3,
                          tie_word_embeddings=False,
                          rope_parameters={"rope_type": "llama3", "rope_theta": 500000.0, "factor": 8.0,
                                           "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                                           "original_max_position_embeddings": 32}, **COMMON),
              dict(r=8, lora_alpha=16, target_modules=ALL)),
}


def token_losses(model, ids):
    logits = model(input_ids=ids[None]).logits[0]
    return logits, torch.nn.functional.cross_entropy(logits[:-1], ids[1:], reduction="none")


def trained(model):
    return [(n.replace(".default", ""), p) for n, p in model.named_parameters() if p.requires_grad]


def make_model(name, config, lora):
    torch.manual_seed(hash_of(name))
    folder = os.path.join(OUT, name)
    base = AutoModelForCausalLM.from_config(config, attn_implementation="eager").float().eval()
    for n, p in base.named_parameters():  # norms and biases that do something
        if "norm" in n:
            torch.nn.init.uniform_(p, 0.5, 1.5)
        elif n.endswith("bias"):
            torch.nn.init.normal_(p, std=0.2)
    base.save_pretrained(folder)
    for extra in ("generation_config.json",):
        if os.path.exists(os.path.join(folder, extra)):
            os.remove(os.path.join(folder, extra))
    model = get_peft_model(base, LoraConfig(task_type="CAUSAL_LM", lora_dropout=0.0, init_lora_weights=False, **lora))
    for n, p in trained(model):
        torch.nn.init.normal_(p, std=0.1)
    model.save_pretrained(os.path.join(folder, "adapter"))
    os.remove(os.path.join(folder, "adapter", "README.md"))
    ids = torch.randint(0, 320, (70,))
    out = {"ids": ids.float()}
    logits, losses = token_losses(model, ids)
    out["logits"], out["losses"] = logits.detach().clone(), losses.detach().clone()
    losses[4:].mean().backward()
    for n, p in trained(model):
        out["grad." + n] = p.grad.clone()
    out["generated"] = greedy(model, ids[:6]).float()
    out["steps"] = adamw(model, ids, out)
    save_file({k: v.contiguous() for k, v in out.items()}, os.path.join(folder, "expected.safetensors"))


@torch.no_grad()
def greedy(model, ids):
    for _ in range(24):
        ids = torch.cat([ids, model(input_ids=ids[None]).logits[0, -1].argmax()[None]])
    return ids[6:]


def adamw(model, ids, out):
    params = [p for _, p in trained(model)]
    optimizer, losses = torch.optim.AdamW(params, lr=1e-3, weight_decay=0.0), []
    for _ in range(10):
        optimizer.zero_grad()
        loss = token_losses(model, ids)[1][4:].mean()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(params, 1.0)
        optimizer.step()
        losses.append(loss.item())
    for n, p in trained(model):
        out["after." + n] = p.detach().clone()
    return torch.tensor(losses)


def hash_of(name):
    return sum(name.encode())


QWEN2 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
         r"|\s+(?!\S)|\s+")
LLAMA3 = QWEN2.replace(r"\p{N}|", r"\p{N}{1,3}|")
CORPUS = ["The patient's temperature was 38.5 °C; she's been coughing for 12 days.", "def f(x):\n    return x ** 2  # square\n",
          "病人说他头痛三天了。", "ผู้ป่วยมีไข้สูง", "naïve café résumé — “quotes” … 🙂🙃", "Пациент жалуется на боль в груди",
          "don't DON'T we'll I'd", "a\tb\r\n\r\n  c   d\n\n\n", "1234567890 3.14159 1e-5", "    indented\n\tcode();"] * 3
TEXTS = ["Hello world", "The patient's temperature", " leading and trailing ", "", "\n", "   ", "a\n\nb", "it's IT'S don'T",
         "x" * 300, "12345678901", "病人 三天 mixed 漢字 text", "ผู้ป่วยมีไข้", "🙂🙃👩‍👩‍👧‍👦 family", "e\u0301 vs \u00e9, A\u030a", "tab\tand\r\nCRLF",
         "<|im_start|>user\nHi<|im_end|>\n", "<think>\n\n</think>\n\n", "<|im_start|>", "no <|im_sta rt|> token",
         "\u180e mongolian \u0085 next \u3000 wide \u00a0 nbsp", "ſ long s 'ſ", "½ ² Ⅷ numbers ٣", "control \x00\x01\x7f end", "def f(x):\n    return x\n",
         "naïve café — “quotes” …", "Привет, мир!", "ÅÄÖ ﬁ ligature", "a" * 64 + " " * 70 + "b", "\u200bzero\u200dwidth", "\ufffd repaired \ufffd",
         "composes</think>\u0338 over <think>\u0323\u0338 an added token", "and<|im_end|>\u0338 a special one",
         "newer than Unicode 9: a\u08d3\u0e49 \u1abf\u0323 \U00011935\U00011930 \u0c3c\u0334",
         "newer than Unicode 14: \U0001f60a\U00031602\U0001f64c\U00011f04 \U00011f50\U0001e4d0- \ua7cb'\U0001d2c0\U0001e4f1"]


def bpe(name, steps, normalizer=None, **model):
    t = Tokenizer(models.BPE(**model))
    t.normalizer, t.pre_tokenizer, t.decoder = normalizer, pre_tokenizers.Sequence(steps), decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=460, show_progress=False, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
                                  special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
    t.train_from_iterator(CORPUS, trainer)
    t.add_tokens(["<think>", "</think>"])
    write(name, t)


def sentencepiece():
    words = sorted({c for text in CORPUS for c in text.replace(" ", "▁")} | {"▁"})
    vocab = {"<unk>": 0, "<s>": 1, "</s>": 2}
    for i in range(256):
        vocab[f"<0x{i:02X}>"] = len(vocab)
    for w in ["▁"] + words[: len(words) - 20]:  # the last characters take the way of bytes
        vocab.setdefault(w, len(vocab))
    merges = []
    for m in ["▁ t", "h e", "▁t he", "▁ p", "a t", "▁p at", "i e", "n t", "ie nt", "▁pat ient", "▁ ▁", "▁▁ ▁▁", "i n", "e r"]:
        a, b = m.split(" ")
        vocab.setdefault(a + b, len(vocab))
        merges.append((a, b))
    t = Tokenizer(models.BPE(vocab=vocab, merges=merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    t.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    t.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    t.add_special_tokens(["<unk>", "<s>", "</s>"])
    write("sentencepiece", t)


def write(name, t):
    folder = os.path.join(OUT, "tokenizers")
    os.makedirs(folder, exist_ok=True)
    t.save(os.path.join(folder, name + ".json"), pretty=False)
    with open(os.path.join(folder, name + ".vectors.jsonl"), "w") as f:
        for text in TEXTS:
            text = text.replace("\x00", "\ufffd")  # the trainer's JSON holds no NUL
            ids = t.encode(text, add_special_tokens=False).ids
            f.write(json.dumps({"text": text, "ids": ids, "back": t.decode(ids, skip_special_tokens=False)}) + "\n")


# Every type of GGUF that is read, as bytes that hold any value, and what the gguf package reads in them
# (NAME.want). Scales are halves from tiny (subnormal) to large, of both signs.
def quants():
    import gguf
    import numpy
    rng = numpy.random.default_rng(5)
    kinds = gguf.GGMLQuantizationType
    scales = {"Q4_0": [0], "Q4_1": [0, 2], "Q8_0": [0], "Q4_K": [0, 2], "Q6_K": [208]}
    out = gguf.GGUFWriter(os.path.join(OUT, "quants.gguf"), "llama")
    for name in ["F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q4_K", "Q6_K"]:
        kind = kinds[name]
        block, size = gguf.GGML_QUANT_SIZES[kind]
        if name == "F32":
            data = rng.standard_normal((2, 512)).astype(numpy.float32).view(numpy.uint8)
        elif name == "F16":
            halves = rng.integers(0, 0x7C00, (2, 512)) | rng.integers(0, 2, (2, 512)) << 15
            data = halves.astype(numpy.uint16).view(numpy.uint8)
        elif name == "BF16":
            data = rng.standard_normal((2, 512)).astype(numpy.float32).view(numpy.uint16)[:, 1::2].copy().view(numpy.uint8)
        else:
            data = rng.integers(0, 256, (2, 512 // block, size), dtype=numpy.uint8)
            for at in scales[name]:
                half = (rng.standard_normal((2, 512 // block)) * 10.0 ** rng.integers(-7, 3, (2, 512 // block)))
                data[:, :, at : at + 2] = half.astype(numpy.float16).view(numpy.uint8).reshape(2, -1, 2)
            data = data.reshape(2, -1)
        want = gguf.dequantize(data.view({"F32": numpy.float32, "F16": numpy.float16}.get(name, numpy.uint8)), kind)
        out.add_tensor(name, data, raw_shape=data.shape, raw_dtype=kind)
        out.add_tensor(name + ".want", want.astype(numpy.float32))
    out.write_header_to_file()
    out.write_kv_data_to_file()
    out.write_tensors_to_file()
    out.close()


U, A, S = "user", "assistant", "system"
CONVERSATIONS = [
    [(U, "Hi")],
    [(S, "Answer in one word."), (U, "Hi")],
    [(S, ""), (U, "")],
    [(U, "Hi"), (A, "Hello"), (U, "Bye")],
    [(S, " padded \n"), (U, "\n\n Hi \n"), (A, "\nHello\n\n"), (U, "Bye\t")],
    [(U, "Hi"), (A, "<think>\nwell\n</think>\n\nHello"), (U, "Bye")],
    [(U, "Hi"), (A, "<think>\n\nwell\n\n</think>\n\n\nHello\n")],
    [(U, "Hi"), (A, "<think>\n\n</think>\n\nHello"), (U, "Bye"), (A, "no thought"), (U, "Again")],
    [(U, "Hi"), (A, "<think>one</think>a<think>two</think>b"), (U, "Bye")],
    [(U, "Hi"), (A, "a thought without a start</think>\nHello")],
    [(U, "Hi"), (A, "<think>\na start without an end"), (U, "Bye")],
    [(U, "Hi"), (A, "Hello"), (A, "<think>\nand\n</think>\n\nHello again"), (A, "done")],
    [(U, "Hi"), (A, "")],
    [(A, "Hello first"), (U, "Hi")],
    [(A, "<think>\nx\n</think>\n\nnobody asked")],
    [(U, "Hi"), (S, "A rule in the middle."), (U, "Go on")],
    [(U, "\u75c5\u4eba\u5934\u75db \u0e1c\u0e39\u0e49\u0e1b\u0e48\u0e27\u0e22 \U0001f642\u200d e\u0301 \u00a0")],
    [(U, "{{ messages }} {% raw %} <b> \\ \"quoted\" 'single'")],
    [(U, "one"), (U, "two"), (A, "three"), (A, "four"), (U, "five\n")],
    [(U, "<tool_response>\nx\n</tool_response> looks like a tool"), (A, "<think>\nt\n</think>\n\nok"), (U, "yes")],
    [(U, "real question"), (A, "<think>\nt\n</think>\n\nok"), (U, "<tool_response>\nx\n</tool_response>")],
]


# The templates are their models' own and not part of this tree: FOLDER/NAME.jinja, as NAME's
# tokenizer_config.json has it (SmolLM2's stands in its GGUF file).
def chats(folder):
    from transformers import PreTrainedTokenizerFast
    with open(os.path.join(OUT, "chat.jsonl"), "w") as out:
        for name, bos in (("qwen3", None), ("qwen2.5", None), ("smollm2", None), ("llama3", "<|begin_of_text|>"),
                          ("llama3.1", "<|begin_of_text|>")):
            t = PreTrainedTokenizerFast(tokenizer_file=os.path.join(OUT, "tokenizers", "qwen2.json"), bos_token=bos)
            t.chat_template = open(os.path.join(folder, name + ".jinja")).read().removesuffix("\n")
            for messages in CONVERSATIONS:
                messages = [{"role": r, "content": c} for r, c in messages]
                for thinking in (None, True, False) if name == "qwen3" else (None,):
                    more = {} if thinking is None else {"enable_thinking": thinking}
                    text = t.apply_chat_template(messages, tokenize=False, add_generation_prompt=True, **more)
                    line = {"format": name, "thinking": thinking, "messages": messages, "text": text}
                    out.write(json.dumps(line) + "\n")


def split(pattern):
    return pre_tokenizers.Split(Regex(pattern), behavior="isolated", invert=False)


if __name__ == "__main__":
    plain = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    gpt2 = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    bpe("qwen2", [split(QWEN2), plain], normalizers.NFC())
    bpe("llama3", [split(LLAMA3), plain], ignore_merges=True)
    bpe("smollm", [pre_tokenizers.Digits(individual_digits=True), gpt2])
    bpe("gpt2", [gpt2])
    sentencepiece()
    quants()
    if len(sys.argv) > 2:
        chats(sys.argv[2])
    for name, (config, lora) in MODELS.items():
        make_model(name, config, lora)
