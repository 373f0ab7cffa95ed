/* The only file that knows libzip. */
#include "services/documents/zip.h"

#include <zip.h>

/* 1980-01-01 00:00, the first instant that a ZIP can name: zip_file_set_mtime would ask for the machine's time zone. */
enum { DOS_TIME = 0, DOS_DATE = 1 << 5 | 1 };

static err_t parts_add(zip_t *archive, const zip_part_t *parts, uint32_t count) {
    for (uint32_t index = 0; index < count; index++) {
        zip_source_t *source = zip_source_buffer(archive, parts[index].bytes.at, parts[index].bytes.size, 0);
        if (source == NULL) return ERR_NOMEM;
        zip_int64_t at = zip_file_add(archive, parts[index].name, source, ZIP_FL_ENC_UTF_8);
        if (at < 0) {
            zip_source_free(source);
            return ERR_NOMEM;
        }
        if (zip_set_file_compression(archive, (zip_uint64_t)at, ZIP_CM_STORE, 0) != 0 ||
            zip_file_set_dostime(archive, (zip_uint64_t)at, DOS_TIME, DOS_DATE, 0) != 0 ||
            zip_file_set_external_attributes(archive, (zip_uint64_t)at, 0, ZIP_OPSYS_DOS, 0) != 0)
            return ERR_SYSTEM;
    }
    return OK;
}

/* The whole of a source that an archive was written into. */
static err_t source_take(zip_source_t *source, buffer_t *out) {
    zip_stat_t stat;
    zip_stat_init(&stat);
    if (zip_source_stat(source, &stat) != 0 || zip_source_open(source) != 0) return ERR_SYSTEM;
    zip_int64_t got = zip_source_read(source, buffer_room(out, stat.size), stat.size);
    zip_source_close(source);
    if (got < 0 || (zip_uint64_t)got != stat.size) return ERR_SYSTEM;
    out->size += (size_t)got;
    return OK;
}

err_t zip_pack(const zip_part_t *parts, uint32_t count, buffer_t *out) {
    zip_error_t error;
    zip_error_init(&error);
    err_t err = ERR_NOMEM;
    zip_source_t *target = zip_source_buffer_create(NULL, 0, 0, &error);
    zip_t *archive = target == NULL ? NULL : zip_open_from_source(target, ZIP_TRUNCATE, &error);
    if (archive == NULL) goto out;
    zip_source_keep(target); /* zip_close gives its own reference back */
    err = parts_add(archive, parts, count);
    if (err == OK && zip_close(archive) == 0) {
        archive = NULL;
        err = source_take(target, out);
    } else if (err == OK)
        err = ERR_SYSTEM;
    if (archive != NULL) zip_discard(archive);
out:
    if (target != NULL) zip_source_free(target);
    zip_error_fini(&error);
    return err;
}
