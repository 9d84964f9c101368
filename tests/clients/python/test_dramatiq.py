"""Dramatiq with a real worker process: its script, results, delays, retries, rate limits, dead workers."""

import os
import time
import unittest

import dramatiq
from broker import Broker, Worker, eventually
from dramatiq.results import ResultFailure


class Actors(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.broker = Broker()
        cls.addClassCleanup(cls.broker.stop)
        os.environ["BROKER_URL"] = cls.broker.url()
        from apps import dramatiq_app
        cls.actors = dramatiq_app
        cls.worker = cls.start_worker("default")
        cls.addClassCleanup(cls.worker.kill)
        cls.result(cls.actors.add.send(1, 1), 30)

    @classmethod
    def start_worker(cls, queue):
        return Worker("dramatiq", "apps.dramatiq_app", "-p", "1", "-t", "4", "-Q", queue, "--skip-logging",
                      BROKER_URL=cls.broker.url())

    @classmethod
    def result(cls, message, timeout=15):
        return message.get_result(block=True, timeout=timeout * 1000)

    def test_results(self):
        sent = [self.actors.add.send(i, i) for i in range(30)]
        self.assertEqual([self.result(m) for m in sent], [2 * i for i in range(30)])

    def test_a_failure_goes_to_the_dead(self):
        message = self.actors.broken.send()
        with self.assertRaisesRegex(ResultFailure, "broken on purpose"):
            self.result(message)
        r = self.broker.client()
        eventually(lambda: r.zcard("dramatiq:default.XQ") == 1)

    def test_retries(self):
        self.assertEqual(self.result(self.actors.flaky.send("tries", 3)), 3)

    def test_a_delay(self):
        began = time.monotonic()
        message = self.actors.add.send_with_options(args=(1, 2), delay=1000)
        self.assertEqual(self.result(message), 3)
        self.assertGreaterEqual(time.monotonic() - began, 0.9)

    def test_pipelines_and_groups(self):
        self.assertEqual((self.actors.add.message(1, 2) | self.actors.add.message(3)).run().get_result(block=True), 6)
        group = dramatiq.group([self.actors.add.message(i, 1) for i in range(10)]).run()
        self.assertEqual(list(group.get_results(block=True, timeout=15000)), list(range(1, 11)))

    def test_a_rate_limit(self):
        sent = [self.actors.alone.send() for _ in range(4)]
        self.assertEqual([self.result(m) for m in sent], [1] * 4)

    def test_what_a_killed_worker_held_runs_again(self):
        doomed = self.start_worker("fragile")
        self.addCleanup(doomed.kill)
        message = self.actors.slow.send(1.5)
        r = self.broker.client()
        eventually(lambda: any(r.scard(key) for key in r.scan_iter("dramatiq:__acks__.*.fragile")))
        doomed.kill()
        heir = self.start_worker("fragile")
        self.addCleanup(heir.kill)
        self.assertEqual(self.result(message), "slept")
        eventually(lambda: not any(r.scard(key) for key in r.scan_iter("dramatiq:__acks__.*.fragile")))
