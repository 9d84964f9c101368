// go-redis as its users write it: streams with groups, pipelines, transactions, pub/sub, scripts, in both protocols.
package clients

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

var ctx = context.Background()

func TestGoRedisConnect(t *testing.T) {
	both(t, func(t *testing.T, b *broker, rdb *redis.Client) {
		same(t, "PING", rdb.Ping(ctx).Val(), "PONG")
		options := *rdb.Options()
		options.ClientName, options.DB = "orders-service", 3
		named := open(t, &options)
		same(t, "CLIENT GETNAME", named.ClientGetName(ctx).Val(), "orders-service")
		must(t, named.Set(ctx, "k", "in three", 0).Err())
		equal[error](t, "a key of another database", rdb.Get(ctx, "k").Err(), redis.Nil)
		info, err := named.ClientInfo(ctx).Result()
		must(t, err)
		same(t, "what the server says of us", []any{info.Name, info.DB, info.Resp, strings.HasPrefix(info.LibName, "go-redis")},
			[]any{"orders-service", 3, rdb.Options().Protocol, true})
		if server := rdb.InfoMap(ctx, "server").Val()["Server"]; server["redis_mode"] != "standalone" {
			t.Fatalf("INFO: %v", server)
		}
	})
}

func TestGoRedisUniversalClientOfOneAddress(t *testing.T) {
	b := start(t)
	rdb := redis.NewUniversalClient(&redis.UniversalOptions{Addrs: []string{b.addr}})
	defer rdb.Close()
	if _, single := rdb.(*redis.Client); !single {
		t.Fatalf("one address makes %T", rdb)
	}
	must(t, rdb.XAdd(ctx, &redis.XAddArgs{Stream: "s", Values: []string{"f", "v"}}).Err())
	equal(t, "XLEN", rdb.XLen(ctx, "s").Val(), 1)
}

func add(t testing.TB, rdb redis.Cmdable, stream string, values ...any) string {
	t.Helper()
	id, err := rdb.XAdd(ctx, &redis.XAddArgs{Stream: stream, Values: values}).Result()
	must(t, err)
	return id
}

func ids(messages []redis.XMessage) []string {
	found := []string{}
	for _, message := range messages {
		found = append(found, message.ID)
	}
	return found
}

func read(t testing.TB, rdb redis.Cmdable, consumer, from string, count int64) []redis.XMessage {
	t.Helper()
	streams, err := rdb.XReadGroup(ctx, &redis.XReadGroupArgs{
		Group: "billing", Consumer: consumer, Streams: []string{"orders", from}, Count: count, Block: -1,
	}).Result()
	if err == redis.Nil {
		return nil
	}
	must(t, err)
	equal(t, "name of the stream", streams[0].Stream, "orders")
	return streams[0].Messages
}

func TestGoRedisProducerAndConsumerGroup(t *testing.T) {
	both(t, func(t *testing.T, b *broker, rdb *redis.Client) {
		must(t, rdb.XGroupCreateMkStream(ctx, "orders", "billing", "0").Err())
		again := rdb.XGroupCreateMkStream(ctx, "orders", "billing", "0").Err()
		equal(t, "the same group again", again.Error(), "BUSYGROUP Consumer Group name already exists")
		var made []string
		for n := range 10 {
			made = append(made, add(t, rdb, "orders", "item", fmt.Sprintf("tea-%d", n), "n", n))
		}
		got := read(t, rdb, "alice", ">", 4)
		same(t, "the first four", ids(got), made[:4])
		same(t, "fields", got[0].Values, map[string]any{"item": "tea-0", "n": "0"})
		equal(t, "acknowledged", rdb.XAck(ctx, "orders", "billing", made[:3]...).Val(), 3)
		pending, err := rdb.XPending(ctx, "orders", "billing").Result()
		must(t, err)
		same(t, "XPENDING", *pending, redis.XPending{Count: 1, Lower: made[3], Higher: made[3], Consumers: map[string]int64{"alice": 1}})
		groups, err := rdb.XInfoGroups(ctx, "orders").Result()
		must(t, err)
		same(t, "XINFO GROUPS", groups, []redis.XInfoGroup{
			{Name: "billing", Consumers: 1, Pending: 1, LastDeliveredID: made[3], EntriesRead: 4, Lag: 6}})
		same(t, "my own backlog", ids(read(t, rdb, "alice", "0", 10)), made[3:4])
		same(t, "the rest", ids(read(t, rdb, "bob", ">", 100)), made[4:])
		equal(t, "nothing is left", len(read(t, rdb, "bob", ">", 1)), 0)
		full, err := rdb.XInfoStreamFull(ctx, "orders", 2).Result()
		must(t, err)
		same(t, "XINFO STREAM FULL", []any{full.Length, full.EntriesAdded, full.LastGeneratedID, ids(full.Entries), full.Groups[0].PelCount},
			[]any{10, 10, made[9], made[:2], 7})
	})
}

