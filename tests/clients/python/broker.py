"""A broker process for the tests: its own folder, a free port, killed at the end."""

import atexit
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import redis


class Broker:
    def __init__(self, *flags):
        self.folder = tempfile.mkdtemp(prefix="brooklet-python-")
        self.flags = flags
        self.start()

    def start(self, *more):
        """Once more on the same folder; the last of two equal flags counts."""
        ready = os.path.join(self.folder, "ready")
        if os.path.exists(ready):
            os.remove(ready)
        command = [os.environ["BROOKLET"], "--port", "0", "--bind", "127.0.0.1", "--dir", self.folder + "/data",
                   "--ready-file", ready, "--exit-with-parent", *self.flags, *more]
        self.process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while not os.path.exists(ready):
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise RuntimeError("the broker did not start")
            time.sleep(0.01)
        with open(ready, encoding="ascii") as file:
            self.port = int(file.read().strip().rsplit(":", 1)[1])

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def client(self, protocol=3, **options):
        return redis.Redis(port=self.port, protocol=protocol, decode_responses=True, **options)

    def url(self, database=0):
        return f"redis://127.0.0.1:{self.port}/{database}"


class Worker:
    """A worker of a framework in a process of its own, started in this folder."""

    def __init__(self, *command, **environment):
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen([sys.executable, "-m", *command], stdout=self.log, stderr=subprocess.STDOUT,
                                        cwd=os.path.dirname(os.path.abspath(__file__)), start_new_session=True,
                                        env={**os.environ, **environment})
        atexit.register(self.kill)

    def kill(self):
        """Its children too: nothing it was doing is finished."""
        if self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def output(self):
        """What it wrote: for whoever looks for a failure."""
        self.log.seek(0)
        return self.log.read().decode()


def eventually(condition, timeout=15.0):
    """The first true answer of `condition`."""
    deadline = time.monotonic() + timeout
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise AssertionError("it did not happen in time")
        time.sleep(0.02)
    return found
