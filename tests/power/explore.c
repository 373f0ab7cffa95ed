/* Images of a file after a power cut: what was synced is there, of the rest any sector may be old, new, or between. */
#include "tests/power/explore.h"

#include <stdlib.h>
#include <string.h>

#include "proto/crypto.h"

enum { MOST_PENDING = 4096, FRUITLESS = 48 /* repeats in a row, after which a point counts as exhausted */ };

/* One write that no sync has followed yet. */
typedef struct {
    uint64_t offset;
    uint32_t size;
    const uint8_t *bytes;
} pending_t;

struct explorer {
    const tape_t *tape;
    uint64_t seed;
    uint32_t samples, part, parts;
    uint32_t point, sample, fruitless;
    uint32_t skip_point, skip_sample;
    uint32_t must, may;
    bool born;   /* it is called data.mdb */
    bool named;  /* and will be after a power cut */
    bool unborn; /* choice of the sample at hand */
    uint8_t *durable, *image;
    size_t room;
    size_t durable_size; /* the length the file has for certain */
    size_t full_size;    /* the length that the process sees */
    pending_t pending[MOST_PENDING];
    uint32_t pending_count;
    uint64_t *seen; /* open addressing; 0: free */
    size_t seen_room, seen_count;
    uint64_t repeats;
};

explorer_t *explorer_new(const tape_t *tape, uint64_t seed, uint32_t samples, uint32_t part, uint32_t parts) {
    explorer_t *self = calloc(1, sizeof *self);
    ASSERT(self != NULL);
    self->tape = tape;
    self->seed = seed;
    self->samples = samples;
    self->part = part;
    self->parts = parts;
    self->skip_point = UINT32_MAX;
    self->born = true;
    for (uint32_t index = 0; index < tape->count; index++) {
        size_t end = tape->entries[index].offset + tape->entries[index].size;
        if (end > self->room) self->room = end;
        if (tape->entries[index].kind == TAPE_RENAME) self->born = false;
    }
    self->durable = calloc(1, self->room + 1);
    self->image = calloc(1, self->room + 1);
    self->seen_room = 1 << 12;
    self->seen = calloc(self->seen_room, sizeof *self->seen);
    ASSERT(self->durable != NULL && self->image != NULL && self->seen != NULL);
    return self;
}

void explorer_destroy(explorer_t **self) {
    if (*self == NULL) return;
    free((*self)->durable);
    free((*self)->image);
    free((*self)->seen);
    free(*self);
    *self = NULL;
}

void explorer_skip(explorer_t *self, uint32_t point, uint32_t sample) {
    self->skip_point = point;
    self->skip_sample = sample;
}

uint64_t explorer_repeats(const explorer_t *self) { return self->repeats; }

