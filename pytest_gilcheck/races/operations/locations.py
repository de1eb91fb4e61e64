"""The process-wide locations: state behind C calls that every thread shares and no object stands for."""

from __future__ import annotations

import sys
import warnings
from typing import Final

from pytest_gilcheck.races.operations.model import Guarded, Location

WORKING_DIRECTORY: Final = Location("working directory")
ENVIRONMENT: Final = Location("environment")
UMASK: Final = Location("umask")
LOCALE: Final = Location("locale")
TIME_ZONE: Final = Location("time zone")
SIGNAL_HANDLERS: Final = Location("signal handlers")
DEFAULT_TIMEOUT: Final = Location("default socket timeout")
RECURSION_LIMIT: Final = Location("recursion limit")
SWITCH_INTERVAL: Final = Location("switch interval")
DIGITS_LIMIT: Final = Location("limit of an integer's digits")
INTERPRETER_SETTINGS: Final = Location("interpreter's settings")
GARBAGE_COLLECTOR: Final = Location("garbage collector")
EXIT_HANDLERS: Final = Location("exit handlers")
CODECS: Final = Location("registered codecs")
PROCESS_LIMITS: Final = Location("process's limits and identity")

#: Keyed by a module's full name.
IMPORT_SYSTEM: Final = Location("import system")
#: Keyed by a path, absolute where it can be known; all of it for a listing.
FILES: Final = Location("file system")
#: Keyed by a file descriptor's number.
DESCRIPTORS: Final = Location("file descriptors")
#: Whatever database there is, wherever.
DATABASES: Final = Guarded("database")

#: ``__warningregistry__`` of whichever module a warning is attributed to.
WARNING_REGISTRIES: Final = Location("warning registries")
WARNING_VERSION: Final = Location("version of the warning filters")

WARNING_FILTERS: Final = Location("warning filters", warnings, "filters")
STDIN: Final = Location("standard input", sys, "stdin")
STDOUT: Final = Location("standard output", sys, "stdout")
STDERR: Final = Location("standard error", sys, "stderr")
