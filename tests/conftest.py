pytest_plugins = [
    "tests.plugins.databases",
    "tests.plugins.oidc",
    "tests.plugins.round_trips",
    "tests.plugins.stores",
    "tests.plugins.sample",
    "tests.plugins.server",
    "tests.plugins.smtp",
]
