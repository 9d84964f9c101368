// rueidis: it pipelines by itself, and asks the broker to tell it when what it has cached changes.
package clients

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/rueidis"
	"github.com/redis/rueidis/rueidislock"
)

func (b *broker) rueidis(option rueidis.ClientOption) rueidis.Client {
	b.t.Helper()
	parsed := rueidis.MustParseURL("redis://" + b.addr)
	option.InitAddress = parsed.InitAddress
	client, err := rueidis.NewClient(option)
	must(b.t, err)
	b.t.Cleanup(client.Close)
	return client
}

// RESP3 with caching, as it comes, and RESP2, where there is none.
func bothRueidis(t *testing.T, scenario func(t *testing.T, b *broker, c rueidis.Client)) {
	for name, option := range map[string]rueidis.ClientOption{"RESP3": {}, "RESP2": {AlwaysRESP2: true, DisableCache: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := start(t)
			scenario(t, b, b.rueidis(option))
		})
	}
}

func TestRueidisPipelinesByItself(t *testing.T) {
	bothRueidis(t, func(t *testing.T, b *broker, c rueidis.Client) {
		var all sync.WaitGroup
		for n := range 500 {
			all.Add(1)
			go func() {
				defer all.Done()
				key := fmt.Sprint("key-", n)
				if err := c.Do(ctx, c.B().Set().Key(key).Value(key).Ex(time.Minute).Build()).Error(); err != nil {
					t.Error(err)
				}
				if got, err := c.Do(ctx, c.B().Get().Key(key).Build()).ToString(); err != nil || got != key {
					t.Errorf("%s: %q, %v", key, got, err)
				}
			}()
		}
		all.Wait()
		var many rueidis.Commands
		for n := range 500 {
			many = append(many, c.B().Incrby().Key("counter").Increment(int64(n)).Build())
		}
		answers := c.DoMulti(ctx, many...)
		last, err := answers[499].AsInt64()
		must(t, err)
		equal(t, "the counter", last, 499*500/2)
	})
}

func TestRueidisGroups(t *testing.T) {
	bothRueidis(t, func(t *testing.T, b *broker, c rueidis.Client) {
		must(t, c.Do(ctx, c.B().XgroupCreate().Key("orders").Group("billing").Id("0").Mkstream().Build()).Error())
		err := c.Do(ctx, c.B().XgroupCreate().Key("orders").Group("billing").Id("0").Mkstream().Build()).Error()
		equal(t, "again", rueidis.IsRedisBusyGroup(err), true)
		answers := make(chan map[string][]rueidis.XRangeEntry, 1)
		take := func() {
			got, err := c.Do(ctx, c.B().Xreadgroup().Group("billing", "alice").Count(10).Block(5000).Streams().Key("orders").Id(">").Build()).AsXRead()
			if err != nil {
				t.Error(err)
			}
			answers <- got
		}
		go take()
		b.waiting(1)
		id, err := c.Do(ctx, c.B().Xadd().Key("orders").Id("*").FieldValue().FieldValue("item", "tea").Build()).ToString()
		must(t, err)
		got := next(t, "an entry", answers)["orders"]
		same(t, "the entry", got, []rueidis.XRangeEntry{{ID: id, FieldValues: map[string]string{"item": "tea"}}})
		claimed, err := c.Do(ctx, c.B().Xautoclaim().Key("orders").Group("billing").Consumer("bob").MinIdleTime("0").Start("0").Build()).ToArray()
		must(t, err)
		entries, err := claimed[1].AsXRange()
		must(t, err)
		same(t, "claimed", entries, got)
		equal(t, "acknowledged", must1(c.Do(ctx, c.B().Xack().Key("orders").Group("billing").Id(id).Build()).AsInt64())(t), 1)
	})
}

func must1[T any](value T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		must(t, err)
		return value
	}
}

