/*
 * A library for LD_PRELOAD that makes one call on files fail. What counts are calls on files whose path holds
 * FAULTY_FILES_PATH, by the functions below, in all threads of the process, while FAULTY_FILES_ROUND is not 0, from 1 on
 * in every round. The call with the number FAULTY_FILES_CALL fails with the errno FAULTY_FILES_ERROR. With
 * FAULTY_FILES_APPLIED=1 it has done its work before: the answer is lost. With FAULTY_FILES_KILL=1 it does not fail: the
 * process is killed in it. Every call is told to FAULTY_FILES_LOG.
 *
 * While there is a file FAULTY_FILES_READ_ONLY, all of these calls that write fail with EROFS, as they do on ext4 once its
 * errors have made it read-only (errors=remount-ro): writing, syncing, truncating and removing, also through descriptors
 * that were opened before, and opening for writing. Reading goes on.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long counted;

static long number(const char *name, long otherwise) {
  const char *value = getenv(name);
  return value == NULL ? otherwise : atol(value);
}

static int concerns(const char *path) {
  const char *part = getenv("FAULTY_FILES_PATH");
  return part != NULL && path != NULL && strstr(path, part) != NULL;
}

static int concerns_file(int file) {
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = '\0';
  return concerns(path);
}

/* The environment is read at every call: a process may tell itself what is to fail next, in a round of its own. */
static void count(void) {
  static long round;
  if (number("FAULTY_FILES_ROUND", 0) != round) counted = 0;
  round = number("FAULTY_FILES_ROUND", 0);
  counted++;
}

/* Whether this call is the one. */
static int fails(const char *function, int is_concerned) {
  int saved = errno, hit = 0;
  if (is_concerned && number("FAULTY_FILES_ROUND", 0) != 0) {
    pthread_mutex_lock(&lock);
    count();
    long call = counted, first = number("FAULTY_FILES_CALL", 0);
    hit = call == first;
    const char *log = getenv("FAULTY_FILES_LOG");
    if (log != NULL) {
      FILE *file = fopen(log, "ae");
      if (file != NULL) {
        fprintf(file, "%ld %s%s\n", call, function, hit ? " failed" : "");
        fclose(file);
      }
    }
    pthread_mutex_unlock(&lock);
  }
  errno = saved;
  return hit;
}

static int is_applied(void) { return (int)number("FAULTY_FILES_APPLIED", 0); }

static void fail(void) {
  if (number("FAULTY_FILES_KILL", 0) != 0) kill(getpid(), SIGKILL);
  errno = (int)number("FAULTY_FILES_ERROR", EIO);
}

static int is_read_only(void) {
  const char *mark = getenv("FAULTY_FILES_READ_ONLY");
  int saved = errno, there = mark != NULL && access(mark, F_OK) == 0;
  errno = saved;
  return there;
}

static int read_only(void) {
  errno = EROFS;
  return -1;
}

#define REAL(type, name, ...) ((type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name))

#define ON_FILE(type, name, writes, parameters, values, ...)             \
  type name parameters {                                                 \
    if (writes && is_read_only() && concerns_file(file)) return read_only(); \
    if (!fails(#name, concerns_file(file))) return REAL(type, #name, __VA_ARGS__) values; \
    if (is_applied()) (void)REAL(type, #name, __VA_ARGS__) values;       \
    fail();                                                              \
    return -1;                                                           \
  }

ON_FILE(ssize_t, write, 1, (int file, const void *data, size_t size), (file, data, size), int, const void *, size_t)
ON_FILE(ssize_t, pwrite, 1, (int file, const void *data, size_t size, off_t at), (file, data, size, at), int,
        const void *, size_t, off_t)
ON_FILE(ssize_t, pwrite64, 1, (int file, const void *data, size_t size, off64_t at), (file, data, size, at), int,
        const void *, size_t, off64_t)
ON_FILE(ssize_t, pread64, 0, (int file, void *data, size_t size, off64_t at), (file, data, size, at), int, void *,
        size_t, off64_t)
ON_FILE(int, fsync, 1, (int file), (file), int)
ON_FILE(int, fdatasync, 1, (int file), (file), int)
ON_FILE(int, ftruncate, 1, (int file, off_t size), (file, size), int, off_t)
ON_FILE(int, ftruncate64, 1, (int file, off64_t size), (file, size), int, off64_t)

#define OPENING(name)                                                                           \
  int name(const char *path, int flags, ...) {                                                  \
    va_list rest;                                                                               \
    va_start(rest, flags);                                                                      \
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;                     \
    va_end(rest);                                                                               \
    int writes = (flags & O_ACCMODE) != O_RDONLY || flags & (O_CREAT | O_TRUNC);                \
    if (writes && is_read_only() && concerns(path)) return read_only();                         \
    if (!fails(#name, concerns(path))) return REAL(int, #name, const char *, int, ...)(path, flags, mode); \
    fail();                                                                                     \
    return -1;                                                                                  \
  }

OPENING(open)
OPENING(open64)

int unlink(const char *path) {
  if (is_read_only() && concerns(path)) return read_only();
  if (!fails("unlink", concerns(path))) return REAL(int, "unlink", const char *)(path);
  if (is_applied()) (void)REAL(int, "unlink", const char *)(path);
  fail();
  return -1;
}

int rename(const char *from, const char *to) {
  if (is_read_only() && (concerns(from) || concerns(to))) return read_only();
  if (!fails("rename", concerns(from) || concerns(to))) return REAL(int, "rename", const char *, const char *)(from, to);
  if (is_applied()) (void)REAL(int, "rename", const char *, const char *)(from, to);
  fail();
  return -1;
}