func TestGoRedisBlockingReads(t *testing.T) {
	both(t, func(t *testing.T, b *broker, rdb *redis.Client) {
		must(t, rdb.XGroupCreateMkStream(ctx, "orders", "billing", "$").Err())
		type answer struct {
			streams []redis.XStream
			err     error
		}
		answers := make(chan answer, 1)
		wait := func(ctx context.Context, block time.Duration) {
			streams, err := rdb.XReadGroup(ctx, &redis.XReadGroupArgs{
				Group: "billing", Consumer: "alice", Streams: []string{"orders", ">"}, Block: block}).Result()
			answers <- answer{streams, err}
		}
		go wait(ctx, 0)
		b.waiting(1)
		id := add(t, rdb, "orders", "f", "v")
		got := next(t, "an entry", answers)
		must(t, got.err)
		same(t, "the entry", ids(got.streams[0].Messages), []string{id})

		began := time.Now()
		wait(ctx, 100*time.Millisecond)
		equal[error](t, "nothing comes", next(t, "the end of the wait", answers).err, redis.Nil)
		if took := time.Since(began); took < 90*time.Millisecond {
			t.Fatalf("waited only %v", took)
		}

		options := *rdb.Options()
		options.ContextTimeoutEnabled = true
		rdb = open(t, &options)
		short, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
		defer cancel()
		wait(short, 5*time.Second)
		if err := next(t, "the end of the context", answers).err; !errors.Is(err, context.DeadlineExceeded) && !strings.Contains(err.Error(), "timeout") {
			t.Fatalf("a context that ends: %v", err)
		}
		// The reader that gave up takes nothing: the next one gets the entry.
		b.waiting(0)
		second := add(t, rdb, "orders", "f", "w")
		same(t, "the next entry", ids(read(t, rdb, "alice", ">", 10)), []string{second})
	})
}

func TestGoRedisManyStreamsAndTail(t *testing.T) {
	both(t, func(t *testing.T, b *broker, rdb *redis.Client) {
		add(t, rdb, "b", "old", 1)
		answers := make(chan []redis.XStream, 1)
		go func() {
			streams, _ := rdb.XRead(ctx, &redis.XReadArgs{Streams: []string{"a", "b", "$", "$"}, Block: patience}).Result()
			answers <- streams
		}()
		b.waiting(1)
		id := add(t, rdb, "b", "new", 2)
		got := next(t, "the tail", answers)
		same(t, "the tail", got, []redis.XStream{{Stream: "b", Messages: []redis.XMessage{{ID: id, Values: map[string]any{"new": "2"}}}}})
		add(t, rdb, "a", "f", "v")
		all, err := rdb.XRead(ctx, &redis.XReadArgs{Streams: []string{"a", "b"}, ID: "0", Count: 10}).Result()
		must(t, err)
		slices.SortFunc(all, func(x, y redis.XStream) int { return strings.Compare(x.Stream, y.Stream) })
		same(t, "two streams", []any{all[0].Stream, len(all[0].Messages), all[1].Stream, len(all[1].Messages)}, []any{"a", 1, "b", 2})
		last, err := rdb.XRead(ctx, &redis.XReadArgs{Streams: []string{"b"}, ID: "+"}).Result()
		must(t, err)
		same(t, "the last entry", ids(last[0].Messages), []string{id})
	})
}

