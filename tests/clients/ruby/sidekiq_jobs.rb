# What a Sidekiq worker runs. It notes what it did in the broker.
require "sidekiq"

Sidekiq.configure_server do |config|
  config.redis = {url: ENV.fetch("BROKER_URL")}
  config[:poll_interval_average] = 0.2
end

def note(list, what)
  Sidekiq.redis { |redis| redis.call("RPUSH", list, what) }
end

class Add
  include Sidekiq::Job
  def perform(list, number)
    note(list, number.to_s)
  end
end

# Fails until its last try of `good_at`.
class Flaky
  include Sidekiq::Job
  sidekiq_options retry: 3
  sidekiq_retry_in { 1 }

  def perform(list, good_at)
    tries = Sidekiq.redis { |redis| redis.call("INCR", "tries:#{jid}") }
    note(list, "try #{tries}")
    raise "not yet" if tries < good_at
  end
end

# Fails, and rests for an hour.
class Broken
  include Sidekiq::Job
  sidekiq_options backtrace: 5
  sidekiq_retry_in { 3600 }

  def perform(which)
    note("broken", which)
    raise ArgumentError, "broken on purpose, #{which}"
  end
end

# Has only one try.
class Hopeless
  include Sidekiq::Job
  sidekiq_options retry: 0
  sidekiq_retries_exhausted { |job, error| note("exhausted", "#{job["args"][0]}: #{error.message}") }

  def perform(which)
    raise "no hope for #{which}"
  end
end

class Long
  include Sidekiq::Job
  sidekiq_options queue: "long"

  def perform(seconds)
    note("begun", jid)
    sleep seconds
    note("ended", jid)
  end
end

# In steps, which go on where they were when the worker is told to go.
class Steps
  include Sidekiq::IterableJob
  sidekiq_options queue: "steps"

  def build_enumerator(count, cursor:)
    array_enumerator((1..count).to_a, cursor: cursor)
  end

  def each_iteration(number, _count)
    note("steps", number.to_s)
    sleep 0.02
  end
end
