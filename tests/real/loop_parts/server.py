"""llama-cpp-python's server on loopback, counting what it was asked."""
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

START_SECONDS = 120


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    def __init__(self, model, log):
        self.port, self.log = free_port(), log
        with open(log, "wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "llama_cpp.server", "--model", model, "--host", "127.0.0.1", "--port", str(self.port),
                 "--n_ctx", "4096", "--n_threads", "2", "--n_threads_batch", "2"],
                stdout=out, stderr=subprocess.STDOUT, env=dict(os.environ, PYTHONUNBUFFERED="1"))

    def wait(self):
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self.process.poll() is None:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/v1/models", timeout=2).close()
                return
            except (urllib.error.URLError, OSError):
                time.sleep(0.2)
        with open(self.log, encoding="utf-8", errors="replace") as f:
            raise SystemExit(f"loop: the server did not start:\n{f.read()[-2000:]}")

    def answered(self):
        """Requests that it answered with 200 so far."""
        with open(self.log, encoding="utf-8", errors="replace") as f:
            return sum('"POST /v1/chat/completions' in line and " 200" in line for line in f)

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
