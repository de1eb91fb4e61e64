"""What calls that get or set something of the whole process touch: locale, environment, warnings, signals."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any, Final

from pytest_gilcheck.races.operations import locations as at
from pytest_gilcheck.races.operations.model import NOTHING, READ_ALL, Access, Operation, Use, changing, reading


def _set_locale(arguments: tuple[Any, ...], keywords: Mapping[str, Any]) -> list[Access]:
    """Without a locale, or with ``None``, it only asks."""
    wanted = arguments[1] if len(arguments) > 1 else keywords.get("locale")
    return [at.LOCALE.access(wanted is not None)]


def _warned(*_: object) -> list[Access]:
    """Goes over the list of the filters, and notes in the caller's registry that the warning was shown."""
    filters = vars(warnings).get("filters")
    own: list[Access] = [] if filters is None else [(filters, None, False)]
    return [at.WARNING_REGISTRIES.access(True), at.WARNING_FILTERS.access(False), *own, at.WARNING_VERSION.access(False)]


_GC: Final[Mapping[Operation, str]] = {
    changing(at.GARBAGE_COLLECTOR): "enable disable collect set_debug set_threshold freeze unfreeze",
    reading(at.GARBAGE_COLLECTOR): "isenabled get_debug get_threshold get_count get_stats get_freeze_count get_objects",
    NOTHING: "is_tracked is_finalized get_referents get_referrers",
}
_SYS: Final[Mapping[Operation, str]] = {
    changing(at.RECURSION_LIMIT): "setrecursionlimit",
    reading(at.RECURSION_LIMIT): "getrecursionlimit",
    changing(at.SWITCH_INTERVAL): "setswitchinterval",
    reading(at.SWITCH_INTERVAL): "getswitchinterval",
    changing(at.DIGITS_LIMIT): "set_int_max_str_digits",
    reading(at.DIGITS_LIMIT): "get_int_max_str_digits",
    changing(at.INTERPRETER_SETTINGS): """setdlopenflags addaudithook activate_stack_trampoline
        deactivate_stack_trampoline set_lazy_imports set_lazy_imports_filter""",
    reading(at.INTERPRETER_SETTINGS): "getdlopenflags is_stack_trampoline_active get_lazy_imports get_lazy_imports_filter",
    # Tracing and the hooks of coroutines are each thread's own.
    NOTHING: """audit call_tracing displayhook exc_info excepthook exception exit getrefcount getallocatedblocks
        intern settrace gettrace setprofile getprofile unraisablehook is_finalizing breakpointhook _getframe
        _getframemodulename _current_frames _current_exceptions get_asyncgen_hooks set_asyncgen_hooks
        get_coroutine_origin_tracking_depth set_coroutine_origin_tracking_depth getdefaultencoding getfilesystemencoding
        getfilesystemencodeerrors _is_gil_enabled _is_interned _is_immortal""",
    READ_ALL: "getsizeof",
}
_SIGNAL: Final[Mapping[Operation, str]] = {
    changing(at.SIGNAL_HANDLERS): "signal set_wakeup_fd siginterrupt setitimer alarm default_int_handler",
    reading(at.SIGNAL_HANDLERS): "getsignal getitimer raise_signal",
}
_LOCALE: Final[Mapping[Operation, str]] = {
    Operation(special=_set_locale): "setlocale",
    reading(at.LOCALE): "localeconv nl_langinfo strcoll strxfrm getencoding bindtextdomain gettext",
    changing(at.LOCALE): "textdomain bind_textdomain_codeset",
}
_WARN: Final = Operation(special=_warned)
_WARNINGS: Final[Mapping[Operation, str]] = {
    _WARN: "warn warn_explicit",
    changing(at.WARNING_VERSION): "_filters_mutated _filters_mutated_lock_held",
    NOTHING: "_acquire_lock _release_lock",
}
_SOCKET: Final[Mapping[Operation, str]] = {
    changing(at.DEFAULT_TIMEOUT): "setdefaulttimeout",
    reading(at.DEFAULT_TIMEOUT): "getdefaulttimeout socket",
    NOTHING: """htonl htons ntohl ntohs inet_aton inet_ntoa inet_pton inet_ntop gethostname gethostbyname getaddrinfo
        getnameinfo""",
}

BY_PROCESS: Final[Mapping[str, Mapping[Operation, str]]] = {
    "gc": _GC,
    "sys": _SYS,
    "_signal": _SIGNAL,
    "signal": _SIGNAL,
    "_locale": _LOCALE,
    "locale": {Operation(special=_set_locale): "setlocale", reading(at.LOCALE): "localeconv getlocale"},
    "_warnings": _WARNINGS,
    "warnings": _WARNINGS,
    "_py_warnings": _WARNINGS,
    "_socket": _SOCKET,
    "posix": {
        changing(at.ENVIRONMENT): "putenv unsetenv _clearenv",
        reading(at.ENVIRONMENT): "_create_environ",
        changing(at.PROCESS_LIMITS): """nice setpriority setuid seteuid setreuid setresuid setgid setegid setregid
            setresgid setgroups setpgid setpgrp setsid sched_setaffinity sched_setparam sched_setscheduler""",
        reading(
            at.PROCESS_LIMITS
        ): "getpriority getuid geteuid getgid getegid getgroups getpgid getpgrp getsid sched_getaffinity",
        reading(at.WORKING_DIRECTORY, at.ENVIRONMENT, at.UMASK): "system execv execve posix_spawn posix_spawnp fork forkpty",
        NOTHING: """fspath strerror getpid getppid urandom cpu_count uname times _exit abort get_terminal_size kill pipe
            pipe2""",
    },
    "time": {changing(at.TIME_ZONE): "tzset", reading(at.TIME_ZONE): "localtime mktime strftime ctime"},
    "atexit": {
        changing(at.EXIT_HANDLERS): "register unregister _clear _run_exitfuncs",
        reading(at.EXIT_HANDLERS): "_ncallbacks",
    },
    "_codecs": {
        changing(at.CODECS): "register unregister register_error _unregister_error",
        reading(at.CODECS): "lookup lookup_error",
        Operation((Use(0, False),), ((at.CODECS, False),)): "encode decode",
    },
    "resource": {changing(at.PROCESS_LIMITS): "setrlimit prlimit", reading(at.PROCESS_LIMITS): "getrlimit"},
}
