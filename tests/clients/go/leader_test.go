// The leader lock that thousands of services carry: SET NX PX, a script that renews, a script that releases.
//
// Instances are processes, so that they can be killed as in life. They tell on their output since when they lead and
// when they know that they do not any more; the test lays these times beside one another.
package clients

import (
	"bufio"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

var renew = redis.NewScript(`
	if redis.call("GET", KEYS[1]) == ARGV[1] then
		return redis.call("PEXPIRE", KEYS[1], ARGV[2])
	else
		return 0
	end`)

var release = redis.NewScript(`
	if redis.call("GET", KEYS[1]) == ARGV[1] then
		return redis.call("DEL", KEYS[1])
	else
		return 0
	end`)

const leaderKey = "lock:mq:consumer:leader:billing"
const retryDelay = 20 * time.Millisecond

// One instance in a process of its own. `what` is its name and the expiry.
func instance(addr, what string) {
	redis.SetLogger(quiet{})
	name, length, _ := strings.Cut(what, " ")
	expiry, err := time.ParseDuration(length)
	if err != nil {
		panic(err)
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0) // The test has gone.
	}()
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	rdb := redis.NewClient(&redis.Options{Addr: addr, ClientName: name})
	token := rand.Text()
	tell := func(event string, at time.Time) { fmt.Println(name, event, at.UnixNano()) }
	for {
		asked := time.Now()
		if won, err := rdb.SetNX(ctx, leaderKey, token, expiry).Result(); err == nil && won {
			tell("leads", time.Now())
			until, stopped := lead(rdb, token, asked.Add(expiry), expiry, stop)
			tell("ends", until)
			if stopped {
				n, _ := release.Run(ctx, rdb, []string{leaderKey}, token).Int()
				fmt.Println(name, "released", n)
				return
			}
		}
		select {
		case <-stop:
			return
		case <-time.After(retryDelay):
		}
	}
}

// Renews until it is told to stop, the lock is another's, or renewing failed for so long that it may be.
func lead(rdb *redis.Client, token string, until time.Time, expiry time.Duration, stop <-chan os.Signal) (time.Time, bool) {
	for {
		select {
		case <-stop:
			return time.Now(), true
		case <-time.After(expiry / 10):
		}
		asked := time.Now()
		switch n, err := renew.Run(ctx, rdb, []string{leaderKey}, token, expiry.Milliseconds()).Int(); {
		case err == nil && n == 1:
			until = asked.Add(expiry)
		case err == nil:
			return asked, false
		case asked.After(until):
			return until, false
		}
	}
}

// When somebody led.
type term struct {
	name        string
	from, until time.Time
}

type election struct {
	t         *testing.T
	mu        sync.Mutex
	processes map[string]*exec.Cmd
	terms     []term
	released  []string
}

func elect(t *testing.T, addr string, instances int, expiry time.Duration) *election {
	e := &election{t: t, processes: map[string]*exec.Cmd{}}
	self, err := os.Executable()
	must(t, err)
	for n := range instances {
		name := fmt.Sprintf("instance-%d", n)
		process := exec.Command(self)
		process.Env = append(os.Environ(), "CLIENTS_INSTANCE_OF="+addr, fmt.Sprintf("CLIENTS_INSTANCE=%s %v", name, expiry))
		process.Stderr = os.Stderr
		_, err := process.StdinPipe()
		must(t, err)
		output, err := process.StdoutPipe()
		must(t, err)
		must(t, process.Start())
		e.processes[name] = process
		go e.listen(output)
	}
	t.Cleanup(func() {
		for _, process := range e.processes {
			_ = process.Process.Kill()
			_ = process.Wait()
		}
	})
	return e
}

func (e *election) listen(output io.Reader) {
	for lines := bufio.NewScanner(output); lines.Scan(); {
		var name, event string
		var number int64
		_, _ = fmt.Sscan(lines.Text(), &name, &event, &number)
		e.mu.Lock()
		switch event {
		case "leads":
			e.terms = append(e.terms, term{name: name, from: time.Unix(0, number)})
		case "ends":
			e.end(name, time.Unix(0, number))
		case "released":
			e.released = append(e.released, fmt.Sprint(name, " ", number))
		}
		e.mu.Unlock()
	}
}

func (e *election) end(name string, at time.Time) {
	for n := range e.terms {
		if e.terms[n].name == name && e.terms[n].until.IsZero() {
			e.terms[n].until = at
		}
	}
}

// The term of number n, once it has begun.
func (e *election) term(n int) (found term) {
	e.t.Helper()
	eventually(e.t, fmt.Sprintf("leader number %d", n), func() bool {
		e.mu.Lock()
		defer e.mu.Unlock()
		if len(e.terms) > n {
			found = e.terms[n]
		}
		return len(e.terms) > n
	})
	return found
}

