// redislock (bsm): locks with a token and metadata, by scripts over several keys.
package clients

import (
	"context"
	"testing"
	"time"

	"github.com/bsm/redislock"
	"github.com/redis/go-redis/v9"
)

func TestRedislockTakesRefreshesAndGivesBack(t *testing.T) {
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
