/*
 * A disk that can be told to misbehave, under one process: LD_PRELOAD=disk.so. Only files whose path
 * ends with one of `capstan.db`, `capstan.db-wal`, `witness.db`, `witness.db-wal` are touched.
 *
 * CAPSTAN_DISK_FAULT   a file, read again at every call: "fsync-ms N" delays every fsync, "errno N"
 *                      lets every write and fsync fail; empty or not there: a good disk.
 * CAPSTAN_DISK_KILL    "db|wal write|power N": SIGKILL in the middle of the N-th write to that file
 *                      (half of it is done), or at the N-th write or fsync of either file with the
 *                      power gone: what was not synced by then is lost, page by page, at random.
 * CAPSTAN_CRASH_MARKER a file made just before the kill; only the process that makes it is killed.
 * CAPSTAN_CRASH_PARENT the process id with which this process is to end.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { NONE, DB, WAL };
enum { PAGE = 4096 };

/* What a write replaced: enough to undo it. */
struct undo {
  struct undo *earlier;
  int fd, kind;
  off64_t at, size; /* size: of the file before the write */
  size_t length;    /* octets of `old` that were there */
  unsigned char old[];
};

static ssize_t (*real_pwrite)(int, const void *, size_t, off64_t);
static int (*real_fsync)(int);
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *fault_file, *marker;
static int kill_kind, kill_power;
static long kill_at, passes;
static struct undo *unsynced;

__attribute__((constructor)) static void begin(void) {
  real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
  real_fsync = dlsym(RTLD_NEXT, "fsync");
  fault_file = getenv("CAPSTAN_DISK_FAULT");
  marker = getenv("CAPSTAN_CRASH_MARKER");
  const char *parent = getenv("CAPSTAN_CRASH_PARENT"), *order = getenv("CAPSTAN_DISK_KILL");
  if (parent && atoi(parent) == getppid()) prctl(PR_SET_PDEATHSIG, SIGKILL);
  char file[8] = "", how[8] = "";
  if (order && sscanf(order, "%7s %7s %ld", file, how, &kill_at) == 3) {
    kill_kind = strcmp(file, "wal") == 0 ? WAL : DB;
    kill_power = strcmp(how, "power") == 0;
    srand(time(NULL) ^ getpid());
  }
}

static int kind_of(int fd) {
  char link[32], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return NONE;
  path[length] = 0;
  /* Both names have ten octets. */
  int wal = length >= 14 && strcmp(path + length - 4, "-wal") == 0;
  if (wal) path[length -= 4] = 0;
  if (length < 10) return NONE;
  const char *name = path + length - 10;
  if (strcmp(name, "capstan.db") && strcmp(name, "witness.db")) return NONE;
  return wal ? WAL : DB;
}

/* The number after `word` in the fault file; 0 when it is not there. */
static long fault(const char *word) {
  char text[64] = "";
  int fd = fault_file ? open(fault_file, O_RDONLY | O_CLOEXEC) : -1;
  if (fd < 0) return 0;
  ssize_t length = read(fd, text, sizeof text - 1);
  close(fd);
  size_t start = strlen(word);
  return length > 0 && strncmp(text, word, start) == 0 ? atol(text + start) : 0;
}

static void undo_some(void) {
  for (struct undo *one = unsynced; one; one = one->earlier) {
    for (size_t at = 0; at < one->length; at += PAGE) {
      size_t left = one->length - at;
      if (rand() % 2) real_pwrite(one->fd, one->old + at, left < PAGE ? left : PAGE, one->at + at);
    }
    if (one->at + (off64_t)one->length >= one->size && rand() % 2)
      if (ftruncate64(one->fd, one->size)) return;
  }
}

static void die(void) {
  int fd = marker ? open(marker, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600) : -1;
  if (fd < 0) return; /* another process had this fate already */
  if (kill_power) undo_some();
  kill(getpid(), SIGKILL);
  for (;;) pause();
}

static void remember(int fd, int kind, off64_t at, size_t length) {
  struct stat now;
  struct undo *one = malloc(sizeof *one + length);
  if (!one || fstat(fd, &now)) abort();
  ssize_t there = pread64(fd, one->old, length, at);
  *one = (struct undo){unsynced, fd, kind, at, now.st_size, there < 0 ? 0 : (size_t)there};
  unsynced = one;
}

static void forget(int kind) {
  for (struct undo **at = &unsynced; *at;) {
    struct undo *one = *at;
    if (one->kind != kind) {
      at = &one->earlier;
      continue;
    }
    *at = one->earlier;
    free(one);
  }
}

ssize_t pwrite64(int fd, const void *octets, size_t length, off64_t at) {
  int kind = kind_of(fd);
  if (kind == NONE) return real_pwrite(fd, octets, length, at);
  long code = fault("errno ");
  if (code) {
    errno = (int)code;
    return -1;
  }
  if (!kill_at) return real_pwrite(fd, octets, length, at);
  pthread_mutex_lock(&lock);
  if (kill_power) remember(fd, kind, at, length);
  if ((kill_power || kind == kill_kind) && ++passes >= kill_at) {
    real_pwrite(fd, octets, length / 2, at);
    die();
  }
  ssize_t written = real_pwrite(fd, octets, length, at);
  pthread_mutex_unlock(&lock);
  return written;
}

int fsync(int fd) {
  int kind = kind_of(fd);
  if (kind == NONE) return real_fsync(fd);
  long code = fault("errno "), delay = fault("fsync-ms ");
  if (code) {
    errno = (int)code;
    return -1;
  }
  if (delay) {
    struct timespec wait = {delay / 1000, delay % 1000 * 1000000};
    nanosleep(&wait, NULL);
  }
  if (!kill_at || !kill_power) return real_fsync(fd);
  pthread_mutex_lock(&lock);
  if (++passes >= kill_at) die();
  int done = real_fsync(fd);
  if (done == 0) forget(kind);
  pthread_mutex_unlock(&lock);
  return done;
}
