// Lock libraries: redsync (with one broker and with three) and redislock.
package clients

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/bsm/redislock"
	"github.com/go-redsync/redsync/v4"
	redsyncpool "github.com/go-redsync/redsync/v4/redis"
	"github.com/go-redsync/redsync/v4/redis/goredis/v9"
	"github.com/redis/go-redis/v9"
)

// Runs `enter` in many routines at once and counts how many are inside; more than one is a failure.
func oneAtATime(t *testing.T, enter func(inside func()) error) {
	t.Helper()
	var all sync.WaitGroup
	var inside, entered int
	var mu sync.Mutex
	for range 8 {
		all.Add(1)
		go func() {
			defer all.Done()
			err := enter(func() {
				mu.Lock()
				inside++
				entered++
				if inside != 1 {
					t.Errorf("%d are inside", inside)
				}
				mu.Unlock()
				time.Sleep(10 * time.Millisecond)
				mu.Lock()
				inside--
				mu.Unlock()
			})
			if err != nil {
				t.Error(err)
			}
		}()
	}
	all.Wait()
	equal(t, "entered", entered, 8)
}

func TestRedsync(t *testing.T) {
	both(t, func(t *testing.T, b *broker, rdb *redis.Client) {
		rs := redsync.New(goredis.NewPool(rdb))
		mutex := rs.NewMutex("orders", redsync.WithExpiry(time.Minute))
		must(t, mutex.Lock())
		equal(t, "the lock's value", rdb.Get(ctx, "orders").Val(), mutex.Value())
		var taken *redsync.ErrTaken
		if err := rs.NewMutex("orders").TryLock(); !errors.As(err, &taken) {
			t.Fatalf("a second lock: %v", err)
		}
		must(t, rdb.PExpire(ctx, "orders", 20*time.Second).Err())
		extended, err := mutex.Extend()
		must(t, err)
		equal(t, "extended", extended && rdb.PTTL(ctx, "orders").Val() > 50*time.Second, true)
		valid, err := mutex.Valid()
		must(t, err)
		equal(t, "valid", valid, true)
		unlocked, err := mutex.Unlock()
		must(t, err)
		equal(t, "unlocked", unlocked && rdb.Exists(ctx, "orders").Val() == 0, true)
		if _, err := mutex.Unlock(); !errors.Is(err, redsync.ErrLockAlreadyExpired) {
			t.Fatalf("unlocked twice: %v", err)
		}
		// An extension may also take again what has expired.
		again := rs.NewMutex("orders", redsync.WithSetNXOnExtend(), redsync.WithExpiry(time.Minute))
		must(t, again.Lock())
		must(t, rdb.Del(ctx, "orders").Err())
		extended, err = again.Extend()
		must(t, err)
		equal(t, "extended by SET NX", extended && rdb.Get(ctx, "orders").Val() == again.Value(), true)
		oneAtATime(t, func(inside func()) error {
			m := rs.NewMutex("door", redsync.WithTries(1000), redsync.WithRetryDelay(5*time.Millisecond))
			if err := m.Lock(); err != nil {
				return err
			}
			inside()
			_, err := m.Unlock()
			return err
		})
	})
}

// Three brokers: a lock holds as long as two agree.
func TestRedsyncOverThree(t *testing.T) {
	t.Parallel()
	brokers := []*broker{start(t), start(t), start(t)}
	var pools []redsyncpool.Pool
	for _, b := range brokers {
		options := b.options(3)
		options.MaxRetries = -1
		pools = append(pools, goredis.NewPool(open(t, options)))
	}
	rs := redsync.New(pools...)
	mutex := rs.NewMutex("orders", redsync.WithExpiry(10*time.Second))
	must(t, mutex.Lock())
	brokers[0].kill()
	if err := rs.NewMutex("orders").TryLock(); err == nil {
		t.Fatal("two hold the lock")
	}
	if extended, err := mutex.Extend(); !extended {
		t.Fatalf("not extended by two of three: %v", err)
	}
	if unlocked, _ := mutex.Unlock(); !unlocked {
		t.Fatal("not unlocked by two of three")
	}
	must(t, rs.NewMutex("orders").TryLock())
	brokers[1].kill()
	if err := rs.NewMutex("other").TryLock(); err == nil {
		t.Fatal("locked by one of three")
	}
}

func TestRedislock(t *testing.T) {
	both(t, func(t *testing.T, b *broker, rdb *redis.Client) {
		locker := redislock.New(rdb)
		lock, err := locker.Obtain(ctx, "orders", time.Minute, &redislock.Options{Token: "mine", Metadata: "host-7"})
		must(t, err)
		equal(t, "token and metadata", lock.Token()+lock.Metadata(), "minehost-7")
		equal(t, "the lock's value", rdb.Get(ctx, "orders").Val(), "minehost-7")
		if _, err := locker.Obtain(ctx, "orders", time.Minute, nil); err != redislock.ErrNotObtained {
			t.Fatalf("a second lock: %v", err)
		}
		// The same token again: its owner's, now with other metadata.
		lock, err = locker.Obtain(ctx, "orders", time.Minute, &redislock.Options{Token: "mine", Metadata: "again"})
		must(t, err)
		must(t, lock.Refresh(ctx, 10*time.Minute, nil))
		left, err := lock.TTL(ctx)
		must(t, err)
		equal(t, "refreshed", left > 9*time.Minute && left <= 10*time.Minute, true)
		must(t, lock.Release(ctx))
		equal(t, "released twice", lock.Release(ctx), redislock.ErrLockNotHeld)
		equal(t, "refreshed after the release", lock.Refresh(ctx, time.Minute, nil), redislock.ErrNotObtained)
		left, err = lock.TTL(ctx)
		must(t, err)
		equal(t, "left after the release", left, 0)

		_, err = locker.Obtain(ctx, "short", 100*time.Millisecond, nil)
		must(t, err)
		waiting := &redislock.Options{RetryStrategy: redislock.LinearBackoff(10 * time.Millisecond)}
		deadline, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		_, err = locker.Obtain(deadline, "short", time.Minute, waiting)
		must(t, err)
		oneAtATime(t, func(inside func()) error {
			held, err := locker.Obtain(deadline, "door", 5*time.Second, waiting)
			if err != nil {
				return err
			}
			inside()
			return held.Release(ctx)
		})
	})
}
