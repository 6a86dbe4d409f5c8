"""Old versions are made the text again while people type in it."""

import asyncio
import time
from typing import Any

from collabdocs_client import Client

from tests.faults.guests import Others
from tests.faults.run import Trouble, fault

TYPISTS = 6
PAUSE = 0.2  # seconds between restores


@fault("F34", "old versions restored under typing hands")
async def restored(trouble: Trouble) -> str:
    """A restore is one more operation: what it takes out is still in the log, and the judge looks there."""
    others, sheet = Others(trouble), await trouble.crowd.sheet()
    typists = [await trouble.crowd.joined_by(f"t{n}", sheet) for n in range(TYPISTS)]
    end, restores = time.monotonic() + trouble.seconds, 0
    async with trouble.rig.person("alice") as alice:
        while time.monotonic() < end:
            await asyncio.sleep(PAUSE)
            sheet.ledger.strangers += 1
            head = typists[0].document.version
            await _restore(alice, f"/api/documents/{sheet.doc_id}", trouble.rng.randint(head // 2, head))
            restores += 1
    return f"{restores} restores; {others.fared()}"


async def _restore(alice: Client, path: str, version: int) -> None:
    """What is answered is the text of the version that is answered."""
    answer = await alice.http.post(f"{path}/restore", json={"version": version})
    assert answer.status_code == 200, f"restoring version {version} was answered {answer.status_code}"
    shown: dict[str, Any] = answer.json()
    kept = (await alice.http.get(f"{path}/versions/{shown['version']}")).json()
    assert shown["content"] == kept["content"], f"version {shown['version']} is another than was answered"
