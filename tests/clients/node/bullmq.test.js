// BullMQ: its hundred scripts, from the first job to flows, in both protocols of ioredis.
'use strict';
const { describe, it, before, after, beforeEach, afterEach } = require('node:test');
const assert = require('node:assert/strict');
const { Redis } = require('ioredis');
const { FlowProducer, Queue, QueueEvents, RateLimitError, UnrecoverableError, Worker } = require('bullmq');
const { Broker, Inbox, eventually, sleep } = require('./broker');

for (const protocol of [2, 3]) {
  describe(`BullMQ in RESP${protocol}`, () => {
    let broker, connection, queue, events, opened;
    let round = 0;
    const keep = (thing) => { thing.setMaxListeners(100).on('error', () => {}); opened.push(thing); return thing; };
    const worker = (work, options = {}) =>
      keep(new Worker(options.queue ?? queue.name, work, { connection, drainDelay: 1, ...options }));
    before(async () => {
      broker = await Broker.start('--maxmemory-policy', 'noeviction');
      connection = { host: '127.0.0.1', port: broker.port, protocol, maxRetriesPerRequest: null };
    });
    after(() => broker.stop());
    beforeEach(async () => {
      opened = [];
      queue = keep(new Queue(`orders-${++round}`, { connection }));
      events = keep(new QueueEvents(queue.name, { connection }));
      await events.waitUntilReady();
    });
    afterEach(() => Promise.all(opened.map((each) => each.close(true))));

    it('processes, returns, reports', async () => {
      const progress = new Inbox();
      events.on('progress', ({ data }) => progress.put(data));
      worker(async (job) => { await job.updateProgress(50); await job.log('half'); return { n: job.data.n * 2 }; }, { concurrency: 3 });
      const jobs = await queue.addBulk(Array.from({ length: 50 }, (_, n) => ({ name: 'double', data: { n } })));
      const results = await Promise.all(jobs.map((job) => job.waitUntilFinished(events, 10_000)));
      assert.deepEqual(results.map(({ n }) => n), Array.from({ length: 50 }, (_, n) => n * 2));
      assert.equal(await progress.take(), 50);
      assert.deepEqual((await queue.getJobLogs(jobs[0].id)).logs, ['half']);
      const { completed, waiting, active } = await queue.getJobCounts();
      assert.deepEqual({ completed, waiting, active }, { completed: 50, waiting: 0, active: 0 });
      const again = await queue.getJob(jobs[7].id);
      assert.deepEqual([await again.getState(), again.returnvalue], ['completed', { n: 14 }]);
      await queue.obliterate({ force: true });
      assert.equal(await queue.getJobCountByTypes('completed'), 0);
    });

    it('delays', async () => {
      const done = new Inbox();
      worker(async (job) => { done.put([job.name, Date.now()]); });
      const began = Date.now();
      await queue.add('slow', {}, { delay: 700 });
      await queue.add('soon', {}, { delay: 300 });
      assert.equal((await queue.getDelayed()).length, 2);
      await queue.add('now', {});
      const order = [await done.take(), await done.take(), await done.take()];
      assert.deepEqual(order.map(([name]) => name), ['now', 'soon', 'slow']);
      assert.ok(order[1][1] - began >= 295 && order[2][1] - began >= 695, `${order[1][1] - began}, ${order[2][1] - began}`);
      assert.ok(order[2][1] - began < 3000);
      const never = await queue.add('never', {}, { delay: 60_000 });
      await never.promote();
      assert.equal((await done.take())[0], 'never');
    });

    it('retries with growing pauses, then fails', async () => {
      const tries = [];
      worker(async (job) => {
        tries.push([job.name, job.attemptsMade]);
        if (job.name === 'hopeless') throw new UnrecoverableError('no');
        if (job.attemptsMade < 2 || job.name === 'broken') throw new Error(`try ${job.attemptsMade}`);
        return 'at last';
      });
      const options = { attempts: 3, backoff: { type: 'exponential', delay: 50 } };
      const flaky = await queue.add('flaky', {}, options);
      assert.equal(await flaky.waitUntilFinished(events, 10_000), 'at last');
      const broken = await queue.add('broken', {}, options);
      await assert.rejects(broken.waitUntilFinished(events, 10_000), /try 2/);
      await assert.rejects((await queue.add('hopeless', {}, options)).waitUntilFinished(events, 10_000), /no/);
      assert.deepEqual(tries, [['flaky', 0], ['flaky', 1], ['flaky', 2], ['broken', 0], ['broken', 1], ['broken', 2], ['hopeless', 0]]);
      const failed = await queue.getFailed();
      assert.deepEqual(failed.map((job) => [job.name, job.failedReason]), [['hopeless', 'no'], ['broken', 'try 2']]);
      await failed[1].retry();
      await eventually('another try', () => tries.length === 8);
    });

    it('repeats', async () => {
      const ticks = new Inbox();
      worker(async (job) => { ticks.put(job.data.n); });
      await queue.upsertJobScheduler('beat', { every: 300 }, { name: 'tick', data: { n: 1 } });
      assert.deepEqual([await ticks.take(), await ticks.take(), await ticks.take()], [1, 1, 1]);
      await queue.upsertJobScheduler('beat', { pattern: '* * * * * *' }, { name: 'tick', data: { n: 2 } });
      await eventually('the new data', async () => await ticks.take() === 2);
      assert.deepEqual((await queue.getJobSchedulers()).map(({ key, pattern }) => [key, pattern]), [['beat', '* * * * * *']]);
      assert.equal(await queue.removeJobScheduler('beat'), true);
      assert.equal(await queue.getJobSchedulersCount(), 0);
    });

    it('limits the rate', async () => {
      const at = [];
      const limited = worker(async () => { at.push(Date.now()); }, { limiter: { max: 2, duration: 300 }, concurrency: 5 });
      await queue.addBulk(Array.from({ length: 7 }, (_, n) => ({ name: 'call', data: n })));
      await eventually('all calls', () => at.length === 7);
      // Three pauses of 300, less what the first job took to begin.
      assert.ok(at[6] - at[0] >= 700, `all within ${at[6] - at[0]} ms`);
      await limited.close();
      let refused = 0;
      worker(async () => {
        if (refused++ === 0) { await queue.rateLimit(300); throw new RateLimitError(); }
        return Date.now();
      }, { limiter: { max: 100, duration: 1000 } });
      const began = Date.now();
      const ended = await (await queue.add('call', {})).waitUntilFinished(events, 10_000);
      assert.ok(ended - began >= 290, `again after ${ended - began} ms`);
    });

    it('prefers, pauses, drops doubles', async () => {
      await queue.pause();
      const done = [];
      worker(async (job) => { done.push(job.name); });
      for (const [name, priority] of [['c', 3], ['a', 1], ['b', 2]]) await queue.add(name, {}, { priority });
      const first = await queue.add('first', {}, { deduplication: { id: 'only' } });
      const second = await queue.add('first', {}, { deduplication: { id: 'only' } });
      assert.equal(second.id, first.id);
      await queue.add('named', {}, { jobId: 'mine' });
      await queue.add('named', {}, { jobId: 'mine' });
      await queue.add('lifo', {}, { lifo: true });
      await sleep(200);
      assert.deepEqual([done, await queue.isPaused()], [[], true]);
      await queue.resume();
      await eventually('all', () => done.length === 6);
      assert.deepEqual(done, ['lifo', 'first', 'named', 'a', 'b', 'c']);
    });

    it('runs flows from the leaves up', async () => {
      const parts = `${queue.name}-parts`;
      const order = [];
      worker(async (job) => { order.push(job.name); return job.data.n; }, { queue: parts });
      worker(async (job) => {
        order.push(job.name);
        return Object.values(await job.getChildrenValues()).reduce((sum, n) => sum + n, 0);
      });
      const flows = keep(new FlowProducer({ connection }));
      const { job } = await flows.add({
        name: 'total', queueName: queue.name,
        children: [
          { name: 'one', queueName: parts, data: { n: 1 } },
          { name: 'sum', queueName: queue.name, children: [2, 3].map((n) => ({ name: `leaf-${n}`, queueName: parts, data: { n } })) },
        ],
      });
      assert.equal(await job.waitUntilFinished(events, 10_000), 6);
      assert.equal(order.at(-1), 'total');
      assert.ok(order.indexOf('sum') > order.indexOf('leaf-2') && order.indexOf('sum') > order.indexOf('leaf-3'));
      assert.deepEqual((await job.getDependenciesCount()), { processed: 2, unprocessed: 0, failed: 0, ignored: 0 });
    });

    it('takes over from a worker that died', async () => {
      const begun = new Inbox();
      const stalled = new Inbox();
      events.on('stalled', ({ jobId }) => stalled.put(jobId));
      const dying = worker(() => { begun.put(true); return new Promise(() => {}); }, { lockDuration: 600, skipLockRenewal: true, skipStalledCheck: true });
      const job = await queue.add('work', {});
      await begun.take('the first worker');
      dying.close(true).catch(() => {});
      worker(async () => 'by another', { stalledInterval: 300 });
      assert.equal(await job.waitUntilFinished(events, 10_000), 'by another');
      assert.equal(await stalled.take(), job.id);
    });

    it('goes on after the broker was killed', async () => {
      worker(async (job) => job.data, { concurrency: 2 });
      const kept = await queue.add('before', 'one', { delay: 800 });
      await broker.restart();
      await eventually('the delayed job', async () => await kept.getState().catch(() => '') === 'completed');
      assert.equal(await (await queue.add('after', 'two')).waitUntilFinished(events, 10_000), 'two');
      const monitor = new Redis(connection);
      assert.ok(await monitor.xlen(queue.toKey('events')) > 0);
      monitor.disconnect();
    });
  });
}
