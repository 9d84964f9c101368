package brooklet;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.Parameter;
import org.redisson.Redisson;
import org.redisson.api.RedissonClient;
import org.redisson.client.codec.StringCodec;
import org.redisson.config.Config;
import org.redisson.config.Protocol;

/** Two nodes of an application: clients that share nothing but the broker. */
abstract class RedissonKit {
    static Broker broker;

    @Parameter
    Protocol protocol;

    RedissonClient one;
    RedissonClient two;

    @BeforeAll
    static void start() {
        broker = new Broker();
    }

    @AfterAll
    static void stop() {
        broker.close();
    }

    @BeforeEach
    void connect() {
        one = node();
        two = node();
        one.getKeys().flushall();
    }

    @AfterEach
    void disconnect() {
        one.shutdown();
        two.shutdown();
    }

    RedissonClient node() {
        var config = new Config();
        config.setProtocol(protocol).setCodec(StringCodec.INSTANCE).setThreads(4).setNettyThreads(4).setLockWatchdogTimeout(900);
        config.useSingleServer().setAddress(broker.url()).setConnectionMinimumIdleSize(2).setConnectionPoolSize(8)
            .setSubscriptionConnectionPoolSize(4);
        return Redisson.create(config);
    }
}
