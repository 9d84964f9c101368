// redlock (version 5) on ioredis: one broker, and three of which two are enough.
'use strict';
const { describe, it, before, after } = require('node:test');
const assert = require('node:assert/strict');
const { Redis } = require('ioredis');
const { default: Redlock, ExecutionError } = require('redlock');
const { Broker, sleep } = require('./broker');

for (const members of [1, 3]) {
  describe(`redlock over ${members}`, () => {
    let brokers, clients, redlock, impatient;
    before(async () => {
      brokers = await Promise.all(Array.from({ length: members }, () => Broker.start()));
      clients = brokers.map((broker) => new Redis(broker.url, { maxRetriesPerRequest: 0 }));
      clients.forEach((client) => client.on('error', () => {}));
      redlock = new Redlock(clients, { retryCount: 1000, retryDelay: 20, retryJitter: 5 });
      impatient = new Redlock(clients, { retryCount: 0 });
      [redlock, impatient].forEach((each) => each.on('error', () => {}));
    });
    after(async () => {
      clients.forEach((client) => client.disconnect());
      await Promise.all(brokers.map((broker) => broker.stop()));
    });

    it('takes, extends and gives back several resources', async () => {
      let lock = await redlock.acquire(['a', 'b'], 2000);
      assert.equal(await clients[0].get('b'), lock.value);
      await assert.rejects(impatient.acquire(['b'], 1000), ExecutionError);
      lock = await lock.extend(60_000);
      assert.ok(await clients[0].pttl('a') > 50_000);
      await lock.release();
      assert.equal(await clients[0].exists('a', 'b'), 0);
      await assert.rejects(lock.extend(1000));
      const next = await impatient.acquire(['b'], 1000);
      await next.release();
    });

    it('waits for the expiry of who died', async () => {
      await redlock.acquire(['dead'], 300);
      const began = Date.now();
      const lock = await redlock.acquire(['dead'], 1000);
      assert.ok(Date.now() - began > 200);
      await lock.release();
    });

    it('lets one in at a time', async () => {
      let inside = 0;
      let entered = 0;
      // It counts a lock's life from the first try on: so all of them end within one life.
      await Promise.all(Array.from({ length: 6 }, () => redlock.using(['door'], 8000, async (signal) => {
        assert.equal(++inside, 1);
        entered++;
        await sleep(10);
        assert.equal(signal.aborted, false, signal.error);
        inside--;
      })));
      assert.equal(entered, 6);
    });

    it('extends while it works', async () => {
      await redlock.using(['long'], 800, async (signal) => {
        await sleep(1500);
        assert.equal(signal.aborted, false, signal.error);
        await assert.rejects(impatient.acquire(['long'], 1000), ExecutionError);
      });
      assert.equal(await clients[0].exists('long'), 0);
    });

    if (members === 3) {
      it('holds while two of three agree', async () => {
        await brokers[0].kill();
        const lock = await redlock.acquire(['still'], 10_000);
        await assert.rejects(impatient.acquire(['still'], 1000), ExecutionError);
        await lock.release();
        await brokers[1].kill();
        await assert.rejects(impatient.acquire(['other'], 1000), ExecutionError);
      });
    }
  });
}
