// ioredis as its users write it, in both protocols.
'use strict';
const { describe, it, before, after, beforeEach, afterEach } = require('node:test');
const assert = require('node:assert/strict');
const { Redis } = require('ioredis');
const { Broker, Inbox, blocked, eventually } = require('./broker');

for (const protocol of [2, 3]) {
  describe(`ioredis in RESP${protocol}`, () => {
    let broker, redis, opened;
    const connect = (options = {}) => {
      const client = new Redis({ port: broker.port, protocol, ...options });
      client.on('error', () => {});
      opened.push(client);
      return client;
    };
    before(async () => { broker = await Broker.start(); });
    after(() => broker.stop());
    beforeEach(async () => { opened = []; redis = connect(); await redis.flushall(); });
    afterEach(() => opened.forEach((client) => client.disconnect()));

    it('connects', async () => {
      const named = connect({ connectionName: 'orders', db: 3 });
      assert.equal(await named.ping(), 'PONG');
      assert.equal(await named.client('GETNAME'), 'orders');
      assert.match(await named.client('INFO'), new RegExp(`name=orders .*db=3 .*resp=${protocol} .*lib-name=ioredis`));
      await named.set('k', 'v', 'EX', 100);
      assert.equal(await redis.get('k'), null);
      assert.equal(await named.ttl('k'), 100);
    });

    it('reads with a group, blocks, claims', async () => {
      await redis.xgroup('CREATE', 'orders', 'billing', '0', 'MKSTREAM');
      await assert.rejects(redis.xgroup('CREATE', 'orders', 'billing', '0'), { message: 'BUSYGROUP Consumer Group name already exists' });
      const consumer = connect();
      const waiting = consumer.xreadgroup('GROUP', 'billing', 'alice', 'COUNT', 10, 'BLOCK', 5000, 'STREAMS', 'orders', '>');
      await blocked(redis);
      const id = await redis.xadd('orders', '*', 'item', 'tea', 'n', 1);
      assert.deepEqual(entries(await waiting), [['orders', [[id, ['item', 'tea', 'n', '1']]]]]);
      assert.equal(await consumer.xreadgroup('GROUP', 'billing', 'alice', 'BLOCK', 50, 'STREAMS', 'orders', '>'), null);
      assert.deepEqual(await redis.xpending('orders', 'billing'), [1, id, id, [['alice', '1']]]);
      const [cursor, claimed, deleted] = await redis.xautoclaim('orders', 'billing', 'bob', 0, '0');
      assert.deepEqual([cursor, claimed, deleted], ['0-0', [[id, ['item', 'tea', 'n', '1']]], []]);
      assert.deepEqual(await redis.xclaim('orders', 'billing', 'carol', 0, id, 'JUSTID'), [id]);
      const [[found, owner, , deliveries]] = await redis.xpending('orders', 'billing', '-', '+', 10);
      assert.deepEqual([found, owner, deliveries], [id, 'carol', 2]);
      assert.equal(await redis.xack('orders', 'billing', id), 1);
      assert.equal(await redis.xlen('orders'), 1);
    });

    it('stops waiting when the stream goes', async () => {
      await redis.xgroup('CREATE', 'orders', 'billing', '$', 'MKSTREAM');
      const waiting = connect().xreadgroup('GROUP', 'billing', 'alice', 'BLOCK', 0, 'STREAMS', 'orders', '>');
      waiting.catch(() => {});
      await blocked(redis);
      await redis.del('orders');
      await assert.rejects(waiting, { message: "NOGROUP No such key 'orders' or consumer group 'billing' in XREADGROUP with GROUP option" });
    });

    it('pipelines and transactions', async () => {
      const pipeline = redis.pipeline();
      for (let n = 0; n < 1000; n++) pipeline.xadd('s', 'MAXLEN', '~', 5000, '*', 'n', n);
      const answers = await pipeline.exec();
      assert.equal(new Set(answers.map(([error, id]) => { assert.equal(error, null); return id; })).size, 1000);
      await redis.set('text', 'word');
      const results = await redis.multi().incr('n').incr('text').incr('n').exec();
      assert.deepEqual(results.map(([error, value]) => error?.message ?? value), [1, 'ERR value is not an integer or out of range', 2]);
      const other = connect();
      await redis.watch('n');
      await other.incr('n');
      assert.equal(await redis.multi().incr('n').exec(), null);
      const auto = connect({ enableAutoPipelining: true });
      await Promise.all(Array.from({ length: 200 }, () => auto.incr('auto')));
      assert.equal(await auto.get('auto'), '200');
    });

    it('publishes and subscribes, also after a restart', async () => {
      const subscriber = connect();
      const messages = new Inbox();
      subscriber.on('message', (channel, text) => messages.put([channel, text]));
      subscriber.on('pmessage', (pattern, channel, text) => messages.put([pattern, channel, text]));
      subscriber.on('smessage', (channel, text) => messages.put(['shard', channel, text]));
      assert.equal(await subscriber.subscribe('news'), 1);
      assert.equal(await subscriber.psubscribe('n*'), 2);
      await subscriber.ssubscribe('part');
      assert.equal(await redis.publish('news', 'hello'), 2);
      assert.deepEqual([await messages.take(), await messages.take()], [['news', 'hello'], ['n*', 'news', 'hello']]);
      assert.equal(await redis.spublish('part', 'x'), 1);
      assert.deepEqual(await messages.take(), ['shard', 'part', 'x']);
      await broker.restart();
      await eventually('the subscriptions to return', async () => await redis.publish('news', 'again') === 2);
      assert.deepEqual((await messages.take()).at(-1), 'again');
    });

    it('scripts, scans, keeps bytes', async () => {
      redis.defineCommand('take', { numberOfKeys: 1, lua: `
        local left = tonumber(redis.call("GET", KEYS[1]) or "0")
        if left < tonumber(ARGV[1]) then return redis.error_reply("NOSTOCK only " .. left .. " left") end
        return redis.call("DECRBY", KEYS[1], ARGV[1])` });
      await redis.set('stock', 5);
      assert.equal(await redis.take('stock', 3), 2);
      await redis.script('FLUSH');
      assert.equal(await redis.take('stock', 1), 1);
      await assert.rejects(redis.take('stock', 3), { message: 'NOSTOCK only 1 left' });
      await redis.mset(Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`user:${n}`, n])));
      const found = new Set();
      for await (const keys of redis.scanStream({ match: 'user:*', count: 50 })) keys.forEach((key) => found.add(key));
      assert.equal(found.size, 300);
      const bytes = Buffer.from([0, 255, 13, 10, 128]);
      await redis.set('bytes', bytes);
      assert.deepEqual(await redis.getBuffer('bytes'), bytes);
      await redis.hset('h', { a: 1, b: 'two' });
      assert.deepEqual({ ...(await redis.hgetall('h')) }, { a: '1', b: 'two' });
      await redis.zadd('z', 1.5, 'x', 2, 'y');
      assert.deepEqual((await redis.zrange('z', 0, -1, 'WITHSCORES')).flat().map(String), ['x', '1.5', 'y', '2']);
    });

    it('locks with SET NX and a script', async () => {
      const release = 'if redis.call("get", KEYS[1]) == ARGV[1] then return redis.call("del", KEYS[1]) else return 0 end';
      assert.equal(await redis.set('lock', 'mine', 'PX', 60_000, 'NX'), 'OK');
      assert.equal(await redis.set('lock', 'yours', 'PX', 100, 'NX'), null);
      assert.equal(await redis.eval(release, 1, 'lock', 'yours'), 0);
      await redis.pexpire('lock', 100);
      await eventually('the expiry', async () => await redis.set('lock', 'yours', 'PX', 60_000, 'NX') === 'OK');
      assert.equal(await redis.eval(release, 1, 'lock', 'yours'), 1);
    });
  });
}

// RESP3 may bring a map of streams as pairs or as an object.
function entries(answer) {
  return Array.isArray(answer) ? answer : Object.entries(answer);
}
