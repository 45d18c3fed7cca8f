/* SPDX-License-Identifier: MIT */
/*
 * Landlock and seccomp through the bare system calls: the C library has no functions for the one,
 * and a filter of a plain list needs no library for the other. Numbers of Landlock are written out
 * because kernels are newer than the headers that a program is built with.
 *
 * Sources: the kernel's Documentation/userspace-api/landlock.rst and seccomp_filter.rst.
 */
#if defined(__linux__)
#define _GNU_SOURCE /* O_PATH, syscall() */
#endif
#include "base/confine.h"

#include <sys/resource.h>

bool avd_confine_memory(uint64_t bytes)
{
#if defined(__SANITIZE_ADDRESS__)
    return bytes == 0; /* the sanitizer's shadow alone is larger than any limit */
#else
    struct rlimit limit;

    if (bytes == 0 || bytes > (uint64_t)RLIM_INFINITY)
        return true;
    limit.rlim_cur = limit.rlim_max = (rlim_t)bytes;
    return setrlimit(RLIMIT_DATA, &limit) == 0;
#endif
}

#if !defined(__linux__)

unsigned avd_confine(const char *const *readable, size_t count)
{
    (void)readable;
    (void)count;
    return 0;
}

unsigned avd_confine_available(void)
{
    return 0;
}

#else

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

/* ---- Landlock ---- */

/* The same numbers on every architecture. */
enum {
    LANDLOCK_CREATE = 444,
    LANDLOCK_ADD = 445,
    LANDLOCK_RESTRICT = 446,
    LANDLOCK_VERSION = 1 << 0,
    LANDLOCK_PATH_BENEATH = 1,
    LANDLOCK_READ_FILE = 1 << 2,
    LANDLOCK_READ_DIR = 1 << 3,
    LANDLOCK_NET = 1 << 0 | 1 << 1 /* bind and connect of TCP, from version 4 on */
};

struct landlock_ruleset {
    uint64_t files;
    uint64_t net;
};

/* The kernel's struct is packed: 12 bytes without padding behind them. */
struct landlock_rule {
    uint64_t allowed;
    int32_t folder;
} __attribute__((packed));

/* What a kernel of this version can refuse: 13 rights at first, then REFER, TRUNCATE, IOCTL_DEV. */
static uint64_t file_rights(long version)
{
    unsigned count = version >= 5 ? 16 : version >= 3 ? 15 : version == 2 ? 14 : 13;

    return ((uint64_t)1 << count) - 1;
}

static void allow_reading(int rules, const char *path)
{
    struct landlock_rule rule;
    struct stat info;
    int fd = open(path, O_PATH | O_CLOEXEC);

    if (fd < 0)
        return;
    rule.folder = fd;
    rule.allowed = LANDLOCK_READ_FILE;
    if (fstat(fd, &info) == 0 && S_ISDIR(info.st_mode))
        rule.allowed |= LANDLOCK_READ_DIR;
    (void)syscall(LANDLOCK_ADD, rules, LANDLOCK_PATH_BENEATH, &rule, 0);
    (void)close(fd);
}

static long landlock_version(void)
{
    return syscall(LANDLOCK_CREATE, NULL, 0, LANDLOCK_VERSION);
}

static bool confine_files(const char *const *readable, size_t count)
{
    /* Where the loader finds the libraries that an analysis loads when it needs them. */
    static const char *const system_folders[] = {"/usr",   "/lib",       "/lib64",
                                                 "/lib32", "/nix/store", "/etc/ld.so.cache"};
    long version = landlock_version();
    struct landlock_ruleset ruleset = {0, 0};
    bool held;
    int rules;
    size_t i;

    if (version < 1)
        return false;
    ruleset.files = file_rights(version);
    ruleset.net = version >= 4 ? LANDLOCK_NET : 0;
    rules = (int)syscall(LANDLOCK_CREATE, &ruleset,
                         version >= 4 ? sizeof ruleset : sizeof ruleset.files, 0);
    if (rules < 0)
        return false;
    for (i = 0; i < sizeof system_folders / sizeof *system_folders; i++)
        allow_reading(rules, system_folders[i]);
    for (i = 0; i < count; i++)
        allow_reading(rules, readable[i]);
    held = syscall(LANDLOCK_RESTRICT, rules, 0) == 0;
    (void)close(rules);
    return held;
}

/* ---- seccomp ---- */

#if defined(__x86_64__)
#define CALLS_OF AUDIT_ARCH_X86_64
#elif defined(__i386__)
#define CALLS_OF AUDIT_ARCH_I386
#elif defined(__aarch64__)
#define CALLS_OF AUDIT_ARCH_AARCH64
#endif

#if !defined(CALLS_OF)

static bool can_confine_calls(void)
{
    return false;
}

static bool confine_calls(void)
{
    return false;
}

#else

