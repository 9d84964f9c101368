package brooklet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import org.redisson.api.RLock;
import org.redisson.api.RateType;
import org.redisson.config.Protocol;

/** Redisson's locks and other ways of waiting for each other, in both protocols. */
@ParameterizedClass
@EnumSource(Protocol.class)
@Timeout(20)
class RedissonLockTest extends RedissonKit {
    /** Whether the other node gets the lock at once. */
    static boolean taken(RLock lock) {
        return CompletableFuture.supplyAsync(() -> {
            boolean got = lock.tryLock();
            if (got) lock.unlock();
            return !got;
        }).join();
    }

    @Test
    void aLockIsKeptByItsWatchdog() throws InterruptedException {
        var lock = one.getLock("lock");
        lock.lock();
        lock.lock();
        assertEquals(2, lock.getHoldCount());
        Thread.sleep(1500); // Longer than the watchdog's lease.
        assertTrue(lock.isHeldByCurrentThread());
        assertTrue(taken(two.getLock("lock")));
        lock.unlock();
        assertTrue(taken(two.getLock("lock")));
        lock.unlock();
        assertFalse(two.getLock("lock").isLocked());
        assertThrows(IllegalMonitorStateException.class, lock::unlock);
    }

    @Test
    void aLockOfADeadNodeExpires() throws InterruptedException {
        var dead = node();
        dead.getLock("lock").lock();
        dead.shutdown();
        assertTrue(taken(two.getLock("lock")));
        assertTrue(two.getLock("lock").tryLock(5, TimeUnit.SECONDS));
    }

    @Test
    void waitersAreWokenByAMessage() throws Exception {
        var lock = one.getLock("lock");
        lock.lock(30, TimeUnit.SECONDS);
        var waiter = CompletableFuture.supplyAsync(() -> {
            try {
                boolean got = two.getLock("lock").tryLock(10, 30, TimeUnit.SECONDS);
                two.getLock("lock").unlock();
                return got;
            } catch (InterruptedException e) {
                return false;
            }
        });
        Thread.sleep(200);
        assertFalse(waiter.isDone());
        lock.unlock();
        assertTrue(waiter.get(5, TimeUnit.SECONDS));
    }

    @Test
    void nobodyIsInsideTogether() {
        var inside = new AtomicInteger();
        var worst = new AtomicInteger();
        var rounds = new AtomicInteger();
        CompletableFuture.allOf(java.util.stream.IntStream.range(0, 6).mapToObj(i -> CompletableFuture.runAsync(() -> {
            var lock = (i % 2 == 0 ? one : two).getLock("lock");
            for (int n = 0; n < 10; n++) {
                lock.lock();
                worst.accumulateAndGet(inside.incrementAndGet(), Math::max);
                rounds.incrementAndGet();
                inside.decrementAndGet();
                lock.unlock();
            }
        })).toArray(CompletableFuture[]::new)).join();
        assertEquals(1, worst.get());
        assertEquals(60, rounds.get());
    }

    @Test
    void fencingTokensGrow() {
        var lock = one.getFencedLock("lock");
        long first = lock.lockAndGetToken();
        assertEquals(first, lock.getToken());
        lock.unlock();
        long second = two.getFencedLock("lock").tryLockAndGetToken();
        assertTrue(second > first);
        two.getFencedLock("lock").unlock();
    }

    @Test
    void fairReadWriteSpinAndMultiLocks() {
        var fair = one.getFairLock("fair");
        fair.lock();
        assertTrue(taken(two.getFairLock("fair")));
        fair.unlock();
        assertFalse(taken(two.getFairLock("fair")));

        one.getReadWriteLock("rw").readLock().lock();
        assertFalse(taken(two.getReadWriteLock("rw").readLock()));
        assertTrue(taken(two.getReadWriteLock("rw").writeLock()));
        one.getReadWriteLock("rw").readLock().unlock();
        assertFalse(taken(two.getReadWriteLock("rw").writeLock()));

        one.getSpinLock("spin").lock();
        assertTrue(taken(two.getSpinLock("spin")));
        one.getSpinLock("spin").unlock();

        var both = one.getMultiLock(one.getLock("a"), one.getLock("b"));
        both.lock();
        assertTrue(taken(two.getLock("a")));
        assertTrue(taken(two.getLock("b")));
        both.unlock();
        assertFalse(taken(two.getLock("b")));
    }

    @Test
    void semaphores() throws Exception {
        var semaphore = one.getSemaphore("semaphore");
        assertTrue(semaphore.trySetPermits(2));
        semaphore.acquire(2);
        assertFalse(two.getSemaphore("semaphore").tryAcquire());
        var waiter = CompletableFuture.supplyAsync(() -> {
            try {
                return two.getSemaphore("semaphore").tryAcquire(Duration.ofSeconds(10));
            } catch (InterruptedException e) {
                return false;
            }
        });
        Thread.sleep(100);
        semaphore.release();
        assertTrue(waiter.get(5, TimeUnit.SECONDS));

        var expiring = one.getPermitExpirableSemaphore("expiring");
        assertTrue(expiring.trySetPermits(1));
        var permit = expiring.acquire(200, TimeUnit.MILLISECONDS);
        assertEquals(0, two.getPermitExpirableSemaphore("expiring").availablePermits());
        Broker.eventually(() -> two.getPermitExpirableSemaphore("expiring").availablePermits() == 1);
        assertFalse(expiring.tryRelease(permit));
    }

    @Test
    void latches() throws Exception {
        var latch = one.getCountDownLatch("latch");
        assertTrue(latch.trySetCount(2));
        var waiter = CompletableFuture.supplyAsync(() -> {
            try {
                return two.getCountDownLatch("latch").await(10, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                return false;
            }
        });
        latch.countDown();
        assertEquals(1, latch.getCount());
        latch.countDown();
        assertTrue(waiter.get(5, TimeUnit.SECONDS));
    }

    @Test
    void rateLimits() {
        var limiter = one.getRateLimiter("limiter");
        assertTrue(limiter.trySetRate(RateType.OVERALL, 3, Duration.ofSeconds(1)));
        var other = two.getRateLimiter("limiter");
        assertTrue(limiter.tryAcquire(2));
        assertTrue(other.tryAcquire());
        assertFalse(other.tryAcquire());
        assertEquals(0, limiter.availablePermits());
        assertTrue(other.tryAcquire(Duration.ofSeconds(5)));
    }
}
