// ioredis and node-redis as clients of a cluster, and of Sentinel, against a single broker.
'use strict';
const assert = require('node:assert/strict');
const { after, before, test } = require('node:test');
const Redis = require('ioredis');
const { createCluster, createSentinel } = require('redis');
const { Broker } = require('./broker');

let cluster, watched;
before(async () => {
  cluster = await Broker.start('--cluster-enabled', 'yes');
  watched = await Broker.start('--sentinel-master-name', 'orders');
});
after(async () => {
  await cluster.stop();
  await watched.stop();
});

test('ioredis in a cluster', async () => {
  const client = new Redis.Cluster([{ host: '127.0.0.1', port: cluster.port }]);
  for (let i = 0; i < 20; i++) await client.set(`k${i}`, i);
  assert.equal(await client.get('k7'), '7');
  assert.deepEqual(await client.mget('{x}a', '{x}b'), [null, null]);
  await assert.rejects(client.mget('k1', 'k2'), /CROSSSLOT/);
  await client.xadd('s', '*', 'f', 'v');
  assert.equal(await client.xlen('s'), 1);
  assert.equal(client.nodes('master').length, 1);
  client.disconnect();
});

test('node-redis in a cluster', async () => {
  const client = createCluster({ rootNodes: [{ url: cluster.url.replace(/\/0$/, '') }] });
  await client.connect();
  await client.set('n', 'v');
  assert.equal(await client.get('n'), 'v');
  const heard = new Promise((resolve) => client.sSubscribe('news', resolve));
  while (await client.sPublish('news', 'hello') === 0);
  assert.equal(await heard, 'hello');
  client.destroy();
});

test('ioredis finds a master by its name', async () => {
  const client = new Redis({ sentinels: [{ host: '127.0.0.1', port: watched.port }], name: 'orders', failoverDetector: true });
  await client.set('k', 'v');
  assert.equal(await client.get('k'), 'v');
  client.disconnect();
});

test('node-redis finds a master by its name', async () => {
  const client = createSentinel({ name: 'orders', sentinelRootNodes: [{ host: '127.0.0.1', port: watched.port }] });
  await client.connect();
  await client.set('n', 'v');
  assert.equal(await client.get('n'), 'v');
  client.destroy();
});
