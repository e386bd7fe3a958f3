pytest_plugins = ["tests.plugins.stores", "tests.plugins.sample", "tests.plugins.server"]
