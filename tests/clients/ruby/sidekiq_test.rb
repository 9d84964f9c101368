# Sidekiq: a real worker process and the interface its users look at it with. It speaks RESP3 only.
require "sidekiq/api"
require "sidekiq/metrics/query"
require "sidekiq_jobs"
require "tempfile"

class SidekiqWorker
  PROGRAM = File.join($LOAD_PATH.grep(%r{/sidekiq-[^/]*/lib\z}).first, "../bin/sidekiq")
  attr_reader :pid

  def initialize(url, *flags)
    @log = Tempfile.new("sidekiq")
    @pid = spawn({"BROKER_URL" => url}, RbConfig.ruby, "-W0", PROGRAM, "-r", File.join(__dir__, "sidekiq_jobs.rb"),
      "-e", "test", *flags, in: :close, out: @log.path, err: @log.path)
    Minitest.after_run { kill }
  end

  def signal(name)
    Process.kill(name, @pid)
  end

  def ended
    eventually("the worker to end") { Process.wait(@pid, Process::WNOHANG) }
    @pid = nil
  end

  def kill
    return unless @pid

    signal(:KILL)
    Process.wait(@pid)
    @pid = nil
  end
end

module SidekiqTest
  class Resp3 < Minitest::Test
    def self.broker
      @broker ||= Broker.new.tap do |broker|
        Sidekiq.configure_client { |config| config.redis = {url: broker.url} }
        Sidekiq.default_configuration.logger.level = Logger::FATAL
      end
    end

    def setup
      @url = self.class.broker.url
      call("FLUSHALL")
    end

    def teardown
      @workers&.each(&:kill)
    end

    def call(*command)
      Sidekiq.redis { |redis| redis.call(*command) }
    end

    def noted(list)
      call("LRANGE", list, 0, -1)
    end

    # Four threads, and three seconds to end in: an idle one waits for two in BRPOP, and could take what is pushed back.
    def worker(*flags)
      flags = %w[-q default] if flags.empty?
      (@workers ||= []) << SidekiqWorker.new(@url, "-c", "4", "-t", "3", *flags)
      @workers.last
    end

    def stop(worker)
      worker.signal(:TERM)
      worker.ended
    end

    def test_every_job_of_many_runs_once
      running = worker
      200.times { |n| Add.perform_async("done", n) }
      Add.perform_bulk((200...400).map { |n| ["done", n] })
      eventually("400 jobs") { noted("done").size >= 400 }
      assert_equal (0...400).map(&:to_s), noted("done").sort_by(&:to_i)
      stop(running)
      stats = Sidekiq::Stats.new
      assert_equal [400, 0, 0, 0], [stats.processed, stats.failed, stats.enqueued, stats.retry_size]
      assert_equal [400, 0], [Sidekiq::Stats::History.new(1).processed.values.sum, Sidekiq::Stats::History.new(1).failed.values.sum]
    end

    def test_a_queue_is_looked_at_before_anybody_works
      jids = Array.new(3) { |n| Add.perform_async("done", n) }
      Add.set(queue: "other").perform_async("done", 9)
      queue = Sidekiq::Queue.new
      assert_equal [3, 2], [queue.size, Sidekiq::Queue.all.size]
      assert_equal jids.reverse, queue.map(&:jid)
      assert_operator queue.latency, :<, 60
      job = queue.find_job(jids[1])
      assert_equal ["Add", ["done", 1]], [job.klass, job.args]
      assert job.delete
      assert_equal({"default" => 2, "other" => 1}, Sidekiq::Stats.new.queues)
      running = worker("-q", "other", "-q", "default")
      eventually("the rest") { noted("done").size == 3 }
      assert_equal %w[9 0 2].sort, noted("done").sort
      queue.clear
      stop(running)
    end

    def test_jobs_of_later
      Add.perform_in(3600, "done", 99)
      Add.perform_at(Time.now + 1.5, "done", 1)
      scheduled = Sidekiq::ScheduledSet.new
      assert_equal 2, scheduled.size
      began = Time.now
      worker
      eventually("the job of later") { noted("done") == %w[1] }
      assert_operator Time.now - began, :>=, 1.3
      late = scheduled.first
      assert_in_delta Time.now + 3600, late.at, 30
      late.reschedule(Time.now + 7200)
      assert_in_delta Time.now + 7200, scheduled.first.at, 30
      scheduled.first.add_to_queue
      eventually("the job that was asked for") { noted("done") == %w[1 99] }
      assert_equal 0, scheduled.size
    end

    def test_a_failed_job_is_tried_again
      worker
      Flaky.perform_async("flaky", 2)
      # It adds up to ten seconds to each pause.
      eventually("the second try", 30) { noted("flaky") == ["try 1", "try 2"] }
      eventually("an empty retry set") { Sidekiq::RetrySet.new.size.zero? }
    end

    def test_failed_jobs_are_looked_at_and_asked_for_again
      worker
      jids = [Broken.perform_async("first"), Broken.perform_async("second")]
      retries = Sidekiq::RetrySet.new
      eventually("two to fail") { retries.size == 2 }
      job = retries.find_job(jids[0])
      assert_equal ["ArgumentError", "broken on purpose, first", 0], %w[error_class error_message retry_count].map { |k| job[k] }
      refute_empty job.error_backtrace
      assert_in_delta Time.now + 3600, job.at, 60
      # It goes on until the set is empty, so what fails fast enough is tried more than once more.
      retries.retry_all
      eventually("two more tries") { noted("broken").size >= 4 }
      eventually("two to fail again") { retries.size == 2 }
      retries.kill_all
      dead = Sidekiq::DeadSet.new
      assert_equal [0, 2, jids.sort], [retries.size, Sidekiq::Stats.new.dead_size, dead.map(&:jid).sort]
      dead.find_job(jids[1]).delete
      assert_equal [jids[0]], dead.scan("first").map(&:jid)
      call("DEL", "broken")
      dead.find_job(jids[0]).retry
      eventually("it to come back from the dead") { noted("broken") == %w[first] && retries.size == 1 }
      dead.clear
      assert_equal 0, dead.size
    end

    def test_a_job_without_tries_is_dead
      worker
      jid = Hopeless.perform_async("this one")
      dead = Sidekiq::DeadSet.new
      eventually("it to die") { dead.size == 1 }
      eventually("the last words") { noted("exhausted") == ["this one: no hope for this one"] }
      assert_equal [jid, "RuntimeError", 0], [dead.first.jid, dead.first["error_class"], Sidekiq::RetrySet.new.size]
    end

    def test_what_was_not_finished_at_term_is_queued_again
      first = worker("-q", "long")
      jids = [Long.perform_async(60), Long.perform_async(60)]
      eventually("both to begin") { noted("begun").size == 2 }
      stop(first)
      queue = Sidekiq::Queue.new("long")
      assert_equal jids.sort, queue.map(&:jid).sort
      assert_empty noted("ended")
      worker("-q", "long")
      eventually("another to take them") { noted("begun").size == 4 }
      assert_equal 0, queue.size
    end

    # What a process tells of itself and reads of what it is told, it does every ten seconds.
    def test_processes_are_seen_measured_and_told_to_go
      running = worker("-q", "long", "--tag", "billing")
      jid = Long.perform_async(1.5)
      processes = Sidekiq::ProcessSet.new
      eventually("the process") { processes.size == 1 }
      process = processes.first
      assert_equal [running.pid, 4, ["long"], "billing"], [process["pid"], process["concurrency"], process.queues, process.tag]
      eventually("the job to begin") { noted("begun") == [jid] }
      process.quiet!
      # Who is quiet ends what it has, and takes nothing more.
      eventually("it to be quiet", 30) { processes.first&.stopping? }
      assert_equal [jid], noted("ended")
      Long.perform_async(0)
      sleep 0.3
      assert_equal [jid], noted("begun")
      measured = Sidekiq::Metrics::Query.new.for_job("Long", minutes: 5).job_results["Long"]
      assert_equal [1, 1], [measured.totals["p"], measured.hist.values.flatten.sum]
      stop(running)
      assert_equal 0, processes.size
      assert_equal 1, Sidekiq::Queue.new("long").size
    end

    def test_a_job_in_steps_goes_on_where_it_was
      first = worker("-q", "steps")
      Steps.perform_async(60)
      eventually("some steps") { noted("steps").size > 10 }
      stop(first)
      before = noted("steps").size
      assert_operator before, :<, 60
      worker("-q", "steps")
      eventually("the rest") { noted("steps").last == "60" }
      assert_equal (1..60).map(&:to_s), noted("steps")
    end

    def test_a_worker_outlives_the_broker
      worker
      Add.perform_async("done", 1)
      eventually("the first job") { noted("done") == %w[1] }
      self.class.broker.restart
      eventually("the client to connect again") { Add.perform_async("done", 2) rescue nil }
      eventually("the second job") { noted("done").include?("2") }
    end

    def test_weighted_queues
      60.times { |n| Add.set(queue: n.even? ? "often" : "seldom").perform_async("done", n) }
      worker("-q", "often,3", "-q", "seldom,1")
      eventually("both queues") { noted("done").size == 60 }
      assert_equal 60, noted("done").uniq.size
    end
  end
end
