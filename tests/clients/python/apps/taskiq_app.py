"""A taskiq application over a stream."""

import asyncio
import os

from taskiq import Context, SimpleRetryMiddleware, TaskiqDepends
from taskiq_redis import RedisAsyncResultBackend, RedisStreamBroker

url = os.environ.get("BROKER_URL", "redis://127.0.0.1:1/0")
broker = RedisStreamBroker(url, queue_name="tasks", idle_timeout=1000, xread_block=200, xread_count=1,
                           unacknowledged_lock_timeout=5, consumer_id="0", maxlen=10000)
broker = broker.with_result_backend(RedisAsyncResultBackend(url, result_ex_time=60))
broker = broker.with_middlewares(SimpleRetryMiddleware(default_retry_count=5))


@broker.task
async def add(a: int, b: int) -> int:
    return a + b


@broker.task
async def broken() -> None:
    raise ValueError("broken on purpose")


@broker.task(retry_on_error=True)
async def flaky(good_at: int, context: Context = TaskiqDepends()) -> int:
    tries = int(context.message.labels.get("_retries", 0))
    if tries < good_at:
        raise RuntimeError("not yet")
    return tries


@broker.task
async def slow(seconds: float) -> str:
    await asyncio.sleep(seconds)
    return "slept"
