# A broker process for the tests: its own folder, a free port, killed at the end. And workers, and waiting.
require "fileutils"
require "tmpdir"

class Broker
  attr_reader :port

  def initialize
    @folder = Dir.mktmpdir("brooklet-ruby-")
    serve(0)
    Minitest.after_run { stop }
  end

  def url(database = 0)
    "redis://127.0.0.1:#{@port}/#{database}"
  end

  # Kills it and starts it again on the same port and data.
  def restart
    kill
    serve(@port)
  end

  private

  def serve(port)
    ready = File.join(@folder, "ready")
    FileUtils.rm_f(ready)
    @pid = spawn(ENV.fetch("BROOKLET"), "--port", port.to_s, "--bind", "127.0.0.1", "--dir", File.join(@folder, "data"),
      "--ready-file", ready, "--exit-with-parent", in: :close, out: File::NULL, err: File::NULL)
    @port = eventually("the broker to start") { File.exist?(ready) && File.read(ready)[/:(\d+)\s*\z/, 1] }.to_i
  end

  def kill
    Process.kill(:KILL, @pid)
    Process.wait(@pid)
  end

  def stop
    kill
    FileUtils.rm_rf(@folder)
  end
end

# The first true answer of the block.
def eventually(what, patience = 20)
  deadline = Process.clock_gettime(Process::CLOCK_MONOTONIC) + patience
  until (found = yield)
    raise Minitest::Assertion, "waited too long for #{what}" if Process.clock_gettime(Process::CLOCK_MONOTONIC) > deadline

    sleep 0.01
  end
  found
end
