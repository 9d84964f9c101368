// asynq: forty scripts over lists, sorted sets and hashes, a scheduler, cancelling by pub/sub.
package clients

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
)

type farm struct {
	*testing.T
	rdb    *redis.Client
	client *asynq.Client
	look   *asynq.Inspector
	mux    *asynq.ServeMux
}

// A client, an inspector and the routes of a server, which `serve` starts.
func asynqFarm(t *testing.T, scenario func(f *farm)) {
	both(t, func(t *testing.T, b *broker, rdb *redis.Client) {
		scenario(&farm{t, rdb, asynq.NewClientFromRedisClient(rdb), asynq.NewInspectorFromRedisClient(rdb), asynq.NewServeMux()})
	})
}

func (f *farm) serve(change func(*asynq.Config)) *asynq.Server {
	f.Helper()
	config := asynq.Config{
		Concurrency:              4,
		TaskCheckInterval:        10 * time.Millisecond,
		DelayedTaskCheckInterval: 50 * time.Millisecond,
		ShutdownTimeout:          300 * time.Millisecond,
		LogLevel:                 asynq.FatalLevel,
		RetryDelayFunc:           func(int, error, *asynq.Task) time.Duration { return 100 * time.Millisecond },
	}
	if change != nil {
		change(&config)
	}
	server := asynq.NewServerFromRedisClient(f.rdb, config)
	must(f, server.Start(f.mux))
	return server
}

func (f *farm) enqueue(kind, payload string, options ...asynq.Option) *asynq.TaskInfo {
	f.Helper()
	info, err := f.client.Enqueue(asynq.NewTask(kind, []byte(payload)), options...)
	must(f, err)
	return info
}

func (f *farm) queue(name string) *asynq.QueueInfo {
	f.Helper()
	info, err := f.look.GetQueueInfo(name)
	must(f, err)
	return info
}

func TestAsynqProcessesNowAndLater(t *testing.T) {
	asynqFarm(t, func(f *farm) {
		done := make(chan string, 200)
		f.mux.HandleFunc("mail", func(_ context.Context, task *asynq.Task) error {
			_, err := task.ResultWriter().Write([]byte("sent " + string(task.Payload())))
			done <- string(task.Payload())
			return err
		})
		kept := f.enqueue("mail", "kept", asynq.Retention(time.Hour))
		began := time.Now()
		f.enqueue("mail", "later", asynq.ProcessIn(2*time.Second)) // rounded to seconds
		f.enqueue("mail", "once", asynq.Unique(time.Minute))
		if _, err := f.client.Enqueue(asynq.NewTask("mail", []byte("once")), asynq.Unique(time.Minute)); !errors.Is(err, asynq.ErrDuplicateTask) {
			f.Fatalf("a second of its kind: %v", err)
		}
		f.enqueue("mail", "named", asynq.TaskID("mine"))
		if _, err := f.client.Enqueue(asynq.NewTask("mail", nil), asynq.TaskID("mine")); !errors.Is(err, asynq.ErrTaskIDConflict) {
			f.Fatalf("a second of its name: %v", err)
		}
		for n := range 100 {
			f.enqueue("mail", fmt.Sprint(n))
		}
		info := f.queue("default")
		same(f, "pending and scheduled", []int{info.Pending, info.Scheduled, info.Size}, []int{103, 1, 104})
		if info.MemoryUsage == 0 {
			f.Fatal("the queue takes no memory")
		}
		server := f.serve(nil)
		defer server.Shutdown()
		var order []string
		for range 104 {
			order = append(order, next(f, "a task", done))
		}
		equal(f, "the last", order[103], "later")
		if took := time.Since(began); took < 900*time.Millisecond {
			f.Fatalf("the later one came after %v", took)
		}
		eventually(f, "the bookkeeping", func() bool { info := f.queue("default"); return info.ProcessedTotal == 104 && info.Active == 0 })
		finished, err := f.look.GetTaskInfo("default", kept.ID)
		must(f, err)
		same(f, "the kept one", []any{finished.State, string(finished.Result)}, []any{asynq.TaskStateCompleted, "sent kept"})
		servers, err := f.look.Servers()
		must(f, err)
		same(f, "servers", []any{len(servers), servers[0].Status, servers[0].Concurrency}, []any{1, "active", 4})
	})
}

func TestAsynqRetriesAndArchives(t *testing.T) {
	asynqFarm(t, func(f *farm) {
		tries := make(chan int, 20)
		f.mux.HandleFunc("flaky", func(ctx context.Context, task *asynq.Task) error {
			n, _ := asynq.GetRetryCount(ctx)
			tries <- n
			if n < 2 {
				return errors.New("not yet")
			}
			return nil
		})
		f.mux.HandleFunc("broken", func(context.Context, *asynq.Task) error { return errors.New("never") })
		f.mux.HandleFunc("hopeless", func(context.Context, *asynq.Task) error { return fmt.Errorf("no: %w", asynq.SkipRetry) })
		f.mux.HandleFunc("slow", func(ctx context.Context, _ *asynq.Task) error { <-ctx.Done(); return ctx.Err() })
		f.mux.HandleFunc("panics", func(context.Context, *asynq.Task) error { panic("oh") })
		f.enqueue("flaky", "")
		broken := f.enqueue("broken", "", asynq.MaxRetry(1))
		f.enqueue("hopeless", "")
		f.enqueue("slow", "", asynq.Timeout(time.Second), asynq.MaxRetry(0))
		f.enqueue("panics", "", asynq.MaxRetry(0))
		server := f.serve(nil)
		defer server.Shutdown()
		for want := range 3 {
			equal(f, "try", next(f, "a try", tries), want)
		}
		eventually(f, "four to be archived", func() bool { return f.queue("default").Archived == 4 })
		info, err := f.look.GetTaskInfo("default", broken.ID)
		must(f, err)
		same(f, "the broken one", []any{info.State, info.Retried, info.LastErr}, []any{asynq.TaskStateArchived, 1, "never"})
		must(f, f.look.RunTask("default", broken.ID))
		eventually(f, "it to fail once more", func() bool { return f.queue("default").Archived == 4 && f.queue("default").FailedTotal == 8 })
		deleted, err := f.look.DeleteAllArchivedTasks("default")
		must(f, err)
		equal(f, "deleted", deleted, 4)
	})
}

