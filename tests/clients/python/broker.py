"""A broker process for the tests: its own folder, a free port, killed at the end."""

import os
import shutil
import signal
import subprocess
import tempfile
import time

import redis


class Broker:
    def __init__(self, *flags):
        self.folder = tempfile.mkdtemp(prefix="brooklet-python-")
        self.flags = flags
        self.start()

    def start(self):
        ready = os.path.join(self.folder, "ready")
        if os.path.exists(ready):
            os.remove(ready)
        command = [os.environ["BROOKLET"], "--port", "0", "--bind", "127.0.0.1", "--dir", self.folder + "/data",
                   "--ready-file", ready, "--exit-with-parent", *self.flags]
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
