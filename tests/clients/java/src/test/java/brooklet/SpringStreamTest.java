package brooklet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.api.BeforeEach;
import org.springframework.data.domain.Range;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.RedisStandaloneConfiguration;
import org.springframework.data.redis.connection.jedis.JedisConnectionFactory;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;
import org.springframework.data.redis.connection.stream.Consumer;
import org.springframework.data.redis.connection.stream.MapRecord;
import org.springframework.data.redis.connection.stream.ReadOffset;
import org.springframework.data.redis.connection.stream.StreamOffset;
import org.springframework.data.redis.connection.stream.StreamRecords;
import org.springframework.data.redis.core.StringRedisTemplate;
import org.springframework.data.redis.core.script.RedisScript;
import org.springframework.data.redis.listener.ChannelTopic;
import org.springframework.data.redis.listener.RedisMessageListenerContainer;
import org.springframework.data.redis.stream.StreamMessageListenerContainer;
import org.springframework.data.redis.stream.StreamMessageListenerContainer.StreamMessageListenerContainerOptions;

/** Spring Data Redis: listener containers for streams and channels, templates; over Lettuce and over Jedis. */
@ParameterizedClass
@ValueSource(strings = {"lettuce", "jedis"})
@Timeout(20)
class SpringStreamTest {
    static Broker broker;

    @Parameter
    String driver;

