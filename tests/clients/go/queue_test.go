// A queue on streams as services write it with go-redis: consumers read their own backlog first, then claim from the
// dead, then wait for what is new; what fails too often goes to a stream of dead letters.
package clients

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

const topic, group = "queue:orders", "billing"

type queue struct {
	rdb           *redis.Client
	idle          time.Duration // a message that rests for so long has lost its consumer
	claimEvery    time.Duration
	maxDeliveries int64
}

type handler func(ctx context.Context, message redis.XMessage) error

func (q *queue) publish(ctx context.Context, body string) (string, error) {
	return q.rdb.XAdd(ctx, &redis.XAddArgs{Stream: topic, MaxLen: 100_000, Approx: true, Values: map[string]any{"body": body}}).Result()
}

func (q *queue) consume(ctx context.Context, name string, handle handler) error {
	err := q.rdb.XGroupCreateMkStream(ctx, topic, group, "0").Err()
	if err != nil && err.Error() != "BUSYGROUP Consumer Group name already exists" {
		return err
	}
	if err := q.backlog(ctx, name, handle); err != nil {
		return err
	}
	var claimed time.Time
	for ctx.Err() == nil {
		if time.Since(claimed) > q.claimEvery {
			claimed = time.Now()
			if err := q.claim(ctx, name, handle); err != nil {
				return err
			}
		}
		block := min(q.claimEvery, 30*time.Second)
		if err := q.read(ctx, name, ">", block, handle, nil); err != nil && err != redis.Nil {
			return err
		}
	}
	return ctx.Err()
}

func (q *queue) backlog(ctx context.Context, name string, handle handler) error {
	for from, last := "0", ""; ; from = last {
		if err := q.read(ctx, name, from, -1, handle, &last); err != nil || last == from {
			return err
		}
		if last == "" {
			return nil
		}
	}
}

func (q *queue) read(ctx context.Context, name, from string, block time.Duration, handle handler, last *string) error {
	streams, err := q.rdb.XReadGroup(ctx, &redis.XReadGroupArgs{
		Group: group, Consumer: name, Streams: []string{topic, from}, Count: 10, Block: block}).Result()
	if err != nil {
		return err
	}
	for _, message := range streams[0].Messages {
		if last != nil {
			*last = message.ID
		}
		q.process(ctx, message, handle)
	}
	if last != nil && len(streams[0].Messages) == 0 {
		*last = from
	}
	return nil
}

func (q *queue) process(ctx context.Context, message redis.XMessage, handle handler) {
	if handle(ctx, message) == nil && ctx.Err() == nil {
		q.rdb.XAck(ctx, topic, group, message.ID)
	}
}

func (q *queue) claim(ctx context.Context, name string, handle handler) error {
	pending, err := q.rdb.XPendingExt(ctx, &redis.XPendingExtArgs{
		Stream: topic, Group: group, Idle: q.idle, Start: "-", End: "+", Count: 100}).Result()
	if err != nil {
		return err
	}
	for _, p := range pending {
		messages, err := q.rdb.XClaim(ctx, &redis.XClaimArgs{
			Stream: topic, Group: group, Consumer: name, MinIdle: q.idle, Messages: []string{p.ID}}).Result()
		if err != nil {
			return err
		}
		for _, message := range messages {
			if p.RetryCount >= q.maxDeliveries {
				err = q.bury(ctx, message, p.RetryCount)
			} else {
				q.process(ctx, message, handle)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// To the dead letters and out of the group, or neither.
func (q *queue) bury(ctx context.Context, message redis.XMessage, deliveries int64) error {
	_, err := q.rdb.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
		pipe.XAdd(ctx, &redis.XAddArgs{Stream: topic + ":dead", Values: map[string]any{
			"body": message.Values["body"], "id": message.ID, "deliveries": deliveries}})
		pipe.XAck(ctx, topic, group, message.ID)
		return nil
	})
	return err
}

// Counts who handled what.
type ledger struct {
	mu   sync.Mutex
	seen map[string]int
}

func (l *ledger) note(body any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.seen == nil {
		l.seen = map[string]int{}
	}
	l.seen[body.(string)]++
}

func (l *ledger) len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.seen)
}

func TestQueueLosesNothing(t *testing.T) {
	both(t, func(t *testing.T, b *broker, rdb *redis.Client) {
		q := &queue{rdb: rdb, idle: 200 * time.Millisecond, claimEvery: 100 * time.Millisecond, maxDeliveries: 10}
		const producers, each = 3, 200
		var handled ledger
		running, stop := context.WithCancel(ctx)
		defer stop()
		// Two that die with messages in their hands: one comes back under its name, one never.
		for _, name := range []string{"phoenix", "lost"} {
			dying, die := context.WithCancel(running)
			go func() {
				_ = q.consume(dying, name, func(context.Context, redis.XMessage) error {
					die()
					return context.Canceled
				})
			}()
			_, err := q.publish(ctx, "bait for "+name)
			must(t, err)
			next(t, "its death", dying.Done())
		}
		var all sync.WaitGroup
		for p := range producers {
			all.Add(1)
			go func() {
				defer all.Done()
				for n := range each {
					if _, err := q.publish(ctx, fmt.Sprintf("%d-%d", p, n)); err != nil {
						t.Error(err)
					}
				}
			}()
		}
		for _, name := range []string{"phoenix", "alice", "bob", "carol"} {
			all.Add(1)
			go func() {
				defer all.Done()
				_ = q.consume(running, name, func(_ context.Context, m redis.XMessage) error {
					handled.note(m.Values["body"])
					return nil
				})
			}()
		}
		eventually(t, "all messages", func() bool { return handled.len() == producers*each+2 })
		eventually(t, "all acknowledgements", func() bool { return rdb.XPending(ctx, topic, group).Val().Count == 0 })
		stop()
		all.Wait()
		groups, err := rdb.XInfoGroups(ctx, topic).Result()
		must(t, err)
		same(t, "entries read and lag", []int64{groups[0].EntriesRead, groups[0].Lag, groups[0].Consumers}, []int64{producers*each + 2, 0, 5})
		equal(t, "XDEL by trimming", rdb.XTrimMaxLen(ctx, topic, 10).Val(), producers*each+2-10)
		info, err := rdb.XInfoStream(ctx, topic).Result()
		must(t, err)
		same(t, "XINFO STREAM", []int64{info.Length, info.EntriesAdded, info.Groups}, []int64{10, producers*each + 2, 1})
	})
}

