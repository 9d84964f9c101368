package brooklet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import org.redisson.api.BatchOptions;
import org.redisson.api.RScript;
import org.redisson.api.RStream;
import org.redisson.api.stream.StreamAddArgs;
import org.redisson.api.stream.StreamCreateGroupArgs;
import org.redisson.api.stream.StreamMessageId;
import org.redisson.api.stream.StreamNackArgs;
import org.redisson.api.stream.StreamNackMode;
import org.redisson.api.stream.StreamReadArgs;
import org.redisson.api.stream.StreamReadGroupArgs;
import org.redisson.client.RedisException;
import org.redisson.config.Protocol;
import org.redisson.api.stream.StreamTrimArgs;

/** Redisson's streams, topics and queues, in both protocols. */
@ParameterizedClass
@EnumSource(Protocol.class)
@Timeout(20)
class RedissonStreamTest extends RedissonKit {
    RStream<String, String> orders() {
        RStream<String, String> stream = one.getStream("orders");
        stream.createGroup(StreamCreateGroupArgs.name("billing").id(StreamMessageId.ALL).makeStream());
        return stream;
    }

    @Test
    void producerAndConsumerGroup() {
        var stream = orders();
        assertThrows(RedisException.class, this::orders);
        for (int i = 0; i < 10; i++) stream.add(StreamAddArgs.<String, String>entry("n", "" + i).trim().maxLen(100).noLimit());
        var got = stream.readGroup("billing", "alice", StreamReadGroupArgs.neverDelivered().count(4));
        assertEquals(List.of("0", "1", "2", "3"), got.values().stream().map(fields -> fields.get("n")).toList());
        assertEquals(4, stream.ack("billing", got.keySet().toArray(StreamMessageId[]::new)));
        assertEquals(0, stream.getPendingInfo("billing").getTotal());
        assertEquals(10, stream.size());
        assertEquals("billing", stream.listGroups().get(0).getName());
        assertEquals(10, stream.getInfo().getLength());
        stream.trim(StreamTrimArgs.maxLen(3).noLimit());
        assertEquals(3, stream.range(StreamMessageId.MIN, StreamMessageId.MAX).size());
    }

    @Test
    void claimFromTheDead() {
        var stream = orders();
        var first = stream.add(StreamAddArgs.entry("n", "1"));
        var second = stream.add(StreamAddArgs.entry("n", "2"));
        assertEquals(2, stream.readGroup("billing", "crashed", StreamReadGroupArgs.neverDelivered()).size());
        assertEquals(Map.of("n", "1"), stream.claim("billing", "heir", 0, TimeUnit.MILLISECONDS, first).get(first));
        var auto = stream.autoClaim("billing", "heir", 0, TimeUnit.MILLISECONDS, StreamMessageId.MIN, 10);
        assertEquals(Map.of("n", "2"), auto.getMessages().get(second));
        assertEquals(2, stream.listPending("billing", "heir", StreamMessageId.MIN, StreamMessageId.MAX, 10).size());
    }

    @Test
    void readsThatClaim() throws InterruptedException {
        var stream = orders();
        stream.add(StreamAddArgs.entry("n", "1"));
        stream.readGroup("billing", "crashed", StreamReadGroupArgs.neverDelivered());
        stream.add(StreamAddArgs.entry("n", "2"));
        Thread.sleep(20);
        var got = stream.readGroup("billing", "heir", StreamReadGroupArgs.neverDelivered().claim(Duration.ofMillis(1)));
        assertEquals(List.of("1", "2"), got.values().stream().map(fields -> fields.get("n")).toList());
    }

    @Test
    void refusedMessagesGoToOthers() {
        var stream = orders();
        var id = stream.add(StreamAddArgs.entry("n", "1"));
        stream.readGroup("billing", "alice", StreamReadGroupArgs.neverDelivered());
        assertEquals(1, stream.nack(StreamNackArgs.group("billing", StreamNackMode.FAIL).ids(id)));
        var got = stream.readGroup("billing", "bob", StreamReadGroupArgs.neverDelivered().claim(Duration.ofMinutes(5)));
        assertEquals(Map.of("n", "1"), got.get(id));
    }

    @Test
    void idempotentProducers() {
        var stream = orders();
        var once = StreamAddArgs.<String, String>entry("n", "1").idempotentProducerId("producer").idempotentId("one");
        assertEquals(stream.add(once), stream.add(once));
        assertEquals(1, stream.size());
    }

