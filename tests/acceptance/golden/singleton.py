class Settings:
    _instance = None

    @classmethod
    def get(cls):
        if cls._instance is None:
            cls._instance = cls()
        return cls._instance


def test_one_instance(gilcheck):
    Settings._instance = None
    first, second = gilcheck.run(Settings.get, Settings.get)
    assert first is second
