"""The front of the emulated MongoDB: a proxy that answers, rewrites or passes on what drivers ask.

`python -m tests.mongo.front EMULATOR_PORT` prints its own port; it ends when its standard input does.
"""

import asyncio
import itertools
import sys
from collections import defaultdict
from contextlib import suppress
from typing import Any

from tests.mongo import rewrites, wire

Document = dict[str, Any]

HELLO = {
    "ismaster": True,
    "isWritablePrimary": True,
    "helloOk": True,
    "maxBsonObjectSize": 16 << 20,
    "maxMessageSizeBytes": 48_000_000,
    "maxWriteBatchSize": 100_000,
    "minWireVersion": 0,
    "maxWireVersion": 21,
    "readOnly": False,
    "ok": 1.0,
}
OWN_ANSWERS: dict[str, Document] = {
    "hello": HELLO,  # the emulator's own wire version is too old for today's drivers
    "ismaster": HELLO,
    "buildinfo": {"version": "7.0.0", "versionArray": [7, 0, 0, 0], "maxBsonObjectSize": 16 << 20, "ok": 1.0},
    "endsessions": {"ok": 1.0},  # it has no sessions
}
NOT_PASSED = {"lsid", "txnNumber", "$clusterTime", "readConcern", "writeConcern"}  # it keeps one copy, in memory


class Emulator:
    """One line to the emulator."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._numbers = itertools.count(1)

    async def ask(self, command: Document) -> Document:
        self._writer.write(wire.command(next(self._numbers), command))
        await self._writer.drain()
        if (answer := await wire.read(self._reader)) is None:
            raise ConnectionError("the emulator has gone")
        return answer.body

    def close(self) -> None:
        self._writer.close()


class Front:
    """Lets drivers in, each on a line of its own."""

    def __init__(self, emulator_port: int) -> None:
        self._emulator_port = emulator_port
        self._changing = asyncio.Lock()  # a change is several steps here, and one to everybody
        self._unique: defaultdict[tuple[str, str], set[str]] = defaultdict(set)  # columns, by database and collection
        self._changes = {
            "createIndexes": self._create_indexes,
            "insert": self._insert,
            "update": self._update,
            "delete": Emulator.ask,
        }

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        emulator = Emulator(*await asyncio.open_connection("127.0.0.1", self._emulator_port))
        with suppress(ConnectionError, asyncio.CancelledError):  # somebody has gone: the others' lines are closed
            while message := await wire.read(reader):
                writer.write(wire.answer(message, await self._answer(emulator, message.body)))
                await writer.drain()
        emulator.close()
        writer.close()

    async def _answer(self, emulator: Emulator, command: Document) -> Document:
        name = next(iter(command))
        if name.lower() in OWN_ANSWERS:
            return OWN_ANSWERS[name.lower()]
        command = {key: value for key, value in command.items() if key not in NOT_PASSED}
        if name == "aggregate":
            command["pipeline"] = rewrites.pipeline(command["pipeline"])
        if name not in self._changes:
            return await emulator.ask(command)
        async with self._changing:
            return await self._changes[name](emulator, command)

    async def _create_indexes(self, emulator: Emulator, command: Document) -> Document:
        for index in command["indexes"]:
            if index.get("unique"):
                self._unique[command["$db"], command["createIndexes"]] |= index["key"].keys()
        return await emulator.ask(command | {"indexes": [rewrites.index(each) for each in command["indexes"]]})

    async def _insert(self, emulator: Emulator, command: Document) -> Document:
        columns = self._unique[command["$db"], command["insert"]]
        documents = [rewrites.without_nulls(each, columns) for each in command["documents"]]
        return await emulator.ask(command | {"documents": documents})

    async def _update(self, emulator: Emulator, command: Document) -> Document:
        answer: Document = {"n": 0, "nModified": 0, "ok": 1.0}
        for update in command["updates"]:
            if updates := await self._plain_updates(emulator, command, update):
                partial = await emulator.ask(command | {"updates": updates})
                answer = partial | {key: answer[key] + partial.get(key, 0) for key in ("n", "nModified")}
            if "writeErrors" in answer:
                break
        return answer

    async def _plain_updates(self, emulator: Emulator, command: Document, update: Document) -> list[Document]:
        """It takes no pipeline as an update: compute what the documents become, to replace them one by one."""
        if not isinstance(update["u"], list):
            return [update]
        stages = rewrites.pipeline([{"$match": update["q"]}, *update["u"]])
        about = {"aggregate": command["update"], "pipeline": stages, "cursor": {"batchSize": 1_000_000}}
        found = await emulator.ask(about | {"$db": command["$db"]})
        columns = self._unique[command["$db"], command["update"]]
        documents = [rewrites.without_nulls(each, columns) for each in found["cursor"]["firstBatch"]]
        return [{"q": {"_id": document["_id"]}, "u": document} for document in documents]


async def main(emulator_port: int) -> None:
    server = await asyncio.start_server(Front(emulator_port).serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
