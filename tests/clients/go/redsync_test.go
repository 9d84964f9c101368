// redsync: locks with one broker and with three.
package clients

import (
	"errors"
	"testing"
	"time"

	"github.com/go-redsync/redsync/v4"
	redsyncpool "github.com/go-redsync/redsync/v4/redis"
	"github.com/go-redsync/redsync/v4/redis/goredis/v9"
	"github.com/redis/go-redis/v9"
)

func TestRedsyncTakesExtendsAndGivesBack(t *testing.T) {
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
func TestRedsyncHoldsWhileTwoOfThreeAgree(t *testing.T) {
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
