/* Registered units that try to make the door heavy: messages without an end, answers that nobody reads, ever larger lists. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "services/stage/clock.h"
#include "services/stage/link.h"
#include "tests/hostile/raw.h"

enum { PART = 60000, MOST_BYTES = 600 * MEBI, CROWD = 26 };

static uint64_t mebi(uint64_t kib) { return kib / 1024; }

/* Parts of `size` bytes, each promising another, until it is ended or `most` bytes are out. Returns what was sent. */
static uint64_t endless(hostile_t *self, zmtp_t *link, uint32_t size, uint64_t most, bool *ended) {
    static uint8_t part[PART];
    uint64_t sent = 0;
    for (uint32_t count = 0; sent < most; count++, sent += size + 35) {
        if (!zmtp_send(link, part, size, true)) break;
        if (count % 64 == 0) hostile_rss_kib(self);
    }
    *ended = sent < most || zmtp_ended(link, WELL_MS / 2);
    return sent;
}

static void endless_messages(hostile_t *self) {
    static const struct {
        const char *what;
        uint32_t size;
    } tries[] = {{"endless large parts", PART}, {"endless tiny parts", 1}};
    for (size_t index = 0; index < 2; index++) {
        zmtp_t link;
        bool ended = false;
        uint64_t before = hostile_rss_kib(self);
        uint64_t sent = raw_enter(self, 0, &link) ? endless(self, &link, tries[index].size, MOST_BYTES, &ended) : 0;
        uint64_t peak = self->peak_kib;
        zmtp_close(&link);
        hostile_say(self, ended && sent > 0 && peak < 512 * 1024, tries[index].what,
                    "ended=%d after %llu MiB; the gateway from %llu to at most %llu MiB", ended,
                    (unsigned long long)(sent / MEBI), (unsigned long long)mebi(before), (unsigned long long)mebi(peak));
    }
}

/* Each stays below what one connection may have waiting; together they do not. */
static void endless_together(hostile_t *self) {
    zmtp_t links[CROWD];
    static uint8_t part[PART];
    uint32_t ended = 0;
    for (uint32_t index = 0; index < CROWD; index++)
        if (!raw_enter(self, index % HOGS == HOGS - 1 ? 0 : index % HOGS, &links[index])) links[index].descriptor = -1;
    for (uint32_t round = 0; round < 12 * MEBI / PART; round++)
        for (uint32_t index = 0; index < CROWD; index++)
            if (links[index].descriptor >= 0 && !zmtp_send(&links[index], part, sizeof part, true)) {
                zmtp_close(&links[index]);
                ended++;
            }
    hostile_rss_kib(self);
    for (uint32_t index = 0; index < CROWD; index++)
        if (links[index].descriptor >= 0) {
            ended += zmtp_ended(&links[index], 300 / CROWD);
            zmtp_close(&links[index]);
        }
    hostile_say(self, ended > 0 && self->peak_kib < 768 * 1024, "unfinished together",
                "%u of %d with 12 MiB each were cut; at most %llu MiB", ended, CROWD, (unsigned long long)mebi(self->peak_kib));
}

static void oversize_frames(hostile_t *self) {
    arena_t *arena = arena_new();
    uint8_t *room = arena_take(arena, RAW_ROOM), *frame = arena_take(arena, 600 * 1024);
    packet_t packet = {0};
    zmtp_t link;
    const char *code = "", *parts = "";
    raw_enter(self, 0, &link);
    zmtp_send(&link, frame, 300 * 1024, false);
    if (raw_answer(&link, 0, room, &packet, WELL_MS) != 0) code = raw_refusal_code(&packet, arena);
    zmtp_send(&link, "a", 1, true);
    zmtp_send(&link, "b", 1, false);
    if (raw_answer(&link, 0, room, &packet, WELL_MS) != 0) parts = raw_refusal_code(&packet, arena);
    zmtp_send(&link, frame, 600 * 1024, false);
    bool ended = zmtp_ended(&link, WELL_MS);
    zmtp_close(&link);
    hostile_say(self, strcmp(code, "oversize") == 0 && strcmp(parts, "too_many_parts") == 0 && ended, "oversize",
                "300 KiB: %s, two parts: %s, 600 KiB: ended=%d", code, parts, ended);
    arena_destroy(&arena);
}

