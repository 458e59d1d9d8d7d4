"""Make an organization, hand a file to its workers and go: `python -m tests.proof.begin FILE NAME BATCH`.

Prints the organization's and the import's id. The import is then nobody's but the workers', whoever is killed.
"""

import asyncio
import sys
from pathlib import Path
from uuid import uuid4

from outrider import intake, runtime, tenancy


async def main(file: str, name: str, batch: str) -> None:
    actor = tenancy.Actor("user", "proof")
    async with runtime.opened(announce=False):
        organization = await tenancy.create_organization(name, name, uuid4())
        with Path(file).open("rb") as source:
            made = await intake.create_import(
                organization, actor, source, intake.NewImport(Path(file).name, source="proof", batch_id=batch)
            )
        await intake.start(organization, actor, made.id)
    print(organization, made.id)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
