"""What each event code does to the state: small arrays compiled from the catalogue.

Adding an event is a line of data here (its action) and nothing in the kernels; kernels branch
on actions and read parameters by *slot* (a meaning such as "the path"), never by event code.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from ..index.tables import I64
from ..schema import catalogue

# --- actions: what a successful exit (or a one-sided event) does --------------------------------
(
    A_NONE,
    A_OPEN,
    A_CLOSE,
    A_CLOSE_RANGE,
    A_DUP,
    A_FCNTL,
    A_PIPE,
    A_SOCKET,
    A_SOCKETPAIR,
    A_BIND,
    A_CONNECT,
    A_ACCEPT,
    A_TUPLE,
    A_NEW_FD,
    A_CLONE,
    A_EXEC,
    A_PROCEXIT,
    A_CHDIR,
    A_FCHDIR,
    A_GETCWD,
    A_CHROOT,
    A_SETSID,
    A_SETUID,
    A_SETGID,
    A_SETRESUID,
    A_SETRESGID,
    A_RLIMIT,
    A_PRLIMIT,
    A_MEM,
    A_SWITCH,
    A_PROCINFO,
    A_CAPSET,
    A_CONNECT_ENTER,
    A_SENDTO_ENTER,
    A_RECORD,
    A_MEMFD,
    A_PIDFD,
    A_PIDFD_GETFD,
    A_USERNS,
    A_PRCTL,
    A_GETSOCKOPT,
) = range(41)

# --- facts about a code ---------------------------------------------------------------------------
E_USES_FD = 1
E_CREATES_FD = 2
E_DESTROYS_FD = 4
E_READS = 8
E_WRITES = 16
E_NO_THREAD = 32  # no thread is attached (container records)
E_EXISTING_THREAD = 64  # attached to an existing entry only (switch, procinfo, drop, page fault, ...)
E_HIDDEN = 128
E_HAS_RES = 256  # parameter 0 is the result
E_STORE_ENTER = 512  # the exit needs parameters of this enter event
E_LARGE = 1024  # 32-bit parameter lengths
E_NO_FAKE = 2048  # does not create a missing thread (exits of clone)
E_SYSCALL = 4096
E_CONNECTS = 8192  # success shows that a socket is connected
E_RECORD_FAKES = 16384  # a record that creates a missing thread and belongs to it (old container events)

# --- slots: the meaning of parameters ---------------------------------------------------------------
SLOTS = [
    "fd",
    "name",
    "flags",
    "dirfd",
    "mode",
    "dev",
    "ino",
    "tuple",
    "addr",
    "domain",
    "type",
    "proto",
    "fd1",
    "fd2",
    "source",
    "peer",
    "exe",
    "args",
    "tid",
    "pid",
    "ptid",
    "cwd",
    "fdlimit",
    "pgft_maj",
    "pgft_min",
    "vm_size",
    "vm_rss",
    "vm_swap",
    "comm",
    "cgroups",
    "env",
    "tty",
    "vpgid",
    "loginuid",
    "uid",
    "gid",
    "vtid",
    "vpid",
    "pidns_init_start_ts",
    "cap_inheritable",
    "cap_permitted",
    "cap_effective",
    "exe_ino",
    "exe_ino_ctime",
    "exe_ino_mtime",
    "trusted_exepath",
    "pgid",
    "filename",
    "path",
    "cur",
    "resource",
    "status",
    "reaper_tid",
    "euid",
    "egid",
    "cmd",
    "first",
    "last",
    "target_fd",
    "cpu_usr",
    "cpu_sys",
    "nstype",
    "option",
    "arg2_str",
    "arg",
    "level",
    "optname",
    "val",
]
(
    P_FD,
    P_NAME,
    P_FLAGS,
    P_DIRFD,
    P_MODE,
    P_DEV,
    P_INO,
    P_TUPLE,
    P_ADDR,
    P_DOMAIN,
    P_TYPE,
    P_PROTO,
    P_FD1,
    P_FD2,
    P_SOURCE,
    P_PEER,
    P_EXE,
    P_ARGS,
    P_TID,
    P_PID,
    P_PTID,
    P_CWD,
    P_FDLIMIT,
    P_PGFT_MAJ,
    P_PGFT_MIN,
    P_VM_SIZE,
    P_VM_RSS,
    P_VM_SWAP,
    P_COMM,
    P_CGROUPS,
    P_ENV,
    P_TTY,
    P_VPGID,
    P_LOGINUID,
    P_UID,
    P_GID,
    P_VTID,
    P_VPID,
    P_PIDNS,
    P_CAP_I,
    P_CAP_P,
    P_CAP_E,
    P_EXE_INO,
    P_EXE_CTIME,
    P_EXE_MTIME,
    P_TRUSTED,
    P_PGID,
    P_FILENAME,
    P_PATH,
    P_CUR,
    P_RESOURCE,
    P_STATUS,
    P_REAPER,
    P_EUID,
    P_EGID,
    P_CMD,
    P_FIRST,
    P_LAST,
    P_TARGET,
    P_CPU_USR,
    P_CPU_SYS,
    P_NSTYPE,
    P_OPTION,
    P_ARG2,
    P_ARG,
    P_LEVEL,
    P_OPTNAME,
    P_VAL,
) = range(68)

_SYNONYMS = {
    "oldfd": "fd",
    "fd_in": "fd",
    "out_fd": "fd",
    "fdin": "fd",
    "linkdirfd": "fd",
    "pid_fd": "fd",
    "pathname": "path",
    "linkpath": "path",
    "newcur": "cur",
}

_ACTIONS = {
    A_OPEN: "OPEN_X CREAT_X OPENAT_X OPENAT_2_X OPENAT2_X OPEN_BY_HANDLE_AT_X",
    A_CLOSE: "CLOSE_X",
    A_CLOSE_RANGE: "CLOSE_RANGE_X",
    A_DUP: "DUP_X DUP_1_X DUP2_X DUP3_X",
    A_FCNTL: "FCNTL_X",
    A_PIPE: "PIPE_X PIPE2_X",
    A_SOCKET: "SOCKET_SOCKET_X",
    A_SOCKETPAIR: "SOCKET_SOCKETPAIR_X",
    A_BIND: "SOCKET_BIND_X",
    A_CONNECT: "SOCKET_CONNECT_X",
    A_CONNECT_ENTER: "SOCKET_CONNECT_E",
    A_ACCEPT: "SOCKET_ACCEPT_X SOCKET_ACCEPT_5_X SOCKET_ACCEPT4_X SOCKET_ACCEPT4_5_X SOCKET_ACCEPT4_6_X",
    A_TUPLE: "SOCKET_SENDTO_X SOCKET_SENDMSG_X SOCKET_RECVFROM_X SOCKET_RECVMSG_X SOCKET_RECV_X "
    "SOCKET_SEND_X SOCKET_SENDMMSG_X SOCKET_RECVMMSG_X",
    A_SENDTO_ENTER: "SOCKET_SENDTO_E",
    A_NEW_FD: "EVENTFD_X EVENTFD2_X SIGNALFD_X SIGNALFD4_X TIMERFD_CREATE_X INOTIFY_INIT_X INOTIFY_INIT1_X "
    "EPOLL_CREATE_X EPOLL_CREATE1_X BPF_2_X USERFAULTFD_X IO_URING_SETUP_X",
    A_MEMFD: "MEMFD_CREATE_X",
    A_PIDFD: "PIDFD_OPEN_X",
    A_PIDFD_GETFD: "PIDFD_GETFD_X",
    A_CLONE: "CLONE_11_X CLONE_16_X CLONE_17_X CLONE_20_X FORK_X FORK_17_X FORK_20_X VFORK_X VFORK_17_X "
    "VFORK_20_X CLONE3_X",
    A_EXEC: "EXECVE_8_X EXECVE_13_X EXECVE_14_X EXECVE_15_X EXECVE_16_X EXECVE_17_X EXECVE_18_X "
    "EXECVE_19_X EXECVEAT_X",
    A_PROCEXIT: "PROCEXIT_E PROCEXIT_1_E",
    A_CHDIR: "CHDIR_X",
    A_FCHDIR: "FCHDIR_X",
    A_GETCWD: "GETCWD_X",
    A_CHROOT: "CHROOT_X",
    A_SETSID: "SETSID_X",
    A_SETUID: "SETUID_X",
    A_SETGID: "SETGID_X",
    A_SETRESUID: "SETRESUID_X SETREUID_X",
    A_SETRESGID: "SETRESGID_X SETREGID_X",
    A_RLIMIT: "GETRLIMIT_X SETRLIMIT_X",
    A_PRLIMIT: "PRLIMIT_X",
    A_MEM: "BRK_1_X BRK_4_X MMAP_X MMAP2_X MUNMAP_X",
    A_SWITCH: "SCHEDSWITCH_6_E",
    A_PROCINFO: "PROCINFO_E",
    A_CAPSET: "CAPSET_X",
    A_RECORD: "CONTAINER_E CONTAINER_JSON_E CONTAINER_JSON_2_E ASYNCEVENT_E USER_ADDED_E USER_DELETED_E "
    "GROUP_ADDED_E GROUP_DELETED_E",
    A_PRCTL: "PRCTL_X",
    A_GETSOCKOPT: "SOCKET_GETSOCKOPT_X",
}

# enter events whose parameters the exit needs (state engine, 3.3)
_STORED = [
    "SENDTO_E",
    "OPEN_E",
    "CREAT_E",
    "OPENAT_E",
    "OPENAT_2_E",
    "OPENAT2_E",
    "SOCKET_E",
    "EVENTFD_E",
    "CHDIR_E",
    "FCHDIR_E",
    "SHUTDOWN_E",
    "GETRLIMIT_E",
    "SETRLIMIT_E",
    "PRLIMIT_E",
    "SENDMSG_E",
    "SENDFILE_E",
    "SETRESUID_E",
    "SETRESGID_E",
    "SETUID_E",
    "SETGID_E",
    "EXECVE_18_E",
    "EXECVE_19_E",
    "EXECVEAT_E",
    "SETPGID_E",
    "FCNTL_E",
    "CONNECT_E",
    "DUP_E",
]

# descriptor kind that A_NEW_FD creates
_NEW_KIND = {
    "EVENTFD": 9,
    "SIGNALFD": 11,
    "TIMERFD_CREATE": 14,
    "INOTIFY_INIT": 13,
    "EPOLL_CREATE": 12,
    "BPF_2": 17,
    "USERFAULTFD": 18,
    "IO_URING_SETUP": 19,
}
# reads and writes that tell a connected socket
_READS_AND_WRITES = frozenset(
    (
        *("READ_X", "READV_X", "PREAD_X", "PREADV_X", "WRITE_X", "WRITEV_X", "PWRITE_X", "PWRITEV_X"),
        *("SOCKET_RECV_X", "SOCKET_RECVFROM_X", "SOCKET_RECVMSG_X"),
        *("SOCKET_SEND_X", "SOCKET_SENDTO_X", "SOCKET_SENDMSG_X"),
    )
)
# actions that only the newest reader knows
_MODERN_ONLY = (A_CLOSE_RANGE, A_MEMFD, A_PIDFD, A_PIDFD_GETFD, A_CAPSET, A_USERNS, A_PRCTL)
_MODERN_ONLY_KINDS = ("EPOLL_CREATE", "BPF_2", "USERFAULTFD", "IO_URING_SETUP")


# --- columns of the compiled catalogue; the slots follow ----------------------------------------------
E_ACTION, E_FACTS, E_NPARAMS, E_KIND, E_V1_NPARAMS = range(5)
E_SLOTS = 8
EVENT_WIDTH = E_SLOTS + len(SLOTS)


def _short(sym: str) -> str:
    return sym.removeprefix("PPME_").removeprefix("SYSCALL_")


def _facts(info: catalogue.EventInfo, modern: bool) -> int:
    flags = info.flags
    facts = 0
    for name, bit in (
        ("USES_FD", E_USES_FD),
        ("CREATES_FD", E_CREATES_FD),
        ("DESTROYS_FD", E_DESTROYS_FD),
        ("READS_FROM_FD", E_READS),
        ("WRITES_TO_FD", E_WRITES),
        ("LARGE_PAYLOAD", E_LARGE),
    ):
        if name in flags:
            facts |= bit
    short = _short(info.sym)
    if short == "CONTAINER_E" and not modern:
        facts |= E_RECORD_FAKES
    elif short.startswith("CONTAINER"):
        facts |= E_NO_THREAD
    elif "SKIPPARSERESET" in flags or short == "SCHEDSWITCH_6_E":
        facts |= E_EXISTING_THREAD
    if short in _READS_AND_WRITES:
        facts |= E_CONNECTS
    records = ("CONTAINER_", "USER_ADDED", "USER_DELETED", "GROUP_ADDED", "GROUP_DELETED")
    if info.category == "INTERNAL" or short.startswith(records):
        facts |= E_HIDDEN
    if "SYSCALL" in info.sources:
        facts |= E_SYSCALL
    if info.params and not info.is_enter:
        first = info.params[0].name
        if (
            first == "res"
            or (first == "fd" and "CREATES_FD" in flags)
            or (modern and facts & E_SYSCALL and short != "GENERIC_X")
        ):
            facts |= E_HAS_RES
    if info.is_enter and (short in _STORED or short.removeprefix("SOCKET_") in _STORED):
        facts |= E_STORE_ENTER
    return facts


@cache
def event_table(modern: bool) -> I64:
    """Compile the catalogue of a generation: int64 of shape (codes, EVENT_WIDTH), read-only.

    Columns: the action, facts (E_*), the number of parameters in the table, the descriptor kind that
    A_NEW_FD creates (1 for vfork), the largest number of parameters of a v1 block, and from E_SLOTS on
    the parameter index of each slot (-1: the event has no such parameter).
    """
    newest = catalogue.events(True)
    old = catalogue.events(False)
    table = np.zeros((len(newest), EVENT_WIDTH), np.int64)
    table[:, E_SLOTS:] = -1
    by_short = {name: act for act, names in _ACTIONS.items() for name in names.split()}
    slot_of = {name: E_SLOTS + i for i, name in enumerate(SLOTS)}
    for info in catalogue.events(modern):
        row = table[info.id]
        short = _short(info.sym)
        row[E_ACTION] = by_short.get(short, A_NONE)
        if row[E_ACTION] in _MODERN_ONLY and not modern:
            row[E_ACTION] = A_NONE
        row[E_FACTS] = _facts(info, modern)
        if row[E_ACTION] == A_CLONE:
            row[E_FACTS] |= E_NO_FAKE
        row[E_NPARAMS] = len(info.params)
        row[E_V1_NPARAMS] = max(len(newest[info.id].params), len(old[info.id].params))
        for index, param in enumerate(newest[info.id].params):
            slot = slot_of.get(_SYNONYMS.get(param.name, param.name))
            if slot is not None and row[slot] < 0:
                row[slot] = index
        if row[E_SLOTS + P_FD] < 0 and row[E_FACTS] & E_USES_FD:
            row[E_SLOTS + P_FD] = row[E_SLOTS + P_DIRFD]
        if short == "COPY_FILE_RANGE_X":
            row[E_SLOTS + P_FD] = 1
        if "VFORK" in short:
            row[E_KIND] = 1
        if row[E_ACTION] == A_NEW_FD:
            for stem, value in _NEW_KIND.items():
                if short.startswith(stem):
                    row[E_KIND] = value
                    if stem in _MODERN_ONLY_KINDS and not modern:
                        row[E_ACTION] = A_NONE
    table.flags.writeable = False
    return table
