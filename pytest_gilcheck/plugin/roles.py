"""The names of the environment variables by which a started pytest learns that it is a worker."""

#: Set for the process itself and removed at once: what it is to be.
ROLE = "PYTEST_GILCHECK_ROLE"

#: Set for as long as a worker lives: its name, for test code that wants to know.
WORKER = "PYTEST_GILCHECK_WORKER"
