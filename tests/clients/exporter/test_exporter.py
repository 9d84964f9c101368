"""What the stock dashboard of redis_exporter shows, with the real exporter between the broker and the test."""

import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
import unittest
import urllib.request

# The panels of the dashboard that comes with the exporter, and the variable it begins with.
BOARD = """
redis_up redis_uptime_in_seconds redis_connected_clients redis_blocked_clients redis_memory_used_bytes
redis_memory_max_bytes redis_memory_used_rss_bytes redis_commands_total redis_commands_duration_seconds_total
redis_keyspace_hits_total redis_keyspace_misses_total redis_net_input_bytes_total redis_net_output_bytes_total
redis_db_keys redis_db_keys_expiring redis_expired_keys_total redis_evicted_keys_total redis_connected_slaves
""".split()
# What its alerts and other boards ask for.
MORE = """
redis_instance_info redis_start_time_seconds redis_config_maxclients redis_config_maxmemory redis_rdb_last_bgsave_status
redis_aof_last_write_status redis_rdb_changes_since_last_save redis_rejected_connections_total
redis_mem_fragmentation_ratio redis_slowlog_length redis_slowlog_last_id redis_errors_total
redis_commands_failed_calls_total redis_commands_rejected_calls_total redis_latency_percentiles_usec
redis_latency_spike_last redis_latency_spike_duration_seconds redis_cpu_user_seconds_total redis_cpu_sys_seconds_total
redis_replica_partial_resync_accepted redis_stream_length redis_stream_groups redis_stream_radix_tree_keys
redis_stream_group_consumers redis_stream_group_messages_pending redis_stream_group_consumer_messages_pending
redis_total_system_memory_bytes redis_pubsub_channels
""".split()

SAMPLE = re.compile(r'^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def wait_for(what, holds):
    deadline = time.monotonic() + 20
    while not holds():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited too long for {what}")
        time.sleep(0.02)


class Scrape:
    def __init__(self, text):
        self.samples = {}
        for line in text.splitlines():
            if line and not line.startswith("#"):
                name, labels, value = SAMPLE.match(line).groups()
                self.samples.setdefault(name, []).append((dict(LABEL.findall(labels or "")), float(value)))

    def value(self, name, **labels):
        found = [value for has, value in self.samples.get(name, []) if labels.items() <= has.items()]
        if len(found) != 1:
            raise AssertionError(f"{name} {labels}: {found}")
        return found[0]


class ExporterTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="brooklet-exporter-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, True)
        ready = os.path.join(cls.folder, "ready")
        cls.start(os.environ["BROOKLET"], "--port", "0", "--bind", "127.0.0.1", "--dir", cls.folder + "/data",
                  "--ready-file", ready, "--exit-with-parent", "--enable-debug-command", "yes")
        wait_for("the broker", lambda: os.path.exists(ready))
        with open(ready, encoding="ascii") as file:
            cls.port = int(file.read().strip().rsplit(":", 1)[1])
        cls.web = free_port()
        cls.start(os.environ["EXPORTER"], f"--redis.addr=redis://127.0.0.1:{cls.port}",
                  f"--web.listen-address=127.0.0.1:{cls.web}", "--check-streams=db0=*", "--check-keys=db0=*",
                  "--export-client-list", "--include-system-metrics")
        wait_for("the exporter", lambda: cls.is_open(cls.web))

    @classmethod
    def start(cls, *command):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        cls.addClassCleanup(process.wait)
        cls.addClassCleanup(process.kill)

    @staticmethod
    def is_open(port):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    def say(self, *calls):
        """Sends lines and waits until the server has answered them all and hung up."""
        with socket.create_connection(("127.0.0.1", self.port)) as connection:
            connection.sendall("".join(call + "\r\n" for call in (*calls, "QUIT")).encode())
            return b"".join(iter(lambda: connection.recv(65536), b""))

    def scrape(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.web}/metrics", timeout=20) as reply:
            return Scrape(reply.read().decode())

    def test_the_board_has_all_its_series(self):
        self.say("CONFIG SET latency-monitor-threshold 10", "CONFIG SET slowlog-log-slower-than 0", "SET k v", "GET k",
                 "GET none", "INCR k", "NOSUCHVERB", "SET timed v EX 1000", "SET gone v PX 1", "SET only", "DEBUG SLEEP 0.02",
                 "XADD s * f v", "XADD s * f v", "XGROUP CREATE s g 0", "XREADGROUP GROUP g c COUNT 1 STREAMS s >")
        wait_for("a key to go", lambda: b"expired_keys:1" in self.say("INFO stats"))
        self.scrape()
        seen = self.scrape()
        self.assertEqual([name for name in BOARD + MORE if name not in seen.samples], [])
        self.assertEqual(seen.samples["redis_exporter_last_scrape_error"], [({"err": ""}, 0.0)])
        self.assertEqual(seen.value("redis_up"), 1)
        for name, labels, value in [
            ("redis_db_keys", {"db": "db0"}, 3), ("redis_db_keys_expiring", {"db": "db0"}, 1),
            ("redis_db_keys", {"db": "db1"}, 0), ("redis_expired_keys_total", {}, 1),
            ("redis_keyspace_misses_total", {}, 1), ("redis_commands_total", {"cmd": "xadd"}, 2),
            ("redis_commands_total", {"cmd": "xgroup|create"}, 1), ("redis_commands_failed_calls_total", {"cmd": "incr"}, 1),
            ("redis_commands_rejected_calls_total", {"cmd": "set"}, 1), ("redis_stream_length", {"stream": "s"}, 2),
            ("redis_stream_groups", {"stream": "s"}, 1), ("redis_stream_group_consumers", {"group": "g"}, 1),
            ("redis_stream_group_messages_pending", {"group": "g"}, 1),
            ("redis_stream_group_consumer_messages_pending", {"consumer": "c"}, 1),
            ("redis_rdb_last_bgsave_status", {}, 1), ("redis_aof_last_write_status", {}, 1),
            ("redis_latency_percentiles_usec_count", {"cmd": "xadd"}, 2),
        ]:
            with self.subTest(name, **labels):
                self.assertEqual(seen.value(name, **labels), value)
        self.assertGreater(seen.value("redis_memory_max_bytes"), 0, "the gauge divides by it")
        self.assertGreaterEqual(seen.value("redis_latency_spike_duration_seconds", event_name="command"), 0.02)

    def test_what_counts_grows(self):
        counters = ["redis_net_input_bytes_total", "redis_net_output_bytes_total", "redis_commands_processed_total",
                    "redis_connections_received_total", "redis_keyspace_hits_total"]
        self.say("SET grows v")
        before = self.scrape()
        self.say(*["GET grows"] * 100)
        after = self.scrape()
        for name in counters:
            with self.subTest(name):
                self.assertGreater(after.value(name), before.value(name))
        # The exporter itself reads the keys that it is told to check.
        for name, labels in [("redis_commands_total", {"cmd": "get"}), ("redis_keyspace_hits_total", {})]:
            self.assertGreaterEqual(after.value(name, **labels) - before.value(name, **labels), 100)


if __name__ == "__main__":
    unittest.main()
