"""The index of the archive, kept as one JSON document."""

import json


def load(text: str) -> dict[int, str]:
    """Titles by number, from the JSON text of an index."""
    return {entry["number"]: entry["title"] for entry in json.loads(text)["entries"]}
