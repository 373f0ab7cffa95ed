/* Reads every page of a store before LMDB does: LMDB believes its pages, and one turned bit in their structure would end the
 * process, hide rows or take back a commit. Here it refuses the start. LMDB's file, format 1: two metas, B+trees of pages. */
#include "services/stage/store_inner.h"

#include "proto/crypto.h"
#include "services/stage/log.h"
#include "services/stage/store_pages.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OLD_STREAM "~stream" /* of the ledger, where each entry had a record of its own */

enum { KEY_MOST = 511, DEPTH_MOST = 24, STREAM_KEY = 8 };

/* The kind of tree that is walked: what its leaves hold. */
typedef enum { TREE_FREE, TREE_MAIN, TREE_STREAM, TREE_RECORDS } tree_kind_t;

typedef struct {
    tree_kind_t kind;
    page_tree_t told;    /* what its root record says about it */
    page_tree_t counted; /* what is there */
    uint64_t events;     /* of a stream: in the records so far */
    uint8_t last[KEY_MOST];
    uint32_t last_size;
    bool inclusive; /* the next key may equal the last one: that was a separator */
} tree_t;

typedef struct {
    const store_t *store;
    int fd;
    uint32_t page_size;
    uint64_t file_size;
    uint64_t last_page;
    uint64_t txn;
    bool whole;    /* all pages are read; otherwise the roots alone */
    uint8_t *used; /* a bit a page: in a tree, or free */
    uint8_t *levels[DEPTH_MOST];
    buffer_t value;   /* one that has pages of its own */
    uint64_t freed;   /* newest transaction that freed pages */
    uint32_t unknown; /* tables that this binary does not have */
    uint32_t missing; /* tables that it has and the file has not */
} check_t;

static err_t damaged(const check_t *self, uint64_t page, const char *why) {
    log_error("store_damaged", "store=%s page=%llu why=\"%s\"", self->store->path, (unsigned long long)page, why);
    return ERR_CORRUPT;
}

static err_t page_read(const check_t *self, uint64_t page, uint8_t *out, size_t size) {
    ssize_t got = pread(self->fd, out, size, (off_t)(page * self->page_size));
    if (got == (ssize_t)size) return OK;
    return got < 0 ? store_wrong(self->store, errno, "check") : damaged(self, page, "behind the end of the file");
}

/* A page belongs to one tree, or is free, and that once. */
static err_t page_use(check_t *self, uint64_t page) {
    if (page < 2 || page > self->last_page) return damaged(self, page, "no such page");
    if ((self->used[page / 8] >> page % 8 & 1) != 0) return damaged(self, page, "used twice");
    self->used[page / 8] |= (uint8_t)(1U << page % 8);
    return OK;
}

/* --- keys --- */

static int key_compare(const tree_t *tree, bytes_t key) {
    if (tree->kind == TREE_FREE) {
        uint64_t a = page_u64(tree->last), b = page_u64(key.at);
        return a < b ? -1 : a > b;
    }
    uint32_t common = tree->last_size < key.size ? tree->last_size : key.size;
    int order = memcmp(tree->last, key.at, common);
    return order != 0 ? order : tree->last_size < key.size ? -1 : tree->last_size > key.size;
}

/* Keys ascend through the whole tree; a separator stands above all to its left and not above what follows. */
static bool key_follows(tree_t *tree, bytes_t key, bool separator) {
    if (key.size == 0 || key.size > KEY_MOST || (tree->kind == TREE_FREE && key.size != sizeof(uint64_t))) return false;
    int order = tree->last_size == 0 ? -1 : key_compare(tree, key);
    if (order > 0 || (order == 0 && !tree->inclusive)) return false;
    memcpy(tree->last, key.at, key.size);
    tree->last_size = key.size;
    tree->inclusive = separator;
    return true;
}

/* --- what leaves hold --- */

