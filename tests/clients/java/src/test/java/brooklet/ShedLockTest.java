package brooklet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import net.javacrumbs.shedlock.core.DefaultLockingTaskExecutor;
import net.javacrumbs.shedlock.core.LockConfiguration;
import net.javacrumbs.shedlock.provider.redis.spring.RedisLockProvider;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.data.redis.connection.RedisStandaloneConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

/** ShedLock: a scheduled task runs on one node only. */
@Timeout(20)
class ShedLockTest {
    static Broker broker;
    LettuceConnectionFactory connections;
    RedisLockProvider locks;

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
        connections = new LettuceConnectionFactory(new RedisStandaloneConfiguration("127.0.0.1", broker.port));
        connections.afterPropertiesSet();
        connections.start();
        locks = new RedisLockProvider(connections, "test");
    }

    @AfterEach
    void disconnect() {
        connections.destroy();
    }

    LockConfiguration lock(String name, long atMost, long atLeast) {
        return new LockConfiguration(Instant.now(), name, Duration.ofMillis(atMost), Duration.ofMillis(atLeast));
    }

    @Test
    void oneHolder() {
        var held = locks.lock(lock("one", 5000, 0)).orElseThrow();
        assertTrue(locks.lock(lock("one", 5000, 0)).isEmpty());
        held.unlock();
        locks.lock(lock("one", 5000, 0)).orElseThrow().unlock();
    }

    @Test
    void heldAtLeastAndAtMost() {
        locks.lock(lock("least", 5000, 300)).orElseThrow().unlock();
        assertTrue(locks.lock(lock("least", 5000, 0)).isEmpty());
        Broker.eventually(() -> locks.lock(lock("least", 5000, 0)).isPresent());
        locks.lock(lock("most", 100, 0)).orElseThrow();
        Broker.eventually(() -> locks.lock(lock("most", 5000, 0)).isPresent());
    }

    @Test
    void extended() throws InterruptedException {
        var held = locks.lock(lock("extended", 200, 0)).orElseThrow();
        held = held.extend(Duration.ofSeconds(10), Duration.ZERO).orElseThrow();
        Thread.sleep(250);
        assertTrue(locks.lock(lock("extended", 5000, 0)).isEmpty());
        held.unlock();
    }

    @Test
    void tasksDoNotOverlap() {
        var executor = new DefaultLockingTaskExecutor(locks);
        var runs = new AtomicInteger();
        CompletableFuture.allOf(java.util.stream.IntStream.range(0, 8).mapToObj(i -> CompletableFuture.runAsync(() ->
            executor.executeWithLock((Runnable) runs::incrementAndGet, lock("task", 5000, 2000)))).toArray(CompletableFuture[]::new)).join();
        assertEquals(1, runs.get());
    }
}
