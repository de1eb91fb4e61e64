import threading


class Cache:
    def __init__(self):
        self.lock = threading.Lock()
        self.items = {}

    def get(self, key):
        with self.lock:
            if key not in self.items:
                return None
            if self.items[key] is None:
                self.drop(key)
            return self.items.get(key)

    def put(self, key, value):
        with self.lock:
            self.items[key] = value

    def drop(self, key):
        with self.lock:
            del self.items[key]


def test_cache(gilcheck):
    cache = Cache()
    gilcheck.run(lambda: cache.get("a"), lambda: cache.put("a", None))
