/* A table of reports as 区慈善总会 sends it: what is read, and the fault at each cell. */
#ifndef TESTS_BULK_TABLE_H
#define TESTS_BULK_TABLE_H

#include "services/sheet/bulk.h"
#include "tests/unit/cli_plan.h"

static inline bulk_t read_as(const char *unit, const char *csv) {
    return bulk_read((bytes_t){(const uint8_t *)csv, (uint32_t)strlen(csv)}, cli.book, text_of(unit), cli.arena);
}

static inline bulk_t reads(const char *csv) {
    bulk_t bulk = read_as("csh", csv);
    if (bulk.faults.count > 0) fail_msg(TEXT_FORMAT, TEXT_ARGS(bulk.faults.at[0].reason.en));
    for (uint32_t index = 0; index < bulk.count; index++)
        if (bulk.reports[index].faults.count > 0)
            fail_msg(TEXT_FORMAT " " TEXT_FORMAT, TEXT_ARGS(csv_spot_name(bulk.reports[index].faults.at[0].spot, cli.arena)),
                     TEXT_ARGS(bulk.reports[index].faults.at[0].reason.en));
    return bulk;
}

static inline void is_fault(const bulk_faults_t *faults, uint32_t index, const char *code, const char *cell) {
    if (index >= faults->count) fail_msg("%s at %s was not found: %u faults", code, cell, faults->count);
    text_t found = csv_spot_name(faults->at[index].spot, cli.arena);
    if (!text_is(faults->at[index].reason.code, code) || !text_is(found, cell))
        fail_msg("%s at %s, not " TEXT_FORMAT " at " TEXT_FORMAT, code, cell, TEXT_ARGS(faults->at[index].reason.code),
                 TEXT_ARGS(found));
    assert_true(faults->at[index].reason.zh.size > 0 && faults->at[index].reason.en.size > 0);
}

/* The only fault of the only report. */
static inline void refuses(const char *csv, const char *code, const char *cell) {
    bulk_t bulk = read_as("csh", csv);
    assert_int_equal(bulk.faults.count, 0);
    assert_int_equal(bulk.count, 1);
    is_fault(&bulk.reports[0].faults, 0, code, cell);
    assert_int_equal(bulk.reports[0].faults.count, 1);
}

static inline void refuses_file(const char *csv, const char *code, const char *cell) {
    bulk_t bulk = read_as("csh", csv);
    is_fault(&bulk.faults, 0, code, cell);
}

#endif