func TestRueidisPubSubTransactionsScripts(t *testing.T) {
	bothRueidis(t, func(t *testing.T, b *broker, c rueidis.Client) {
		heard := make(chan rueidis.PubSubMessage, 10)
		listening, stop := context.WithCancel(ctx)
		ended := make(chan error, 1)
		go func() {
			ended <- c.Receive(listening, c.B().Psubscribe().Pattern("news.*").Build(), func(m rueidis.PubSubMessage) { heard <- m })
		}()
		eventually(t, "a receiver", func() bool {
			return must1(c.Do(ctx, c.B().Publish().Channel("news.tea").Message("hot").Build()).AsInt64())(t) == 1
		})
		same(t, "the message", next(t, "a message", heard), rueidis.PubSubMessage{Pattern: "news.*", Channel: "news.tea", Message: "hot"})
		stop()
		equal(t, "the end", next(t, "the end", ended), context.Canceled)

		transaction := func(meddle bool) error {
			return c.Dedicated(func(own rueidis.DedicatedClient) error {
				must(t, own.Do(ctx, own.B().Watch().Key("stock").Build()).Error())
				if meddle {
					must(t, c.Do(ctx, c.B().Incr().Key("stock").Build()).Error())
				}
				answers := own.DoMulti(ctx, own.B().Multi().Build(), own.B().Incr().Key("stock").Build(), own.B().Incr().Key("sold").Build(), own.B().Exec().Build())
				return answers[3].Error()
			})
		}
		must(t, transaction(false))
		equal(t, "a meddled transaction", rueidis.IsRedisNil(transaction(true)), true)

		script := rueidis.NewLuaScript(`return {KEYS[1], ARGV[1], redis.call("GET", KEYS[1])}`)
		got, err := script.Exec(ctx, c, []string{"stock"}, []string{"argument"}).AsStrSlice()
		must(t, err)
		same(t, "the script", got, []string{"stock", "argument", "2"})
	})
}

func TestRueidisCache(t *testing.T) {
	t.Parallel()
	b := start(t)
	told := make(chan []rueidis.RedisMessage, 100)
	c := b.rueidis(rueidis.ClientOption{})
	watched := b.rueidis(rueidis.ClientOption{OnInvalidations: func(keys []rueidis.RedisMessage) { told <- keys }})
	other := b.client(2)
	get := func(c rueidis.Client, key string) (string, bool) {
		t.Helper()
		answer := c.DoCache(ctx, c.B().Get().Key(key).Cache(), time.Minute)
		text, err := answer.ToString()
		if err != nil && !rueidis.IsRedisNil(err) {
			t.Fatal(err)
		}
		return text, answer.IsCacheHit()
	}
	expect := func(key, value string, hit bool) {
		t.Helper()
		text, cached := get(c, key)
		same(t, key, []any{text, cached}, []any{value, hit})
	}
	// Changed by another: the cached value goes away by itself.
	must(t, other.Set(ctx, "user:1", "ann", 0).Err())
	expect("user:1", "ann", false)
	expect("user:1", "ann", true)
	for what, change := range map[string]struct {
		do   func() error
		want string
	}{
		"SET":     {func() error { return other.Set(ctx, "user:1", "bea", 0).Err() }, "bea"},
		"APPEND":  {func() error { return other.Append(ctx, "user:1", "!").Err() }, "ann!"},
		"DEL":     {func() error { return other.Del(ctx, "user:1").Err() }, ""},
		"expiry":  {func() error { return other.PExpire(ctx, "user:1", 20*time.Millisecond).Err() }, ""},
		"FLUSHDB": {func() error { return other.FlushDB(ctx).Err() }, ""},
	} {
		must(t, other.Set(ctx, "user:1", "ann", 0).Err())
		eventually(t, what+": the value before", func() bool { text, hit := get(c, "user:1"); return text == "ann" && hit })
		must(t, change.do())
		eventually(t, what, func() bool { text, _ := get(c, "user:1"); return text == change.want })
	}
	// Several keys at once, of which one is cached; a hash.
	must(t, other.MSet(ctx, "a", 1, "b", 2).Err())
	expect("a", "1", false)
	values, err := rueidis.MGetCache(c, ctx, time.Minute, []string{"a", "b"})
	must(t, err)
	first, second := values["a"], values["b"]
	same(t, "MGETCACHE", []any{must1(first.ToString())(t), first.IsCacheHit(), must1(second.ToString())(t)}, []any{"1", true, "2"})
	must(t, other.HSet(ctx, "h", "f", "1").Err())
	hash := func() string {
		all, err := c.DoCache(ctx, c.B().Hgetall().Key("h").Cache(), time.Minute).AsStrMap()
		must(t, err)
		return all["f"]
	}
	equal(t, "HGETALL", hash(), "1")
	must(t, other.HSet(ctx, "h", "f", "2").Err())
	eventually(t, "the hash's change", func() bool { return hash() == "2" })
	// Not longer than the key lives, though a minute was asked for.
	must(t, other.Set(ctx, "short", "v", time.Second).Err())
	answer := c.DoCache(ctx, c.B().Get().Key("short").Cache(), time.Minute)
	if left := answer.CachePTTL(); left <= 0 || left > 1000 {
		t.Fatalf("cached for %d ms", left)
	}
	// The callback hears of it, and of everything when the connection breaks.
	get(watched, "a")
	must(t, other.Incr(ctx, "a").Err())
	keys := next(t, "the callback", told)
	for len(keys) == 0 { // FLUSHDB above: everything.
		keys = next(t, "the callback", told)
	}
	equal(t, "the key", must1(keys[0].ToString())(t), "a")
	b.restart()
	eventually(t, "the client to come back", func() bool { return c.Do(ctx, c.B().Ping().Build()).Error() == nil })
	must(t, other.Set(ctx, "a", "anew", 0).Err())
	eventually(t, "the value after the restart", func() bool { text, _ := get(c, "a"); return text == "anew" })
}

