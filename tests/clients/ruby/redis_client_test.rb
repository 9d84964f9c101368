# redis-client, on which redis-rb and Sidekiq stand, in both protocols.
require "redis-client"

module RedisClientScenarios
  def setup
    @broker = Broker.new
    @config = RedisClient.config(url: @broker.url, protocol: self.class::PROTOCOL)
    @redis = @config.new_client
  end

  def teardown
    @redis.close
  end

  def entries(answer)
    answer.is_a?(Hash) ? answer : answer.to_h
  end

  def test_connects
    named = RedisClient.config(url: @broker.url(3), protocol: self.class::PROTOCOL, id: "orders").new_client
    info = named.call("CLIENT", "INFO")
    assert_match(/ name=orders .* db=3 .* resp=#{self.class::PROTOCOL} /, info)
    named.call("SET", "k", "v", px: 60_000, nx: true)
    assert_equal 0, @redis.call("EXISTS", "k")
    error = assert_raises(RedisClient::CommandError) { @redis.call("NOSUCH") }
    assert_match(/\AERR unknown command/, error.message)
    named.close
  end

  def test_types_of_answers
    @redis.call("HSET", "h", {"a" => 1, "b" => "two"})
    @redis.call("ZADD", "z", 1.5, "x")
    answers = [@redis.call("HGETALL", "h"), @redis.call("ZSCORE", "z", "x")]
    assert_equal({2 => [%w[a 1 b two], "1.5"], 3 => [{"a" => "1", "b" => "two"}, 1.5]}[self.class::PROTOCOL], answers)
    assert_nil @redis.call("GET", "none")
    bytes = [0, 255, 13, 10, 128].pack("C*")
    @redis.call("SET", "bytes", bytes)
    assert_equal bytes, @redis.call("GET", "bytes").b
  end

  def test_pipelines_and_transactions
    answers = @redis.pipelined(exception: false) do |pipe|
      500.times { pipe.call("INCR", "n") }
      pipe.call("LPUSH", "n", "x")
    end
    assert_equal [1, 500], [answers[0], answers[499]]
    assert_match(/\AWRONGTYPE/, answers[500].message)
    assert_equal ["OK", "v"], @redis.multi { |tx| tx.call("SET", "k", "v"); tx.call("GET", "k") }
    lost = @redis.multi(watch: ["n"]) do |tx|
      @config.new_client.call("INCR", "n")
      tx.call("INCR", "n")
    end
    assert_nil lost
    assert_equal "501", @redis.call("GET", "n")
  end

  def test_blocking_in_a_pool
    pool = @config.new_pool(size: 4)
    waiting = Array.new(3) { Thread.new { pool.blocking_call(10, "BLPOP", "queue", 10) } }
    eventually("three to wait") { @redis.call("INFO", "clients").include?("blocked_clients:3\r") }
    @redis.call("RPUSH", "queue", "a", "b", "c")
    assert_equal %w[a b c], waiting.map { |thread| thread.value[1] }.sort
    assert_nil pool.blocking_call(1, "BLPOP", "queue", 0.05)
    pool.close
  end

  def test_channels
    sub = @redis.pubsub
    sub.call("SUBSCRIBE", "news")
    sub.call("PSUBSCRIBE", "log.*")
    assert_equal ["subscribe", "news", 1], sub.next_event(5)
    assert_equal ["psubscribe", "log.*", 2], sub.next_event(5)
    other = @config.new_client
    assert_equal 1, other.call("PUBLISH", "news", "hello")
    assert_equal 1, other.call("PUBLISH", "log.error", "bad")
    assert_equal ["message", "news", "hello"], sub.next_event(5)
    assert_equal ["pmessage", "log.*", "log.error", "bad"], sub.next_event(5)
    assert_nil sub.next_event(0.05)
    sub.close
    other.close
  end

  def test_a_group_delivers_each_entry_once
    @redis.call("XGROUP", "CREATE", "orders", "billing", "0", "MKSTREAM")
    ids = Array.new(5) { |n| @redis.call("XADD", "orders", "*", {"n" => n}) }
    got = entries(@redis.call("XREADGROUP", "GROUP", "billing", "alice", "COUNT", 2, "STREAMS", "orders", ">"))
    assert_equal [[ids[0], %w[n 0]], [ids[1], %w[n 1]]], got["orders"]
    rest = entries(@redis.blocking_call(5, "XREADGROUP", "GROUP", "billing", "bob", "BLOCK", 1000, "STREAMS", "orders", ">"))
    assert_equal ids[2..], rest["orders"].map(&:first)
    assert_equal 2, @redis.call("XACK", "orders", "billing", ids[0], ids[1])
    assert_equal 3, @redis.call("XPENDING", "orders", "billing")[0]
  end

  def test_reconnects_to_a_restarted_broker
    redis = RedisClient.config(url: @broker.url, protocol: self.class::PROTOCOL, reconnect_attempts: [0, 0.1, 0.5]).new_client
    redis.call("SET", "k", "kept")
    @broker.restart
    assert_equal "kept", redis.call("GET", "k")
    redis.close
  end
end

module RedisClientTest
  class Resp2 < Minitest::Test
    PROTOCOL = 2
    include RedisClientScenarios
  end

  class Resp3 < Minitest::Test
    PROTOCOL = 3
    include RedisClientScenarios
  end
end