/* A list of free pages: their count, then they, descending. */
static err_t free_check(check_t *self, uint64_t page, bytes_t key, bytes_t value) {
    uint64_t txn = page_u64(key.at), count = value.size < 8 ? UINT64_MAX : page_u64(value.at), before = UINT64_MAX;
    if (txn == 0 || txn > self->txn || count > value.size / 8 - 1) return damaged(self, page, "a list of free pages is broken");
    self->freed = txn;
    err_t err = OK;
    for (uint64_t index = 1; err == OK && index <= count; index++) {
        uint64_t listed = page_u64(value.at + 8 * index);
        err = listed < before ? page_use(self, listed) : damaged(self, page, "free pages are out of order");
        before = listed;
    }
    return err;
}

static err_t tree_check(check_t *self, tree_kind_t kind, page_tree_t told);

static bool is_named(bytes_t key, const char *name) { return key.size == strlen(name) && memcmp(key.at, name, key.size) == 0; }

/* Its entries lie otherwise than this version reads them, and nothing could write them anew: their links are signed. */
static err_t outdated(const check_t *self) {
    log_error("store_outdated", "store=%s why=\"an older version of the program wrote it: begin a new ledger\"", self->store->path);
    return ERR_REFUSED;
}

/* A table: its name in the main tree, its root record. */
static err_t table_check(check_t *self, uint64_t page, bytes_t key, bytes_t value) {
    if (value.size != PAGE_TREE_SIZE) return damaged(self, page, "not a table");
    page_tree_t told = page_tree(value.at);
    bool stream = is_named(key, store_stream_name(self->store)), known = stream || is_named(key, "~facts");
    bool old = !stream && is_named(key, OLD_STREAM);
    for (size_t table = 0; !known && table < self->store->table_count; table++)
        known = is_named(key, self->store->tables[table].name);
    if (old && told.entries > 0) return outdated(self);
    self->missing -= known;
    self->unknown += !known && !old;
    if (told.flags != 0 || told.pad != 0) return damaged(self, page, "a table's flags");
    return tree_check(self, stream ? TREE_STREAM : TREE_RECORDS, told);
}

static err_t leaf_take(check_t *self, tree_t *tree, uint64_t page, bytes_t key, bytes_t value) {
    uint64_t sum;
    switch (tree->kind) {
    case TREE_FREE: return free_check(self, page, key, value);
    case TREE_MAIN: return table_check(self, page, key, value);
    case TREE_STREAM: {
        uint32_t at = 0;
        bytes_t last;
        bool next = key.size == STREAM_KEY && key_next_u64(key, &at) == tree->events + 1;
        uint64_t count = events_in(self->store, value, &last);
        tree->events += count;
        return next && count > 0 ? OK : damaged(self, page, "the stream has a gap");
    }
    case TREE_RECORDS: break;
    }
    if (value.size < RECORD_HEAD) return damaged(self, page, "a record is too short");
    memcpy(&sum, value.at, sizeof sum);
    bytes_t content = {value.at + RECORD_HEAD, value.size - RECORD_HEAD};
    return sum == checksum64(key, content) ? OK : damaged(self, page, "a record does not carry what was written");
}

/* A value too large for a leaf has pages of its own. */
static err_t value_far(check_t *self, tree_t *tree, const page_node_t *node, bytes_t *value) {
    uint64_t first = node->child, pages = 0;
    uint8_t head[PAGE_HEAD];
    err_t err = page_use(self, first);
    if (err == OK) err = page_read(self, first, head, sizeof head);
    if (err != OK) return err;
    pages = page_far_count(head);
    if (page_number(head) != first || page_flags(head) != PAGE_FAR || pages > self->last_page - first + 1 ||
        (uint64_t)node->value_size + PAGE_HEAD > pages * self->page_size)
        return damaged(self, first, "not the pages of a value");
    for (uint64_t more = 1; err == OK && more < pages; more++) err = page_use(self, first + more);
    tree->counted.far_pages += pages;
    buffer_clear(&self->value);
    buffer_room(&self->value, node->value_size);
    ssize_t got =
        err == OK ? pread(self->fd, self->value.at, node->value_size, (off_t)(first * self->page_size + PAGE_HEAD)) : 0;
    if (err == OK && got != (ssize_t)node->value_size) err = damaged(self, first, "behind the end of the file");
    *value = (bytes_t){self->value.at, node->value_size};
    return err;
}

