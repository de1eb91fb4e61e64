"""Tables about code that is not the user's: what of the standard library is rewritten, what never, and what is machinery."""

from __future__ import annotations

#: Modules of the standard library that keep state that threads may share; a package stands for all of its modules.
#: What is not here is a pure function, is used before and after tests only, or is too hot to watch.
WATCHED = frozenset({
    "_collections_abc", "_py_warnings", "_pyio", "_weakrefset", "bisect", "calendar", "collections", "concurrent",
    "configparser", "contextlib", "copy", "csv", "dbm", "fileinput", "ftplib", "functools", "gettext", "graphlib",
    "heapq", "http.client", "http.cookiejar", "imaplib", "linecache", "locale", "logging", "mimetypes",
    "multiprocessing", "os", "queue", "random", "sched", "selectors", "shelve", "shutil", "smtplib", "socket",
    "socketserver", "sqlite3", "subprocess", "tempfile", "threading", "unittest.mock", "urllib.request", "uuid",
    "warnings", "weakref", "xmlrpc", "zipfile",
})  # fmt: skip

#: Of these modules only what begins so: an import in a thread takes the lock of its module.
WATCHED_PARTS = {"importlib._bootstrap": ("_ModuleLock",)}

#: Modules that guard what they share themselves.
TRUSTED = frozenset({
    "_weakrefset", "concurrent.futures", "importlib._bootstrap", "multiprocessing", "queue", "selectors", "subprocess",
    "threading", "weakref",
})  # fmt: skip

#: ... except these: they read or set a flag that others look at without the lock.
UNTRUSTED = {"threading": frozenset({"Event.is_set", "Event.isSet", "Event.set", "Event.clear"})}

#: Classes of those that use nothing but their own state: items, predicates and locks of the user's are passed on or called,
#: never looked into. As long as no other code is seen to use that state, only the calls in them need to be watched.
CLOSED = {
    "threading": frozenset({"Barrier", "BoundedSemaphore", "Condition", "Event", "Semaphore"}),
    "queue": frozenset({"LifoQueue", "PriorityQueue", "Queue"}),
}

#: What they call that neither waits nor lets anybody go on.
CLOSED_CALLS = frozenset({
    "_allocate_lock", "_deque", "_is_owned", "_islice", "append", "appendleft", "hasattr", "len", "max", "min", "pop",
    "popleft", "remove",
})  # fmt: skip

#: Calls in them whose moment makes no difference: the lock that they take or free lets one waiting thread go on and is used
#: for nothing else, and that thread then has to take the lock of the condition.
CLOSED_QUIET = frozenset({("Condition.wait", "acquire"), ("Condition.notify", "release")})

_STARTS = "it starts or ends an OS thread: the model of threads calls it as it is"
_LIMBO = (
    "it takes a lock of the threading module that starting and ending threads really take: no switch may happen under it"
)
_IDENTITY = "it only asks who is running, and the engine and its hooks ask it"
_IMPORT_LOCK = "it runs under the interpreter's own import lock, which is not modelled: no switch may happen there"
_AT_EXIT = "it runs when the interpreter ends"
_AT_FORK = "it runs around a fork, where only the forking thread lives on"
_TRACING = "it changes how the interpreter calls tracers, not what threads share"

#: Never rewritten, even when named: the functions of a module, or all of a class, and why not.
NEVER: dict[str, dict[str, str]] = {
    "threading": {
        "Thread.start": _STARTS,
        "Thread.join": _STARTS,
        "Thread.is_alive": _STARTS,
        "Thread._bootstrap": _STARTS,
        "Thread._bootstrap_inner": _STARTS,
        "Thread._delete": _STARTS,
        "Thread._stop": _STARTS,
        "Thread._set_ident": _STARTS,
        "Thread._set_native_id": _STARTS,
        "Thread._set_os_name": _STARTS,
        "Thread._set_tstate_lock": _STARTS,
        "Thread._wait_for_tstate_lock": _STARTS,
        "Thread._handle": _STARTS,
        "Thread._reset_internal_locks": _AT_FORK,
        "Thread._after_fork": _AT_FORK,
        "Thread.__repr__": _IDENTITY,
        "Thread.ident": _IDENTITY,
        "Thread.native_id": _IDENTITY,
        "_MainThread": _IDENTITY,
        "_DummyThread": _IDENTITY,
        "_DeleteDummyThreadOnDel": _LIMBO,
        "current_thread": _IDENTITY,
        "currentThread": _IDENTITY,
        "main_thread": _IDENTITY,
        "active_count": _LIMBO,
        "activeCount": _LIMBO,
        "enumerate": _LIMBO,
        "_enumerate": _LIMBO,
        "_maintain_shutdown_locks": _LIMBO,
        "_make_invoke_excepthook": "it reports what a thread died of, while that thread ends",
        "ExceptHookArgs": "it reports what a thread died of, while that thread ends",
        "excepthook": "it reports what a thread died of, while that thread ends",
        "settrace": _TRACING,
        "settrace_all_threads": _TRACING,
        "setprofile": _TRACING,
        "setprofile_all_threads": _TRACING,
        "gettrace": _TRACING,
        "getprofile": _TRACING,
        "_shutdown": _AT_EXIT,
        "_after_fork": _AT_FORK,
    },
    "importlib._bootstrap": {
        "_ModuleLock.__init__": _IMPORT_LOCK,
        "_ModuleLock.__repr__": _IDENTITY,
        "_get_module_lock": _IMPORT_LOCK,
        "_ImportLockContext": _IMPORT_LOCK,
        "_call_with_frames_removed": "it is how loaded code gets to be rewritten",
    },
    "weakref": {"finalize._exitfunc": _AT_EXIT},
    "logging": {"shutdown": _AT_EXIT, "_after_at_fork_child_reinit_locks": _AT_FORK},
    "concurrent.futures.thread": {"_python_exit": _AT_EXIT},
    "concurrent.futures.process": {"_python_exit": _AT_EXIT},
    "multiprocessing.util": {"_exit_function": _AT_EXIT},
}

#: Installed packages that run the tests, watch them or stop them, rather than being tested.
MACHINERY = frozenset({
    "_hypothesis_pytestplugin", "_pydev_bundle", "_pydevd_bundle",
    "_pydevd_frame_eval", "_pytest", "coverage", "debugpy", "execnet", "iniconfig", "pluggy", "py",
    "pydev_ipython", "pydevd", "pydevd_plugins", "pytest", "pytest_cov", "xdist",
})  # fmt: skip

#: An installed package whose name begins so is a plugin of pytest.
PLUGIN_PREFIX = "pytest_"


def within(module: str, names: frozenset[str]) -> bool:
    """Whether ``names`` has the module or a package around it."""
    while module not in names:
        module, dot, _ = module.rpartition(".")
        if not dot:
            return False
    return True


def never(module: str, qualname: str) -> str | None:
    """Why this function is not rewritten; ``None``: it may be. What is nested in one goes with it."""
    table = NEVER.get(module)
    if table is None:
        return None
    function = qualname.partition(".<locals>")[0]
    return table.get(function) or table.get(function.partition(".")[0])
