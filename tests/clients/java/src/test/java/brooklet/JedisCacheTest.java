package brooklet;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.RedisClient;
import redis.clients.jedis.csc.CacheConfig;

/** Jedis keeps what it read, until the broker says that it changed. */
@Timeout(20)
class JedisCacheTest {
    @Test
    void whatOthersChangeIsForgotten() {
        try (var broker = new Broker();
            var writer = RedisClient.create("127.0.0.1", broker.port);
            var cached = RedisClient.builder().hostAndPort("127.0.0.1", broker.port)
                .clientConfig(DefaultJedisClientConfig.builder().resp3().build())
                .cacheConfig(CacheConfig.builder().maxSize(100).build()).build()) {
            writer.set("k", "old");
            assertEquals("old", cached.get("k"));
            assertEquals("old", cached.get("k"));
            assertEquals(1, cached.getCache().getStats().getHitCount());
            writer.set("k", "new");
            Broker.eventually(() -> cached.get("k").equals("new"));
        }
    }
}