static err_t leaf_check(check_t *self, tree_t *tree, uint64_t page, const uint8_t *bytes) {
    err_t err = OK;
    uint32_t count = page_count(bytes);
    tree->counted.leaf_pages++;
    if (count == 0) return damaged(self, page, "an empty leaf");
    for (uint32_t index = 0; err == OK && index < count; index++) {
        page_node_t node = page_leaf_node(bytes, index);
        bytes_t value = node.value;
        if (node.flags != (tree->kind == TREE_MAIN ? PAGE_NODE_TABLE : node.flags & PAGE_NODE_FAR))
            return damaged(self, page, "a row's flags");
        if (!key_follows(tree, node.key, false)) return damaged(self, page, "keys are out of order");
        tree->counted.entries++;
        if (node.flags == PAGE_NODE_FAR) err = value_far(self, tree, &node, &value);
        if (err == OK) err = leaf_take(self, tree, page, node.key, value);
    }
    return err;
}

static err_t node_check(check_t *self, tree_t *tree, uint64_t page, uint32_t level);

static err_t branch_check(check_t *self, tree_t *tree, uint64_t page, const uint8_t *bytes, uint32_t level) {
    err_t err = OK;
    uint32_t count = page_count(bytes);
    tree->counted.branch_pages++;
    if (count < (tree->kind == TREE_FREE ? 1 : 2)) return damaged(self, page, "a branch with too few children");
    for (uint32_t index = 0; err == OK && index < count; index++) {
        page_node_t node = page_branch_node(bytes, index);
        if (index > 0 && !key_follows(tree, node.key, true)) return damaged(self, page, "separators are out of order");
        err = node_check(self, tree, node.child, level + 1);
    }
    return err;
}

static err_t node_check(check_t *self, tree_t *tree, uint64_t page, uint32_t level) {
    err_t err = page_use(self, page);
    if (err != OK) return err;
    if (self->levels[level] == NULL) self->levels[level] = malloc(PAGE_SIZE_MOST);
    uint8_t *bytes = self->levels[level];
    if (bytes == NULL) return ERR_NOMEM;
    err = page_read(self, page, bytes, self->page_size);
    if (err != OK) return err;
    bool leaf = level + 1 == tree->told.depth;
    if (page_number(bytes) != page || page_flags(bytes) != (leaf ? PAGE_LEAF : PAGE_BRANCH))
        return damaged(self, page, "not the page that was looked for");
    if (!page_is_packed(bytes, self->page_size)) return damaged(self, page, "its rows overlap or leave gaps");
    return leaf ? leaf_check(self, tree, page, bytes) : branch_check(self, tree, page, bytes, level);
}

/* The tree of one table: a level of the main tree below it is being read, so it has its own buffers. */
static err_t tree_check(check_t *self, tree_kind_t kind, page_tree_t told) {
    uint64_t page = told.root;
    tree_t tree = {.kind = kind, .told = told};
    bool empty = told.root == UINT64_MAX, outer = kind == TREE_FREE || kind == TREE_MAIN;
    uint8_t *levels[DEPTH_MOST];
    if (empty != (told.depth == 0) || told.depth > DEPTH_MOST) return damaged(self, page, "a table's depth");
    if (!outer && !self->whole) return OK;
    memcpy(levels, self->levels, sizeof levels);
    if (!outer) memset(self->levels, 0, sizeof self->levels);
    err_t err = empty ? OK : node_check(self, &tree, told.root, 0);
    for (uint32_t level = 0; !outer && level < DEPTH_MOST; level++) free(self->levels[level]);
    if (!outer) memcpy(self->levels, levels, sizeof levels);
    if (err == OK && !page_tree_counts(&tree.counted, &told)) err = damaged(self, page, "a table has not what it counts");
    return err;
}

/* --- the metas --- */