    RedisConnectionFactory connections;
    Runnable close;
    StringRedisTemplate template;
    StreamMessageListenerContainer<String, MapRecord<String, String, String>> container;

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
        var where = new RedisStandaloneConfiguration("127.0.0.1", broker.port);
        if (driver.equals("lettuce")) {
            var lettuce = new LettuceConnectionFactory(where);
            lettuce.afterPropertiesSet();
            lettuce.start();
            connections = lettuce;
            close = lettuce::destroy;
        } else {
            var jedis = new JedisConnectionFactory(where);
            jedis.afterPropertiesSet();
            jedis.start();
            connections = jedis;
            close = jedis::destroy;
        }
        template = new StringRedisTemplate(connections);
        template.execute((org.springframework.data.redis.core.RedisCallback<Void>) c -> {
            c.serverCommands().flushAll();
            return null;
        });
        var options = StreamMessageListenerContainerOptions.builder().pollTimeout(Duration.ofMillis(100)).batchSize(10).build();
        container = StreamMessageListenerContainer.create(connections, options);
        container.start();
    }

    @AfterEach
    void disconnect() {
        container.stop();
        close.run();
    }

    @Test
    void aGroupOfListeners() throws InterruptedException {
        template.opsForStream().createGroup("orders", ReadOffset.from("0"), "billing");
        Set<String> got = ConcurrentHashMap.newKeySet();
        for (var name : List.of("alice", "bob")) {
            var subscription = container.receive(Consumer.from("billing", name), StreamOffset.create("orders", ReadOffset.lastConsumed()), message -> {
                got.add(message.getValue().get("n"));
                template.opsForStream().acknowledge("billing", message);
            });
            assertTrue(subscription.await(Duration.ofSeconds(5)));
        }
        for (int i = 0; i < 50; i++) template.opsForStream().add("orders", Map.of("n", "" + i));
        Broker.eventually(() -> got.size() == 50);
        Broker.eventually(() -> template.opsForStream().pending("orders", "billing").getTotalPendingMessages() == 0);
        assertEquals(2, template.opsForStream().consumers("orders", "billing").size());
    }

    @Test
    void acknowledgedByTheContainer() throws InterruptedException {
        template.opsForStream().createGroup("orders", ReadOffset.from("0"), "billing");
        var got = new CopyOnWriteArrayList<String>();
        container.receiveAutoAck(Consumer.from("billing", "alice"), StreamOffset.create("orders", ReadOffset.lastConsumed()),
            message -> got.add(message.getValue().get("n"))).await(Duration.ofSeconds(5));
        template.opsForStream().add("orders", Map.of("n", "1"));
        Broker.eventually(() -> got.equals(List.of("1")));
        assertEquals(0, template.opsForStream().pending("orders", "billing").getTotalPendingMessages());
    }

    @Test
    void aListenerWithoutAGroup() throws InterruptedException {
        var got = new CopyOnWriteArrayList<String>();
        template.opsForStream().add("orders", Map.of("n", "before"));
        container.receive(StreamOffset.fromStart("orders"), message -> got.add(message.getValue().get("n"))).await(Duration.ofSeconds(5));
        template.opsForStream().add("orders", Map.of("n", "after"));
        Broker.eventually(() -> got.equals(List.of("before", "after")));
    }

    @Test
    void aListenerThatFailsLeavesItPending() throws InterruptedException {
        template.opsForStream().createGroup("orders", ReadOffset.from("0"), "billing");
        var errors = new CopyOnWriteArrayList<Throwable>();
        var request = StreamMessageListenerContainer.StreamReadRequest.builder(StreamOffset.create("orders", ReadOffset.lastConsumed()))
            .consumer(Consumer.from("billing", "alice")).autoAcknowledge(false).cancelOnError(e -> false).errorHandler(errors::add).build();
        container.register(request, message -> {
            throw new IllegalStateException("broken on purpose");
        }).await(Duration.ofSeconds(5));
        template.opsForStream().add("orders", Map.of("n", "1"));
        Broker.eventually(() -> errors.size() == 1);
        var pending = template.opsForStream().pending("orders", "billing", Range.unbounded(), 10);
        assertEquals("alice", pending.get(0).getConsumerName());
        var claimed = template.opsForStream().claim("orders", "billing", "bob", Duration.ZERO, pending.get(0).getId());
        assertEquals("1", claimed.get(0).getValue().get("n"));
        assertEquals(1L, template.opsForStream().acknowledge("orders", "billing", claimed.get(0).getId()));
    }

    @Test
    void records() {
        var id = template.opsForStream().add(StreamRecords.newRecord().in("orders").ofMap(Map.of("n", "1")));
        assertEquals(id, template.opsForStream().range("orders", Range.unbounded()).get(0).getId());
        assertEquals(1L, template.opsForStream().info("orders").streamLength());
        assertEquals(1L, template.opsForStream().delete("orders", id));
        assertEquals(0L, template.opsForStream().size("orders"));
    }

    @Test
    void channels() {
        var got = new CopyOnWriteArrayList<String>();
        var listeners = new RedisMessageListenerContainer();
        listeners.setConnectionFactory(connections);
        listeners.addMessageListener((message, pattern) -> got.add(new String(message.getBody())), new ChannelTopic("news"));
        listeners.afterPropertiesSet();
        listeners.start();
        assertEquals(1L, template.convertAndSend("news", "hello"));
        Broker.eventually(() -> got.equals(List.of("hello")));
        listeners.stop();
    }

    @Test
    void templates() {
        assertTrue(template.opsForValue().setIfAbsent("lock", "mine", Duration.ofSeconds(5)));
        assertFalse(template.opsForValue().setIfAbsent("lock", "yours", Duration.ofSeconds(5)));
        var release = RedisScript.of("if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) else return 0 end", Long.class);
        assertEquals(1L, template.execute(release, List.of("lock"), "mine"));
        template.opsForHash().putAll("job", Map.of("state", "new"));
        assertEquals("new", template.opsForHash().get("job", "state"));
        template.opsForList().rightPushAll("queue", "a", "b");
        assertEquals("a", template.opsForList().leftPop("queue", Duration.ofSeconds(1)));
        template.opsForZSet().add("delayed", "later", 100);
        assertEquals(Set.of("later"), template.opsForZSet().rangeByScore("delayed", 0, 200));
        assertEquals(10L, template.opsForValue().increment("n", 10));
    }
}
