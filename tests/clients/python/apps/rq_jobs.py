"""What an RQ worker runs."""

import os
import time

from rq import get_current_job


def add(a, b):
    return a + b


def broken():
    raise ValueError("broken on purpose")


def flaky(path, good_at):
    """Fails until its try number `good_at`, counted in a file."""
    with open(path, "a", encoding="ascii") as file:
        file.write("x")
    if os.path.getsize(path) < good_at:
        raise RuntimeError("not yet")
    return os.path.getsize(path)


def slow(seconds):
    time.sleep(seconds)
    return "slept"


def tells():
    job = get_current_job()
    job.meta["percent"] = 50
    job.save_meta()
    return job.id
