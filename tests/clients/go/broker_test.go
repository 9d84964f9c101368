// A broker process for the tests: its own folder, a free port, killed at the end.
package clients

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

const patience = 20 * time.Second

// The test binary also plays the instances that get killed, see leader_test.go.
func TestMain(m *testing.M) {
	if addr := os.Getenv("CLIENTS_INSTANCE_OF"); addr != "" {
		instance(addr, os.Getenv("CLIENTS_INSTANCE"))
		return
	}
	redis.SetLogger(quiet{})
	os.Exit(m.Run())
}

type quiet struct{}

func (quiet) Printf(context.Context, string, ...any) {}

type broker struct {
	t       testing.TB
	folder  string
	addr    string
	process *exec.Cmd
}

// A folder of its own and not t.TempDir(), because removing that complains of files which a dying server still writes.
func start(t testing.TB, flags ...string) *broker {
	t.Helper()
	folder, err := os.MkdirTemp("", "brooklet-go-")
	must(t, err)
	b := &broker{t: t, folder: folder}
	t.Cleanup(func() {
		b.kill()
		_ = os.RemoveAll(folder)
	})
	b.serve("0", flags...)
	return b
}

func (b *broker) serve(port string, flags ...string) {
	b.t.Helper()
	server := os.Getenv("BROOKLET")
	if server == "" {
		b.t.Fatal("BROOKLET names no server: start these tests with ./run")
	}
	ready := filepath.Join(b.folder, "ready")
	_ = os.Remove(ready)
	args := append([]string{"--port", port, "--bind", "127.0.0.1", "--dir", filepath.Join(b.folder, "data"),
		"--ready-file", ready, "--exit-with-parent"}, flags...)
	b.process = exec.Command(server, args...)
	b.process.Stderr = io.Discard
	must(b.t, b.process.Start())
	eventually(b.t, "the broker to start", func() bool {
		text, err := os.ReadFile(ready)
		b.addr = strings.TrimSpace(string(text))
		return err == nil && b.addr != ""
	})
}

func (b *broker) kill() {
	if b.process != nil && b.process.ProcessState == nil {
		_ = b.process.Process.Kill()
		_ = b.process.Wait()
	}
}

// Kills the broker and starts it again on the same port and data.
func (b *broker) restart() {
	b.t.Helper()
	b.kill()
	b.serve(b.addr[strings.LastIndex(b.addr, ":")+1:])
}

func (b *broker) options(protocol int) *redis.Options {
	b.t.Helper()
	options, err := redis.ParseURL(fmt.Sprintf("redis://%s/0?protocol=%d", b.addr, protocol))
	must(b.t, err)
	return options
}

func (b *broker) client(protocol int) *redis.Client {
	b.t.Helper()
	return open(b.t, b.options(protocol))
}

func open(t testing.TB, options *redis.Options) *redis.Client {
	t.Helper()
	client := redis.NewClient(options)
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// Runs a scenario once for each protocol, each with a broker of its own.
func both(t *testing.T, scenario func(t *testing.T, b *broker, rdb *redis.Client)) {
	for _, protocol := range []int{2, 3} {
		t.Run(fmt.Sprintf("RESP%d", protocol), func(t *testing.T) {
			t.Parallel()
			b := start(t)
			scenario(t, b, b.client(protocol))
		})
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func equal[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("%s: got %v, want %v", what, got, want)
	}
}

func same[T any](t testing.TB, what string, got, want T) {
	t.Helper()
	equal(t, what, fmt.Sprintf("%v", got), fmt.Sprintf("%v", want))
}

func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited too long for %s", what)
		}
	}
}

// Until so many clients wait in a blocking call.
func (b *broker) waiting(clients int) {
	b.t.Helper()
	rdb := b.client(2)
	eventually(b.t, "blocked clients", func() bool {
		return strings.Contains(rdb.Info(context.Background(), "clients").Val(), fmt.Sprintf("blocked_clients:%d\r\n", clients))
	})
}

// What comes from a channel, or a failure.
func next[T any](t testing.TB, what string, from <-chan T) T {
	t.Helper()
	select {
	case got := <-from:
		return got
	case <-time.After(patience):
		t.Fatalf("waited too long for %s", what)
		panic("unreachable")
	}
}

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
