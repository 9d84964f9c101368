"""A Dramatiq application."""

import os
import time

import dramatiq
from dramatiq.brokers.redis import RedisBroker
from dramatiq.rate_limits import ConcurrentRateLimiter
from dramatiq.rate_limits.backends import RedisBackend as LimitBackend
from dramatiq.results import Results
from dramatiq.results.backends import RedisBackend

url = os.environ.get("BROKER_URL", "redis://127.0.0.1:1/0")
# Results are waited for with blocking calls: longer than redis-py's own five seconds.
url += "?socket_timeout=60"
# Every command looks after the dead, and a worker counts as dead after a second.
broker = RedisBroker(url=url, heartbeat_timeout=1000, maintenance_chance=1000000)
broker.add_middleware(Results(backend=RedisBackend(url=url)))
dramatiq.set_broker(broker)
limits = LimitBackend(url=url)


@dramatiq.actor(store_results=True)
def add(a, b):
    return a + b


@dramatiq.actor(store_results=True, max_retries=0)
def broken():
    raise ValueError("broken on purpose")


@dramatiq.actor(store_results=True, max_retries=5, min_backoff=50, max_backoff=100)
def flaky(key, good_at):
    tries = broker.client.incr(key)
    if tries < good_at:
        raise RuntimeError("not yet")
    return tries


@dramatiq.actor(store_results=True, queue_name="fragile")
def slow(seconds):
    time.sleep(seconds)
    return "slept"


@dramatiq.actor(store_results=True, max_retries=20, min_backoff=20, max_backoff=50)
def alone():
    with ConcurrentRateLimiter(limits, "alone", limit=1).acquire():
        inside = broker.client.incr("inside")
        time.sleep(0.05)
        broker.client.decr("inside")
    return inside