/* LMDB goes by the meta with the larger transaction. They are written in turn, so the two follow each other, even then odd: a
 * turned bit in that number would take back a commit or bring up one that never was. */
static err_t metas_check(check_t *self, page_tree_t trees[2]) {
    uint8_t bytes[2][PAGE_META_SIZE];
    page_meta_t metas[2];
    self->page_size = 0;
    err_t err = page_read(self, 0, bytes[0], sizeof bytes[0]);
    if (err != OK) return err;
    self->page_size = page_meta(bytes[0]).page_size;
    if (self->page_size < 512 || self->page_size > PAGE_SIZE_MOST || (self->page_size & (self->page_size - 1)) != 0)
        return damaged(self, 0, "no page size");
    err = page_read(self, 1, bytes[1], sizeof bytes[1]);
    for (uint32_t index = 0; err == OK && index < 2; index++) {
        metas[index] = page_meta(bytes[index]);
        if (page_number(bytes[index]) != index || page_flags(bytes[index]) != PAGE_META || !metas[index].known ||
            metas[index].page_size != self->page_size)
            err = damaged(self, index, "not a meta page");
    }
    if (err != OK) return err;
    uint64_t even = metas[0].txn, odd = metas[1].txn;
    bool fresh = even == 0 && odd == 0, turns = even % 2 == 0 && odd % 2 == 1 && (even + 1 == odd || odd + 1 == even);
    if (!fresh && !turns) return damaged(self, 0, "the two metas do not follow each other");
    const page_meta_t *live = odd > even ? &metas[1] : &metas[0];
    self->txn = live->txn;
    self->last_page = live->last_page;
    trees[0] = live->free;
    trees[1] = live->main;
    bool flags = (live->free.flags & ~(unsigned)MDB_NOSUBDIR) == MDB_INTEGERKEY && live->main.flags == 0 && live->main.pad == 0;
    if (!flags) return damaged(self, odd > even, "flags of the metas");
    /* Pages that a commit takes and gives back at the end are never written: a file may end before its last page, but only before
     * pages that nothing uses. So then every page is read, however large the store. */
    self->whole = self->whole || live->last_page >= self->file_size / self->page_size;
    return OK;
}

static err_t trees_check(check_t *self, const page_tree_t trees[2]) {
    self->whole = self->whole || (self->last_page + 1) * self->page_size <= LIMIT_STORE_WALK;
    self->missing = (uint32_t)self->store->table_count + 2;
    self->used = calloc(1, (size_t)self->last_page / 8 + 1);
    if (self->used == NULL) return ERR_NOMEM;
    err_t err = tree_check(self, TREE_MAIN, trees[1]);
    if (err == OK) err = tree_check(self, TREE_FREE, trees[0]);
    /* every transaction behind the first frees the root it replaces: a meta that says another number is not that one's */
    if (err == OK && self->txn > 1 && self->freed != self->txn) err = damaged(self, trees[0].root, "a meta of another commit");
    if (err == OK && self->unknown > 0 && self->missing > 0) err = damaged(self, trees[1].root, "a table has another name");
    return err;
}

err_t store_file_check(const store_t *store, bool whole) {
    char path[PATH_MAX];
    struct stat file;
    page_tree_t trees[2];
    check_t self = {.store = store, .whole = whole};
    int size = snprintf(path, sizeof path, "%s/data.mdb", store->path);
    if (size < 0 || (size_t)size >= sizeof path) return ERR_BAD;
    self.fd = open(path, O_RDONLY | O_CLOEXEC);
    if (self.fd < 0) return ERR_SYSTEM;
    err_t err = fstat(self.fd, &file) == 0 ? OK : ERR_SYSTEM;
    self.file_size = (uint64_t)file.st_size;
    if (err == OK) err = metas_check(&self, trees);
    if (err == OK) err = trees_check(&self, trees);
    for (uint32_t level = 0; level < DEPTH_MOST; level++) free(self.levels[level]);
    free(self.used);
    buffer_destroy(&self.value);
    close(self.fd);
    return err;
}
