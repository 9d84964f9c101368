"""RQ with a real worker process and its scheduler."""

import os
import tempfile
import time
import unittest
from datetime import timedelta

import redis
from apps import rq_jobs
from broker import Broker, Worker, eventually
from rq import Queue, Retry
from rq.command import send_stop_job_command
from rq.job import Dependency, Job
from rq.registry import FailedJobRegistry, StartedJobRegistry
from rq.worker import Worker as RqWorker


class Jobs:
    """Everything below runs once for each protocol. Asked for by name, RESP3 changes what redis-py returns, which RQ
    does not expect; unasked, redis-py speaks it too."""

    options = ""

    @classmethod
    def setUpClass(cls):
        cls.broker = Broker()
        cls.addClassCleanup(cls.broker.stop)
        url = cls.broker.url() + cls.options
        cls.r = redis.Redis.from_url(url, socket_timeout=30)
        cls.worker = Worker("rq.cli", "worker", "high", "default", "-u", url, "--with-scheduler", "-n", "first",
                            "--logging_level", "WARNING")
        cls.addClassCleanup(cls.worker.kill)
        cls.queue = Queue(connection=cls.r)
        cls.finished(cls.queue.enqueue(rq_jobs.add, 1, 1), 30)

    def started(self):
        return StartedJobRegistry(queue=self.queue).get_job_ids()

    @staticmethod
    def finished(job, timeout=10):
        """What the job returned, read from its stream of results."""
        result = job.latest_result(timeout=timeout)
        if result is None or result.type != result.Type.SUCCESSFUL:
            raise AssertionError(f"{job.get_status(refresh=True)}: {result and result.exc_string}")
        return result.return_value

    def test_results(self):
        jobs = [self.queue.enqueue(rq_jobs.add, i, i) for i in range(10)]
        self.assertEqual([self.finished(job) for job in jobs], [2 * i for i in range(10)])
        self.assertEqual(Job.fetch(jobs[3].id, connection=self.r).return_value(), 6)

    def test_many_at_once(self):
        data = [Queue.prepare_data(rq_jobs.add, (i, 1)) for i in range(5)]
        self.assertEqual([self.finished(job) for job in self.queue.enqueue_many(data)], [1, 2, 3, 4, 5])

    def test_a_failure_is_kept(self):
        job = self.queue.enqueue(rq_jobs.broken)
        result = eventually(lambda: job.latest_result())
        self.assertIn("broken on purpose", result.exc_string)
        failed = FailedJobRegistry(queue=self.queue)
        eventually(lambda: job.id in failed.get_job_ids())
        failed.requeue(job.id)
        eventually(lambda: len(job.results()) == 2)

    def test_retries(self):
        with tempfile.TemporaryDirectory() as folder:
            job = self.queue.enqueue(rq_jobs.flaky, os.path.join(folder, "tries"), 3, retry=Retry(max=3))
            eventually(lambda: job.get_status(refresh=True) == "finished")
            self.assertEqual(job.return_value(refresh=True), 3)

    def test_a_delayed_job(self):
        began = time.monotonic()
        job = self.queue.enqueue_in(timedelta(seconds=1), rq_jobs.add, 1, 2)
        self.assertEqual(self.queue.scheduled_job_registry.count, 1)
        self.assertEqual(self.finished(job), 3)
        self.assertGreaterEqual(time.monotonic() - began, 0.9)

    def test_dependencies(self):
        first = self.queue.enqueue(rq_jobs.slow, 0.2)
        second = self.queue.enqueue(rq_jobs.add, 1, 2, depends_on=first)
        failing = self.queue.enqueue(rq_jobs.broken)
        third = self.queue.enqueue(rq_jobs.add, 3, 4, depends_on=Dependency([second, failing], allow_failure=True))
        self.assertEqual(self.finished(third), 7)
        self.assertEqual(self.finished(second), 3)

    def test_meta(self):
        job = self.queue.enqueue(rq_jobs.tells)
        self.assertEqual(self.finished(job), job.id)
        self.assertEqual(job.get_meta(refresh=True), {"percent": 50})

    def test_a_running_job_is_stopped(self):
        job = self.queue.enqueue(rq_jobs.slow, 60)
        eventually(lambda: job.get_status(refresh=True) == "started" and job.id in self.started())
        eventually(lambda: Job.fetch(job.id, connection=self.r).worker_name)
        send_stop_job_command(self.r, job.id)
        eventually(lambda: job.get_status(refresh=True) == "stopped")

    def test_a_canceled_job_does_not_run(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "tries")
            job = self.queue.enqueue_in(timedelta(seconds=1), rq_jobs.flaky, path, 1)
            after = self.queue.enqueue_in(timedelta(seconds=1.5), rq_jobs.add, 1, 2)
            job.cancel()
            self.assertEqual(job.get_status(refresh=True), "canceled")
            self.assertNotIn(job.id, self.queue.scheduled_job_registry.get_job_ids())
            self.assertEqual(self.finished(after), 3)
            self.assertFalse(os.path.exists(path))

    def test_unique_names_and_workers(self):
        self.assertEqual([w.name for w in RqWorker.all(connection=self.r)], ["first"])
        job = Queue("nobody", connection=self.r).enqueue(rq_jobs.add, 1, 2, job_id="only-one")
        self.assertTrue(Job.exists("only-one", connection=self.r))
        self.assertEqual(job.get_position(), 0)
        job.delete()
        self.assertFalse(Job.exists("only-one", connection=self.r))


class Resp2(Jobs, unittest.TestCase):
    options = "?protocol=2"


class Resp3(Jobs, unittest.TestCase):
    options = ""

    def test_the_protocol(self):
        self.assertEqual({c["resp"] for c in self.r.client_list()}, {"3"})
