#!/usr/bin/env python3
"""Programs on a pseudo-terminal: how long until they stand, what a key costs in time and bytes, what
they take at rest, and how they bear a slow line. Prints Markdown. Needs python3 alone; peers that
are not installed are left out."""
import fcntl, os, pty, select, shutil, signal, statistics, struct, sys, tempfile, termios, time

QUIET = 0.03      # silence that ends the answer to a key
SETTLED = 0.15    # silence that ends the start


class Program:
    count = 0

    def __init__(self, argv, cols=80, rows=24, rate=None, env=None):
        self.rate, self.bytes, self.started, self.last, self.tail = rate, 0, time.perf_counter(), None, b""
        self.due = self.started
        Program.count += 1  # a reviewer of its own, who has left no place to come back to
        reviewer = f"bench{os.getpid()}-{Program.count}"
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))
            time.sleep(0.02)
            os.environ.update({"TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "HINGE_REVIEWER": reviewer, **(env or {})})
            os.environ.pop("NO_COLOR", None)
            os.execvp(argv[0], argv)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))
        self.started += 0.02

    def read(self, limit):
        """Waits at most `limit` seconds for output; True when there was some."""
        if not select.select([self.fd], [], [], max(0, limit))[0]:
            return False
        if self.rate:  # the line: a few bytes, and then the time they take
            now = time.perf_counter()
            if self.due > now:
                time.sleep(self.due - now)
        try:
            got = os.read(self.fd, max(1, int(self.rate / 100)) if self.rate else 65536)
        except OSError:
            return False
        self.last = time.perf_counter()
        if self.rate:
            self.due = max(self.due, self.last) + len(got) / self.rate
        self.bytes += len(got)
        self.tail = (self.tail + got)[-70000:]
        return bool(got)

    def until_quiet(self, quiet, first=3.0):
        wait = first
        while self.read(wait):
            wait = quiet

    def start(self, quiet=SETTLED, shown=None):
        """Milliseconds until a text was sent, else until the last byte before a silence."""
        at = None
        while self.read(10 if not self.last else quiet):
            if shown and at is None and shown in self.tail:
                at = self.last
        return ((at or self.last or time.perf_counter()) - self.started) * 1000

    def key(self, keys, first=0.3):
        """Milliseconds until the last byte of the answer, and its bytes."""
        before, began, self.last = self.bytes, time.perf_counter(), None
        os.write(self.fd, keys)
        self.until_quiet(QUIET, first)
        return ((self.last or began) - began) * 1000, self.bytes - before

    def proc(self, name):
        with open(f"/proc/{self.pid}/status") as f:
            for line in f:
                if line.startswith(name + ":"):
                    return int(line.split()[1])
        return 0

    def rest(self, seconds):
        self.until_quiet(SETTLED)
        time.sleep(1.2)
        self.until_quiet(SETTLED, 0.1)
        names = ("voluntary_ctxt_switches", "nonvoluntary_ctxt_switches")
        wakes, sent = sum(map(self.proc, names)), self.bytes
        time.sleep(seconds)
        while self.read(0):
            pass
        return sum(map(self.proc, names)) - wakes, self.bytes - sent

    def end(self):
        try:
            os.kill(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        os.waitpid(self.pid, 0)
        os.close(self.fd)


def median(values):
    return statistics.median(values)


def ready(argv, n=15, shown=b"undecided of", **more):
    """The status bar is painted last; peers, which have none of its words, are ready when they are silent."""
    times, memory, sent = [], 0, 0
    for _ in range(n):
        p = Program(argv, **more)
        times.append(p.start(shown=shown))
        memory, sent = p.proc("VmHWM"), p.bytes
        p.end()
    return median(times), memory, sent


def steps(argv, before, key, n=20, between=b"", pause=0.0, **more):
    """Median time and bytes of a key after some others; `between` is sent, unmeasured, after each."""
    p = Program(argv, **more)
    p.start()
    for k in before:
        p.key(k, 2.0)
        if pause:  # what is compared in the background is done
            p.until_quiet(pause, pause)
    got = []
    for _ in range(n):
        got.append(p.key(key))
        if between:
            p.key(between)
    p.end()
    return median([ms for ms, _ in got]), median([b for _, b in got])


def held(argv, key, before=(), rate=1200, n=20, per_second=10):
    """On a slow line: seconds until ready, and how far the screen is behind after a key held down."""
    p = Program(argv, rate=rate)
    start = p.start(quiet=0.5, shown=b"undecided of") / 1000
    for k in before:
        os.write(p.fd, k)
        p.until_quiet(0.5)
    for i in range(n):
        due = time.perf_counter() + 1 / per_second
        os.write(p.fd, key)
        pressed = time.perf_counter()
        while time.perf_counter() < due:
            p.read(due - time.perf_counter())
    p.last = pressed
    p.until_quiet(0.5, 0.5)
    behind = p.last - pressed
    p.end()
    return start, behind


def have(name):
    return shutil.which(name) is not None


def peers(folder, repository):
    text = os.path.join(folder, "text")
    with open(text, "w") as f:
        for i in range(20000):
            f.write(f"line {i}: the patient takes metformin {i % 900} mg twice a day, as she said\n")
    found = []
    if have("less"):
        found.append(("less", ["less", text], [], b"j", None, b" "))
    if have("vim") or have("vim.tiny"):
        vim = "vim" if have("vim") else "vim.tiny"
        found.append((vim, [vim, "-u", "NONE", "-N", "-R", text], [b"L"], b"j", b"gg", b"\x06"))
    if have("tig") and repository:
        found.append(("tig", ["tig", "-C", repository], [], b"j", None, b" "))
    if have("mutt"):
        box = os.path.join(folder, "box")
        with open(box, "w") as f:
            for i in range(2000):
                f.write(f"From a@b Mon Jan  1 00:00:00 2024\nFrom: A{i} <a@b>\nSubject: note {i}\n"
                        f"Date: Mon, 1 Jan 2024 00:00:00 +0000\nMessage-ID: <{i}@b>\n\ntext\n\n")
        found.append(("mutt", ["mutt", "-n", "-F", "/dev/null", "-R", "-f", box], [], b"j", None, b"z"))
    return found


def report_hinge(hinge, demo, long_line, big):
    queue = [hinge, demo]
    to_bottom = [b"j"] * 19
    print("| | 80x24 | 160x48 | to reach |\n|---|---:|---:|---:|")
    sizes = ({"cols": 80, "rows": 24}, {"cols": 160, "rows": 48})

    def row(name, goal, measure):
        print(f"| {name} | " + " | ".join(measure(s) for s in sizes) + f" | {goal} |", flush=True)

    def ms(r):
        return f"{r[0]:.2f} ms, {r[1]:.0f} B"

    row("ready on the demo", "30 ms", lambda s: "{:.1f} ms, {:.0f} B".format(*[ready(queue, **s)[i] for i in (0, 2)]))
    row("peak memory then", "15 MiB", lambda s: f"{ready(queue, n=1, **s)[1] / 1024:.1f} MiB")
    row("cursor step, queue", "100 B", lambda s: ms(steps(queue, [b"j"], b"j", n=10, **s)))
    row("scroll step, queue", "1 ms, 250 B", lambda s: ms(steps(queue, [b"j"] * (s["rows"] - 4), b"j", **s)))
    row("page, queue", "1.5 KB (3 KB)", lambda s: ms(steps(queue, [], b"\x1b[6~", n=3 if s["rows"] < 40 else 1, **s)))
    row("open a record", "5 ms", lambda s: ms(steps(queue, [], b"\r", between=b"q", n=10, **s)))
    if long_line:
        row("scroll step, review", "1 ms, 250 B",
            lambda s: ms(steps([hinge, long_line], [b"\r", b"z", b"g"], b"j", pause=1.0, **s)))
        row("End of a 1 MiB line, first time", "50 ms",
            lambda s: ms(steps([hinge, long_line], [b"\r", b"g", b"w"], b"\x1b[F", n=1, pause=1.0, **s)))
        row("End of a 1 MiB line, again", "",
            lambda s: ms(steps([hinge, long_line], [b"\r", b"g", b"w", b"\x1b[F", b"\x1b[H"], b"\x1b[F",
                               between=b"\x1b[H", n=10, pause=1.0, **s)))
    if big:
        row("ready on a million records", "50 ms",
            lambda s: "{:.1f} ms, {:.0f} B".format(*[ready([hinge, big], n=7, **s)[i] for i in (0, 2)]))
        row("peak memory then", "15 MiB", lambda s: f"{ready([hinge, big], n=1, **s)[1] / 1024:.1f} MiB")
        row("scroll step there", "1 ms, 250 B", lambda s: ms(steps([hinge, big], [b"j"] * (s["rows"] - 4), b"j", **s)))
        row("last record there (G)", "", lambda s: ms(steps([hinge, big], [], b"G", between=b"g", n=5, **s)))
    p = Program(queue)
    p.start()
    wakes, sent = p.rest(3)
    p.end()
    print(f"| at rest, 3 s | {wakes} wake-ups, {sent} B | | 0, 0 |")
    start, behind = held(queue, b"j", before=to_bottom)
    print(f"| line of 1,200 B/s: ready | {start:.2f} s | | 3 s |")
    print(f"| … behind after 20 scroll steps held at 10/s | {behind:.2f} s | | 1 s |")


def report_peers(found, hinge, demo):
    print("\n| 80x24 | ready | memory | scroll step | cursor step | page |\n|---|---:|---:|---:|---:|---:|")
    rows = [("hinge", [hinge, demo], [b"j"] * 19, b"j", b"g", b"\x1b[6~")] + found
    for name, argv, bottom, key, top, page in rows:
        at, memory, _ = ready(argv, n=7)
        scroll = steps(argv, bottom if bottom else [key] * 23, key)
        cursor = steps(argv, [top] if top else [], key, n=8) if name != "less" else None
        paged = steps(argv, [], page, n=3)
        print(f"| {name} | {at:.1f} ms | {memory / 1024:.1f} MiB | {scroll[0]:.2f} ms, {scroll[1]:.0f} B | "
              + (f"{cursor[1]:.0f} B" if cursor else "–") + f" | {paged[1]:.0f} B |", flush=True)


def main():
    hinge, demo, long_line, big, repository = (sys.argv[1:] + [""] * 5)[:5]
    print("## The interface\n\nEach figure is a median; the time is from the key to the last byte of its answer, "
          "the bytes are what\na line has to carry. The queue and the review stand on the demo project "
          "(152 real records).\n")
    report_hinge(hinge, demo, long_line, big)
    with tempfile.TemporaryDirectory() as folder:
        report_peers(peers(folder, repository), hinge, demo)


main()
