"""FastStream: subscribers on streams, groups, lists and channels, in one process."""

import asyncio
import unittest

import redis
from broker import Broker
from faststream import AckPolicy
from faststream.redis import ListSub, PubSub, RedisBroker, StreamSub


class Subscribers:
    """Everything below runs once for each protocol."""

    protocol = 3

    @classmethod
    def setUpClass(cls):
        cls.brooklet = Broker()
        cls.addClassCleanup(cls.brooklet.stop)

    async def asyncSetUp(self):
        asyncio.get_running_loop().set_debug(False)
        self.r = self.brooklet.client()
        self.addCleanup(self.r.close)
        self.r.flushall()
        self.broker = RedisBroker(self.brooklet.url(), logger=None, protocol=self.protocol)
        self.addAsyncCleanup(self.broker.stop)
        self.got = asyncio.Queue()

    async def received(self, count, timeout=10):
        async with asyncio.timeout(timeout):
            return [await self.got.get() for _ in range(count)]

    async def until(self, condition):
        async with asyncio.timeout(10):
            while not condition():
                await asyncio.sleep(0.02)

    async def test_a_stream(self):
        @self.broker.subscriber(stream=StreamSub("orders", polling_interval=100))
        async def handle(body: dict):
            await self.got.put(body)

        await self.broker.start()
        await self.until(lambda: any(c["cmd"] == "xread" for c in self.r.client_list()))
        for n in range(10):
            await self.broker.publish({"n": n}, stream="orders")
        self.assertEqual(await self.received(10), [{"n": n} for n in range(10)])

    async def test_a_group_shares_and_acknowledges(self):
        for name in ("alice", "bob"):
            @self.broker.subscriber(stream=StreamSub("orders", group="billing", consumer=name, polling_interval=100))
            async def handle(body: int):
                await self.got.put(body)

        await self.broker.start()
        for n in range(50):
            await self.broker.publish(n, stream="orders", maxlen=1000)
        self.assertEqual(sorted(await self.received(50)), list(range(50)))
        await self.until(lambda: self.r.xpending("orders", "billing")["pending"] == 0)
        self.assertTrue(self.got.empty())

    async def test_what_failed_stays_pending_and_is_claimed(self):
        tries = []

        @self.broker.subscriber(stream=StreamSub("orders", group="billing", consumer="alice", polling_interval=100),
                                ack_policy=AckPolicy.NACK_ON_ERROR)
        async def fails(body: int):
            tries.append(body)
            raise ValueError("broken on purpose")

        @self.broker.subscriber(stream=StreamSub("orders", group="billing", consumer="bob", min_idle_time=200,
                                                 polling_interval=100))
        async def claims(body: int):
            await self.got.put(body)

        await self.broker.start()
        await self.broker.publish(7, stream="orders")
        self.assertEqual(await self.received(1), [7])
        self.assertEqual(tries, [7])
        await self.until(lambda: self.r.xpending("orders", "billing")["pending"] == 0)

    async def test_reads_that_claim(self):
        self.r.xgroup_create("orders", "billing", id="0", mkstream=True)

        @self.broker.subscriber(stream=StreamSub("orders", group="billing", consumer="bob", claim_min_idle_time=100,
                                                 polling_interval=50))
        async def handle(body: int):
            await self.got.put(body)

        await self.broker.connect()
        await self.broker.publish(1, stream="orders")
        binary = redis.Redis(port=self.brooklet.port)
        self.addCleanup(binary.close)
        binary.xreadgroup("billing", "crashed", {"orders": ">"})
        await self.broker.start()
        await self.broker.publish(2, stream="orders")
        self.assertEqual(sorted(await self.received(2)), [1, 2])

    async def test_batches_of_a_stream(self):
        @self.broker.subscriber(stream=StreamSub("orders", last_id="0", batch=True, max_records=5, polling_interval=100))
        async def handle(bodies: list[int]):
            await self.got.put(bodies)

        await self.broker.connect()
        for n in range(10):
            await self.broker.publish(n, stream="orders")
        await self.broker.start()
        self.assertEqual(await self.received(2), [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]])

    async def test_lists(self):
        @self.broker.subscriber(list="jobs")
        async def handle(body: str):
            await self.got.put(body)

        @self.broker.subscriber(list=ListSub("many", batch=True, max_records=3, polling_interval=0.05))
        async def batch(bodies: list[int]):
            await self.got.put(bodies)

        await self.broker.start()
        await self.broker.publish("one", list="jobs")
        self.assertEqual(await self.received(1), ["one"])
        await self.broker.publish_batch(1, 2, 3, list="many")
        self.assertEqual(sum(await self.received(1), []), [1, 2, 3])

    async def test_channels_patterns_and_replies(self):
        @self.broker.subscriber("news")
        async def handle(body: str):
            await self.got.put(body)

        @self.broker.subscriber(PubSub("log.*", pattern=True))
        async def logs(body: str):
            await self.got.put(body)

        @self.broker.subscriber("double")
        async def double(body: int) -> int:
            return body * 2

        await self.broker.start()
        await self.until(lambda: self.r.pubsub_numpat() == 1 and self.r.pubsub_numsub("news")[0][1] == 1)
        await self.broker.publish("hello", "news")
        await self.broker.publish("bad", "log.error")
        self.assertEqual(sorted(await self.received(2)), ["bad", "hello"])
        reply = await self.broker.request(21, "double", timeout=5)
        self.assertEqual(await reply.decode(), 42)

    async def test_a_publisher_behind_a_subscriber(self):
        @self.broker.subscriber(stream=StreamSub("in", polling_interval=100))
        @self.broker.publisher(stream="out")
        async def step(body: int) -> int:
            return body + 1

        @self.broker.subscriber(stream=StreamSub("out", polling_interval=100))
        async def end(body: int):
            await self.got.put(body)

        await self.broker.start()
        await self.until(lambda: sum(c["cmd"] == "xread" for c in self.r.client_list()) == 2)
        await self.broker.publish(1, stream="in")
        self.assertEqual(await self.received(1), [2])


class Resp2(Subscribers, unittest.IsolatedAsyncioTestCase):
    protocol = 2


class Resp3(Subscribers, unittest.IsolatedAsyncioTestCase):
    protocol = 3
