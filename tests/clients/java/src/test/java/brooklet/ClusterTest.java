package brooklet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.cluster.RedisClusterClient;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.masterreplica.MasterReplica;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.redisson.Redisson;
import org.redisson.config.Config;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.JedisCluster;
import redis.clients.jedis.JedisSentinelPool;
import redis.clients.jedis.StreamEntryID;

/** Clients of a cluster, and of Sentinel, against a single broker. */
@Timeout(30)
class ClusterTest {
    static Broker cluster;
    static Broker watched;

    @BeforeAll
    static void start() {
        cluster = new Broker("--cluster-enabled", "yes");
        watched = new Broker("--sentinel-master-name", "orders");
    }

    @AfterAll
    static void stop() {
        cluster.close();
        watched.close();
    }

    @Test
    void jedisInACluster() {
        try (var jedis = new JedisCluster(Set.of(new HostAndPort("127.0.0.1", cluster.port)), DefaultJedisClientConfig.builder().build())) {
            for (int i = 0; i < 20; i++) jedis.set("jedis" + i, "" + i);
            assertEquals("7", jedis.get("jedis7"));
            jedis.xadd("jedis", StreamEntryID.NEW_ENTRY, Map.of("f", "v"));
            assertEquals(1, jedis.xlen("jedis"));
            assertThrows(RuntimeException.class, () -> jedis.smove("a", "b", "m"));
            assertEquals(1, jedis.getClusterNodes().size());
        }
    }

    @Test
    void jedisFindsAMaster() {
        try (var pool = new JedisSentinelPool("orders", Set.of("127.0.0.1:" + watched.port)); var jedis = pool.getResource()) {
            jedis.set("jedis", "v");
            assertEquals("v", jedis.get("jedis"));
        }
    }

    @Test
    void lettuceInACluster() {
        var client = RedisClusterClient.create(cluster.url());
        try (var connection = client.connect()) {
            for (int i = 0; i < 20; i++) connection.sync().set("lettuce" + i, "" + i);
            assertEquals("7", connection.sync().get("lettuce7"));
            connection.sync().xadd("lettuce", "f", "v");
            assertEquals(1, connection.sync().xlen("lettuce"));
            assertEquals(1, connection.getPartitions().size());
        } finally {
            client.shutdown();
        }
    }

    @Test
    void lettuceFindsAMaster() {
        var client = RedisClient.create();
        var uri = RedisURI.Builder.sentinel("127.0.0.1", watched.port, "orders").build();
        try (var connection = client.connect(uri); var topology = MasterReplica.connect(client, StringCodec.UTF8, uri)) {
            connection.sync().set("lettuce", "v");
            assertEquals("v", topology.sync().get("lettuce"));
        } finally {
            client.shutdown();
        }
    }

    @Test
    void redissonInACluster() throws Exception {
        var config = new Config();
        config.setThreads(4).setNettyThreads(4);
        config.useClusterServers().addNodeAddress(cluster.url());
        var redisson = Redisson.create(config);
        try {
            redisson.getBucket("redisson").set("v");
            assertEquals("v", redisson.getBucket("redisson").get());
            var lock = redisson.getLock("redisson:lock");
            assertTrue(lock.tryLock());
            lock.unlock();
        } finally {
            redisson.shutdown();
        }
    }

    @Test
    void redissonFindsAMaster() throws Exception {
        var config = new Config();
        config.setThreads(4).setNettyThreads(4);
        // It wants to hear of a second sentinel otherwise.
        config.useSentinelServers().setMasterName("orders").setCheckSentinelsList(false).addSentinelAddress(watched.url());
        var redisson = Redisson.create(config);
        try {
            redisson.getBucket("redisson").set("v");
            assertEquals("v", redisson.getBucket("redisson").get());
        } finally {
            redisson.shutdown();
        }
    }
}
