"""Runs hinge and hinge-train as a person would: command lines in, files out."""
import json
import os
import subprocess


class Failed(Exception):
    """A command ended otherwise than it should."""


def run(program, *args, stdin=None):
    """Runs a program of the build folder; what it printed."""
    command = [os.path.join(os.environ.get("builddir", "."), program)] + [str(a) for a in args]
    done = subprocess.run(command, input=stdin, capture_output=True, text=True)
    if done.returncode:
        raise Failed(f"{program} {' '.join(command[1:])}: exit {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def train(command, *args):
    return run("hinge-train", command, *args)


def read_lines(path):
    with open(path, encoding="utf-8") as f:
        return [json.loads(line) for line in f]


def write_lines(path, rows):
    with open(path, "w", encoding="utf-8") as f:
        f.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    return path


def metrics(folder):
    """The lines of a run's steps."""
    return [m for m in read_lines(os.path.join(folder, "metrics.jsonl")) if "loss" in m]


def last_checkpoint(folder):
    root = os.path.join(folder, "checkpoints")
    steps = [int(name[5:]) for name in os.listdir(root) if name.startswith("step-")]
    return os.path.join(root, f"step-{max(steps)}")


class Pcg32:
    """O'Neill's PCG32 as src/trainer/tensor/rng.c seeds it: the order of a run's examples follows from it."""

    def __init__(self, seed, stream):
        self.state, self.stream = 0, (stream << 1 | 1) % 2**64
        self.next()
        self.state = (self.state + seed) % 2**64
        self.next()

    def next(self):
        old = self.state
        self.state = (old * 6364136223846793005 + self.stream) % 2**64
        word, turn = (old >> 18 ^ old) >> 27 & 0xFFFFFFFF, old >> 59
        return (word >> turn | word << (-turn & 31)) & 0xFFFFFFFF

    def below(self, bound):
        threshold = (2**32 - bound) % bound
        while (word := self.next()) < threshold:
            continue
        return word % bound


def batches(seed, epochs, count, size):
    """Indices of the examples of each optimizer step: every epoch in an order of its own (Fisher and Yates'
    shuffle), its last step with what is left."""
    for epoch in range(epochs):
        rng, order = Pcg32(seed, 100 + epoch), list(range(count))
        for i in range(count, 1, -1):
            j = rng.below(i)
            order[i - 1], order[j] = order[j], order[i - 1]
        yield from (order[i : i + size] for i in range(0, count, size))
