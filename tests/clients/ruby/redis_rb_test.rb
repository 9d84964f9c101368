# redis-rb, which always speaks RESP2.
require "redis"

module RedisRbTest
  class Resp2 < Minitest::Test
    def setup
      @broker = Broker.new
      @redis = Redis.new(url: @broker.url)
    end

    def teardown
      @redis.close
    end

    def test_connects
      assert_equal "PONG", @redis.ping
      assert_operator Gem::Version.new(@redis.info["redis_version"]), :>=, Gem::Version.new("7.0.0")
      Redis.new(url: @broker.url(3)).set("k", "in three")
      refute @redis.exists?("k")
      assert_raises(Redis::CommandError) { @redis.call("NOSUCH") }
    end

    def test_a_group_delivers_each_entry_once
      @redis.xgroup(:create, "orders", "billing", "0", mkstream: true)
      busy = assert_raises(Redis::CommandError) { @redis.xgroup(:create, "orders", "billing", "0") }
      assert_equal "BUSYGROUP Consumer Group name already exists", busy.message[/\A[^(]*/].strip
      ids = Array.new(10) { |n| @redis.xadd("orders", {"n" => n}, approximate: true, maxlen: 1000) }
      got = @redis.xreadgroup("billing", "alice", "orders", ">", count: 4)["orders"]
      assert_equal [ids[0], {"n" => "0"}], got[0]
      assert_equal ids[..3], got.map(&:first)
      assert_equal ids[4..], @redis.xreadgroup("billing", "bob", "orders", ">")["orders"].map(&:first)
      assert_empty @redis.xreadgroup("billing", "bob", "orders", ">")
      assert_equal 3, @redis.xack("orders", "billing", *ids[..2])
      assert_equal 7, @redis.xpending("orders", "billing")["size"]
      assert_equal [7, 0], @redis.xinfo(:groups, "orders")[0].values_at("pending", "lag")
    end

    def test_an_abandoned_entry_is_claimed
      @redis.xgroup(:create, "orders", "billing", "0", mkstream: true)
      ids = Array.new(3) { |n| @redis.xadd("orders", {"n" => n}) }
      @redis.xreadgroup("billing", "crashed", "orders", ">")
      sleep 0.02
      assert_equal [ids[0]], @redis.xclaim("orders", "billing", "heir", 10, ids[0], justid: true)
      claimed = @redis.xautoclaim("orders", "billing", "heir", 10, ids[1])
      assert_equal ["0-0", ids[1..]], [claimed["next"], claimed["entries"].map(&:first)]
      assert_equal ["heir"], @redis.xpending("orders", "billing", "-", "+", 10).map { |p| p["consumer"] }.uniq
    end

    def test_blocking_reads
      waiting = Thread.new { Redis.new(url: @broker.url).xread("orders", "$", block: 10_000) }
      eventually("the reader to wait") { @redis.info("clients")["blocked_clients"] == "1" }
      id = @redis.xadd("orders", {"f" => "v"})
      assert_equal({"orders" => [[id, {"f" => "v"}]]}, waiting.value)
      assert_empty @redis.xread("orders", "$", block: 50)
      waiting = Thread.new { Redis.new(url: @broker.url).blpop("queue", timeout: 10) }
      eventually("the worker to wait") { @redis.info("clients")["blocked_clients"] == "1" }
      @redis.rpush("queue", "job")
      assert_equal %w[queue job], waiting.value
    end

    def test_locks_with_set_nx
      assert @redis.set("lock", "me", nx: true, px: 60_000)
      refute @redis.set("lock", "you", nx: true, px: 60_000)
      release = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) else return 0 end"
      assert_equal 0, @redis.eval(release, ["lock"], ["you"])
      @redis.pexpire("lock", 50)
      eventually("the expiry") { @redis.set("lock", "you", nx: true, px: 60_000) }
      assert_equal 1, @redis.eval(release, ["lock"], ["you"])
    end

    def test_transactions_see_who_came_between
      other = Redis.new(url: @broker.url)
      @redis.set("n", 1)
      take = -> { @redis.watch("n") { |c| n = c.get("n").to_i; yield_between(other); c.multi { |tx| tx.set("n", n + 1) } } }
      @between = true
      assert_nil take.call
      assert_equal ["OK"], take.call
      assert_equal "42", @redis.get("n")
    end

    def yield_between(other)
      other.set("n", 41) if @between
      @between = false
    end

    def test_pipelines
      ids = @redis.pipelined { |pipe| 1000.times { |n| pipe.xadd("s", {"n" => n}) } }
      assert_equal 1000, ids.uniq.size
      assert_raises(Redis::CommandError) { @redis.pipelined { |pipe| pipe.set("k", "v"); pipe.incr("k"); pipe.set("last", 1) } }
      assert_equal "1", @redis.get("last")
    end

    def test_scripts
      sha = @redis.script(:load, "return redis.call('INCRBY', KEYS[1], ARGV[1])")
      assert_equal [2, 5], [@redis.evalsha(sha, ["n"], [2]), @redis.evalsha(sha, keys: ["n"], argv: [3])]
      assert @redis.script(:exists, sha)
      @redis.script(:flush)
      assert_match(/\ANOSCRIPT/, assert_raises(Redis::CommandError) { @redis.evalsha(sha, ["n"], [2]) }.message)
    end

    def test_channels
      got = Queue.new
      listener = Thread.new do
        Redis.new(url: @broker.url).psubscribe("news.*") do |on|
          on.psubscribe { got << :listens }
          on.pmessage { |pattern, channel, message| got << [pattern, channel, message] }
        end
      end
      assert_equal :listens, got.pop
      assert_equal 1, @redis.publish("news.today", "hello")
      assert_equal ["news.*", "news.today", "hello"], got.pop
      listener.kill
    end

    def test_lists_hashes_sorted_sets
      @redis.zadd("delayed", [[1, "now"], [100.5, "later"]])
      assert_equal [["now", 1.0], ["later", 100.5]], @redis.zrange("delayed", 0, 200, by_score: true, with_scores: true)
      assert_equal ["delayed", "now", 1.0], @redis.bzpopmin("delayed", timeout: 1)
      @redis.mapped_hmset("job", {"state" => "new", "tries" => 1})
      assert_equal({"state" => "new", "tries" => "1"}, @redis.hgetall("job"))
      @redis.rpush("queue", %w[a b])
      assert_equal "a", @redis.blmove("queue", "doing", "LEFT", "RIGHT", timeout: 1)
      300.times { |n| @redis.sadd("set", n) }
      assert_equal 300, @redis.sscan_each("set", count: 50).to_a.uniq.size
    end
  end
end
