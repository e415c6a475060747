#!/usr/bin/env python3
"""The small model's tokenizer: byte-level BPE in Qwen's way, learnt from the corpus.

    hinge experiment scribe --write corpus --count 20000 >corpus.jsonl
    make-tokenizer.py corpus.jsonl model/        (tokenizers 0.23)

Words are cut as Qwen3's tokenizer cuts them (each digit by itself), so that a drug's name that is new falls into pieces that
are known. Writes tokenizer.json and tokenizer_config.json.
"""
import json
import os
import sys

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

VOCAB = 1024
WORDS = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
         r"|\s+(?!\S)|\s+")
TEMPLATE = (
    "{%- for message in messages %}"
    "{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}"
    "{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}"
    "{%- if enable_thinking is defined and enable_thinking is false %}{{- '<think>\\n\\n</think>\\n\\n' }}{%- endif %}"
    "{%- endif %}"
)


def texts(path):
    with open(path) as corpus:
        for line in corpus:
            example = json.loads(line)
            yield example["prompt"][0]["content"]
            for branch in example["branches"]:
                yield branch["text"]
                if branch["think"]:
                    yield branch["think"]


def main(corpus, folder):
    t = Tokenizer(models.BPE())
    t.normalizer = normalizers.NFC()
    t.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(WORDS), behavior="isolated", invert=False),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    t.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=VOCAB - 2, show_progress=False,
                                  initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
                                  special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
    t.train_from_iterator(texts(corpus), trainer)
    t.add_tokens(["<think>", "</think>"])
    os.makedirs(folder, exist_ok=True)
    t.save(os.path.join(folder, "tokenizer.json"), pretty=False)
    with open(os.path.join(folder, "tokenizer_config.json"), "w") as out:
        json.dump({"tokenizer_class": "Qwen2Tokenizer", "eos_token": "<|im_end|>", "pad_token": "<|endoftext|>",
                   "bos_token": None, "add_prefix_space": False, "model_max_length": 1024,
                   "chat_template": TEMPLATE}, out, indent=1)
        out.write("\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