func (e *election) kill(name string) time.Time {
	must(e.t, e.processes[name].Process.Kill())
	_ = e.processes[name].Wait()
	at := time.Now()
	e.mu.Lock()
	defer e.mu.Unlock()
	e.end(name, at)
	return at
}

func (e *election) neverTwo() {
	e.t.Helper()
	e.mu.Lock()
	defer e.mu.Unlock()
	slices.SortFunc(e.terms, func(a, b term) int { return a.from.Compare(b.from) })
	for n := 1; n < len(e.terms); n++ {
		if before, after := e.terms[n-1], e.terms[n]; before.until.IsZero() || before.until.After(after.from) {
			e.t.Fatalf("two lead at once: %v and %v", before, after)
		}
	}
}

func TestLeaderIsKilled(t *testing.T) {
	t.Parallel()
	const expiry = 800 * time.Millisecond
	b := start(t)
	e := elect(t, b.addr, 4, expiry)
	for n := range 3 {
		leader := e.term(n)
		// It renews: it leads for longer than the expiry, alone.
		time.Sleep(expiry + expiry/2)
		e.mu.Lock()
		equal(t, "terms so far", len(e.terms), n+1)
		e.mu.Unlock()
		killed := e.kill(leader.name)
		following := e.term(n + 1)
		took := following.from.Sub(killed)
		if took > expiry+400*time.Millisecond {
			t.Fatalf("the next leader came after %v", took)
		}
		if following.name == leader.name {
			t.Fatalf("%s came back from the dead", leader.name)
		}
	}
	e.neverTwo()
}

func TestLeaderStopsGracefully(t *testing.T) {
	t.Parallel()
	b := start(t)
	// So long an expiry that only a release can be the reason.
	e := elect(t, b.addr, 4, 30*time.Second)
	for n := range 3 {
		leader := e.term(n)
		stopped := time.Now()
		must(t, e.processes[leader.name].Process.Signal(syscall.SIGTERM))
		if took := e.term(n + 1).from.Sub(stopped); took > time.Second {
			t.Fatalf("the next leader came after %v", took)
		}
		eventually(t, "the words of who went", func() bool {
			e.mu.Lock()
			defer e.mu.Unlock()
			return slices.Contains(e.released, leader.name+" 1")
		})
	}
	e.neverTwo()
}

func TestLeaderOutlivesTheBroker(t *testing.T) {
	t.Parallel()
	b := start(t)
	e := elect(t, b.addr, 3, 5*time.Second)
	leader := e.term(0)
	rdb := b.client(3)
	token := rdb.Get(ctx, leaderKey).Val()
	b.restart()
	equal(t, "the owner after a restart", rdb.Get(ctx, leaderKey).Val(), token)
	if left := rdb.PTTL(ctx, leaderKey).Val(); left <= 0 || left > 5*time.Second {
		t.Fatalf("%v are left after a restart", left)
	}
	eventually(t, "it to renew", func() bool { return rdb.PTTL(ctx, leaderKey).Val() > 4800*time.Millisecond })
	e.mu.Lock()
	equal(t, "terms", len(e.terms), 1)
	e.mu.Unlock()
	e.kill(leader.name)
	e.term(1)
	e.neverTwo()
}

// The scripts' own answers, and an owner who lost its lock.
func TestLeaderScripts(t *testing.T) {
	both(t, func(t *testing.T, b *broker, rdb *redis.Client) {
		keys := []string{leaderKey}
		equal(t, "SET NX", rdb.SetNX(ctx, leaderKey, "mine", 100*time.Millisecond).Val(), true)
		equal(t, "SET NX of another", rdb.SetNX(ctx, leaderKey, "yours", time.Second).Val(), false)
		equal(t, "another renews", renew.Run(ctx, rdb, keys, "yours", 5000).Val(), any(int64(0)))
		equal(t, "another releases", release.Run(ctx, rdb, keys, "yours").Val(), any(int64(0)))
		equal(t, "the owner renews", renew.Run(ctx, rdb, keys, "mine", 200).Val(), any(int64(1)))
		eventually(t, "the expiry", func() bool { return rdb.SetNX(ctx, leaderKey, "yours", time.Minute).Val() })
		equal(t, "who slept too long renews", renew.Run(ctx, rdb, keys, "mine", 5000).Val(), any(int64(0)))
		equal(t, "who slept too long releases", release.Run(ctx, rdb, keys, "mine").Val(), any(int64(0)))
		equal(t, "the new owner", rdb.Get(ctx, leaderKey).Val(), "yours")
		equal(t, "the new owner releases", release.Run(ctx, rdb, keys, "yours").Val(), any(int64(1)))
		equal(t, "EXISTS", rdb.Exists(ctx, leaderKey).Val(), 0)
	})
}
