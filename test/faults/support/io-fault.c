/*
 * Preloaded into the server by io-fault.ts: calls on a file whose name has WHERE in it fail with EIO while the trigger file exists, as on a disk that
 * breaks. Its first word says which: "sync" (fsync and fdatasync) or "write" (pwrite as well).
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

/* 0: no fault; 1: syncs; 2: syncs and writes. */
static int fault(void) {
  const char *trigger = getenv("IO_FAULT_TRIGGER");
  int fd = trigger ? open(trigger, O_RDONLY) : -1;
  if (fd < 0) return 0;
  char word[8] = {0};
  ssize_t length = read(fd, word, sizeof word - 1);
  close(fd);
  if (length <= 0) return 0;
  return word[0] == 'w' ? 2 : 1;
}

static int is_meant(int fd) {
  const char *where = getenv("IO_FAULT_WHERE");
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return where && strstr(path, where) != NULL;
}

#define FAILS(fd, least) (is_meant(fd) && fault() >= (least) && (errno = EIO))

int fsync(int fd) {
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
  return FAILS(fd, 1) ? -1 : real(fd);
}

int fdatasync(int fd) {
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
  return FAILS(fd, 1) ? -1 : real(fd);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t at) {
  ssize_t (*real)(int, const void *, size_t, off64_t) = (ssize_t(*)(int, const void *, size_t, off64_t))dlsym(RTLD_NEXT, "pwrite64");
  return FAILS(fd, 2) ? -1 : real(fd, bytes, count, at);
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at) {
  ssize_t (*real)(int, const void *, size_t, off_t) = (ssize_t(*)(int, const void *, size_t, off_t))dlsym(RTLD_NEXT, "pwrite");
  return FAILS(fd, 2) ? -1 : real(fd, bytes, count, at);
}