func TestAsynqQueuesPausesAndCancels(t *testing.T) {
	asynqFarm(t, func(f *farm) {
		done := make(chan string, 100)
		running := make(chan string, 1)
		f.mux.HandleFunc("work", func(ctx context.Context, task *asynq.Task) error { done <- string(task.Payload()); return nil })
		f.mux.HandleFunc("endless", func(ctx context.Context, task *asynq.Task) error {
			id, _ := asynq.GetTaskID(ctx)
			running <- id
			<-ctx.Done()
			done <- "cancelled"
			return asynq.SkipRetry
		})
		for n := range 5 {
			f.enqueue("work", fmt.Sprint("low-", n), asynq.Queue("low"))
			f.enqueue("work", fmt.Sprint("high-", n), asynq.Queue("high"))
		}
		f.enqueue("work", "paused", asynq.Queue("stopped"))
		must(f, f.look.PauseQueue("stopped"))
		server := f.serve(func(c *asynq.Config) {
			c.Concurrency, c.StrictPriority = 1, true
			c.Queues = map[string]int{"high": 3, "low": 2, "stopped": 1}
		})
		defer server.Shutdown()
		var order []string
		for range 10 {
			order = append(order, next(f, "a task", done))
		}
		same(f, "order", order, []string{"high-0", "high-1", "high-2", "high-3", "high-4", "low-0", "low-1", "low-2", "low-3", "low-4"})
		equal(f, "paused", f.queue("stopped").Paused && f.queue("stopped").Pending == 1, true)
		must(f, f.look.UnpauseQueue("stopped"))
		equal(f, "the paused one", next(f, "the paused one", done), "paused")
		f.enqueue("endless", "", asynq.Queue("high"))
		id := next(f, "the endless one", running)
		// The listener of a server subscribes in its own time; a second word does no harm.
		eventually(f, "the end of the endless one", func() bool {
			must(f, f.look.CancelProcessing(id))
			return len(done) > 0
		})
		queues, err := f.look.Queues()
		must(f, err)
		slices.Sort(queues)
		same(f, "queues", queues, []string{"high", "low", "stopped"})
	})
}

func TestAsynqSchedulesAndGroups(t *testing.T) {
	asynqFarm(t, func(f *farm) {
		done := make(chan string, 100)
		f.mux.HandleFunc("tick", func(_ context.Context, task *asynq.Task) error { done <- "tick"; return nil })
		f.mux.HandleFunc("batch", func(_ context.Context, task *asynq.Task) error { done <- string(task.Payload()); return nil })
		server := f.serve(func(c *asynq.Config) {
			c.GroupGracePeriod, c.GroupMaxSize = time.Second, 3
			c.GroupAggregator = asynq.GroupAggregatorFunc(func(group string, tasks []*asynq.Task) *asynq.Task {
				return asynq.NewTask("batch", fmt.Appendf(nil, "%s of %d", group, len(tasks)))
			})
		})
		defer server.Shutdown()
		for range 5 {
			f.enqueue("single", "", asynq.Group("mails"))
		}
		same(f, "batches", []string{next(f, "a full batch", done), next(f, "the rest", done)}, []string{"mails of 3", "mails of 2"})
		scheduler := asynq.NewSchedulerFromRedisClient(f.rdb, &asynq.SchedulerOpts{LogLevel: asynq.FatalLevel})
		_, err := scheduler.Register("@every 1s", asynq.NewTask("tick", nil))
		must(f, err)
		must(f, scheduler.Start())
		equal(f, "a tick", next(f, "a tick", done), "tick")
		equal(f, "a tick", next(f, "another tick", done), "tick")
		scheduler.Shutdown()
	})
}

// What a server had in hand when it was told to go is another's.
func TestAsynqHandsOverAtShutdown(t *testing.T) {
	asynqFarm(t, func(f *farm) {
		begun, done := make(chan bool, 1), make(chan bool, 1)
		first := true
		f.mux.HandleFunc("long", func(ctx context.Context, _ *asynq.Task) error {
			if first {
				first = false
				begun <- true
				time.Sleep(2 * time.Second)
				return ctx.Err()
			}
			done <- true
			return nil
		})
		f.enqueue("long", "")
		server := f.serve(nil)
		next(f, "the task", begun)
		server.Shutdown()
		equal(f, "pending again", f.queue("default").Pending, 1)
		other := f.serve(nil)
		defer other.Shutdown()
		next(f, "the task at another", done)
	})
}
