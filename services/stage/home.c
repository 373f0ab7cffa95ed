/* The home folder: entering it, making it, its settings and its small files. */
#include "services/stage/home.h"

#include "proto/crypto.h"
#include "services/stage/log.h"

#include <czmq.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FOLDER_MODE = 0700, KEY_FILE = 1024 };

err_t home_enter(const char *path) {
    if (chdir(path) != 0) return errno == ENOENT || errno == ENOTDIR ? ERR_MISSING : ERR_SYSTEM;
    return access(HOME_CONF, R_OK) == 0 ? OK : ERR_MISSING;
}

err_t home_make_folder(const char *path) {
    char part[PATH_MAX];
    int size = snprintf(part, sizeof part, "%s", path);
    if (size <= 0 || (size_t)size >= sizeof part) return ERR_BAD;
    for (char *slash = strchr(part + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(part, FOLDER_MODE) != 0 && errno != EEXIST) return ERR_SYSTEM;
        *slash = '/';
    }
    return mkdir(part, FOLDER_MODE) != 0 && errno != EEXIST ? ERR_SYSTEM : OK;
}

err_t home_make(const char *path) {
    static const char *const folders[] = {"keys", "officers", "data", "run", "run/door-gateway", "run/door-operator",
                                          "run/door-console", "run/door-notifier", "log"};
    err_t err = home_make_folder(path);
    for (size_t index = 0; err == OK && index < sizeof folders / sizeof folders[0]; index++) {
        char folder[PATH_MAX];
        int size = snprintf(folder, sizeof folder, "%s/%s", path, folders[index]);
        err = size > 0 && (size_t)size < sizeof folder ? home_make_folder(folder) : ERR_BAD;
    }
    return err;
}

static zconfig_t *settings; /* loaded once, kept until the process ends */
static pthread_once_t settings_once = PTHREAD_ONCE_INIT;

static void settings_load(void) {
    settings = zconfig_load(HOME_CONF);
    if (settings == NULL) log_warn("settings_unreadable", "file=%s", HOME_CONF);
}

const char *home_setting(const char *path, const char *fallback) {
    pthread_once(&settings_once, settings_load);
    if (settings == NULL) return fallback;
    zconfig_t *found = zconfig_locate(settings, path);
    const char *value = found == NULL ? NULL : zconfig_value(found);
    return value == NULL || value[0] == '\0' ? fallback : value;
}

err_t home_write_at(int fd, bytes_t bytes, uint64_t offset) {
    for (uint32_t done = 0; done < bytes.size;) {
        ssize_t put = pwrite(fd, bytes.at + done, bytes.size - done, (off_t)(offset + done));
        if (put < 0 && errno == EINTR) continue;
        if (put <= 0) return put < 0 && errno != ENOSPC && errno != EDQUOT ? ERR_SYSTEM : ERR_FULL;
        done += (uint32_t)put;
    }
    return OK;
}

bool home_read_at(int fd, uint8_t *into, uint32_t *size, uint64_t offset) {
    uint32_t wanted = *size;
    for (*size = 0; *size < wanted;) {
        ssize_t got = pread(fd, into + *size, wanted - *size, (off_t)(offset + *size));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return got == 0;
        *size += (uint32_t)got;
    }
    return true;
}

err_t home_sync_folder(const char *folder) {
    int fd = open(folder[0] == '\0' ? "/" : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return ERR_SYSTEM;
    int failed = fsync(fd);
    close(fd);
    return failed != 0 ? ERR_SYSTEM : OK;
}

err_t home_sync_name(const char *path) {
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    int size = slash == NULL ? snprintf(folder, sizeof folder, ".")
                             : snprintf(folder, sizeof folder, "%.*s", (int)(slash - path), path);
    return size < 0 || (size_t)size >= sizeof folder ? ERR_BAD : home_sync_folder(folder);
}

err_t home_write(const char *path, text_t content, unsigned mode) {
    char temporary[PATH_MAX];
    int size = snprintf(temporary, sizeof temporary, "%s.new", path);
    if (size < 0 || (size_t)size >= sizeof temporary) return ERR_BAD;
    unlink(temporary); /* of a run that was killed */
    int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, (mode_t)mode);
    if (fd < 0) return ERR_SYSTEM;
    bytes_t bytes = {(const uint8_t *)content.at, content.size};
    err_t err = fchmod(fd, (mode_t)mode) == 0 ? home_write_at(fd, bytes, 0) : ERR_SYSTEM;
    if (err == OK && fsync(fd) != 0) err = ERR_SYSTEM;
    if (close(fd) != 0 && err == OK) err = ERR_SYSTEM;
    if (err == OK && rename(temporary, path) != 0) err = ERR_SYSTEM;
    if (err != OK) {
        int why = errno;
        unlink(temporary);
        errno = why;
        return err;
    }
    return home_sync_name(path);
}

err_t home_read(const char *path, arena_t *arena, uint32_t limit, text_t *content) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return errno == ENOENT ? ERR_MISSING : ERR_SYSTEM;
    struct stat status;
    err_t err = fstat(fd, &status) != 0 ? ERR_SYSTEM : status.st_size > (off_t)limit || !S_ISREG(status.st_mode) ? ERR_BAD : OK;
    if (err == OK) {
        char *at = arena_take(arena, (size_t)status.st_size + 1);
        uint32_t size = (uint32_t)status.st_size;
        if (!home_read_at(fd, (uint8_t *)at, &size, 0)) err = ERR_SYSTEM;
        *content = (text_t){at, size};
    }
    close(fd);
    return err;
}

err_t home_read_key(const char *path, uint8_t *out, size_t size) {
    arena_t *arena = arena_new();
    text_t hex = {0};
    err_t err = home_read(path, arena, KEY_FILE, &hex);
    while (hex.size > 0 && strchr("\r\n ", hex.at[hex.size - 1]) != NULL) hex.size--;
    if (err == OK && !hex_read(hex, out, size)) err = ERR_BAD;
    arena_destroy(&arena);
    return err;
}
