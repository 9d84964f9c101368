"""redis-py as a client of a cluster, and of Sentinel, against a single broker."""

import unittest

from redis.cluster import RedisCluster
from redis.exceptions import RedisClusterException
from redis.sentinel import MasterNotFoundError, Sentinel

from broker import Broker


class Cluster(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.broker = Broker("--cluster-enabled", "yes")

    @classmethod
    def tearDownClass(cls):
        cls.broker.stop()

    def test_commands_find_their_node(self):
        for protocol in (2, 3):
            with self.subTest(protocol=protocol):
                client = RedisCluster(host="127.0.0.1", port=self.broker.port, protocol=protocol, decode_responses=True)
                self.assertEqual(len(client.get_nodes()), 1)
                client.flushall()
                for i in range(20):
                    client.set(f"k{i}", i)
                self.assertEqual(client.get("k7"), "7")
                self.assertEqual(client.mget_nonatomic("k1", "k2", "k3"), ["1", "2", "3"])
                with self.assertRaises(RedisClusterException):
                    client.mget("k1", "k2")
                pipe = client.pipeline()
                pipe.xadd("{s}1", {"f": "v"})
                pipe.xlen("{s}1")
                self.assertEqual(pipe.execute()[1], 1)
                self.assertEqual(client.dbsize(), 21)
                client.close()

    def test_a_restart_keeps_the_name(self):
        broker = Broker("--cluster-enabled", "yes")
        name = broker.client().execute_command("CLUSTER MYID")
        broker.kill()
        broker.start()
        self.assertEqual(broker.client().execute_command("CLUSTER MYID"), name)
        broker.stop()


class Watched(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.broker = Broker("--sentinel-master-name", "orders")

    @classmethod
    def tearDownClass(cls):
        cls.broker.stop()

    def test_a_master_is_found_by_its_name(self):
        for protocol in (2, 3):
            with self.subTest(protocol=protocol):
                sentinel = Sentinel([("127.0.0.1", self.broker.port)], protocol=protocol)
                self.assertEqual(sentinel.discover_master("orders"), ("127.0.0.1", self.broker.port))
                self.assertEqual(sentinel.discover_slaves("orders"), [])
                with self.assertRaises(MasterNotFoundError):
                    sentinel.discover_master("others")
                master = sentinel.master_for("orders", protocol=protocol, decode_responses=True)
                master.set("k", "v")
                self.assertEqual(master.get("k"), "v")


if __name__ == "__main__":
    unittest.main()
