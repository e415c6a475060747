"""Examples of given lengths: make_data.py PROMPT ANSWER STRATEGY COUNT; STRATEGY 0 writes one branch. Lengths are
in words that are one token each in SmolLM2's vocabulary, from a seed."""
import json
import random
import sys

prompt, answer, strategy, count = map(int, sys.argv[1:5])
words = ("patient has had a fever for three days and no cough the doctor asks about pain in chest she takes her tablets "
         "every morning with food he was seen again after two weeks blood pressure high low normal left right arm leg").split()
rng = random.Random(prompt * 7 + answer)


def text(n):
    return " ".join(rng.choice(words) for _ in range(n))


for i in range(count):
    y = text(answer)
    branches = [{"kind": "A", "think": None if strategy == 0 else "", "text": y}]
    if strategy:
        branches.append({"kind": "B", "think": text(strategy), "text": y})
    print(json.dumps({"id": str(i), "prompt": text(prompt), "branches": branches}))
