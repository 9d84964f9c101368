// watermill-redisstream, judged by watermill's own suite of what every pub/sub has to do.
package clients

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill-redisstream/pkg/redisstream"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/pubsub/tests"
)

func TestWatermill(t *testing.T) {
	b := start(t)
	features := tests.Features{
		ConsumerGroups:                      true,
		GuaranteedOrderWithSingleSubscriber: true,
		Persistent:                          true,
		NewSubscriberReceivesOldMessages:    true,
		ForceShort:                          true, // The long form is for clusters of machines.
	}
	withGroup := func(t *testing.T, group string) (message.Publisher, message.Subscriber) {
		options := b.options(3)
		options.ReadTimeout = -1
		options.PoolTimeout = time.Minute
		client := open(t, options)
		publisher, err := redisstream.NewPublisher(redisstream.PublisherConfig{Client: client}, watermill.NopLogger{})
		must(t, err)
		subscriber, err := redisstream.NewSubscriber(redisstream.SubscriberConfig{
			Client:        open(t, options),
			Consumer:      watermill.NewShortUUID(),
			ConsumerGroup: group,
			BlockTime:     10 * time.Millisecond,
			ClaimInterval: 500 * time.Millisecond,
			MaxIdleTime:   time.Second,
		}, watermill.NopLogger{})
		must(t, err)
		return publisher, subscriber
	}
	construct := func(t *testing.T) (message.Publisher, message.Subscriber) {
		return withGroup(t, watermill.NewShortUUID())
	}
	tests.TestPubSub(t, features, construct, withGroup)

	// The suite asks for restarts by a command; it leaves a file here, and the broker is killed and started again.
	t.Run("Reconnect", func(t *testing.T) {
		wish := filepath.Join(b.folder, "restart")
		features.RestartServiceCommand = []string{"touch", wish}
		stop := make(chan struct{})
		stopped := make(chan struct{})
		go func() {
			defer close(stopped)
			for {
				select {
				case <-stop:
					return
				case <-time.After(20 * time.Millisecond):
				}
				if os.Remove(wish) == nil {
					b.restart()
				}
			}
		}()
		tests.TestReconnect(t, tests.TestContext{TestID: tests.NewTestID(), Features: features}, construct)
		close(stop)
		<-stopped
	})
}
