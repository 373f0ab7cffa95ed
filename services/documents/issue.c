/* Freezing an edition, naming it to the ledger, and writing it down in the form that is wanted. */
#include "services/documents/issue.h"

#include "services/documents/as_json.h"

#include <stdlib.h>
#include <string.h>

static void json_write(json_t *json, buffer_t *out) {
    char *line = json_dumps(json, JSON_COMPACT);
    ASSERT(line != NULL);
    buffer_text(out, line);
    buffer_add(out, "\n", 1);
    free(line);
    json_decref(json);
}

err_t document_render(const edition_t *edition, document_form_t form, arena_t *arena, buffer_t *out) {
    if (form == FORM_JSON) {
        json_write(message_to_json(edition_type(), edition), out);
        return OK;
    }
    paper_t paper = document_compose(edition, arena);
    if (form == FORM_DOCX) return paper_docx(&paper, out);
    if (form == FORM_BLOCKS)
        json_write(paper_json(&paper), out);
    else if (form == FORM_HTML)
        paper_html(&paper, out);
    else
        paper_text(&paper, out);
    return OK;
}

err_t edition_freeze(const edition_t *edition, frozen_t *frozen) {
    *frozen = (frozen_t){0};
    edition_bytes(edition, &frozen->bytes);
    if (frozen->bytes.size > LIMIT_DOCUMENT) return ERR_BAD;
    hash_of((bytes_t){frozen->bytes.at, (uint32_t)frozen->bytes.size}, frozen->hash);
    frozen->parts = (frozen->bytes.size + LIMIT_DOCUMENT_PART - 1) / LIMIT_DOCUMENT_PART;
    return OK;
}

void frozen_destroy(frozen_t *frozen) { buffer_destroy(&frozen->bytes); }

document_part_t frozen_part(const frozen_t *frozen, uint64_t index) {
    size_t from = (size_t)index * LIMIT_DOCUMENT_PART, left = frozen->bytes.size - from;
    document_part_t part = {
        .index = index,
        .bytes = {frozen->bytes.at + from, (uint32_t)(left < LIMIT_DOCUMENT_PART ? left : LIMIT_DOCUMENT_PART)}};
    memcpy(part.hash, frozen->hash, sizeof part.hash);
    return part;
}

document_announced_t announcement_of(const edition_t *edition, const frozen_t *frozen) {
    document_announced_t told = {.kind = edition->kind,
                                 .period = edition->period,
                                 .size = frozen->bytes.size,
                                 .parts = frozen->parts,
                                 .as_of = edition->as_of};
    memcpy(told.hash, frozen->hash, sizeof told.hash);
    return told;
}

static err_t rendered_hash(const edition_t *edition, document_form_t form, arena_t *arena, uint8_t hash[HASH_SIZE]) {
    buffer_t bytes = {0};
    err_t err = document_render(edition, form, arena, &bytes);
    hash_of((bytes_t){bytes.at, (uint32_t)bytes.size}, hash);
    buffer_destroy(&bytes);
    return err;
}

err_t publication_of(const edition_t *edition, const frozen_t *frozen, arena_t *arena, document_published_t *told) {
    *told = (document_published_t){.kind = edition->kind,
                                   .period = edition->period,
                                   .size = frozen->bytes.size,
                                   .parts = frozen->parts,
                                   .as_of = edition->as_of,
                                   .number = edition->number,
                                   .layout = PAPER_LAYOUT};
    memcpy(told->hash, frozen->hash, sizeof told->hash);
    err_t err = rendered_hash(edition, FORM_HTML, arena, told->html_hash);
    return err == OK ? rendered_hash(edition, FORM_DOCX, arena, told->docx_hash) : err;
}

bool publication_is_same(const document_published_t *published, const edition_t *edition, arena_t *arena) {
    uint8_t html[HASH_SIZE], docx[HASH_SIZE];
    return rendered_hash(edition, FORM_HTML, arena, html) == OK && rendered_hash(edition, FORM_DOCX, arena, docx) == OK &&
           memcmp(html, published->html_hash, HASH_SIZE) == 0 && memcmp(docx, published->docx_hash, HASH_SIZE) == 0;
}