func TestGoRedisClaims(t *testing.T) {
	both(t, func(t *testing.T, b *broker, rdb *redis.Client) {
		must(t, rdb.XGroupCreateMkStream(ctx, "orders", "billing", "0").Err())
		var made []string
		for n := range 5 {
			made = append(made, add(t, rdb, "orders", "n", n))
		}
		read(t, rdb, "crashed", ">", 10)
		time.Sleep(30 * time.Millisecond)
		claimed, err := rdb.XClaim(ctx, &redis.XClaimArgs{
			Stream: "orders", Group: "billing", Consumer: "healthy", MinIdle: 20 * time.Millisecond, Messages: made[:1]}).Result()
		must(t, err)
		same(t, "claimed", ids(claimed), made[:1])
		names, err := rdb.XClaimJustID(ctx, &redis.XClaimArgs{
			Stream: "orders", Group: "billing", Consumer: "healthy", MinIdle: time.Hour, Messages: made}).Result()
		must(t, err)
		equal(t, "nothing is idle for an hour", len(names), 0)
		equal(t, "deleted", rdb.XDel(ctx, "orders", made[1]).Val(), 1)
		auto := &redis.XAutoClaimArgs{Stream: "orders", Group: "billing", Consumer: "healthy", MinIdle: 20 * time.Millisecond, Start: made[1], Count: 2}
		messages, cursor, err := rdb.XAutoClaim(ctx, auto).Result()
		must(t, err)
		same(t, "a first part", ids(messages), made[2:3])
		auto.Start = cursor
		rest, cursor, err := rdb.XAutoClaimJustID(ctx, auto).Result()
		must(t, err)
		same(t, "the rest", append(rest, cursor), append(slices.Clone(made[3:]), "0-0"))
		details, err := rdb.XPendingExt(ctx, &redis.XPendingExtArgs{
			Stream: "orders", Group: "billing", Start: "-", End: "+", Count: 10, Consumer: "healthy"}).Result()
		must(t, err)
		got := []string{}
		for _, d := range details {
			got = append(got, fmt.Sprintf("%s %s %d", d.ID, d.Consumer, d.RetryCount))
		}
		same(t, "XPENDING", got, []string{made[0] + " healthy 2", made[2] + " healthy 2", made[3] + " healthy 1", made[4] + " healthy 1"})
		consumers, err := rdb.XInfoConsumers(ctx, "orders", "billing").Result()
		must(t, err)
		same(t, "consumers", []any{consumers[0].Name, consumers[0].Pending, consumers[1].Name, consumers[1].Pending}, []any{"crashed", 0, "healthy", 4})
		equal(t, "lost with its consumer", rdb.XGroupDelConsumer(ctx, "orders", "billing", "healthy").Val(), 4)
		equal(t, "destroyed", rdb.XGroupDestroy(ctx, "orders", "billing").Val(), 1)
	})
}

func TestGoRedisTrimming(t *testing.T) {
	both(t, func(t *testing.T, b *broker, rdb *redis.Client) {
		for n := range 100 {
			must(t, rdb.XAdd(ctx, &redis.XAddArgs{Stream: "s", MaxLen: 50, ID: fmt.Sprintf("%d-0", n+1), Values: map[string]any{"n": n}}).Err())
		}
		equal(t, "XLEN", rdb.XLen(ctx, "s").Val(), 50)
		same(t, "XRANGE", ids(rdb.XRangeN(ctx, "s", "-", "+", 2).Val()), []string{"51-0", "52-0"})
		same(t, "XRANGE, exclusive", ids(rdb.XRangeN(ctx, "s", "(51-0", "+", 1).Val()), []string{"52-0"})
		same(t, "XREVRANGE", ids(rdb.XRevRangeN(ctx, "s", "+", "-", 1).Val()), []string{"100-0"})
		equal(t, "XTRIM MINID", rdb.XTrimMinID(ctx, "s", "91-0").Val(), 40)
		equal(t, "XTRIM MAXLEN", rdb.XTrimMaxLen(ctx, "s", 3).Val(), 7)
		info, err := rdb.XInfoStream(ctx, "s").Result()
		must(t, err)
		same(t, "XINFO STREAM", []any{info.Length, info.FirstEntry.ID, info.LastEntry.ID, info.MaxDeletedEntryID, info.EntriesAdded},
			[]any{3, "98-0", "100-0", "0-0", 100})
		equal[error](t, "no stream is made", rdb.XAdd(ctx, &redis.XAddArgs{Stream: "none", NoMkStream: true, Values: []string{"f", "v"}}).Err(), redis.Nil)
		small := rdb.XAdd(ctx, &redis.XAddArgs{Stream: "s", ID: "5-0", Values: []string{"f", "v"}}).Err()
		equal(t, "an old id", small.Error(), "ERR The ID specified in XADD is equal or smaller than the target stream top item")
	})
}

func TestGoRedisPipelines(t *testing.T) {
	both(t, func(t *testing.T, b *broker, rdb *redis.Client) {
		added, err := rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
			for n := range 1000 {
				pipe.XAdd(ctx, &redis.XAddArgs{Stream: "s", Values: []any{"n", n}})
			}
			return nil
		})
		must(t, err)
		equal(t, "answers", len(added), 1000)
		equal(t, "XLEN", rdb.XLen(ctx, "s").Val(), 1000)
		// A mistake in the middle fails alone; in MULTI too, once it runs.
		must(t, rdb.Set(ctx, "text", "word", 0).Err())
		for name, run := range map[string]func(context.Context, func(redis.Pipeliner) error) ([]redis.Cmder, error){
			"pipeline": rdb.Pipelined, "transaction": rdb.TxPipelined} {
			var before, after *redis.IntCmd
			_, err = run(ctx, func(pipe redis.Pipeliner) error {
				before = pipe.Incr(ctx, name)
				pipe.Incr(ctx, "text")
				after = pipe.Incr(ctx, name)
				return nil
			})
			equal(t, name, err.Error(), "ERR value is not an integer or out of range")
			same(t, name, []int64{before.Val(), after.Val()}, []int64{1, 2})
		}
	})
}