func TestQueueBuriesPoison(t *testing.T) {
	both(t, func(t *testing.T, b *broker, rdb *redis.Client) {
		q := &queue{rdb: rdb, idle: 20 * time.Millisecond, claimEvery: 30 * time.Millisecond, maxDeliveries: 3}
		var tries, handled ledger
		running, stop := context.WithCancel(ctx)
		ended := make(chan error, 1)
		go func() {
			ended <- q.consume(running, "alice", func(_ context.Context, m redis.XMessage) error {
				tries.note(m.Values["body"])
				if m.Values["body"] == "poison" {
					return fmt.Errorf("cannot handle it")
				}
				handled.note(m.Values["body"])
				return nil
			})
		}()
		for _, body := range []string{"good", "poison", "better"} {
			_, err := q.publish(ctx, body)
			must(t, err)
		}
		eventually(t, "the burial", func() bool { return rdb.XLen(ctx, topic+":dead").Val() == 1 })
		dead := rdb.XRange(ctx, topic+":dead", "-", "+").Val()[0]
		same(t, "the dead letter", []any{dead.Values["body"], dead.Values["deliveries"]}, []any{"poison", "3"})
		eventually(t, "an empty backlog", func() bool { return rdb.XPending(ctx, topic, group).Val().Count == 0 })
		stop()
		next(t, "the consumer's end", ended)
		same(t, "tries", tries.seen, map[string]int{"good": 1, "better": 1, "poison": 3})
	})
}

func TestQueueIsDeletedUnderItsConsumers(t *testing.T) {
	both(t, func(t *testing.T, b *broker, rdb *redis.Client) {
		for what, remove := range map[string]func() error{
			"DEL":            func() error { return rdb.Del(ctx, topic).Err() },
			"UNLINK":         func() error { return rdb.Unlink(ctx, topic).Err() },
			"XGROUP DESTROY": func() error { return rdb.XGroupDestroy(ctx, topic, group).Err() },
			"RENAME":         func() error { return rdb.Rename(ctx, topic, "elsewhere").Err() },
			"FLUSHDB":        func() error { return rdb.FlushDB(ctx).Err() },
		} {
			q := &queue{rdb: rdb, idle: time.Minute, claimEvery: 30 * time.Second, maxDeliveries: 3}
			const consumers = 5
			ended := make(chan error, consumers)
			for n := range consumers {
				go func() {
					ended <- q.consume(ctx, fmt.Sprintf("consumer-%d", n), func(context.Context, redis.XMessage) error { return nil })
				}()
			}
			b.waiting(consumers)
			began := time.Now()
			must(t, remove())
			for range consumers {
				err := next(t, "the end of a consumer after "+what, ended)
				if err == nil || !strings.HasPrefix(err.Error(), "NOGROUP ") {
					t.Fatalf("%s: a consumer ended with %v", what, err)
				}
			}
			if took := time.Since(began); took > time.Second {
				t.Fatalf("%s: the consumers ended after %v", what, took)
			}
			_ = rdb.FlushDB(ctx)
		}
	})
}

// Whatever the broker acknowledged is there after it was killed, once and in order; so is who holds what.
func TestQueueOutlivesTheBroker(t *testing.T) {
	both(t, func(t *testing.T, b *broker, rdb *redis.Client) {
		q := &queue{rdb: rdb, idle: time.Minute, claimEvery: time.Second, maxDeliveries: 3}
		must(t, rdb.XGroupCreateMkStream(ctx, topic, group, "0").Err())
		options := *rdb.Options()
		options.MaxRetries = -1 // One that retries could publish twice.
		q.rdb = open(t, &options)
		acknowledged := make(chan []string)
		go func() {
			var made []string
			for n := 0; ; n++ {
				id, err := q.publish(ctx, fmt.Sprint(n))
				if err != nil {
					break
				}
				made = append(made, id)
			}
			acknowledged <- made
		}()
		eventually(t, "some messages", func() bool { return rdb.XLen(ctx, topic).Val() > 50 })
		held, err := rdb.XReadGroup(ctx, &redis.XReadGroupArgs{Group: group, Consumer: "alice", Streams: []string{topic, ">"}, Count: 20}).Result()
		must(t, err)
		b.kill()
		made := next(t, "the producer's end", acknowledged)
		b.restart()
		kept := ids(rdb.XRange(ctx, topic, "-", "+").Val())
		if len(kept) < len(made) || len(kept) > len(made)+1 {
			t.Fatalf("%d were acknowledged, %d are kept", len(made), len(kept))
		}
		same(t, "what is kept", kept[:len(made)], made)
		var again []string
		done, stop := context.WithCancel(ctx)
		defer stop()
		_ = q.consume(done, "alice", func(_ context.Context, m redis.XMessage) error {
			again = append(again, m.ID)
			if len(again) == len(kept) {
				stop()
			}
			return nil
		})
		same(t, "first the backlog", again[:20], ids(held[0].Messages))
		same(t, "then the rest", again, kept)
	})
}
