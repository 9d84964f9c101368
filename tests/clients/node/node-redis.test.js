// node-redis as its users write it, in both protocols, and its client-side cache.
'use strict';
const { describe, it, before, after, beforeEach, afterEach } = require('node:test');
const assert = require('node:assert/strict');
const { createClient, createClientPool, defineScript, WatchError } = require('redis');
const { BasicClientSideCache } = require('@redis/client');
const { Broker, Inbox, blocked, eventually } = require('./broker');

for (const RESP of [2, 3]) {
  describe(`node-redis in RESP${RESP}`, () => {
    let broker, client, opened;
    const connect = async (options = {}) => {
      const made = createClient({ url: broker.url, RESP, ...options });
      made.on('error', () => {});
      await made.connect();
      opened.push(made);
      return made;
    };
    before(async () => { broker = await Broker.start(); });
    after(() => broker.stop());
    beforeEach(async () => { opened = []; client = await connect(); await client.flushAll(); });
    afterEach(() => opened.forEach((each) => each.destroy()));

    it('connects', async () => {
      const named = await connect({ name: 'orders', database: 3 });
      assert.equal(await named.ping(), 'PONG');
      const info = await named.clientInfo();
      assert.deepEqual([info.name, info.db, info.resp], ['orders', 3, RESP]);
      assert.equal(await named.set('k', 'v', { expiration: { type: 'PX', value: 60_000 }, condition: 'NX' }), 'OK');
      assert.equal(await named.set('k', 'w', { condition: 'NX' }), null);
      assert.equal(await client.exists('k'), 0);
    });

    it('reads with a group, blocks, claims', async () => {
      await client.xGroupCreate('orders', 'billing', '0', { MKSTREAM: true });
      await assert.rejects(client.xGroupCreate('orders', 'billing', '0'), { message: 'BUSYGROUP Consumer Group name already exists' });
      const consumer = await connect();
      const read = (BLOCK) => consumer.xReadGroup('billing', 'alice', { key: 'orders', id: '>' }, { COUNT: 10, BLOCK });
      const waiting = read(5000);
      await blocked(client);
      const id = await client.xAdd('orders', '*', { item: 'tea' }, { TRIM: { strategy: 'MAXLEN', strategyModifier: '~', threshold: 1000 } });
      const [stream] = await waiting;
      assert.equal(stream.name, 'orders');
      assert.deepEqual(stream.messages.map((m) => [m.id, { ...m.message }]), [[id, { item: 'tea' }]]);
      assert.equal(await read(50), null);
      const claimed = await client.xAutoClaim('orders', 'billing', 'bob', 0, '0', { COUNT: 10 });
      assert.deepEqual([claimed.nextId, claimed.messages.map((m) => m.id)], ['0-0', [id]]);
      assert.deepEqual(await client.xClaimJustId('orders', 'billing', 'carol', 0, id), [id]);
      const pending = await client.xPendingRange('orders', 'billing', '-', '+', 10);
      assert.deepEqual(pending.map((p) => [p.id, p.consumer, p.deliveriesCounter]), [[id, 'carol', 2]]);
      const [group] = await client.xInfoGroups('orders');
      assert.deepEqual([group.name, group.consumers, group.pending, group.lag], ['billing', 3, 1, 0]);
      assert.equal((await client.xInfoStream('orders'))['entries-added'], 1);
      assert.equal(await client.xAck('orders', 'billing', id), 1);
    });

    it('transactions', async () => {
      assert.deepEqual(await client.multi().set('k', 'v').get('k').incr('n').exec(), ['OK', 'v', 1]);
      await client.watch('n');
      await (await connect()).incr('n');
      await assert.rejects(client.multi().incr('n').exec(), WatchError);
      const all = await Promise.all(Array.from({ length: 500 }, () => client.incr('auto')));
      assert.equal(all.at(-1), 500);
      const pool = await createClientPool({ url: broker.url, RESP }, { maximum: 3 }).connect();
      await Promise.all(Array.from({ length: 20 }, () => pool.execute((one) => one.incr('pooled'))));
      assert.equal(await pool.get('pooled'), '20');
      pool.destroy();
    });

    it('publishes and subscribes, also after a restart', async () => {
      const messages = new Inbox();
      const subscriber = await connect();
      await subscriber.subscribe('news', (text, channel) => messages.put([channel, text]));
      await subscriber.pSubscribe('n*', (text, channel) => messages.put(['pattern', channel, text]));
      await subscriber.sSubscribe('part', (text, channel) => messages.put(['shard', channel, text]));
      assert.equal(await client.publish('news', 'hello'), 2);
      assert.deepEqual([await messages.take(), await messages.take()], [['news', 'hello'], ['pattern', 'news', 'hello']]);
      assert.equal(await client.sPublish('part', 'x'), 1);
      assert.deepEqual(await messages.take(), ['shard', 'part', 'x']);
      await broker.restart();
      await eventually('the subscriptions to return', async () => await client.publish('news', 'again').catch(() => 0) === 2);
      assert.deepEqual((await messages.take()).at(-1), 'again');
    });

    it('scripts, functions, scans', async () => {
      const add = defineScript({
        NUMBER_OF_KEYS: 1, SCRIPT: 'return redis.call("INCRBY", KEYS[1], ARGV[1])',
        parseCommand(parser, key, by) { parser.pushKey(key); parser.push(String(by)); },
        transformReply: (reply) => reply,
      });
      const scripted = await connect({ scripts: { add } });
      assert.deepEqual([await scripted.add('n', 2), await scripted.add('n', 3)], [2, 5]);
      await client.functionLoad("#!lua name=lib\nredis.register_function('twice', function(keys, args) return args[1] * 2 end)", { REPLACE: true });
      assert.equal(await client.fCall('twice', { keys: [], arguments: ['21'] }), 42);
      await client.hSet('h', { a: '1', b: '2' });
      assert.deepEqual({ ...(await client.hGetAll('h')) }, { a: '1', b: '2' });
      await client.zAdd('z', [{ score: 1.5, value: 'x' }, { score: 2, value: 'y' }]);
      assert.deepEqual((await client.zRangeWithScores('z', 0, -1)).map((m) => ({ ...m })), [{ value: 'x', score: 1.5 }, { value: 'y', score: 2 }]);
      await client.mSet(Array.from({ length: 300 }, (_, n) => [`user:${n}`, String(n)]));
      const found = new Set();
      for await (const keys of client.scanIterator({ MATCH: 'user:*', COUNT: 50 })) keys.forEach((key) => found.add(key));
      assert.equal(found.size, 300);
    });

    if (RESP === 3) {
      it('caches until it is told of changes', async () => {
        const cache = new BasicClientSideCache({ ttl: 0, maxEntries: 100, recordStats: true });
        const cached = await connect({ clientSideCache: cache });
        await client.set('k', 'old');
        assert.deepEqual([await cached.get('k'), await cached.get('k')], ['old', 'old']);
        assert.deepEqual([cache.stats().hitCount, cache.stats().missCount], [1, 1]);
        await client.set('k', 'new');
        await eventually('the new value', async () => await cached.get('k') === 'new');
        await client.flushAll();
        await eventually('the key to go', async () => await cached.get('k') === null);
      });
    }
  });
}
