"""Celery with broker and results in Brooklet: a real worker process, as `celery worker` starts it."""

import os
import time
import unittest

from broker import Broker, Worker, eventually


class Tasks(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.broker = Broker()
        os.environ["BROKER_URL"] = cls.broker.url()
        from apps import celery_app
        cls.tasks = celery_app
        cls.app = celery_app.app
        cls.worker = cls.start_worker("first")
        cls.addClassCleanup(cls.clean)
        cls.tasks.add.delay(1, 1).get(timeout=30)

    @classmethod
    def clean(cls):
        cls.worker.kill()
        cls.app.close()
        cls.broker.stop()

    @classmethod
    def start_worker(cls, name, *more):
        return Worker("celery", "-A", "apps.celery_app", "worker", "--pool", "threads", "-c", "4", "-l", "warning",
                      "-n", f"{name}@test", *more, BROKER_URL=cls.broker.url())

    def test_results(self):
        results = [self.tasks.add.delay(i, i) for i in range(50)]
        self.assertEqual([r.get(timeout=15) for r in results], [2 * i for i in range(50)])

    def test_a_failure_comes_back(self):
        result = self.tasks.broken.delay()
        with self.assertRaisesRegex(ValueError, "broken on purpose"):
            result.get(timeout=10)
        self.assertEqual(result.state, "FAILURE")

    def test_retries(self):
        self.assertEqual(self.tasks.flaky.delay(2).get(timeout=15), 2)

    def test_a_countdown(self):
        began = time.monotonic()
        result = self.tasks.add.apply_async((1, 2), countdown=1)
        self.assertEqual(result.get(timeout=15), 3)
        self.assertGreaterEqual(time.monotonic() - began, 0.9)

    def test_chains_groups_and_chords(self):
        from celery import chain, chord, group
        add, total = self.tasks.add, self.tasks.total
        self.assertEqual(chain(add.s(1, 2), add.s(3), add.s(4))().get(timeout=15), 10)
        self.assertEqual(group(add.s(i, 1) for i in range(10))().get(timeout=15), list(range(1, 11)))
        self.assertEqual(chord((add.s(i, i) for i in range(10)), total.s())().get(timeout=15), 90)

    def test_states(self):
        result = self.tasks.progress.delay()
        eventually(lambda: result.state == "HALFWAY", 10)
        self.assertEqual(result.info, {"percent": 50})
        self.assertEqual(result.get(timeout=10), "done")
        result.forget()
        self.assertEqual(self.app.AsyncResult(result.id).state, "PENDING")

    def test_remote_control(self):
        answer = eventually(lambda: self.app.control.ping(timeout=1), 10)
        self.assertEqual(answer, [{"first@test": {"ok": "pong"}}])
        self.assertIn("apps.celery_app.add", self.app.control.inspect(timeout=2).registered()["first@test"])

    def test_a_revoked_task_does_not_run(self):
        result = self.tasks.add.apply_async((1, 2), countdown=1)
        result.revoke()
        from celery.exceptions import TaskRevokedError
        with self.assertRaises(TaskRevokedError):
            result.get(timeout=10)

    def test_priorities_and_queues_wait_in_lists(self):
        r = self.broker.client()
        self.tasks.add.apply_async((1, 2), queue="nobody")
        self.tasks.add.apply_async((1, 2), queue="nobody", priority=9)
        self.assertEqual(sorted(r.llen(key) for key in r.scan_iter("nobody*")), [1, 1])
        with self.app.connection_for_write() as connection:
            self.assertEqual(connection.default_channel.queue_purge("nobody"), 2)
        self.assertEqual(list(r.scan_iter("nobody*")), [])

    def test_what_a_killed_worker_held_runs_again(self):
        result = self.tasks.slow.apply_async((1.5,), queue="fragile")
        r = self.broker.client()
        doomed = self.start_worker("doomed", "-Q", "fragile")
        self.addCleanup(doomed.kill)
        eventually(lambda: r.hlen("unacked") == 1)
        doomed.kill()
        heir = self.start_worker("heir", "-Q", "fragile")
        self.addCleanup(heir.kill)
        self.assertEqual(result.get(timeout=30), "slept")
        eventually(lambda: r.hlen("unacked") == 0)
