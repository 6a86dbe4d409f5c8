"""An emulated MongoDB for the tests: mongo-java-server, behind a front that rewrites what it does not take.

It shows that our code and Django's backend for MongoDB fit together. It says nothing about a real server's query
planner, its write concerns or its fail-over: those are tested against real servers elsewhere.
"""
