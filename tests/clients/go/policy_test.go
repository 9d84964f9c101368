// What the broker does for clients that know nothing of it: a stock consumer that only reads `>` and acknowledges what it
// could handle is given what failed once more, after the wait, until that goes to the dead letters.
package clients

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// A stock consumer: no claims, no retries, no look at what is pending.
func stock(ctx context.Context, rdb *redis.Client, stream, group, name string, handle func(redis.XMessage) error) error {
	for ctx.Err() == nil {
		read := &redis.XReadGroupArgs{Group: group, Consumer: name, Streams: []string{stream, ">"}, Count: 10, Block: 2 * time.Second}
		streams, err := rdb.XReadGroup(ctx, read).Result()
		if errors.Is(err, redis.Nil) {
			continue
		}
		if err != nil {
			return err
		}
		for _, message := range streams[0].Messages {
			if handle(message) == nil {
				if err := rdb.XAck(ctx, stream, group, message.ID).Err(); err != nil {
					return err
				}
			}
		}
	}
	return ctx.Err()
}

// When each delivery of each message came.
type arrivals struct {
	mu sync.Mutex
	at map[string][]time.Time
}

func (a *arrivals) note(id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.at == nil {
		a.at = map[string][]time.Time{}
	}
	a.at[id] = append(a.at[id], time.Now())
}

func (a *arrivals) of(id string) []time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.at[id])
}

func TestPolicyServesAStockConsumer(t *testing.T) {
	both(t, func(t *testing.T, b *broker, rdb *redis.Client) {
		const wait, backoff = 300 * time.Millisecond, 200 * time.Millisecond
		must(t, rdb.Do(ctx, "POLICY.SET", "jobs", "redeliver", "auto", "ack-wait-ms", wait.Milliseconds(),
			"backoff", backoff.String(), "max-deliver", 3, "dlq", "auto").Err())
		for _, group := range []string{"g", "other"} {
			must(t, rdb.XGroupCreateMkStream(ctx, "jobs", group, "$").Err())
		}
		running, stop := context.WithCancel(ctx)
		ended := make(chan error, 2)
		var came, others arrivals
		go func() {
			ended <- stock(running, rdb, "jobs", "g", "alice", func(m redis.XMessage) error {
				came.note(m.ID)
				if m.Values["body"] == "poison" {
					return errors.New("cannot handle it")
				}
				return nil
			})
		}()
		go func() {
			ended <- stock(running, rdb, "jobs", "other", "bob", func(m redis.XMessage) error {
				others.note(m.ID)
				return nil
			})
		}()
		var ids []string
		for _, body := range []string{"good", "poison", "better"} {
			id, err := rdb.XAdd(ctx, &redis.XAddArgs{Stream: "jobs", Values: map[string]any{"body": body}}).Result()
			must(t, err)
			ids = append(ids, id)
		}
		eventually(t, "the dead letter", func() bool { return rdb.XLen(ctx, "jobs:dlq").Val() == 1 })
		died := time.Now()
		eventually(t, "nothing pending", func() bool { return rdb.XPending(ctx, "jobs", "g").Val().Count == 0 })
		stop()
		for range 2 {
			next(t, "a consumer's end", ended)
		}

		letter := rdb.XRange(ctx, "jobs:dlq", "-", "+").Val()[0].Values
		same(t, "the dead letter", []any{letter["body"], letter["_dlq.id"], letter["_dlq.group"], letter["_dlq.consumer"], letter["_dlq.deliveries"]},
			[]any{"poison", ids[1], "g", "alice", "3"})
		same(t, "deliveries", []int{len(came.of(ids[0])), len(came.of(ids[1])), len(came.of(ids[2])), len(others.of(ids[1]))}, []int{1, 3, 1, 1})
		poison := append(came.of(ids[1]), died.Add(backoff))
		for n, at := range poison[1:] {
			after := at.Sub(poison[n])
			// Not a moment early; late by what a busy machine takes.
			if after < wait+backoff-5*time.Millisecond || after > wait+backoff+time.Second {
				t.Fatalf("delivery %d came %v after the one before", n+2, after)
			}
		}
	})
}

func TestPolicyOutlivesTheBroker(t *testing.T) {
	both(t, func(t *testing.T, b *broker, rdb *redis.Client) {
		must(t, rdb.Do(ctx, "POLICY.SET", "jobs", "redeliver", "auto", "ack-wait-ms", "1h", "backoff", "500ms").Err())
		must(t, rdb.XGroupCreateMkStream(ctx, "jobs", "g", "$").Err())
		id, err := rdb.XAdd(ctx, &redis.XAddArgs{Stream: "jobs", Values: map[string]any{"body": "later"}}).Result()
		must(t, err)
		read := &redis.XReadGroupArgs{Group: "g", Consumer: "c", Streams: []string{"jobs", ">"}, Block: 5 * time.Second}
		must(t, rdb.XReadGroup(ctx, read).Err())
		released, err := rdb.Do(ctx, "MSG.NACK", "jobs", "g", "c", -1, id).Int()
		must(t, err)
		equal(t, "released", released, 1)
		given := time.Now()
		b.restart()
		streams, err := rdb.XReadGroup(ctx, read).Result()
		must(t, err)
		equal(t, "the message", streams[0].Messages[0].ID, id)
		if after := time.Since(given); after < 495*time.Millisecond {
			t.Fatalf("it came after %v", after)
		}
	})
}

func TestPlainLockGetsAToken(t *testing.T) {
	both(t, func(t *testing.T, b *broker, rdb *redis.Client) {
		// What every lock library does; none of them knows of tokens.
		token := func() int64 {
			taken, err := rdb.SetNX(ctx, "lock:job", "me", 10*time.Second).Result()
			must(t, err)
			equal(t, "taken", taken, true)
			lease, err := rdb.Do(ctx, "LEASE.GET", "lock:job").Result()
			must(t, err)
			return field(t, lease, "token").(int64)
		}
		first := token()
		must(t, rdb.Do(ctx, "LEASE.EXEC", "lock:job", first, "XADD", "log", "*", "by", "first").Err())
		release := redis.NewScript(`if redis.call("get", KEYS[1]) == ARGV[1] then return redis.call("del", KEYS[1]) end return 0`)
		released, err := release.Run(ctx, rdb, []string{"lock:job"}, "me").Int()
		must(t, err)
		equal(t, "released", released, 1)
		b.restart()
		second := token()
		if second <= first {
			t.Fatalf("the second token is %d, the first was %d", second, first)
		}
		late := rdb.Do(ctx, "LEASE.EXEC", "lock:job", first, "XADD", "log", "*", "by", "first").Err()
		same[any](t, "the late write", late, fmt.Sprintf("FENCED %d", second))
		equal(t, "writes", rdb.XLen(ctx, "log").Val(), 1)
	})
}

// A field of a map, which RESP2 writes as a flat list.
func field(t *testing.T, reply any, name string) any {
	t.Helper()
	switch fields := reply.(type) {
	case map[any]any:
		return fields[name]
	case []any:
		for n := 0; n+1 < len(fields); n += 2 {
			if fields[n] == name {
				return fields[n+1]
			}
		}
	}
	t.Fatalf("no %s in %v", name, reply)
	return nil
}
