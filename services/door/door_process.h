/* The process around a door: one instance, bounded in descriptors and memory. */
#ifndef DOOR_PROCESS_H
#define DOOR_PROCESS_H

/* The process of a door: enters the home that is its only argument, holds `lock`, bounds what it may take, and serves until it is
 * told to leave. Returns the exit code, of sysexits.h. */
int door_main(const char *name, const char *lock, int argc, char **argv, int (*serve)(void));

/* Held until the process ends. Two binds of one ipc path both succeed in ZeroMQ, so the lock comes first. An exit code of
 * sysexits.h: EX_OK; EX_TEMPFAIL: another instance runs; EX_CANTCREAT. */
int door_lock_take(const char *path);
/* Every connection takes a descriptor: as many as we may have, up to a bound. Memory has one too: whatever a door should overlook
 * ends its process, which comes back in a second, and not the machine. A sanitizer's shadow would count as memory. */
void door_resources_bound(void);

#endif
