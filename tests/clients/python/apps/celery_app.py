"""A Celery application: broker and results in Brooklet."""

import os
import time

from celery import Celery

url = os.environ.get("BROKER_URL", "redis://127.0.0.1:1/0")
app = Celery("shop", broker=url, backend=url)
app.conf.update(
    broker_connection_retry_on_startup=True,
    broker_transport_options={"visibility_timeout": 2, "polling_interval": 0.1, "unacked_restore_interval": 0.5,
                              "unacked_restore_throttle": 1},
    result_expires=60,
    task_default_queue="shop",
    worker_hijack_root_logger=False,
    worker_prefetch_multiplier=1,
)


@app.task
def add(a, b):
    return a + b


@app.task
def total(numbers):
    return sum(numbers)


@app.task(bind=True, max_retries=3)
def flaky(self, good_at):
    if self.request.retries < good_at:
        raise self.retry(countdown=0.1)
    return self.request.retries


@app.task
def broken():
    raise ValueError("broken on purpose")


@app.task(acks_late=True, reject_on_worker_lost=True)
def slow(seconds):
    time.sleep(seconds)
    return "slept"


@app.task(bind=True)
def progress(self):
    self.update_state(state="HALFWAY", meta={"percent": 50})
    time.sleep(0.5)
    return "done"
