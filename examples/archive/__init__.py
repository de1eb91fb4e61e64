"""A small document archive: search, digests, an index, a journal and a client for a remote store."""