/* Frames of random bytes, half of them beginning like a packet: each is answered by a refusal. */
static void garbage(hostile_t *self) {
    enum { FRAMES = 1000 };
    arena_t *arena = arena_new();
    uint8_t *room = arena_take(arena, RAW_ROOM), frame[512];
    unsigned seed = 7;
    uint32_t refused = 0;
    packet_t packet = {0};
    zmtp_t link;
    raw_enter(self, 0, &link);
    for (uint32_t count = 0; count < FRAMES; count++) {
        size_t size = 1 + (unsigned)rand_r(&seed) % (sizeof frame - 1);
        for (size_t at = 0; at < size; at++) frame[at] = (uint8_t)rand_r(&seed);
        if (count % 2 == 0 && size > 7) memcpy(frame, "\x94\xcd\x02\x58\x01\x07\x81", 7);
        zmtp_send(&link, frame, size, false);
        refused += raw_answer(&link, 0, room, &packet, WELL_MS) == KIND_refusal;
    }
    zmtp_close(&link);
    hostile_say(self, refused == FRAMES, "garbage", "%u of %d frames refused", refused, FRAMES);
    arena_destroy(&arena);
}

/* A report with as many faults as are told at once: a long refusal. */
static bytes_t faulty(arena_t *arena) {
    explanation_t *all = ARENA_NEW(arena, explanation_t, LIMIT_REASONS);
    for (uint32_t index = 0; index < LIMIT_REASONS; index++)
        all[index] = (explanation_t){.code = text_of("no_evidence"), .text = text_of("13800138000")};
    report_submit_t submit = {.report = hostile_report(arena, 0)};
    submit.report.explanations = all;
    submit.report.explanations_count = LIMIT_REASONS;
    buffer_t frame = {0};
    packet_encode(3, report_submit_type(), &submit, &frame);
    text_t copy = arena_text(arena, (text_t){(const char *)frame.at, (uint32_t)frame.size});
    buffer_destroy(&frame);
    return (bytes_t){(const uint8_t *)copy.at, copy.size};
}

static void never_reads(hostile_t *self) {
    enum { MOST = 20000 };
    arena_t *arena = arena_new();
    bytes_t frame = faulty(arena);
    uint64_t before = hostile_rss_kib(self);
    zmtp_t link;
    uint32_t sent = 0;
    int small = 4096;
    raw_enter(self, 0, &link);
    setsockopt(link.descriptor, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    for (; sent < MOST && zmtp_send(&link, frame.at, frame.size, false); sent++)
        if (sent % 256 == 0) hostile_rss_kib(self);
    uint64_t after = hostile_rss_kib(self);
    zmtp_quiet(&link);
    hostile_say(self, sent < MOST && after < 512 * 1024, "never reads",
                "cut after %u questions; the gateway from %llu to %llu MiB", sent, (unsigned long long)mebi(before),
                (unsigned long long)mebi(after));
    arena_destroy(&arena);
}

/* Each report a little larger in all its lists than the one before: what is kept for the next must not add up. */
static void growing_lists(hostile_t *self) {
    enum { MESSAGES = 200, FIRST_ITEMS = 300 };
    arena_t *arena = arena_new();
    uint8_t *room = arena_take(arena, RAW_ROOM);
    item_t *items = ARENA_NEW(arena, item_t, LIMIT_ITEMS);
    figure_t figures[LIMIT_FIGURES] = {0};
    uint64_t before = hostile_rss_kib(self);
    uint32_t answered = 0;
    packet_t packet = {0};
    zmtp_t link;
    for (uint32_t index = 0; index < LIMIT_ITEMS; index++) items[index].key_kind = key_kind_receipt;
    raw_enter(self, 0, &link);
    for (uint32_t count = 0; count < MESSAGES; count++) {
        buffer_t frame = {0};
        for (uint32_t index = 0; index < LIMIT_FIGURES; index++)
            figures[index] = (figure_t){.indicator = text_of("sales"), .items = items, .items_count = FIRST_ITEMS + count};
        report_check_t check = {.report = hostile_report(arena, 0)};
        check.report.figures = figures;
        check.report.figures_count = LIMIT_FIGURES;
        packet_encode(5, report_check_type(), &check, &frame);
        if (!zmtp_send(&link, frame.at, frame.size, false)) count = MESSAGES;
        answered += raw_answer(&link, 0, room, &packet, WELL_MS) != 0;
        buffer_destroy(&frame);
    }
    zmtp_close(&link);
    uint64_t after = hostile_rss_kib(self);
    hostile_say(self, answered == MESSAGES && after < before + 128 * 1024, "growing lists",
                "%u of %d answered; the gateway from %llu to %llu MiB", answered, MESSAGES, (unsigned long long)mebi(before),
                (unsigned long long)mebi(after));
    arena_destroy(&arena);
}

void attack_weight(hostile_t *self) {
    oversize_frames(self);
    garbage(self);
    growing_lists(self);
    never_reads(self);
    endless_messages(self);
    endless_together(self);
}
