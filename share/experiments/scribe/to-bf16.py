#!/usr/bin/env python3
"""A model's weights in bf16 (nearest, ties to even): half the bytes. Needs the standard library alone.

    to-bf16.py IN.safetensors OUT.safetensors
"""
import array
import json
import struct
import sys


def shortened(data):
    words = array.array("I", data)
    return array.array("H", [((w + 0x7FFF + (w >> 16 & 1)) >> 16) & 0xFFFF for w in words]).tobytes()


def main(source, target):
    raw = open(source, "rb").read()
    (size,) = struct.unpack("<Q", raw[:8])
    header, body = json.loads(raw[8 : 8 + size]), raw[8 + size :]
    out, parts, at = {"__metadata__": {"format": "pt"}}, [], 0
    for name in sorted(k for k in header if k != "__metadata__"):
        t = header[name]
        if t["dtype"] != "F32":
            sys.exit(f"{name} is {t['dtype']}, not F32")
        start, end = t["data_offsets"]
        parts.append(shortened(body[start:end]))
        out[name] = {"dtype": "BF16", "shape": t["shape"], "data_offsets": [at, at + len(parts[-1])]}
        at += len(parts[-1])
    text = json.dumps(out, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(target, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + b"".join(parts))


if __name__ == "__main__":
    main(*sys.argv[1:])
