/* What plan_home.h promises. plan.bytes: the hash of plan.yaml, the hash of the canonical bytes, and these. */
#include "services/plan/plan_home.h"

#include <string.h>

#include "proto/crypto.h"
#include "proto/wire.h"
#include "services/stage/home.h"

enum { HEAD = 2 * HASH_SIZE };

err_t plan_home_write(text_t yaml, const plan_t *plan) {
    static const uint8_t head[HEAD];
    buffer_t file = {0};
    fault_t fault;
    buffer_add(&file, head, HEAD);
    err_t err = wire_encode_checked(plan_type(), plan, &file, &fault);
    if (err == OK) {
        hash_of((bytes_t){(const uint8_t *)yaml.at, yaml.size}, file.at);
        hash_of((bytes_t){file.at + HEAD, (uint32_t)file.size - HEAD}, file.at + HASH_SIZE);
        err = home_write(PLAN_HOME_BYTES, (text_t){(const char *)file.at, (uint32_t)file.size}, 0644);
    }
    if (err == OK) err = home_write(PLAN_HOME_FILE, yaml, 0644); /* last: whoever sees it finds the bytes beside it */
    buffer_destroy(&file);
    return err;
}

/* In an arena of its own: what people wrote is not wanted any more when the plan is read. */
static bool hash_of_file(uint8_t hash[HASH_SIZE]) {
    arena_t *arena = arena_new();
    text_t yaml;
    bool there = home_read(PLAN_HOME_FILE, arena, LIMIT_PLAN_FILE, &yaml) == OK;
    if (there) hash_of((bytes_t){(const uint8_t *)yaml.at, yaml.size}, hash);
    arena_destroy(&arena);
    return there;
}

/* false: there are none, or of another file, or not as they were written. */
static bool bytes_read(arena_t *arena, plan_t *plan) {
    uint8_t head[HEAD];
    text_t file;
    fault_t fault;
    if (!hash_of_file(head)) return false;
    if (home_read(PLAN_HOME_BYTES, arena, LIMIT_PLAN + HEAD, &file) != OK || file.size <= HEAD) return false;
    bytes_t bytes = {(const uint8_t *)file.at + HEAD, file.size - HEAD};
    hash_of(bytes, head + HASH_SIZE);
    return memcmp(file.at, head, HEAD) == 0 && wire_decode_shared(plan_type(), bytes, arena, plan, &fault) == OK;
}

err_t plan_home_read(arena_t *arena, plan_t *plan, file_fault_t faults[PLAN_FAULTS], uint32_t *fault_count) {
    text_t yaml;
    *fault_count = 0;
    if (bytes_read(arena, plan)) return OK;
    err_t err = home_read(PLAN_HOME_FILE, arena, LIMIT_PLAN_FILE, &yaml);
    return err == OK ? plan_read(yaml, arena, plan, faults, fault_count) : err;
}
