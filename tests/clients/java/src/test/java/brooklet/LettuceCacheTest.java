package brooklet;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.lettuce.core.RedisClient;
import io.lettuce.core.TrackingArgs;
import io.lettuce.core.support.caching.CacheAccessor;
import io.lettuce.core.support.caching.ClientSideCaching;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Lettuce keeps what it read, until the broker says that it changed: a push message, so in RESP3 only. */
@Timeout(20)
class LettuceCacheTest {
    @Test
    void whatOthersChangeIsForgotten() {
        Map<String, String> local = new ConcurrentHashMap<>();
        try (var broker = new Broker()) {
            var client = RedisClient.create(broker.url());
            var writer = client.connect().sync();
            writer.set("k", "old");
            try (var cache = ClientSideCaching.enable(CacheAccessor.forMap(local), client.connect(), TrackingArgs.Builder.enabled())) {
                assertEquals("old", cache.get("k"));
                assertEquals(Map.of("k", "old"), local);
                writer.set("k", "new");
                Broker.eventually(local::isEmpty);
                assertEquals("new", cache.get("k"));
            }
            client.shutdown(0, 2, TimeUnit.SECONDS);
        }
    }
}
