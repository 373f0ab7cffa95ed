/* Written under tmp, then renamed into new. */
#include "services/notifier/maildir.h"

#include "services/stage/home.h"
#include "services/stage/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static err_t folders_make(const char *folder, arena_t *arena) {
    static const char *const names[] = {"tmp", "new", "cur"};
    err_t err = OK;
    for (size_t index = 0; err == OK && index < sizeof names / sizeof names[0]; index++)
        err = home_make_folder(arena_format(arena, "%s/%s", folder, names[index]).at);
    return err;
}

err_t maildir_put(const char *folder, text_t name, text_t content) {
    arena_t *arena = arena_new();
    const char *tmp = arena_format(arena, "%s/tmp/" TEXT_FORMAT, folder, TEXT_ARGS(name)).at;
    const char *new = arena_format(arena, "%s/new/" TEXT_FORMAT, folder, TEXT_ARGS(name)).at;
    const char *read = arena_format(arena, "%s/cur/" TEXT_FORMAT ":2,S", folder, TEXT_ARGS(name)).at;
    err_t err = folders_make(folder, arena);
    if (err == OK && access(new, F_OK) != 0 && access(read, F_OK) != 0) {
        err = home_write(tmp, content, 0600);
        if (err == OK && rename(tmp, new) != 0) err = ERR_SYSTEM;
        if (err == OK) err = home_sync_name(new);
    }
    if (err != OK) log_error("maildir_failed", "folder=%s error=\"%s\"", folder, strerror(errno));
    arena_destroy(&arena);
    return err;
}
