package brooklet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.Consumer;
import io.lettuce.core.Limit;
import io.lettuce.core.LettuceFutures;
import io.lettuce.core.Range;
import io.lettuce.core.RedisBusyException;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.RedisNoScriptException;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.SetArgs;
import io.lettuce.core.StreamMessage;
import io.lettuce.core.XAddArgs;
import io.lettuce.core.XAutoClaimArgs;
import io.lettuce.core.XGroupCreateArgs;
import io.lettuce.core.XReadArgs;
import io.lettuce.core.XReadArgs.StreamOffset;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.sync.RedisCommands;
import io.lettuce.core.protocol.ProtocolVersion;
import io.lettuce.core.pubsub.RedisPubSubAdapter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
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

/** Lettuce: one connection for many callers, pipelined by itself; in both protocols. */
@ParameterizedClass
@EnumSource(ProtocolVersion.class)
@Timeout(20)
class LettuceTest {
    static Broker broker;

    @Parameter
    ProtocolVersion protocol;

    RedisClient client;
    StatefulRedisConnection<String, String> connection;
    RedisCommands<String, String> redis;

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
        client = RedisClient.create(broker.url());
        client.setOptions(ClientOptions.builder().protocolVersion(protocol).build());
        connection = client.connect();
        redis = connection.sync();
        redis.flushall();
    }

    @AfterEach
    void disconnect() {
        client.shutdown(0, 2, TimeUnit.SECONDS);
    }

    static final Consumer<String> ALICE = Consumer.from("billing", "alice");

    @SuppressWarnings("unchecked")
    List<StreamMessage<String, String>> readNew(Consumer<String> consumer, XReadArgs how) {
        return redis.xreadgroup(consumer, how, StreamOffset.lastConsumed("orders"));
    }

    @Test
    void producerAndConsumerGroup() {
        redis.xgroupCreate(StreamOffset.from("orders", "0"), "billing", XGroupCreateArgs.Builder.mkstream());
        assertThrows(RedisBusyException.class, () -> redis.xgroupCreate(StreamOffset.from("orders", "0"), "billing"));
        for (int i = 0; i < 10; i++) redis.xadd("orders", XAddArgs.Builder.maxlen(100).approximateTrimming(), Map.of("n", "" + i));
        var got = readNew(ALICE, XReadArgs.Builder.count(4));
        assertEquals(List.of("0", "1", "2", "3"), got.stream().map(m -> m.getBody().get("n")).toList());
        assertEquals(3L, redis.xack("orders", "billing", got.get(0).getId(), got.get(1).getId(), got.get(2).getId()));
        assertEquals(1, redis.xpending("orders", "billing").getCount());
        assertEquals(1, redis.xpending("orders", "billing", Range.unbounded(), Limit.from(10)).get(0).getRedeliveryCount());
        assertTrue(redis.xinfoGroups("orders").get(0).toString().contains("lag, 6"), () -> redis.xinfoGroups("orders").toString());
    }

    @Test
    void claimFromTheDead() throws InterruptedException {
        redis.xgroupCreate(StreamOffset.from("orders", "0"), "billing", XGroupCreateArgs.Builder.mkstream());
        var first = redis.xadd("orders", Map.of("n", "1"));
        var second = redis.xadd("orders", Map.of("n", "2"));
        readNew(Consumer.from("billing", "crashed"), XReadArgs.Builder.count(10));
        Thread.sleep(20);
        assertEquals(first, redis.xclaim("orders", ALICE, 10, first).get(0).getId());
        var auto = redis.xautoclaim("orders", XAutoClaimArgs.Builder.xautoclaim(ALICE, 10, "0"));
        assertEquals(List.of(second), auto.getMessages().stream().map(StreamMessage::getId).filter(id -> !id.equals(first)).toList());
        assertEquals(2, readNew(Consumer.from("billing", "bob"), new XReadArgs().claim(0)).size());
    }

    @Test
    @SuppressWarnings("unchecked")
    void blockingReadOnItsOwnConnection() throws Exception {
        redis.xgroupCreate(StreamOffset.from("orders", "$"), "billing", XGroupCreateArgs.Builder.mkstream());
        try (var second = client.connect()) {
            var waiting = second.async().xreadgroup(ALICE, XReadArgs.Builder.block(5000), StreamOffset.lastConsumed("orders"));
            broker.waiting(1);
            var id = redis.xadd("orders", Map.of("n", "1"));
            assertEquals(id, waiting.get(5, TimeUnit.SECONDS).get(0).getId());
            assertTrue(second.sync().xreadgroup(ALICE, XReadArgs.Builder.block(50), StreamOffset.lastConsumed("orders")).isEmpty());
        }
    }

    @Test
    void manyAtOnce() {
        var async = connection.async();
        connection.setAutoFlushCommands(false);
        List<RedisFuture<?>> all = new ArrayList<>();
        for (int i = 0; i < 2000; i++) all.add(async.xadd("orders", Map.of("n", "" + i)));
        connection.flushCommands();
        connection.setAutoFlushCommands(true);
        assertTrue(LettuceFutures.awaitAll(Duration.ofSeconds(10), all.toArray(RedisFuture[]::new)));
        assertEquals(2000L, redis.xlen("orders"));
        assertEquals(2000, connection.reactive().xrange("orders", Range.unbounded()).count().block(Duration.ofSeconds(5)));
    }

    @Test
    void channels() {
        var got = new CopyOnWriteArrayList<String>();
        try (var listener = client.connectPubSub()) {
            listener.addListener(new RedisPubSubAdapter<>() {
                @Override
                public void message(String channel, String message) {
                    got.add(channel + "=" + message);
                }

                @Override
                public void message(String pattern, String channel, String message) {
                    got.add(pattern + ":" + channel + "=" + message);
                }

                @Override
                public void smessage(String channel, String message) {
                    got.add("shard " + channel + "=" + message);
                }
            });
            listener.sync().subscribe("news");
            listener.sync().psubscribe("log.*");
            listener.sync().ssubscribe("part");
            assertEquals(1L, redis.publish("news", "hello"));
            assertEquals(1L, redis.publish("log.error", "bad"));
            assertEquals(1L, redis.spublish("part", "shared"));
            Broker.eventually(() -> got.equals(List.of("news=hello", "log.*:log.error=bad", "shard part=shared")));
        }
    }

    @Test
    void transactionsAndScripts() {
        redis.set("stock", "5");
        try (var other = client.connect()) {
            redis.watch("stock");
            other.sync().set("stock", "3");
            redis.multi();
            redis.decr("stock");
            assertTrue(redis.exec().wasDiscarded());
        }
        redis.multi();
        redis.decr("stock");
        assertEquals(2L, (Long) redis.exec().get(0));
        assertEquals("OK", redis.set("lock", "mine", SetArgs.Builder.nx().px(5000)));
        assertNull(redis.set("lock", "yours", SetArgs.Builder.nx().px(5000)));
        redis.scriptFlush();
        var release = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) else return 0 end";
        assertThrows(RedisNoScriptException.class,
            () -> redis.evalsha(redis.digest(release), ScriptOutputType.INTEGER, new String[] {"lock"}, "mine"));
        assertEquals(0L, redis.<Long>eval(release, ScriptOutputType.INTEGER, new String[] {"lock"}, "yours"));
        assertEquals(1L, redis.<Long>evalsha(redis.digest(release), ScriptOutputType.INTEGER, new String[] {"lock"}, "mine"));
        assertEquals(List.of(1L, 2L), redis.eval("return {1, 2}", ScriptOutputType.MULTI));
    }

    @Test
    void reconnectsToARestartedBroker() {
        try (var mortal = new Broker()) {
            var own = RedisClient.create(mortal.url());
            own.setOptions(ClientOptions.builder().protocolVersion(protocol).build());
            var calls = own.connect().sync();
            calls.set("k", "v");
            calls.xadd("orders", Map.of("n", "1"));
            int port = mortal.port;
            mortal.kill();
            mortal.start(port);
            assertEquals("v", calls.get("k"));
            assertEquals(1L, calls.xlen("orders"));
            own.shutdown(0, 2, TimeUnit.SECONDS);
        }
    }
}
