"""The load tests themselves, tested: they pass on a real server, and notice what is lost."""