// The example of go-redis' own documentation: many increments at once, none lost.
func TestGoRedisWatchRetries(t *testing.T) {
	both(t, func(t *testing.T, b *broker, rdb *redis.Client) {
		increment := func() error {
			for {
				err := rdb.Watch(ctx, func(tx *redis.Tx) error {
					n, err := tx.Get(ctx, "counter").Int()
					if err != nil && err != redis.Nil {
						return err
					}
					_, err = tx.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
						pipe.Set(ctx, "counter", n+1, 0)
						return nil
					})
					return err
				}, "counter")
				if err != redis.TxFailedErr {
					return err
				}
			}
		}
		var all sync.WaitGroup
		for range 8 {
			all.Add(1)
			go func() {
				defer all.Done()
				for range 10 {
					if err := increment(); err != nil {
						t.Error(err)
					}
				}
			}()
		}
		all.Wait()
		equal(t, "counter", rdb.Get(ctx, "counter").Val(), "80")
	})
}

func TestGoRedisPubSub(t *testing.T) {
	both(t, func(t *testing.T, b *broker, rdb *redis.Client) {
		sub := rdb.Subscribe(ctx, "news")
		defer sub.Close()
		_, err := sub.Receive(ctx)
		must(t, err)
		must(t, sub.PSubscribe(ctx, "n*"))
		messages := sub.Channel()
		eventually(t, "the pattern", func() bool { return rdb.PubSubNumPat(ctx).Val() == 1 })
		equal(t, "receivers", rdb.Publish(ctx, "news", "hello").Val(), 2)
		first, second := next(t, "a message", messages), next(t, "the pattern's message", messages)
		same(t, "messages", []string{first.Channel, first.Pattern, first.Payload, second.Channel, second.Pattern, second.Payload},
			[]string{"news", "", "hello", "news", "n*", "hello"})
		same(t, "PUBSUB NUMSUB", rdb.PubSubNumSub(ctx, "news").Val(), map[string]int64{"news": 1})
		must(t, sub.Ping(ctx))

		shard := rdb.SSubscribe(ctx, "orders")
		defer shard.Close()
		_, err = shard.Receive(ctx)
		must(t, err)
		equal(t, "receivers", rdb.SPublish(ctx, "orders", "sharded").Val(), 1)
		equal(t, "a sharded message", next(t, "a sharded message", shard.Channel()).Payload, "sharded")

		// The subscription comes back by itself when the broker does.
		b.restart()
		eventually(t, "the client to subscribe again", func() bool { return rdb.Publish(ctx, "news", "again").Val() == 2 })
		for got := ""; got != "again"; got = next(t, "a message after the restart", messages).Payload {
		}
	})
}

func TestGoRedisScripts(t *testing.T) {
	both(t, func(t *testing.T, b *broker, rdb *redis.Client) {
		script := redis.NewScript(`
			local n = redis.call("INCRBY", KEYS[1], ARGV[1])
			redis.call("XADD", KEYS[2], "*", "n", n)
			return {n, "text", false, {1, 2}}`)
		for want := range 2 {
			got, err := script.Run(ctx, rdb, []string{"counter", "log"}, 5).Result()
			must(t, err)
			same(t, "the script's answer", got, any([]any{int64(5 * (want + 1)), "text", nil, []any{int64(1), int64(2)}}))
		}
		equal(t, "entries", rdb.XLen(ctx, "log").Val(), 2)
		same(t, "SCRIPT EXISTS", script.Exists(ctx, rdb).Val(), []bool{true})
		must(t, rdb.ScriptFlush(ctx).Err())
		err := script.EvalSha(ctx, rdb, []string{"counter", "log"}, 1).Err()
		equal(t, "after SCRIPT FLUSH", redis.HasErrorPrefix(err, "NOSCRIPT"), true)
		failed := redis.NewScript(`return redis.error_reply("MINE no stock left")`).Run(ctx, rdb, nil).Err()
		equal(t, "an error of the script's own", failed.Error(), "MINE no stock left")
		must(t, rdb.FunctionLoadReplace(ctx, "#!lua name=stock\nredis.register_function('take', function(keys, args) return redis.call('DECRBY', keys[1], args[1]) end)").Err())
		equal(t, "FCALL", rdb.FCall(ctx, "take", []string{"counter"}, 4).Val(), any(int64(6)))
	})
}
