// go-redis as a client of a cluster, and of Sentinel, against a single broker.
package clients

import (
	"fmt"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
)

func TestGoRedisInACluster(t *testing.T) {
	b := start(t, "--cluster-enabled", "yes")
	for _, protocol := range []int{2, 3} {
		rdb := redis.NewUniversalClient(&redis.UniversalOptions{Addrs: []string{b.addr}, IsClusterMode: true, Protocol: protocol})
		defer rdb.Close()
		must(t, rdb.FlushAll(ctx).Err())
		for i := range 20 {
			must(t, rdb.Set(ctx, fmt.Sprint("k", i), i, 0).Err())
		}
		same(t, "GET", rdb.Get(ctx, "k7").Val(), "7")
		same(t, "DBSIZE", rdb.DBSize(ctx).Val(), int64(20))
		if err := rdb.MGet(ctx, "k1", "k2").Err(); err == nil || !strings.HasPrefix(err.Error(), "CROSSSLOT ") {
			t.Fatalf("MGET of two slots: %v", err)
		}
		add(t, rdb, "s", "f", "v")
		equal(t, "XLEN", rdb.XLen(ctx, "s").Val(), 1)
		_, err := rdb.TxPipelined(ctx, func(tx redis.Pipeliner) error {
			tx.Set(ctx, "{x}a", 1, 0)
			tx.Set(ctx, "{x}b", 2, 0)
			return nil
		})
		must(t, err)
	}
}

func TestGoRedisFindsAMasterByItsName(t *testing.T) {
	b := start(t, "--sentinel-master-name", "orders")
	for _, protocol := range []int{2, 3} {
		rdb := redis.NewUniversalClient(&redis.UniversalOptions{MasterName: "orders", Addrs: []string{b.addr}, Protocol: protocol})
		defer rdb.Close()
		must(t, rdb.Set(ctx, "k", "v", 0).Err())
		same(t, "GET", rdb.Get(ctx, "k").Val(), "v")
	}
}
