/* The pages, carried inside the program: whoever has the binary has the pages that belong to it. */
#include <string.h>

#include "services/console/state.h"

/* The assembler puts the files in; paths are relative to the top of the sources, like includes. */
#define PAGE(symbol, path, file, type)                                                                                 \
    __asm__(".section .rodata\n"                                                                                       \
            ".global page_" #symbol "\n.global page_" #symbol "_end\n"                                                 \
            "page_" #symbol ":\n.incbin \"services/console/pages/" file "\"\n"                                         \
            "page_" #symbol "_end:\n.byte 0\n.previous\n");                                                            \
    extern const uint8_t page_##symbol[], page_##symbol##_end[];
#include "services/console/pages.def"
#undef PAGE

typedef struct {
    const char *path;
    const char *type;
    const uint8_t *at;
    const uint8_t *end;
} page_t;

#define PAGE(symbol, path, file, type) {path, type, page_##symbol, page_##symbol##_end},
static const page_t pages[] = {
#include "services/console/pages.def"
};
#undef PAGE

static const page_t *page_find(text_t path) {
    for (size_t index = 0; index < sizeof pages / sizeof pages[0]; index++)
        if (text_is(path, pages[index].path)) return &pages[index];
    return NULL;
}

/* A library of others has its version in its path: a browser keeps it for a year. */
static bool page_is_kept(const page_t *page) { return strncmp(page->path, "/vendor/", strlen("/vendor/")) == 0; }

/* A page is sent again only when it is another: its name is its hash. */
static void page_reply(request_t *self, const page_t *page) {
    uint8_t hash[HASH_SIZE];
    uint32_t size = (uint32_t)(page->end - page->at);
    hash_of((bytes_t){page->at, size}, hash);
    text_t tag = arena_format(self->arena, "\"%.24s\"", hex_of(hash, sizeof hash, self->arena).at);
    bool same = text_equal(request_header(self, "If-None-Match"), tag);
    reply_bytes(self, same ? 304 : 200, page->type, page->at, same ? 0 : size, false);
    reply_header(self, "ETag", tag.at);
    reply_header(self, "Cache-Control", page_is_kept(page) ? "public, max-age=31536000, immutable" : "no-cache");
}

void on_page(request_t *self) {
    const page_t *page = page_find(self->path);
    if (page != NULL) page_reply(self, page);
    else reply_code(self, 404, REASON_OF(no_such_page), "", (text_t){NULL, 0});
}

text_t page_text(const char *path) {
    const page_t *page = page_find(text_of(path));
    ASSERT(page != NULL);
    return (text_t){(const char *)page->at, (uint32_t)(page->end - page->at)};
}
