pytest_plugins = ["tests.plugins.stores"]
