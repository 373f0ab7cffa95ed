/* A bulletin of the small plan in intake_world.h on its way into the ledger. */
#ifndef TESTS_INTAKE_DOCUMENT_H
#define TESTS_INTAKE_DOCUMENT_H

#include "tests/unit/intake_world.h"

#include "services/documents/documents.h"

/* An edition of the small plan in intake_world.h, in its canonical bytes. */
typedef struct {
    buffer_t bytes;
    uint8_t hash[HASH_SIZE];
    uint64_t as_of;
} kept_t;

static inline kept_t edition_of(world_t *world, uint64_t number, const char *problems) {
    static const text_t lead[] = {{"nongye", 6}};
    edition_unit_t unit = {text_of("nongye"), text_of("区农业农村局"), unit_kind_body};
    edition_task_t task = {
        .id = text_of("pairing"), .number = text_of("二"), .name = text_of("结对帮扶"), .lead = lead, .lead_count = 1};
    edition_voice_t voice = {.unit = text_of("nongye"), .task = text_of("pairing"), .problems = text_of(problems), .seq = 1};
    kept_t kept = {.as_of = intake_head(world->intake).seq};
    edition_t edition = {.kind = document_kind_bulletin,
                         .plan = text_of("test-2021"),
                         .title = text_of("要点"),
                         .coordinator = text_of("nongye"),
                         .number = number,
                         .period = text_of("2021-08"),
                         .from = 20210801,
                         .to = 20210831,
                         .cycle = cycle_month,
                         .as_of = kept.as_of,
                         .now_ms = (uint64_t)world->wall_ms,
                         .units = &unit,
                         .units_count = 1,
                         .tasks = &task,
                         .tasks_count = 1,
                         .voices = &voice,
                         .voices_count = 1};
    edition_bytes(&edition, &kept.bytes);
    hash_of((bytes_t){kept.bytes.at, (uint32_t)kept.bytes.size}, kept.hash);
    return kept;
}

static inline void send_part(world_t *world, uint8_t number, const kept_t *kept) {
    document_part_t part = {.bytes = {kept->bytes.at, (uint32_t)kept->bytes.size}};
    memcpy(part.hash, kept->hash, sizeof part.hash);
    world_done(world, number, document_part_type(), &part);
}

static inline document_announced_t announced_of(const kept_t *kept) {
    document_announced_t told = {.kind = document_kind_bulletin,
                                 .period = text_of("2021-08"),
                                 .size = kept->bytes.size,
                                 .parts = 1,
                                 .as_of = kept->as_of};
    memcpy(told.hash, kept->hash, sizeof told.hash);
    return told;
}

static inline document_published_t published_of(const kept_t *kept, uint64_t number) {
    document_published_t told = {.kind = document_kind_bulletin,
                                 .period = text_of("2021-08"),
                                 .size = kept->bytes.size,
                                 .parts = 1,
                                 .as_of = kept->as_of,
                                 .number = number,
                                 .layout = 1,
                                 .html_hash = {1},
                                 .docx_hash = {2}};
    memcpy(told.hash, kept->hash, sizeof told.hash);
    return told;
}

static inline uint64_t announce(world_t *world, uint8_t number) {
    kept_t kept = edition_of(world, 0, "无");
    send_part(world, number, &kept);
    document_announced_t told = announced_of(&kept);
    command_done_t done = world_done(world, (uint8_t)(number + 1), document_announced_type(), &told);
    buffer_destroy(&kept.bytes);
    return done.seq;
}

static inline void try_publish(world_t *world, uint8_t command, uint64_t number) {
    kept_t kept = edition_of(world, number, "无");
    send_part(world, command, &kept);
    document_published_t told = published_of(&kept, number);
    world_command(world, (uint8_t)(command + 1), document_published_type(), &told);
    world_commit(world);
    buffer_destroy(&kept.bytes);
}

#endif
