"""Copies of what the log says, made off the road of any edit: texts at some versions, who wrote what, runs of one
author, rows for lists and for search.

A copy names its version. It may trail and it may be missing: who reads takes the newest copy at or below the wanted
version, and the operations after it. None is ever the truth, and each can be made again from the log.
"""