func TestRueidisBroadcast(t *testing.T) {
	t.Parallel()
	b := start(t)
	told := make(chan string, 100)
	c := b.rueidis(rueidis.ClientOption{
		ClientTrackingOptions: []string{"PREFIX", "user:", "BCAST"},
		OnInvalidations: func(keys []rueidis.RedisMessage) {
			for _, key := range keys {
				text, _ := key.ToString()
				told <- text
			}
		},
	})
	must(t, c.Do(ctx, c.B().Ping().Build()).Error())
	other := b.client(3)
	must(t, other.Set(ctx, "order:1", "v", 0).Err())
	must(t, other.Set(ctx, "user:1", "v", 0).Err())
	equal(t, "only what begins with the prefix", next(t, "a change", told), "user:1")
}

func TestRueidisRefusesCachingInRESP2(t *testing.T) {
	t.Parallel()
	b := start(t)
	_, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{b.addr}, AlwaysRESP2: true})
	if !errors.Is(err, rueidis.ErrNoCache) {
		t.Fatalf("caching in RESP2: %v", err)
	}
}

// Its lock waits for invalidations instead of polling.
func TestRueidisLock(t *testing.T) {
	t.Parallel()
	b := start(t)
	locker := func() rueidislock.Locker {
		l, err := rueidislock.NewLocker(rueidislock.LockerOption{
			ClientOption:   rueidis.ClientOption{InitAddress: []string{b.addr}},
			KeyMajority:    1,
			KeyValidity:    2 * time.Second,
			NoLoopTracking: true,
			TryNextAfter:   patience, // Who gives up trying for slowness waits for an invalidation that may never come.
		})
		must(t, err)
		t.Cleanup(l.Close)
		return l
	}
	one, two := locker(), locker()
	held, release, err := one.WithContext(ctx, "orders")
	must(t, err)
	if _, _, err := two.TryWithContext(ctx, "orders"); !errors.Is(err, rueidislock.ErrNotLocked) {
		t.Fatalf("a second lock: %v", err)
	}
	waited := make(chan context.CancelFunc, 1)
	go func() {
		if _, cancel, err := two.WithContext(ctx, "orders"); err == nil {
			waited <- cancel
		}
	}()
	time.Sleep(100 * time.Millisecond)
	began := time.Now()
	release()
	next(t, "the lock", waited)()
	if took := time.Since(began); took > time.Second {
		t.Fatalf("handed over after %v", took)
	}
	<-held.Done()
	// Who loses the key learns it.
	held, release, err = one.WithContext(ctx, "orders")
	must(t, err)
	defer release()
	var keys []string
	for _, key := range b.client(3).Keys(ctx, "*").Val() {
		if strings.HasPrefix(key, "rueidislock:") {
			keys = append(keys, key)
		}
	}
	must(t, b.client(3).Del(ctx, keys...).Err())
	next(t, "the holder to hear of its loss", held.Done())
	oneAtATime(t, func(inside func()) error {
		_, release, err := two.WithContext(ctx, "door")
		if err != nil {
			return err
		}
		inside()
		release()
		return nil
	})
}
