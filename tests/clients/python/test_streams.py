"""Streams, groups and locks as a user of redis-py writes them, in both protocols."""

import threading
import time
import unittest

import redis
from broker import Broker, eventually


class Scenarios:
    """Everything below runs once for each protocol."""

    protocol = 3

    @classmethod
    def setUpClass(cls):
        cls.broker = Broker()

    @classmethod
    def tearDownClass(cls):
        cls.broker.stop()

    def setUp(self):
        self.r = self.broker.client(self.protocol)
        self.r.flushall()

    def entries(self, answer):
        """The entries of the only stream in an answer of xread or xreadgroup."""
        if not answer:
            return []
        found = next(iter(answer.values())) if isinstance(answer, dict) else answer[0][1]
        while found and isinstance(found[0], list) and found[0] and isinstance(found[0][0], (list, tuple)):
            found = found[0]
        return [(i, f) for i, f in found]

    def test_producer_and_consumer_group(self):
        r = self.r
        r.xgroup_create("orders", "billing", id="0", mkstream=True)
        with self.assertRaisesRegex(redis.ResponseError, "BUSYGROUP Consumer Group name already exists"):
            r.xgroup_create("orders", "billing", id="0")
        ids = [r.xadd("orders", {"item": f"tea-{i}", "n": i}) for i in range(10)]
        got = self.entries(r.xreadgroup("billing", "alice", {"orders": ">"}, count=4))
        self.assertEqual([i for i, _ in got], ids[:4])
        self.assertEqual(got[0][1], {"item": "tea-0", "n": "0"})
        self.assertEqual(r.xack("orders", "billing", *ids[:3]), 3)
        self.assertEqual(r.xpending("orders", "billing")["pending"], 1)
        info = r.xinfo_groups("orders")[0]
        self.assertEqual((info["pending"], info["lag"]), (1, 6))
        self.assertEqual(r.xlen("orders"), 10)

    def test_claims(self):
        r = self.r
        r.xgroup_create("s", "g", id="0", mkstream=True)
        first = r.xadd("s", {"f": "1"})
        second = r.xadd("s", {"f": "2"})
        r.xreadgroup("g", "crashed", {"s": ">"})
        time.sleep(0.02)
        claimed = r.xclaim("s", "g", "healthy", min_idle_time=10, message_ids=[first])
        self.assertEqual(claimed[0][0], first)
        cursor, rest, deleted = r.xautoclaim("s", "g", "healthy", min_idle_time=10)[:3]
        self.assertEqual((cursor, [i for i, _ in rest], deleted), ("0-0", [second], []))
        detail = r.xpending_range("s", "g", "-", "+", 10)
        self.assertEqual({d["consumer"] for d in detail}, {"healthy"})
        self.assertEqual({d["times_delivered"] for d in detail}, {2})

    def test_blocking_read(self):
        self.r.xgroup_create("s", "g", id="$", mkstream=True)
        got = []
        reader = self.broker.client(self.protocol)
        thread = threading.Thread(target=lambda: got.append(reader.xreadgroup("g", "c", {"s": ">"}, block=5000)))
        thread.start()
        eventually(lambda: self.r.info("clients")["blocked_clients"] == 1)
        entry = self.r.xadd("s", {"f": "v"})
        thread.join(5)
        self.assertEqual(self.entries(got[0]), [(entry, {"f": "v"})])
        began = time.monotonic()
        self.assertFalse(reader.xreadgroup("g", "c", {"s": ">"}, block=100))
        self.assertGreaterEqual(time.monotonic() - began, 0.09)

    def test_lock_with_set_nx(self):
        r = self.r
        self.assertTrue(r.set("lock", "me", nx=True, px=200))
        self.assertIsNone(r.set("lock", "you", nx=True, px=200))
        self.assertLessEqual(r.pttl("lock"), 200)
        time.sleep(0.25)
        self.assertTrue(r.set("lock", "you", nx=True, px=200))
        self.assertEqual(r.get("lock"), "you")

    def test_trimming_and_ranges(self):
        r = self.r
        for i in range(1, 101):
            r.xadd("s", {"i": i}, id=f"{i}-0", maxlen=50, approximate=False)
        self.assertEqual(r.xlen("s"), 50)
        self.assertEqual([i for i, _ in r.xrange("s", count=2)], ["51-0", "52-0"])
        self.assertEqual([i for i, _ in r.xrevrange("s", count=1)], ["100-0"])
        self.assertEqual(r.xtrim("s", minid="91-0", approximate=False), 40)
        self.assertEqual(r.xinfo_stream("s")["first-entry"][0], "91-0")

    def test_pipeline(self):
        with self.r.pipeline(transaction=False) as pipe:
            for i in range(1000):
                pipe.xadd("s", {"i": i})
            self.assertEqual(len(set(pipe.execute())), 1000)

    def test_strings(self):
        r = self.r
        r.mset({"a": "1", "b": "2"})
        self.assertEqual(r.mget("a", "b", "c"), ["1", "2", None])
        self.assertEqual(r.incr("a", 41), 42)
        self.assertEqual(r.getdel("b"), "2")
        self.assertEqual(sorted(r.scan_iter("*")), ["a"])

    def test_info(self):
        self.assertGreaterEqual(int(self.r.info("server")["redis_version"].split(".")[0]), 7)
        self.r.client_setname("tester")
        self.assertIn("tester", [c["name"] for c in self.r.client_list()])


class Resp2(Scenarios, unittest.TestCase):
    protocol = 2


class Resp3(Scenarios, unittest.TestCase):
    protocol = 3


class Restart(unittest.TestCase):
    """kill -9 between a delivery and its acknowledgement."""

    def test_pending_entries_survive(self):
        broker = Broker()
        self.addCleanup(broker.stop)
        r = broker.client()
        r.xgroup_create("s", "g", id="0", mkstream=True)
        ids = [r.xadd("s", {"i": i}) for i in range(100)]
        r.xreadgroup("g", "c", {"s": ">"}, count=10)
        r.xack("s", "g", *ids[:4])
        broker.kill()
        broker.start()
        r = broker.client()
        self.assertEqual(r.xlen("s"), 100)
        self.assertEqual([p["message_id"] for p in r.xpending_range("s", "g", "-", "+", 100)], ids[4:10])


if __name__ == "__main__":
    unittest.main()
