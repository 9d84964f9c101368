"""redis-py as its users write it: locks, pub/sub, scripts, transactions, client-side caching; in both protocols."""

import threading
import time
import unittest

import redis
from broker import Broker, eventually
from redis.backoff import NoBackoff
from redis.cache import CacheConfig
from redis.exceptions import LockError, LockNotOwnedError, WatchError
from redis.retry import Retry


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
        self.r = redis.Redis.from_url(self.broker.url(), protocol=self.protocol, decode_responses=True)
        self.addCleanup(self.r.close)
        self.r.flushall()

    def test_a_lock_excludes_and_is_handed_on(self):
        counter, inside = [], []

        def work():
            for _ in range(10):
                with self.r.lock("lock", timeout=5, sleep=0.005, blocking_timeout=10):
                    inside.append(1)
                    if len(inside) > 1:
                        counter.append("overlap")
                    counter.append(1)
                    inside.pop()

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(15)
        self.assertEqual(counter, [1] * 40)
        self.assertFalse(self.r.exists("lock"))

    def test_a_lock_is_extended_reacquired_and_lost(self):
        lock = self.r.lock("lock", timeout=0.3)
        self.assertTrue(lock.acquire(blocking=False))
        self.assertFalse(self.r.lock("lock", timeout=1).acquire(blocking=False))
        self.assertTrue(lock.extend(10))
        self.assertGreater(self.r.pttl("lock"), 9000)
        self.assertTrue(lock.extend(20, replace_ttl=True))
        self.assertGreater(self.r.pttl("lock"), 19000)
        self.assertTrue(lock.reacquire())
        self.assertLessEqual(self.r.pttl("lock"), 300)
        self.assertTrue(lock.owned())
        time.sleep(0.35)
        self.assertFalse(lock.locked())
        other = self.r.lock("lock", timeout=5)
        self.assertTrue(other.acquire(blocking=False))
        with self.assertRaises(LockNotOwnedError):
            lock.extend(1)
        with self.assertRaises(LockNotOwnedError):
            lock.release()
        other.release()
        with self.assertRaises(LockError):
            other.release()

    def test_channels_and_patterns(self):
        with self.r.pubsub(ignore_subscribe_messages=True) as p:
            p.subscribe("news")
            p.psubscribe("log.*")
            eventually(lambda: p.get_message(timeout=0.05) or self.r.pubsub_numpat() == 1)
            self.assertEqual(self.r.publish("news", "hello"), 1)
            self.assertEqual(self.r.publish("log.error", "bad"), 1)
            self.assertEqual(self.r.publish("other", "nobody"), 0)
            self.assertEqual(self.r.pubsub_numsub("news"), [("news", 1)])
            got = [eventually(lambda: p.get_message(timeout=0.5)) for _ in range(2)]
            self.assertEqual([(m["type"], m["channel"], m["data"]) for m in got],
                             [("message", "news", "hello"), ("pmessage", "log.error", "bad")])
            p.unsubscribe("news")
            eventually(lambda: p.get_message(timeout=0.05) or self.r.publish("news", "gone") == 0)

    def test_handlers_in_a_thread(self):
        got = []
        p = self.r.pubsub(ignore_subscribe_messages=True)
        p.subscribe(news=lambda message: got.append(message["data"]))
        thread = p.run_in_thread(sleep_time=0.01)
        eventually(lambda: self.r.publish("news", "hello"))
        eventually(lambda: got == ["hello"])
        thread.stop()
        thread.join(5)

    def test_events_of_keys(self):
        self.r.config_set("notify-keyspace-events", "Ex")
        self.addCleanup(self.r.config_set, "notify-keyspace-events", "")
        with self.r.pubsub(ignore_subscribe_messages=True) as p:
            p.psubscribe("__keyevent@0__:expired")
            p.get_message(timeout=1)
            self.r.set("session", "x", px=50)
            message = eventually(lambda: p.get_message(timeout=1), 5)
            self.assertEqual((message["channel"], message["data"]), ("__keyevent@0__:expired", "session"))

    def test_scripts(self):
        add = self.r.register_script("""
            local sum = tonumber(redis.call('GET', KEYS[1]) or 0)
            for _, n in ipairs(ARGV) do sum = sum + n end
            redis.call('SET', KEYS[1], sum)
            return {sum, redis.status_reply('FINE'), false, cjson.encode({n = sum})}""")
        self.assertEqual(add(keys=["sum"], args=[1, 2, 3]), [6, "FINE", None, '{"n":6}'])
        self.r.script_flush()
        self.assertEqual(self.r.script_exists(add.sha), [False])
        self.assertEqual(add(keys=["sum"], args=[4])[0], 10)
        self.assertEqual(self.r.script_exists(add.sha), [True])
        with self.r.pipeline() as pipe:
            pipe.set("sum", 100)
            add(keys=["sum"], args=[1], client=pipe)
            self.assertEqual(pipe.execute()[1][0], 101)
        with self.assertRaisesRegex(redis.ResponseError, "WRONGTYPE"):
            self.r.eval("redis.call('LPUSH', KEYS[1], 1)", 1, "sum")
        with self.assertRaises(redis.exceptions.NoScriptError):
            self.r.evalsha("0" * 40, 0)

    def test_functions(self):
        self.r.function_load("""#!lua name=counters
            redis.register_function('bump', function(keys, args) return redis.call('INCRBY', keys[1], args[1]) end)""")
        self.assertEqual(self.r.fcall("bump", 1, "n", 5), 5)
        self.assertEqual(self.r.fcall("bump", 1, "n", 5), 10)
        self.assertEqual(len(self.r.function_list()), 1)
        self.r.function_delete("counters")
        with self.assertRaises(redis.ResponseError):
            self.r.fcall("bump", 1, "n", 5)

    def test_a_transaction_sees_who_came_between(self):
        self.r.set("stock", 5)
        with self.r.pipeline() as pipe:
            pipe.watch("stock")
            left = int(pipe.get("stock"))
            self.r.set("stock", 3)
            pipe.multi()
            pipe.set("stock", left - 1)
            with self.assertRaises(WatchError):
                pipe.execute()
        tries = []

        def sell(pipe):
            tries.append(1)
            left = int(pipe.get("stock"))
            if len(tries) == 1:
                self.r.set("stock", 2)
            pipe.multi()
            pipe.set("stock", left - 1)
            pipe.xadd("sales", {"left": left - 1})

        self.assertTrue(self.r.transaction(sell, "stock")[0])
        self.assertEqual((len(tries), self.r.get("stock"), self.r.xlen("sales")), (2, "1", 1))

    def test_an_error_inside_a_transaction(self):
        with self.r.pipeline() as pipe:
            pipe.set("a", "text").incr("a").set("b", 1)
            with self.assertRaisesRegex(redis.ResponseError, "not an integer"):
                pipe.execute()
        self.assertEqual(self.r.get("b"), "1")
        with self.r.pipeline() as pipe:
            pipe.set("c", 1)
            pipe.execute_command("NOSUCHCOMMAND")
            with self.assertRaisesRegex(redis.ResponseError, "unknown command"):
                pipe.execute()
        self.assertIsNone(self.r.get("c"))

    def test_lists_as_a_queue(self):
        self.assertEqual(self.r.rpush("queue", "a", "b", "c"), 3)
        self.assertEqual(self.r.blmove("queue", "working", 1), "a")
        self.assertEqual(self.r.lrem("working", 1, "a"), 1)
        self.assertEqual(tuple(self.r.blpop(["none", "queue"], timeout=1)), ("queue", "b"))
        self.assertEqual(tuple(self.r.brpop("queue", timeout=1)), ("queue", "c"))
        began = time.monotonic()
        self.assertIsNone(self.r.blpop("queue", timeout=0.1))
        self.assertGreaterEqual(time.monotonic() - began, 0.09)

    def test_delayed_jobs_in_a_sorted_set(self):
        self.r.zadd("delayed", {"now": 1, "soon": 2.5, "later": 100})
        self.assertEqual(self.r.zrangebyscore("delayed", "-inf", 10), ["now", "soon"])
        self.assertEqual([tuple(p) for p in self.r.zrange("delayed", 0, 10, byscore=True, withscores=True, offset=0, num=5)],
                         [("now", 1.0), ("soon", 2.5)])
        self.assertEqual(tuple(self.r.bzpopmin("delayed", timeout=1)), ("delayed", "now", 1.0))
        self.assertEqual(self.r.zpopmin("delayed", 1)[0][0], "soon")
        self.assertEqual(self.r.zscore("delayed", "later"), 100.0)

    def test_hashes_and_sets(self):
        self.r.hset("job", mapping={"state": "new", "tries": 0})
        self.assertEqual(self.r.hincrby("job", "tries"), 1)
        self.assertEqual(self.r.hgetall("job"), {"state": "new", "tries": "1"})
        self.assertEqual(self.r.hexpire("job", 100, "state"), [1])
        self.r.sadd("tags", "a", "b")
        self.assertEqual(self.r.smembers("tags"), {"a", "b"})
        self.assertEqual(dict(self.r.hscan_iter("job"))["tries"], "1")

    def test_the_newer_calls_of_streams(self):
        first = self.r.xadd("s", {"f": "1"}, idmp=("producer", b"one"))
        self.assertEqual(self.r.xadd("s", {"f": "1"}, idmp=("producer", b"one")), first)
        second = self.r.xadd("s", {"f": "2"})
        self.r.xgroup_create("s", "g", id="0")
        self.r.xreadgroup("g", "c", {"s": ">"})
        self.assertEqual(self.r.xackdel("s", "g", first, ref_policy="ACKED"), [1])
        self.assertEqual(self.r.xdelex("s", second, ref_policy="ACKED"), [2])
        self.assertEqual(self.r.xlen("s"), 1)
        self.assertEqual(len(self.r.xreadgroup("g", "d", {"s": ">"}, claim_min_idle_time=0)), 1)
        self.assertEqual(self.r.xpending_range("s", "g", "-", "+", 1)[0]["consumer"], "d")

    def test_a_lock_without_a_script(self):
        self.assertTrue(self.r.set("lock", "mine", nx=True, px=5000))
        self.assertEqual(self.r.delex("lock", ifeq="yours"), 0)
        self.assertEqual(self.r.delex("lock", ifeq="mine"), 1)

    def test_databases_names_and_a_pool(self):
        other = redis.Redis.from_url(self.broker.url(3), protocol=self.protocol, client_name="third", decode_responses=True)
        self.addCleanup(other.close)
        other.set("k", "three")
        self.assertIsNone(self.r.get("k"))
        clients = {c["name"]: c for c in self.r.client_list()}
        self.assertEqual((clients["third"]["db"], clients["third"]["lib-name"].split("(")[0]), ("3", "redis-py"))
        pool = redis.BlockingConnectionPool.from_url(self.broker.url(), max_connections=2, timeout=5)
        shared = redis.Redis(connection_pool=pool)
        threads = [threading.Thread(target=lambda: [shared.incr("n") for _ in range(50)]) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
        self.assertEqual(shared.get("n"), b"400")
        pool.disconnect()


class Resp2(Scenarios, unittest.TestCase):
    protocol = 2


class Resp3(Scenarios, unittest.TestCase):
    protocol = 3

    def test_client_side_caching(self):
        cached = redis.Redis(port=self.broker.port, protocol=3, decode_responses=True, cache_config=CacheConfig())
        self.addCleanup(cached.close)
        self.r.set("k", "old")
        self.assertEqual(cached.get("k"), "old")
        self.assertEqual(cached.get_cache().size, 1)
        self.r.config_resetstat()
        self.assertEqual(cached.get("k"), "old")
        self.assertNotIn("cmdstat_get", self.r.info("commandstats"))
        self.r.set("k", "new")
        eventually(lambda: cached.get("k") == "new", 5)
        self.r.flushall()
        eventually(lambda: cached.get("k") is None, 5)


class Restart(unittest.TestCase):
    def test_a_client_that_retries_survives_kill_minus_nine(self):
        broker = Broker("--appendfsync", "always")
        self.addCleanup(broker.stop)
        r = broker.client(retry=Retry(NoBackoff(), 3))
        r.set("k", "v")
        r.lock("lock", timeout=60).acquire()
        port = broker.port
        broker.kill()
        with self.assertRaises(redis.ConnectionError):
            r.get("k")
        broker.start("--port", str(port))
        self.assertEqual(r.get("k"), "v")
        self.assertFalse(r.lock("lock").acquire(blocking=False))
        self.assertGreater(r.ttl("lock"), 50)
