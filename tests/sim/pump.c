/* What pump.h promises. */
#include "tests/sim/pump.h"

#include "tests/sim/temporary.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

err_t pump_from_store(stage_t *stage, store_t *writer, stream_t stream, uint32_t max_bytes) {
    arena_t *arena = arena_new();
    err_t err = OK;
    while (err == OK) {
        arena_reset(arena);
        fetch_t fetch = stage_fetch(stage);
        fetch.max_bytes = max_bytes;
        txn_t *txn = store_read(writer);
        if (txn == NULL) {
            err = ERR_STORE;
            break;
        }
        batch_t batch = {0};
        bool more = stream_serve(txn, stream, txn_head(txn), &fetch, arena, &batch);
        txn_abort(&txn);
        if (!more) break;
        if (batch.state != batch_state_ok)
            err = ERR_CORRUPT;
        else if (batch.count == 0)
            break;
        if (err == OK) err = stage_step(stage, &batch);
        if (err == OK) err = stage_commit(stage);
        if (err == ERR_FULL && store_more_room(stage_store(stage)) == ROOM_MORE) err = OK; /* fetched again, as the loop does */
    }
    arena_destroy(&arena);
    return err;
}

err_t pump_replay(const role_t *role, const char *folder, store_t *writer, stream_t stream, stage_t **out) {
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, role->name);
    err_t err = stage_open(role, path, out);
    return err == OK ? pump_from_store(*out, writer, stream, 0) : err;
}

bool pump_files_equal(const char *one, const char *other) {
    FILE *a = fopen(one, "r"), *b = fopen(other, "r");
    char *line_a = NULL, *line_b = NULL;
    size_t room_a = 0, room_b = 0, number = 0;
    bool equal = a != NULL && b != NULL;
    while (equal) {
        ssize_t size_a = getline(&line_a, &room_a, a), size_b = getline(&line_b, &room_b, b);
        number++;
        if (size_a < 0 && size_b < 0) break;
        equal = size_a == size_b && memcmp(line_a, line_b, (size_t)size_a) == 0;
        if (!equal)
            fprintf(stderr, "%s and %s part at line %zu:\n  %.300s\n  %.300s\n", one, other, number,
                    size_a < 0 ? "(end)" : line_a, size_b < 0 ? "(end)" : line_b);
    }
    free(line_a);
    free(line_b);
    if (a != NULL) fclose(a);
    if (b != NULL) fclose(b);
    return equal && number > 1;
}

void pump_remove(const char *folder) { temporary_remove(folder); }
