// watermill-redisstream, judged by watermill's own suite of what every pub/sub has to do.
package clients

import (
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

	// The suite's own reconnecting compares with a list that it is still writing; so here in short.
	t.Run("OutlivesTwoRestarts", func(t *testing.T) {
		publisher, subscriber := construct(t)
		messages, err := subscriber.Subscribe(ctx, "reconnect")
		must(t, err)
		sent := map[string]bool{}
		for n := range 300 {
			m := message.NewMessage(watermill.NewUUID(), []byte("x"))
			sent[m.UUID] = true
			eventually(t, "a message to be published", func() bool { return publisher.Publish("reconnect", m) == nil })
			if n == 100 || n == 200 {
				b.restart()
			}
		}
		for len(sent) > 0 {
			m := next(t, "a message", messages)
			delete(sent, m.UUID)
			m.Ack()
		}
		must(t, subscriber.Close())
		must(t, publisher.Close())
	})
}
