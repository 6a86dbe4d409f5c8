"""Databases of their own for test servers, on the MongoDB that DATABASE_URL names."""

import os
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

from pymongo import MongoClient

from collabdocs.databases import is_mongo

NOTE = "database_url"  # the file in a DATA_DIR that says which database belongs to it
_made: list[str] = []


def note_own(directory: Path) -> dict[str, str]:
    """Give a DATA_DIR an empty database of its own, if tests run on MongoDB: the variable to set, and no other."""
    if is_mongo(url := os.environ.get("DATABASE_URL", "")):
        _note(directory, urlsplit(url)._replace(path=f"/server_{uuid4().hex}").geturl())
    return noted(directory)


def note_copy(directory: Path) -> None:
    """Give a copied DATA_DIR a copy of the database that it was copied with, if any."""
    if source := noted(directory).get("DATABASE_URL"):
        _copy(source, note_own(directory)["DATABASE_URL"])


def noted(directory: Path) -> dict[str, str]:
    """The variable that names the database of a DATA_DIR; none where that is a file in it."""
    note = directory / NOTE
    return {"DATABASE_URL": note.read_text()} if note.exists() else {}


def back_up(directory: Path, backup: Path) -> None:
    """Copy the database of a DATA_DIR as it is now; `backup` will name the copy."""
    _copy(noted(directory)["DATABASE_URL"], note_own(backup)["DATABASE_URL"])


def restore(backup: Path, directory: Path) -> None:
    """The copy in the place of what the DATA_DIR has."""
    url = noted(directory)["DATABASE_URL"]
    _drop(url)
    _copy(noted(backup)["DATABASE_URL"], url)


def drop_all() -> None:
    """Leave nothing behind on a server that lives on."""
    for url in _made:
        _drop(url)
    _made.clear()


def _drop(url: str) -> None:
    with MongoClient(url) as client:
        client.drop_database(client.get_default_database())


def _note(directory: Path, url: str) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    (directory / NOTE).write_text(url)
    _made.append(url)


def _copy(source: str, target: str) -> None:
    """All documents, and the indexes with all that makes them unique."""
    with MongoClient(source) as old, MongoClient(target) as new:
        for name in old.get_default_database().list_collection_names():
            collection = old.get_default_database()[name]
            copied = new.get_default_database().create_collection(name)
            for index in collection.list_indexes():
                fields = dict(index)
                if fields["name"] != "_id_":
                    fields.pop("v"), fields.pop("ns", None)
                    copied.create_index(list(fields.pop("key").items()), **fields)
            if documents := list(collection.find()):
                copied.insert_many(documents)
