#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The kernel is called in os/ and nowhere else, and the face knows no platform.

In the library outside os/: none of the kernel's headers, no call of a global function (`::open(`),
no well-known system call by its bare name, no errno. In src/signet/*.hpp also no conditional.
"""
import re

import lint

HEADER = re.compile(
    r"^\s*#\s*include\s*<((?:sys|linux|asm|asm-generic|netinet|arpa|net)/[^>]*"
    r"|(?:unistd|fcntl|signal|pthread|poll|sched|dirent|spawn|mqueue|semaphore|netdb|dlfcn|errno"
    r"|termios|pwd|grp|ucontext|ftw|aio|time|utime|syscall)\.h"
    r"|csignal|cerrno|fstream|filesystem)>")
GLOBAL_CALL = re.compile(r"(?<![\w>:)\]])::([a-z_]\w*)\s*\(")
BARE_CALL = re.compile(
    r"(?<![\w.:>~])(?<!->)(syscall|mmap|munmap|mremap|madvise|mprotect|ftruncate|fallocate|fstat"
    r"|fork|vfork|ioctl|fcntl|getpid|gettid|getppid|getuid|geteuid|sched_yield|usleep|nanosleep"
    r"|prctl|memfd_create|eventfd|epoll_create1|epoll_ctl|epoll_wait|pidfd_open|socketpair"
    r"|sendmsg|recvmsg|setsockopt|getsockopt|clock_gettime|pipe2|_exit|sigaction|unlink|unlinkat)"
    r"\s*\(")
CALL_WORDS = re.compile(r"\b(return|throw|else|do|case|co_return|co_await)\s*$")
ERRNO = re.compile(r"\berrno\b")
CONDITIONAL = re.compile(r"^\s*#\s*(if|ifdef|ifndef|elif)\b")


def is_declaration(code, position):
    """True where the name is being declared (`int fork(…)`), not called: a type stands before."""
    before = code[:position].rstrip()
    return bool(re.search(r"[\w>&*]$", before)) and not CALL_WORDS.search(before)


def check_line(raw, code):
    header = HEADER.match(raw)
    if header and code.strip():
        yield f"<{header[1]}> belongs in os/"
    for match in GLOBAL_CALL.finditer(code):
        if not is_declaration(code, match.start()):
            yield f"::{match[1]}() calls the system; do it in os/"
    for match in BARE_CALL.finditer(code):
        if not is_declaration(code, match.start()):
            yield f"{match[1]}() calls the system; do it in os/"
    if ERRNO.search(code) and not header:
        yield "errno is read in os/ only"


def findings(root):
    for source in lint.sources(root, "src/signet"):
        if not lint.is_library(source.path) or source.path.startswith("src/signet/os/"):
            continue
        face = source.path.count("/") == 2
        for number, (raw, code) in enumerate(zip(source.lines, source.code), 1):
            for message in check_line(raw, code):
                yield source.path, number, message
            if face and CONDITIONAL.match(code):
                yield source.path, number, "a public header has no conditionals"


if __name__ == "__main__":
    lint.main(findings)
