"""taskiq over a stream with a group: a real worker process, its death, a schedule."""

import asyncio
import datetime
import os
import unittest

from broker import Broker, Worker, eventually
from taskiq_redis import ListQueueBroker, ListRedisScheduleSource, RedisScheduleSource


class Tasks(unittest.IsolatedAsyncioTestCase):
    @classmethod
    def setUpClass(cls):
        cls.brooklet = Broker()
        cls.addClassCleanup(cls.brooklet.stop)
        os.environ["BROKER_URL"] = cls.brooklet.url()
        from apps import taskiq_app
        cls.tasks = taskiq_app
        cls.worker = cls.start_worker()
        cls.addClassCleanup(lambda: cls.worker.kill())

    @classmethod
    def start_worker(cls):
        return Worker("taskiq", "worker", "apps.taskiq_app:broker", "--workers", "1", "--max-async-tasks", "10",
                      "--ack-type", "when_executed", BROKER_URL=cls.brooklet.url())

    async def asyncSetUp(self):
        asyncio.get_running_loop().set_debug(False)
        await self.tasks.broker.startup()
        self.addAsyncCleanup(self.tasks.broker.shutdown)

    async def result(self, task, timeout=20):
        return await task.wait_result(check_interval=0.02, timeout=timeout)

    async def test_results(self):
        sent = [await self.tasks.add.kiq(i, i) for i in range(20)]
        self.assertEqual([(await self.result(t)).return_value for t in sent], [2 * i for i in range(20)])

    async def test_a_failure_comes_back(self):
        result = await self.result(await self.tasks.broken.kiq())
        self.assertTrue(result.is_err)
        self.assertIn("broken on purpose", str(result.error))

    async def test_retries(self):
        task = await self.tasks.flaky.kiq(2)
        for _ in range(200):
            if await task.is_ready() and not (result := await task.get_result()).is_err:
                break
            await asyncio.sleep(0.05)
        self.assertEqual(result.return_value, 2)

    async def test_everything_is_acknowledged(self):
        await self.result(await self.tasks.add.kiq(1, 2))
        r = self.brooklet.client()
        await asyncio.to_thread(eventually, lambda: r.xpending("tasks", "taskiq")["pending"] == 0)
        self.assertEqual(r.xinfo_groups("tasks")[0]["lag"], 0)

    async def test_what_a_killed_worker_held_is_claimed(self):
        await self.result(await self.tasks.add.kiq(1, 2))
        task = await self.tasks.slow.kiq(0.7)
        r = self.brooklet.client()
        await asyncio.to_thread(eventually, lambda: r.xpending("tasks", "taskiq")["pending"] == 1)
        type(self).worker.kill()
        self.assertFalse(await task.is_ready())
        type(self).worker = self.start_worker()
        # The library looks for what others left behind only after it was given something new. (Nobody waits for these:
        # the first may still have gone to the dead worker's connection.)
        async with asyncio.timeout(30):
            while not await task.is_ready():
                await self.tasks.add.kiq(1, 2)
                await asyncio.sleep(0.2)
        self.assertEqual((await task.get_result()).return_value, "slept")

    async def test_lists_as_a_queue(self):
        broker = ListQueueBroker(self.brooklet.url(), queue_name="list")

        @broker.task
        async def local():
            return None

        await broker.startup()
        await local.kiq()
        self.assertEqual(self.brooklet.client().llen("list"), 1)
        got = await asyncio.wait_for(anext(aiter(broker.listen())), 5)
        self.assertIn(b"local", got if isinstance(got, bytes) else got.data)
        await broker.shutdown()

    async def test_schedules(self):
        for source in (RedisScheduleSource(self.brooklet.url()), ListRedisScheduleSource(self.brooklet.url(), prefix="list")):
            await source.startup()
            when = datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=1)
            one = await self.tasks.add.schedule_by_time(source, when, 1, 2)
            two = await self.tasks.add.schedule_by_cron(source, "*/5 * * * *", 3, 4)
            found = {s.schedule_id for s in await source.get_schedules()}
            self.assertEqual(found, {one.schedule_id, two.schedule_id})
            await source.delete_schedule(two.schedule_id)
            self.assertNotIn(two.schedule_id, {s.schedule_id for s in await source.get_schedules()})
            await source.shutdown()