/* What analysing, printing and the C library beneath need. Architectures differ in the old ones. */
/* clang-format off */
static const int allowed_calls[] = {
    /* files that are open, and those that Landlock lets open */
    SYS_read, SYS_pread64, SYS_readv, SYS_preadv, SYS_write, SYS_writev, SYS_lseek, SYS_close,
    SYS_fstat, SYS_statx, SYS_openat, SYS_getdents64, SYS_readlinkat, SYS_faccessat, SYS_getcwd,
    SYS_fcntl, SYS_fadvise64, SYS_dup, SYS_fstatfs, SYS_statfs,
    /* sockets that are open, as a worker's to its parent; there can be no others */
    SYS_sendto, SYS_recvfrom,
    /* memory */
    SYS_mmap, SYS_munmap, SYS_mprotect, SYS_mremap, SYS_madvise, SYS_brk, SYS_mincore,
    /* this process, its threads' locks, time, chance */
    SYS_exit, SYS_exit_group, SYS_futex, SYS_set_robust_list, SYS_sched_yield,
    SYS_sched_getaffinity, SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_sigaltstack,
    SYS_restart_syscall, SYS_getpid, SYS_gettid, SYS_getppid, SYS_getuid, SYS_geteuid, SYS_getgid,
    SYS_getegid, SYS_uname, SYS_sysinfo, SYS_getrlimit, SYS_getrusage, SYS_clock_gettime,
    SYS_clock_getres, SYS_clock_nanosleep, SYS_nanosleep, SYS_gettimeofday,
    SYS_getrandom,
#ifdef SYS_rseq
    SYS_rseq,
#endif
#ifdef SYS_faccessat2
    SYS_faccessat2,
#endif
#ifdef SYS_newfstatat
    SYS_newfstatat,
#endif
#ifdef SYS_open
    SYS_open, SYS_stat, SYS_lstat, SYS_access, SYS_readlink,
#endif
#ifdef SYS_time
    SYS_time,
#endif
#ifdef SYS_arch_prctl
    SYS_arch_prctl,
#endif
#ifdef SYS_mmap2
    SYS_mmap2, SYS__llseek, SYS_fstat64, SYS_stat64, SYS_lstat64, SYS_fstatat64, SYS_fcntl64,
    SYS_ugetrlimit, SYS_getuid32, SYS_geteuid32, SYS_getgid32, SYS_getegid32, SYS_fadvise64_64,
    SYS_sigreturn, SYS_set_thread_area,
#endif
#ifdef SYS_clock_gettime64
    SYS_clock_gettime64, SYS_clock_nanosleep_time64, SYS_futex_time64,
#endif
};
/* clang-format on */

enum { CALL_COUNT = sizeof allowed_calls / sizeof *allowed_calls };

/* A kernel without filters answers EINVAL; with them it looks for the filter, at NULL. */
static bool can_confine_calls(void)
{
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL) != 0 && errno == EFAULT;
}

#define LOAD(field)                                                                                \
    (struct sock_filter) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define UNLESS(value, skipped)                                                                     \
    (struct sock_filter) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(value), 0, skipped)
#define RETURN(action) (struct sock_filter) BPF_STMT(BPF_RET | BPF_K, action)

static bool confine_calls(void)
{
    struct sock_filter filter[2 * CALL_COUNT + 16];
    struct sock_fprog program;
    unsigned short n = 0;
    size_t i;

    filter[n++] = LOAD(arch);
    filter[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, CALLS_OF, 1, 0);
    filter[n++] = RETURN(SECCOMP_RET_ERRNO | EPERM); /* another architecture's numbers */
    filter[n++] = LOAD(nr);
    for (i = 0; i < CALL_COUNT; i++) {
        filter[n++] = UNLESS(allowed_calls[i], 1);
        filter[n++] = RETURN(SECCOMP_RET_ALLOW);
    }
    /* Of a terminal that is open its settings and size may be asked, but nothing typed into it. */
    filter[n++] = UNLESS(SYS_ioctl, 5);
    filter[n++] = LOAD(args[1]);
    filter[n++] = UNLESS(TCGETS, 1);
    filter[n++] = RETURN(SECCOMP_RET_ALLOW);
    filter[n++] = UNLESS(TIOCGWINSZ, 1);
    filter[n++] = RETURN(SECCOMP_RET_ALLOW);
    filter[n++] = RETURN(SECCOMP_RET_ERRNO | EPERM);
    program.len = n;
    program.filter = filter;
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

#endif

unsigned avd_confine_available(void)
{
    return (landlock_version() >= 1 ? AVD_CONFINED_FILES : 0) |
           (can_confine_calls() ? AVD_CONFINED_CALLS : 0);
}

unsigned avd_confine(const char *const *readable, size_t count)
{
    unsigned held = 0;

    /* Without it neither is open to a process that is not root's; it also disarms setuid. */
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return 0;
    if (confine_files(readable, count))
        held |= AVD_CONFINED_FILES;
    if (confine_calls())
        held |= AVD_CONFINED_CALLS;
    return held;
}

#endif
