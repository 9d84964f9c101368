package brooklet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.JedisPubSub;
import redis.clients.jedis.RedisClient;
import redis.clients.jedis.RedisProtocol;
import redis.clients.jedis.StreamEntryID;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisNoScriptException;
import redis.clients.jedis.params.SetParams;
import redis.clients.jedis.params.XAddParams;
import redis.clients.jedis.params.XAutoClaimParams;
import redis.clients.jedis.params.XClaimParams;
import redis.clients.jedis.params.XPendingParams;
import redis.clients.jedis.params.XReadGroupParams;
import redis.clients.jedis.resps.StreamEntry;

/** Jedis: a pool of connections that block; in both protocols. */
@ParameterizedClass
@EnumSource(value = RedisProtocol.class, names = {"RESP2", "RESP3"})
@Timeout(20)
class JedisTest {
    static Broker broker;

    @Parameter
    RedisProtocol protocol;

    RedisClient jedis;

    @BeforeAll
    static void start() {
        broker = new Broker();
    }

    @AfterAll
    static void stop() {
        broker.close();
    }

    @BeforeEach
    void connect() {
        var config = DefaultJedisClientConfig.builder().protocol(protocol).clientName("jedis").build();
        jedis = RedisClient.builder().hostAndPort("127.0.0.1", broker.port).clientConfig(config).build();
        jedis.flushAll();
    }

    @AfterEach
    void disconnect() {
        jedis.close();
    }

    List<StreamEntry> readNew(String consumer, XReadGroupParams how) {
        var answer = jedis.xreadGroup("billing", consumer, how, Map.of("orders", StreamEntryID.XREADGROUP_UNDELIVERED_ENTRY));
        return answer == null || answer.isEmpty() ? List.of() : answer.get(0).getValue();
    }

    @Test
    void producerAndConsumerGroup() {
        jedis.xgroupCreate("orders", "billing", new StreamEntryID(0, 0), true);
        var busy = assertThrows(JedisDataException.class,
            () -> jedis.xgroupCreate("orders", "billing", new StreamEntryID(0, 0), true));
        assertEquals("BUSYGROUP Consumer Group name already exists", busy.getMessage());
        for (int i = 0; i < 10; i++) jedis.xadd("orders", XAddParams.xAddParams().maxLen(100), Map.of("n", "" + i));
        var got = readNew("alice", XReadGroupParams.xReadGroupParams().count(4));
        assertEquals(List.of("0", "1", "2", "3"), got.stream().map(e -> e.getFields().get("n")).toList());
        assertEquals(3, jedis.xack("orders", "billing", got.get(0).getID(), got.get(1).getID(), got.get(2).getID()));
        assertEquals(1, jedis.xpending("orders", "billing").getTotal());
        assertEquals(6L, jedis.xinfoGroups("orders").get(0).getGroupInfo().get("lag"));
        assertEquals(10, jedis.xinfoStream("orders").getLength());
    }

    @Test
    void claimFromTheDead() throws InterruptedException {
        jedis.xgroupCreate("orders", "billing", new StreamEntryID(0, 0), true);
        var first = jedis.xadd("orders", StreamEntryID.NEW_ENTRY, Map.of("n", "1"));
        var second = jedis.xadd("orders", StreamEntryID.NEW_ENTRY, Map.of("n", "2"));
        var third = jedis.xadd("orders", StreamEntryID.NEW_ENTRY, Map.of("n", "3"));
        assertEquals(3, readNew("crashed", XReadGroupParams.xReadGroupParams()).size());
        Thread.sleep(20);
        assertEquals(first, jedis.xclaim("orders", "billing", "heir", 10, XClaimParams.xClaimParams(), first).get(0).getID());
        var auto = jedis.xautoclaim("orders", "billing", "heir", 10, new StreamEntryID(0, 0), XAutoClaimParams.xAutoClaimParams().count(10));
        assertEquals(List.of(second, third), auto.getValue().stream().map(StreamEntry::getID).filter(id -> !id.equals(first)).toList());
        var pending = jedis.xpending("orders", "billing", XPendingParams.xPendingParams(StreamEntryID.MINIMUM_ID, StreamEntryID.MAXIMUM_ID, 10));
        assertTrue(pending.stream().allMatch(p -> p.getConsumerName().equals("heir") && p.getDeliveredTimes() >= 2));
        assertEquals(3, readNew("other", XReadGroupParams.xReadGroupParams().claim(0)).size());
    }

