"""Faults: real clients type into real servers while something of the system dies, hangs or lies; then a ledger judges.

`python -m tests.faults --mode cluster --seconds 60 F1 F6` runs some and writes a report; `make faults` runs them all.

| file | what it is |
|---|---|
| `rig.py` | a system to hurt: one process (embedded), or three with MongoDB, RabbitMQ and Redis behind relays |
| `relay.py` | a TCP line that can be slow, stuck, cut or deaf; `frames.py`: one that knows WebSocket frames |
| `crowd.py` | who types: clients of every document, each submission in the ledger before it leaves |
| `run.py` | one run: a third in peace, a third in trouble, a third to heal, then quiet, then the verdict |
| `series.py` | many runs: each gives a row, also one that ends in a bad way |
| `verdict.py` | the rules K1 to K11, from the ledger's files, the database, REST, every client and every process |
| `reading.py` | what everybody reads at the end: texts, and the log as each process tells it |
| `outside.py` | what is seen from outside meanwhile: health, memory, refusals |
| `poison.py`, `long_history.py` | damages a document in the database; writes in no time what takes years |
| `guests.py`, `fuzz.py`, `sleeper.py` | bare sockets, bad frames, slow eyes; how others fare meanwhile |
| `across.py` | how far behind other processes are, what is acknowledged meanwhile, what the logs say |
| `settings.py`, `lossy_layer.py` | the settings of processes that hear each other badly |
| `wrong_clock.py` | the settings of a process whose clock is wrong |
| `server_faults.py` … | what is done to the system, by its number in the table of faults |
"""