    @Test
    void blockingReads() throws Exception {
        var stream = orders();
        RStream<String, String> reader = two.getStream("orders");
        var group = CompletableFuture.supplyAsync(() ->
            reader.readGroup("billing", "alice", StreamReadGroupArgs.neverDelivered().timeout(Duration.ofSeconds(5))));
        var plain = CompletableFuture.supplyAsync(() ->
            reader.read(StreamReadArgs.greaterThan(StreamMessageId.NEWEST).timeout(Duration.ofSeconds(5))));
        broker.waiting(2);
        var id = stream.add(StreamAddArgs.entry("n", "1"));
        assertEquals(Map.of("n", "1"), group.get(5, TimeUnit.SECONDS).get(id));
        assertEquals(Map.of("n", "1"), plain.get(5, TimeUnit.SECONDS).get(id));
        assertTrue(reader.readGroup("billing", "alice", StreamReadGroupArgs.neverDelivered().timeout(Duration.ofMillis(50))).isEmpty());
    }

    @Test
    void reliableTopics() {
        // So there it is not a scenario that tells anything about the broker: it tries again after its timeout.
        assumeTrue(protocol != Protocol.RESP3,
            "in RESP3 Redisson now and then sends a call behind a blocking read of its own, on the same connection");
        var got = new CopyOnWriteArrayList<String>();
        var late = new CopyOnWriteArrayList<String>();
        var topic = one.getReliableTopic("topic");
        topic.addListener(String.class, (channel, message) -> got.add(message));
        assertEquals(1, topic.publish("first"));
        var other = two.getReliableTopic("topic");
        other.addListener(String.class, (channel, message) -> late.add(message));
        Broker.eventually(() -> other.countSubscribers() == 2);
        other.publish("second");
        Broker.eventually(() -> List.copyOf(new LinkedHashSet<>(got)).equals(List.of("first", "second")) && late.contains("second"));
        Broker.eventually(() -> topic.size() == 0);
        topic.removeAllListeners();
        other.removeAllListeners();
    }

    @Test
    void topics() {
        var got = new CopyOnWriteArrayList<String>();
        one.getTopic("news").addListener(String.class, (channel, message) -> got.add(message));
        one.getPatternTopic("log.*").addListener(String.class, (pattern, channel, message) -> got.add(channel + "=" + message));
        one.getShardedTopic("part").addListener(String.class, (channel, message) -> got.add("shard " + message));
        assertEquals(1, two.getTopic("news").publish("hello"));
        assertEquals(1, two.getTopic("log.error").publish("bad"));
        assertEquals(1, two.getShardedTopic("part").publish("shared"));
        Broker.eventually(() -> got.size() == 3 && got.containsAll(List.of("hello", "log.error=bad", "shard shared")));
    }

    @Test
    void queues() throws Exception {
        var queue = one.<String>getBlockingQueue("queue");
        var waiter = CompletableFuture.supplyAsync(() -> {
            try {
                return two.<String>getBlockingQueue("queue").poll(5, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                return null;
            }
        });
        broker.waiting(1);
        queue.offer("now");
        assertEquals("now", waiter.get(5, TimeUnit.SECONDS));
        var delayed = one.getDelayedQueue(queue);
        long began = System.nanoTime();
        delayed.offer("later", 500, TimeUnit.MILLISECONDS);
        assertEquals("later", two.<String>getBlockingQueue("queue").poll(10, TimeUnit.SECONDS));
        assertTrue(System.nanoTime() - began >= 450_000_000L);
        delayed.destroy();
    }

    @Test
    void mapsBatchesAndScripts() {
        var map = one.<String, String>getMapCache("map");
        map.put("k", "v", 200, TimeUnit.MILLISECONDS);
        assertEquals("v", two.<String, String>getMapCache("map").get("k"));
        Broker.eventually(() -> two.<String, String>getMapCache("map").get("k") == null);
        var batch = one.createBatch(BatchOptions.defaults().executionMode(BatchOptions.ExecutionMode.IN_MEMORY_ATOMIC));
        batch.getAtomicLong("n").incrementAndGetAsync();
        batch.getAtomicLong("n").addAndGetAsync(41);
        assertEquals(List.of(1L, 42L), batch.execute().getResponses());
        assertEquals(84L, one.getScript().<Long>eval(RScript.Mode.READ_WRITE, "return redis.call('GET', KEYS[1]) * 2",
            RScript.ReturnType.LONG, List.of("n")));
        assertEquals(0, one.getIdGenerator("ids").nextId() - 1);
    }
}
