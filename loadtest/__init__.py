"""Loads a running CollabDocs with people who read, write and type, and says how long everything took.

`python -m loadtest` plays mixed users with Locust, `python -m loadtest.fine` typing ones on asyncio, for fine figures.
Both hold, at the end, what every client was told against what the server has.
"""
