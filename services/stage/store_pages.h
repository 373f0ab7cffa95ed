/* LMDB's pages as they lie in the file (data format 1, lmdb 0.9), read without belief: for store_check.c alone. */
#ifndef STAGE_STORE_PAGES_H
#define STAGE_STORE_PAGES_H

#include "proto/base.h"

#include <string.h>

enum {
    PAGE_HEAD = 16,       /* number 8, pad 2, flags 2, lower 2, upper 2 (or a count of pages, 4) */
    PAGE_NODE_HEAD = 8,   /* low 2, high 2, flags 2, key size 2 */
    PAGE_TREE_SIZE = 48,  /* pad 4, flags 2, depth 2, branch, leaf and far pages, entries, root: 8 each */
    PAGE_META_SIZE = 152, /* head; magic 4, version 4, address 8, map size 8, two trees, last page 8, transaction 8 */
    PAGE_SIZE_MOST = 32768
};
enum { PAGE_BRANCH = 1, PAGE_LEAF = 2, PAGE_FAR = 4, PAGE_META = 8 };
enum { PAGE_NODE_FAR = 1, PAGE_NODE_TABLE = 2 };

static inline uint16_t page_u16(const uint8_t *at) {
    uint16_t number;
    return memcpy(&number, at, sizeof number), number;
}

static inline uint32_t page_u32(const uint8_t *at) {
    uint32_t number;
    return memcpy(&number, at, sizeof number), number;
}

static inline uint64_t page_u64(const uint8_t *at) {
    uint64_t number;
    return memcpy(&number, at, sizeof number), number;
}

static inline uint64_t page_number(const uint8_t *page) { return page_u64(page); }
static inline uint32_t page_flags(const uint8_t *page) { return page_u16(page + 10); }
static inline uint32_t page_lower(const uint8_t *page) { return page_u16(page + 12); }
static inline uint32_t page_upper(const uint8_t *page) { return page_u16(page + 14); }
static inline uint32_t page_far_count(const uint8_t *page) { return page_u32(page + 12); }
static inline uint32_t page_count(const uint8_t *page) { return (page_lower(page) - PAGE_HEAD) / 2; }

/* The root record of a tree, or what was counted in it. */
typedef struct {
    uint32_t pad, flags, depth;
    uint64_t branch_pages, leaf_pages, far_pages, entries, root;
} page_tree_t;

static inline page_tree_t page_tree(const uint8_t *at) {
    return (page_tree_t){page_u32(at),      page_u16(at + 4),  page_u16(at + 6),  page_u64(at + 8),
                         page_u64(at + 16), page_u64(at + 24), page_u64(at + 32), page_u64(at + 40)};
}

static inline bool page_tree_counts(const page_tree_t *a, const page_tree_t *b) {
    return a->branch_pages == b->branch_pages && a->leaf_pages == b->leaf_pages && a->far_pages == b->far_pages &&
           a->entries == b->entries;
}

typedef struct {
    bool known; /* magic and version */
    uint32_t page_size;
    page_tree_t free, main;
    uint64_t last_page, txn;
} page_meta_t;

static inline page_meta_t page_meta(const uint8_t *page) {
    const uint8_t *at = page + PAGE_HEAD;
    page_meta_t meta = {.known = page_u32(at) == 0xBEEFC0DE && page_u32(at + 4) == 1,
                        .free = page_tree(at + 24),
                        .main = page_tree(at + 72),
                        .last_page = page_u64(at + 120),
                        .txn = page_u64(at + 128)};
    meta.page_size = meta.free.pad; /* LMDB keeps it there */
    return meta;
}

/* A row of a leaf or a child of a branch. Its place is to be trusted after page_is_packed alone. */
typedef struct {
    uint32_t flags;
    bytes_t key;
    bytes_t value;       /* of a leaf, where it lies in it */
    uint32_t value_size; /* also where it lies elsewhere */
    uint64_t child;      /* page: of a branch's child, of a far value */
} page_node_t;

static inline uint32_t page_node_at(const uint8_t *page, uint32_t index) { return page_u16(page + PAGE_HEAD + 2 * index); }

static inline page_node_t page_leaf_node(const uint8_t *page, uint32_t index) {
    const uint8_t *at = page + page_node_at(page, index);
    page_node_t node = {.flags = page_u16(at + 4), .key = {at + PAGE_NODE_HEAD, page_u16(at + 6)}};
    const uint8_t *value = node.key.at + node.key.size;
    node.value_size = (uint32_t)page_u16(at + 2) << 16 | page_u16(at);
    if ((node.flags & PAGE_NODE_FAR) != 0)
        node.child = page_u64(value);
    else
        node.value = (bytes_t){value, node.value_size};
    return node;
}

static inline page_node_t page_branch_node(const uint8_t *page, uint32_t index) {
    const uint8_t *at = page + page_node_at(page, index);
    return (page_node_t){.key = {at + PAGE_NODE_HEAD, page_u16(at + 6)},
                         .child = (uint64_t)page_u16(at + 4) << 32 | (uint64_t)page_u16(at + 2) << 16 | page_u16(at)};
}

/* Bytes that the row at this offset takes; as much as any page if it says so. */
static inline uint32_t page_node_size(const uint8_t *page, uint32_t offset) {
    const uint8_t *at = page + offset;
    uint64_t size = PAGE_NODE_HEAD + (uint64_t)page_u16(at + 6);
    if (page_flags(page) == PAGE_LEAF)
        size += (page_u16(at + 4) & PAGE_NODE_FAR) != 0 ? sizeof(uint64_t) : (uint64_t)page_u16(at + 2) << 16 | page_u16(at);
    return size > PAGE_SIZE_MOST ? PAGE_SIZE_MOST + 2 : (uint32_t)(size + 1) & ~1U;
}

/* Do the rows fill the page from `upper` to its end, without overlap and without gaps, each listed once? LMDB keeps it so. */
static inline bool page_is_packed(const uint8_t *page, uint32_t page_size) {
    uint8_t begins[PAGE_SIZE_MOST / 16] = {0};
    uint32_t lower = page_lower(page), upper = page_upper(page), seen = 0;
    if (lower < PAGE_HEAD || lower % 2 != 0 || lower > upper || upper > page_size) return false;
    uint32_t count = page_count(page);
    for (uint32_t index = 0; index < count; index++) {
        uint32_t at = page_node_at(page, index);
        if (at < upper || at % 2 != 0 || at + PAGE_NODE_HEAD > page_size) return false;
        begins[at / 16] |= (uint8_t)(1U << at / 2 % 8);
    }
    for (uint32_t at = upper; at < page_size; seen++) {
        if (at + PAGE_NODE_HEAD > page_size || (begins[at / 16] >> at / 2 % 8 & 1) == 0) return false;
        at += page_node_size(page, at);
        if (at > page_size) return false;
    }
    return seen == count;
}

#endif
