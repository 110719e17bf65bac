"""How the C library's allocator (glibc, mallopt(3)) behaves in the long-running roles: what is freed goes back.

By itself it gives every thread an arena of its own, each as large as that thread's worst moment, and after the first
freed buffer of 5 MB it keeps such buffers for itself. Both are right for a program that owns its machine; this one has
several processes with a few threads each, and the interpreter lets one thread run at a time.
"""

import ctypes
import sys

# malloc.h
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8

ARENAS_MAX = 1
#: A buffer of this size or more is a mapping of its own and leaves with its owner. Bodies of large mails are such.
MAPPED_FROM_BYTES = 262_144
#: Free memory that is kept at the end of the heap.
KEPT_FREE_BYTES = 1_048_576


def tune() -> None:
    """Call before the first thread. Does nothing where the C library has no mallopt (musl, macOS)."""
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return
    mallopt(_M_ARENA_MAX, ARENAS_MAX)
    mallopt(_M_MMAP_THRESHOLD, MAPPED_FROM_BYTES)
    mallopt(_M_TRIM_THRESHOLD, KEPT_FREE_BYTES)
