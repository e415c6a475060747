"""Pairs of texts with known edits, made from the demo's records with a fixed seed."""
import json
import random
import re

TOKEN = re.compile(r"[^\W_]+(?:['’.,][^\W_]+)*|[^\w\s]|_")
CHINESE = """患者自述三天前开始出现发热和咳嗽，伴有轻微头痛，没有胸痛，也没有呼吸困难。既往有高血压病史十年，长期服用氨氯地平，血压控制良好。
体格检查：体温三十八度二，脉搏每分钟九十次，双肺呼吸音粗，未闻及干湿性啰音。建议完善血常规和胸部影像检查，必要时给予抗生素治疗。
医生嘱咐患者多饮水，注意休息，按时服药，两天后复诊。如果出现气促、持续高热或者意识模糊，应当立即到急诊就诊。"""
EMOJI = ["😀", "🎉", "👨‍👩‍👧‍👦", "👍🏽", "🇩🇪", "🇫🇷", "❤️", "1️⃣", "🏳️‍🌈", "🩺", "💊", "🚑", "🧑🏿‍⚕️", "🫀", "✅", "☎️"]


def corpus(path):
    """Running text of the demo, one paragraph a line."""
    out = []
    for line in open(path, encoding="utf-8"):
        record = json.loads(line)
        prompt = record.get("prompt")
        texts = [prompt] if isinstance(prompt, str) else [m["content"] for m in prompt or []]
        texts += [record.get("y0"), record.get("y_star")]
        out += [t for t in texts if t]
    return out


def grown(texts, size, seed, half=None):
    """`size` bytes of text no line of which repeats: the demo's sentences (or one half of them), shuffled."""
    rng = random.Random(seed)
    pool = [s for t in texts for s in re.split(r"(?<=[.!?])\s+|\n+", t) if len(s) > 20]
    pool = pool if half is None else pool[half::2]
    words = [w for s in pool for w in s.split()]
    lines, total = [], 0
    while total < size:
        line = []
        for _ in range(rng.randrange(1, 5)):
            sentence = rng.choice(pool).split()
            for _ in range(1 + len(sentence) // 8):
                sentence[rng.randrange(len(sentence))] = rng.choice(words)
            line.append(" ".join(sentence))
        lines.append(" ".join(line))
        total += len(lines[-1].encode()) + 1
    return "\n".join(lines) + "\n"


def scattered(text, rate, seed):
    """Words replaced, removed and put in, at a rate for each word."""
    rng = random.Random(seed)
    parts = re.findall(r"\w+|\W+", text)
    words = [p for p in parts if p[0].isalnum()]
    out = []
    for part in parts:
        if part[0].isalnum() and rng.random() < rate:
            kind = rng.random()
            if kind < 0.5:
                out.append(rng.choice(words))
            elif kind >= 0.75:
                out.append(part + " " + rng.choice(words))
        else:
            out.append(part)
    return "".join(out)


class Known:
    """Two texts built side by side, with what was truly edited: byte ranges of both."""

    def __init__(self):
        self.a, self.b = bytearray(), bytearray()
        self.gone, self.new, self.moved = [], [], []
        self.after_move = False

    def keep(self, text):
        self.a += text.encode()
        self.b += text.encode()

    def put(self, side, text):
        """text on one side alone; blanks around it are no edit"""
        body = getattr(self, side)
        at = len(body)
        body += text.encode()
        if text.strip():
            (self.gone if side == "a" else self.new).append((at, len(body)))
        return at, len(body)


def sentences(path):
    """Whole sentences of the demo, each once."""
    found = {s.strip() for t in corpus(path) for s in re.split(r"(?<=[.!?])\s+|\n+", t)}
    return sorted(s for s in found if re.match(r"[A-Z][^<>]*[.!?]$", s) and len(TOKEN.findall(s)) >= 6)


def known_edits(pool, vocabulary, seed, moves):
    """About 30 sentences: of ten, six stay, three have a few words edited, one is rewritten, dropped or new;
    with `moves`, some change places with at least twice as much text behind them."""
    rng = random.Random(seed)
    chosen = rng.sample(pool, 30)
    k = Known()
    at = 0
    while at < len(chosen):
        sentence = chosen[at]
        end = "\n" if rng.random() < 0.2 else " "
        draw = rng.random()
        at += 1
        if moves and draw < 0.1 and len(chosen) - at >= 5 and not k.after_move:
            gone = k.put("a", sentence + " ")
            jumped = 0
            while jumped < 2 * len(sentence) and at < len(chosen):
                k.keep(chosen[at] + " ")
                jumped += len(chosen[at])
                at += 1
            k.moved.append((gone, k.put("b", sentence + " ")))
            k.after_move = True
            continue
        if draw < 0.14 and not k.after_move:
            k.put("a", sentence + end)
            k.put("b", rng.choice(pool) + end)
        elif draw < 0.18 and not k.after_move:
            k.put("a" if rng.random() < 0.5 else "b", sentence + end)
        elif draw < 0.45:
            edit_words(k, rng, sentence, vocabulary)
            k.keep(end)
        else:
            k.keep(sentence + end)
        k.after_move = False
    return k


def edit_words(k, rng, sentence, vocabulary):
    """One to three words replaced, dropped, or with new ones behind them."""
    spans = [m.span() for m in TOKEN.finditer(sentence)]
    spans = [s for s in spans if sentence[s[0]].isalnum()]
    last = 0
    for start, end in sorted(rng.sample(spans, min(len(spans), rng.randrange(1, 4)))):
        word, kind = sentence[start:end], rng.random()
        k.keep(sentence[last:start])
        if kind < 0.6:
            other = rng.choice([v for v in vocabulary if v != word])
            k.put("a", word)
            k.put("b", other.capitalize() if word[0].isupper() else other)
        elif kind < 0.8:
            k.keep(word)
            k.put("b", " " + " ".join(rng.sample(vocabulary, rng.randrange(1, 4))))
        elif start > 0:
            k.put("a", word)
        else:
            k.keep(word)
        last = end
    k.keep(sentence[last:])


def scripts(seed):
    """Chinese characters and emoji with single ones edited: lists of clusters for a and b."""
    rng = random.Random(seed)
    chars = [c for c in CHINESE if c != "\n"]
    for source in (chars, EMOJI):
        a = [rng.choice(source) for _ in range(150)] if source is EMOJI else list(source)
        b = []
        for c in a:
            draw = rng.random()
            if draw < 0.06:
                b.append(rng.choice(source))
            elif draw < 0.09:
                b += [c, rng.choice(source)]
            elif draw >= 0.12:
                b.append(c)
        yield ("emoji" if source is EMOJI else "Chinese"), a, b
