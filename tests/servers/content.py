"""What the stand-ins answer: the same question, the same answer; with a schema, a value that fits it."""
import hashlib

RULES = [
    ("States a finding that the source does not hold.", "Only state what the source says; leave out what it does not."),
    ("Leaves out what the person must do next.", "End with the next step and when to take it."),
    ("Names a cause as certain that was only suspected.", "Keep the source's degree of certainty in every statement."),
    ("Uses words that a lay reader does not know.", "Replace each technical term by everyday words, or explain it."),
    ("Answers another question than the one asked.", "Answer the question that was asked before anything else."),
]


def number(text, salt=""):
    return int.from_bytes(hashlib.sha256((salt + "\0" + text).encode("utf-8", "replace")).digest()[:6], "big")


def plain(question, words):
    """A few sentences that differ from question to question."""
    n = number(words)
    rule = RULES[n % len(RULES)]
    return f"Answer {n % 10**8:08d}. {rule[1]} This was written for question {number(question) % 10**6:06d}."


def quote(question):
    words = question.split()
    at = number(question) % max(1, len(words) - 4) if words else 0
    return " ".join(words[at:at + 4])


def text_for(name, question, words):
    mistake, guardrail = RULES[number(words) % len(RULES)]
    known = {"mistake": mistake, "guardrail": guardrail, "quote": quote(question), "text": quote(question),
             "rationale": f"{mistake} Fault {number(words) % 10**6:06d}.",
             "message": mistake, "label": "fault", "rule_id": "", "rule": "", "cites": ""}
    return known.get(name, plain(question, words))


def fit(schema, name, question, words):
    """A value for the schema, derived from the question."""
    kind = schema.get("type", "object" if "properties" in schema or name == "" else "string")
    if isinstance(kind, list):
        kind = next(k for k in kind if k != "null")
    if "enum" in schema:
        return schema["enum"][number(words, name) % len(schema["enum"])]
    if kind == "object":
        return {key: fit(child, key, question, words) for key, child in schema.get("properties", {}).items()}
    if kind == "array":
        least = schema.get("minItems", 0)
        count = max(least, min(1, schema.get("maxItems", 1)))
        return [fit(schema.get("items", {"type": "string"}), name.rstrip("s"), question, words) for _ in range(count)]
    if kind in ("integer", "number"):
        low, high = schema.get("minimum", 0), schema.get("maximum", schema.get("minimum", 0) + 10)
        value = low + number(words, name) % (int(high - low) + 1)
        return int(value) if kind == "integer" else float(value)
    if kind == "boolean":
        return number(words, name) % 2 == 0
    if kind == "null":
        return None
    value = text_for(name, question, words)
    return value[:schema["maxLength"]] if "maxLength" in schema else value
