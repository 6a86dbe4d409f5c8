"""Carrying an installation from one database to another, of whatever kinds.

Theory of operation. The process is configured for the target, and knows the source under an alias that it only
reads. Rows have keys of their own, so a row is the same row in both: whatever the target lacks is inserted, whatever
it has otherwise is deleted first, and of a log, which only grows, the tail is appended. Nothing else remembers how
far it came; so it may be killed at any moment and run again.

Until all is there and compared, the target has a log identity that says whose move is under way. Then it gets the
source's: it is the same history, into which clients may merge what they still hold. After that nothing is written.
"""