    @Test
    void blockingRead() throws Exception {
        jedis.xgroupCreate("orders", "billing", StreamEntryID.XGROUP_LAST_ENTRY, true);
        var reader = CompletableFuture.supplyAsync(() -> readNew("alice", XReadGroupParams.xReadGroupParams().block(5000)));
        broker.waiting(1);
        var id = jedis.xadd("orders", StreamEntryID.NEW_ENTRY, Map.of("n", "1"));
        assertEquals(id, reader.get(5, TimeUnit.SECONDS).get(0).getID());
        assertTrue(readNew("alice", XReadGroupParams.xReadGroupParams().block(50)).isEmpty());
    }

    @Test
    void idempotentProducers() {
        var once = XAddParams.xAddParams().idmp("producer", "one");
        assertEquals(jedis.xadd("orders", once, Map.of("n", "1")), jedis.xadd("orders", once, Map.of("n", "1")));
        assertEquals(1, jedis.xlen("orders"));
    }

    @Test
    void lockWithAScript() {
        assertEquals("OK", jedis.set("lock", "mine", SetParams.setParams().nx().px(5000)));
        assertNull(jedis.set("lock", "yours", SetParams.setParams().nx().px(5000)));
        String release = jedis.scriptLoad("if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) else return 0 end", "lock");
        assertEquals(0L, jedis.evalsha(release, List.of("lock"), List.of("yours")));
        assertEquals(1L, jedis.evalsha(release, List.of("lock"), List.of("mine")));
        jedis.scriptFlush("lock");
        assertThrows(JedisNoScriptException.class, () -> jedis.evalsha(release, List.of("lock"), List.of("mine")));
    }

    @Test
    void channels() {
        var got = new CopyOnWriteArrayList<String>();
        var listener = new JedisPubSub() {
            @Override
            public void onMessage(String channel, String message) {
                got.add(channel + "=" + message);
            }

            @Override
            public void onPMessage(String pattern, String channel, String message) {
                got.add(pattern + ":" + channel + "=" + message);
            }
        };
        var thread = new Thread(() -> jedis.subscribe(listener, "news"));
        thread.start();
        Broker.eventually(() -> jedis.publish("news", "hello") == 1);
        listener.psubscribe("log.*");
        Broker.eventually(() -> jedis.publish("log.error", "bad") == 1);
        Broker.eventually(() -> got.equals(List.of("news=hello", "log.*:log.error=bad")));
        listener.unsubscribe();
        listener.punsubscribe();
        Broker.eventually(() -> !thread.isAlive());
    }

    @Test
    void transactions() {
        jedis.set("stock", "5");
        try (var tx = jedis.transaction(false)) {
            tx.watch("stock");
            jedis.set("stock", "3");
            tx.multi();
            tx.decr("stock");
            assertNull(tx.exec());
        }
        try (var tx = jedis.multi()) {
            var left = tx.decr("stock");
            tx.xadd("sales", StreamEntryID.NEW_ENTRY, Map.of("n", "1"));
            assertEquals(2, tx.exec().size());
            assertEquals(2L, left.get());
        }
    }

    @Test
    void pipelinesQueuesAndDelays() {
        try (var pipe = jedis.pipelined()) {
            for (int i = 0; i < 1000; i++) pipe.rpush("queue", "" + i);
            assertEquals(1000, pipe.syncAndReturnAll().size());
        }
        assertEquals(List.of("queue", "0"), jedis.blpop(1, "queue"));
        assertNull(jedis.blpop(0.05, "none"));
        jedis.zadd("delayed", Map.of("now", 1.0, "later", 100.0));
        assertEquals(List.of("now"), jedis.zrangeByScore("delayed", 0, 10));
        assertEquals("now", jedis.bzpopmin(1, "delayed").getValue().getElement());
        jedis.hset("job", Map.of("state", "new"));
        assertEquals(Map.of("state", "new"), jedis.hgetAll("job"));
        assertFalse(jedis.exists("none"));
    }

    @Test
    void functions() {
        jedis.functionLoadReplace("#!lua name=counters\nredis.register_function('bump', function(keys, args) return redis.call('INCRBY', keys[1], args[1]) end)");
        assertEquals(5L, jedis.fcall("bump", List.of("n"), List.of("5")));
        assertEquals("counters", jedis.functionList().get(0).getLibraryName());
    }
}
