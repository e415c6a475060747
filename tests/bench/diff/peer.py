"""One word diff by a Python library, as a whole process. usage: peer.py difflib|dmp A B"""
import re
import sys

a, b = (open(p, encoding="utf-8").read() for p in sys.argv[2:4])
if sys.argv[1] == "difflib":
    import difflib
    split = re.compile(r"\w+|[^\w\s]").findall
    ops = difflib.SequenceMatcher(None, split(a), split(b), autojunk=False).get_opcodes()
else:
    from diff_match_patch import diff_match_patch
    ops = diff_match_patch().diff_main(a, b)
    diff_match_patch().diff_cleanupSemantic(ops)
print(len(ops))