static uint64_t mix(uint64_t x) { /* splitmix64 */
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static bool seen_add(uint64_t *seen, size_t room, uint64_t hash) {
    size_t at = hash & (room - 1);
    while (seen[at] != 0 && seen[at] != hash) at = (at + 1) & (room - 1);
    bool fresh = seen[at] == 0;
    seen[at] = hash;
    return fresh;
}

/* Four lanes of multiply and rotate: only to tell images apart, but at the speed of memory. */
static uint64_t image_hash(const uint8_t *bytes, size_t size, uint64_t seed) {
    uint64_t lanes[4] = {seed, ~seed, mix(seed), mix(~seed)}, words[4];
    for (size_t at = 0; at < size; at += sizeof words) {
        if (size - at < sizeof words) memset(words, 0, sizeof words);
        memcpy(words, bytes + at, size - at < sizeof words ? size - at : sizeof words);
        for (int lane = 0; lane < 4; lane++) {
            lanes[lane] = (lanes[lane] ^ words[lane]) * UINT64_C(0x9fb21c651e98df25);
            lanes[lane] ^= lanes[lane] >> 29;
        }
    }
    return mix(lanes[0] ^ mix(lanes[1] ^ mix(lanes[2] ^ mix(lanes[3] ^ size))));
}

/* false: this image with these promises was there before. */
static bool is_fresh(explorer_t *self, size_t size) {
    uint64_t promises = (uint64_t)self->must << 33 | (uint64_t)self->may << 1 | self->unborn;
    uint64_t hash = image_hash(self->image, size, promises) | 1;
    if (self->seen_count * 2 >= self->seen_room) {
        uint64_t *larger = calloc(self->seen_room * 2, sizeof *larger);
        ASSERT(larger != NULL);
        for (size_t at = 0; at < self->seen_room; at++)
            if (self->seen[at] != 0) seen_add(larger, self->seen_room * 2, self->seen[at]);
        free(self->seen);
        self->seen = larger;
        self->seen_room *= 2;
    }
    bool fresh = seen_add(self->seen, self->seen_room, hash);
    self->seen_count += fresh;
    self->repeats += !fresh;
    return fresh;
}

/* How a sample chooses. Of each write everything is kept up to the sector `tear`, from there on by chance. */
typedef enum { CHOOSE_NONE, CHOOSE_ALL, CHOOSE_BUT, CHOOSE_ONLY, CHOOSE_TORN, CHOOSE_WITHOUT, CHOOSE_RANDOM } choice_kind_t;
typedef struct {
    choice_kind_t kind;
    uint32_t index;  /* which write */
    uint32_t sector; /* of it */
    uint64_t draw;   /* random: seed of this sample */
} choice_t;

static uint32_t sectors_of(const pending_t *write) {
    return (uint32_t)((write->offset + write->size + SECTOR - 1) / SECTOR - write->offset / SECTOR);
}

static uint32_t pending_sectors(const explorer_t *self) {
    uint32_t count = 0;
    for (uint32_t index = 0; index < self->pending_count; index++) count += sectors_of(&self->pending[index]);
    return count;
}

/* The sample-th choice at this point: first the telling ones, one by one, then random ones. What leaves out the newest write
 * was there at an earlier point. */
static choice_t choice_of(const explorer_t *self, uint32_t sample) {
    uint32_t count = self->pending_count, last = count - 1;
    if (sample == 0) return (choice_t){CHOOSE_ALL, 0, 0, 0};
    if (sample == 1) return (choice_t){CHOOSE_NONE, 0, 0, 0};
    if (sample == 2) return (choice_t){CHOOSE_ONLY, last, 0, 0};
    sample -= 3;
    if (sample < last) return (choice_t){CHOOSE_BUT, sample, 0, 0};
    sample -= last;
    if (sample < sectors_of(&self->pending[last])) return (choice_t){CHOOSE_TORN, last, sample, 0};
    sample -= sectors_of(&self->pending[last]);
    if (sample < pending_sectors(self)) {
        choice_t choice = {CHOOSE_WITHOUT, 0, sample, 0};
        while (choice.sector >= sectors_of(&self->pending[choice.index]))
            choice.sector -= sectors_of(&self->pending[choice.index++]);
        return choice;
    }
    return (choice_t){CHOOSE_RANDOM, 0, 0, mix(self->seed ^ mix((uint64_t)self->point << 32 | sample))};
}

/* Is sector `sector` of write `index` on the disk? */
static bool is_kept(const choice_t *choice, uint32_t index, uint32_t sector, uint64_t disk_sector) {
    switch (choice->kind) {
    case CHOOSE_NONE: return false;
    case CHOOSE_ALL: return true;
    case CHOOSE_BUT: return index != choice->index;
    case CHOOSE_ONLY: return index == choice->index;
    case CHOOSE_TORN: return index < choice->index || (index == choice->index && sector < choice->sector);
    case CHOOSE_WITHOUT: return index != choice->index || sector != choice->sector;
    case CHOOSE_RANDOM: break;
    }
    static const uint8_t chances[] = {128, 64, 192, 32, 224, 128};
    uint64_t part = choice->draw % 8, grain = part < 5 ? disk_sector : part < 7 ? disk_sector / (PAGE / SECTOR) : 0;
    uint64_t draw = mix(choice->draw ^ mix((uint64_t)index << 40 ^ grain));
    return (draw & 255) < chances[choice->draw / 8 % sizeof chances];
}

/* Makes the image of a choice; what is not certain of the length is a choice too. Returns its size. */
static size_t image_make(explorer_t *self, const choice_t *choice) {
    size_t size = self->durable_size;
    memcpy(self->image, self->durable, self->room);
    for (uint32_t index = 0; index < self->pending_count; index++) {
        const pending_t *write = &self->pending[index];
        uint64_t end = write->offset + write->size;
        uint32_t sectors = sectors_of(write);
        for (uint32_t sector = 0; sector < sectors; sector++) {
            uint64_t disk_sector = write->offset / SECTOR + sector;
            uint64_t from = disk_sector * SECTOR < write->offset ? write->offset : disk_sector * SECTOR;
            uint64_t to = (disk_sector + 1) * SECTOR < end ? (disk_sector + 1) * SECTOR : end;
            if (!is_kept(choice, index, sector, disk_sector)) continue;
            memcpy(self->image + from, write->bytes + (from - write->offset), to - from);
            if (to > size) size = to;
        }
    }
    if (choice->kind == CHOOSE_RANDOM ? (choice->draw >> 60) < 8 : choice->kind == CHOOSE_BUT || choice->kind == CHOOSE_WITHOUT)
        size = self->full_size > size ? self->full_size : size;
    return size;
}

static void pending_add(explorer_t *self, const tape_entry_t *entry) {
    ASSERT(self->pending_count < MOST_PENDING);
    self->pending[self->pending_count++] = (pending_t){entry->offset, entry->size, entry->bytes};
    size_t end = entry->offset + entry->size;
    if (end > self->full_size) self->full_size = end;
}

/* The page cache goes to the disk. */
static void all_durable(explorer_t *self) {
    for (uint32_t index = 0; index < self->pending_count; index++)
        memcpy(self->durable + self->pending[index].offset, self->pending[index].bytes, self->pending[index].size);
    self->pending_count = 0;
    self->durable_size = self->full_size;
}

/* A write through O_DSYNC has returned: its sectors are durable as the page cache has them; older writes lose them. A write
 * that lay beneath is cut into what was before and what is behind; LMDB's never do more than touch. */
static void last_durable(explorer_t *self) {
    pending_t through = self->pending[--self->pending_count];
    for (uint32_t index = 0; index < self->pending_count; index++) {
        const pending_t *write = &self->pending[index];
        bool apart = write->offset + write->size <= through.offset / SECTOR * SECTOR ||
                     write->offset >= (through.offset + through.size + SECTOR - 1) / SECTOR * SECTOR;
        if (!apart) memcpy(self->durable + write->offset, write->bytes, write->size);
    }
    memcpy(self->durable + through.offset, through.bytes, through.size);
    if (through.offset + through.size > self->durable_size) self->durable_size = through.offset + through.size;
}

/* Lets the entry at `point` return, and the next one begin. */
static void point_step(explorer_t *self) {
    const tape_entry_t *entries = self->tape->entries;
    if (self->point > 0) {
        tape_kind_t kind = entries[self->point - 1].kind;
        if (kind == TAPE_SYNC) all_durable(self);
        if (kind == TAPE_THROUGH) last_durable(self);
        if (kind == TAPE_NAME) self->named = self->born;
    }
    if (self->point < self->tape->count) {
        const tape_entry_t *entry = &entries[self->point];
        if (entry->kind == TAPE_WRITE || entry->kind == TAPE_THROUGH) pending_add(self, entry);
        if (entry->kind == TAPE_RENAME) self->born = true;
        if (entry->kind == TAPE_BEGIN) self->may = entry->state;
        if (entry->kind == TAPE_DONE) self->must = entry->state;
    }
    self->point++;
    self->sample = self->fruitless = 0;
}

static bool is_skipped(const explorer_t *self, uint32_t sample) {
    if (self->may % self->parts != self->part) return true;
    if (self->skip_point == UINT32_MAX || self->point > self->skip_point) return false;
    return self->point < self->skip_point || sample <= self->skip_sample;
}

bool explorer_next(explorer_t *self, crash_t *crash) {
    while (self->point <= self->tape->count + 1) {
        bool exhausted = self->point == 0 || self->sample >= self->samples || self->fruitless >= FRUITLESS ||
                         (self->pending_count == 0 && self->sample > 1) || is_skipped(self, UINT32_MAX);
        if (exhausted) {
            if (self->point == self->tape->count + 1) return false;
            point_step(self);
            continue;
        }
        uint32_t sample = self->sample++;
        if (is_skipped(self, sample)) continue;
        choice_t choice = choice_of(self, sample);
        size_t size = image_make(self, &choice);
        self->unborn = !self->born || (!self->named && (sample == 1 || (choice.draw >> 56 & 3) == 1));
        bool fresh = is_fresh(self, size);
        self->fruitless = fresh ? 0 : self->fruitless + 1;
        if (!fresh) continue;
        *crash = (crash_t){.point = self->point,
                           .sample = sample,
                           .must = self->must,
                           .may = self->may,
                           .image = self->image,
                           .size = size,
                           .unborn = self->unborn};
        return true;
    }
    return false;
}
