"""redis.asyncio as its users write it: many tasks, a group, a lock, a channel, a cancelled wait; in both protocols."""

import asyncio
import unittest

import redis.asyncio as aioredis
from broker import Broker
from redis.exceptions import LockNotOwnedError, WatchError


class Scenarios:
    """Everything below runs once for each protocol."""

    protocol = 3

    @classmethod
    def setUpClass(cls):
        cls.broker = Broker()

    @classmethod
    def tearDownClass(cls):
        cls.broker.stop()

    async def asyncSetUp(self):
        asyncio.get_running_loop().set_debug(False)
        pool = aioredis.BlockingConnectionPool.from_url(self.broker.url(), max_connections=20, protocol=self.protocol,
                                                        decode_responses=True)
        self.r = aioredis.Redis.from_pool(pool)
        self.addAsyncCleanup(self.r.aclose)
        await self.r.flushall()

    async def test_producers_and_consumers(self):
        await self.r.xgroup_create("jobs", "workers", id="0", mkstream=True)
        done = set()

        async def consume(name):
            while len(done) < 200:
                answer = await self.r.xreadgroup("workers", name, {"jobs": ">"}, count=10, block=200)
                streams = answer.values() if isinstance(answer, dict) else [entries for _, entries in answer or []]
                for entries in streams:
                    while entries and isinstance(entries[0][0], (list, tuple)):
                        entries = entries[0]
                    for entry, fields in entries:
                        await self.r.xack("jobs", "workers", entry)
                        done.add(fields["n"])

        consumers = [asyncio.create_task(consume(f"c{i}")) for i in range(4)]
        await asyncio.gather(*(self.r.xadd("jobs", {"n": n}) for n in range(200)))
        await asyncio.wait_for(asyncio.gather(*consumers), 15)
        self.assertEqual(len(done), 200)
        self.assertEqual((await self.r.xpending("jobs", "workers"))["pending"], 0)

    async def test_a_lock_between_tasks(self):
        order = []

        async def work(name):
            async with self.r.lock("lock", timeout=5, sleep=0.01):
                order.append(name)
                await asyncio.sleep(0.01)
                order.append(name)

        await asyncio.wait_for(asyncio.gather(*(work(i) for i in range(5))), 10)
        self.assertEqual(order[::2], order[1::2])
        lock = self.r.lock("lock", timeout=0.05)
        await lock.acquire()
        await asyncio.sleep(0.08)
        with self.assertRaises(LockNotOwnedError):
            await lock.release()

    async def test_a_channel(self):
        async with self.r.pubsub() as p:
            await p.subscribe("news")
            self.assertEqual((await p.get_message(timeout=5))["type"], "subscribe")
            self.assertEqual(await self.r.publish("news", "hello"), 1)

            async def first():
                async for message in p.listen():
                    return message

            self.assertEqual((await asyncio.wait_for(first(), 5))["data"], "hello")

    async def test_a_cancelled_wait_takes_nothing(self):
        waiting = asyncio.create_task(self.r.blpop("queue", timeout=10))
        while not any(c["cmd"] == "blpop" for c in await self.r.client_list()):
            await asyncio.sleep(0.01)
        waiting.cancel()
        with self.assertRaises(asyncio.CancelledError):
            await waiting
        while any(c["cmd"] == "blpop" for c in await self.r.client_list()):
            await asyncio.sleep(0.01)
        await self.r.rpush("queue", "a")
        self.assertEqual(await self.r.lrange("queue", 0, -1), ["a"])

    async def test_transactions_and_scripts(self):
        async with self.r.pipeline() as pipe:
            await pipe.watch("n")
            await self.r.set("n", 1)
            pipe.multi()
            pipe.incr("n")
            with self.assertRaises(WatchError):
                await pipe.execute()
        double = self.r.register_script("return redis.call('GET', KEYS[1]) * 2")
        self.assertEqual(await double(keys=["n"]), 2)
        async with self.r.pipeline(transaction=True) as pipe:
            self.assertEqual(await pipe.incr("n").incr("n").get("n").execute(), [2, 3, "3"])


class Resp2(Scenarios, unittest.IsolatedAsyncioTestCase):
    protocol = 2


class Resp3(Scenarios, unittest.IsolatedAsyncioTestCase):
    protocol = 3
