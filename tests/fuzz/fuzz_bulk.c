/* A file of many reports, in whatever bytes a spreadsheet left. Faults lie in the file and have their sentences; what is read
 * can be said on the wire; what is parsed is written and parsed again to the same cells. */
#include "services/sheet/bulk_check.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzz_plans.h"

#include <string.h>

static void faults_have_sense(const bulk_faults_t *faults, uint32_t rows) {
    PROMISE(faults->count <= LIMIT_BULK_FAULTS, "%u faults", faults->count);
    for (uint32_t index = 0; index < faults->count; index++) {
        const bulk_fault_t *fault = &faults->at[index];
        PROMISE(fault->reason.code.size > 0 && fault->reason.zh.size > 0 && fault->reason.en.size > 0, "a fault without words");
        PROMISE(fault->spot.row <= rows + 1, "row %u of %u", fault->spot.row, rows);
        PROMISE(fault->spot.column <= LIMIT_CSV_COLUMNS, "column %u", fault->spot.column);
    }
}

static bool looks_like_formula(text_t cell) { return cell.size > 0 && memchr("=+-@\t\r", cell.at[0], 6) != NULL; }

static void written_reads_back(const csv_t *csv, arena_t *arena) {
    buffer_t out = {0};
    bool plain = true;
    for (uint32_t row = 0; row < csv->count; row++) {
        for (uint32_t cell = 0; cell < csv->rows[row].count; cell++) {
            plain = plain && !looks_like_formula(csv->rows[row].cells[cell]);
            csv_write_cell(&out, csv->rows[row].cells[cell], cell == 0);
        }
        csv_write_end(&out);
    }
    csv_t again;
    csv_fault_t fault;
    text_t text = {(const char *)out.at, (uint32_t)out.size};
    err_t err = csv_parse(text, arena, &again, &fault);
    PROMISE(err == OK && again.count == csv->count, "%u rows were written, %u read", csv->count, again.count);
    for (uint32_t row = 0; row < csv->count && plain; row++) {
        PROMISE(again.rows[row].count == csv->rows[row].count, "row %u", row + 1);
        for (uint32_t cell = 0; cell < csv->rows[row].count; cell++)
            PROMISE(text_equal(again.rows[row].cells[cell], csv->rows[row].cells[cell]), "row %u cell %u", row + 1, cell + 1);
    }
    buffer_destroy(&out);
}

static void report_has_sense(const bulk_t *bulk, uint32_t at, uint32_t rows, arena_t *arena) {
    const bulk_report_t *one = &bulk->reports[at];
    faults_have_sense(&one->faults, rows);
    PROMISE(one->rows_count > 0 && one->rows[0] <= rows, "a report without rows");
    if (one->faults.count > 0 || one->blank) return;
    static const uint8_t secret[32] = {1};
    report_t report = one->report;
    fault_t fault = {0};
    bulk_submission_id(&report, secret, 0, bulk->book, report.submission_id);
    PROMISE(wire_check(report_type(), &report, &fault) == OK, "read, but: %s at %s", fault.code, fault.path);
    for (uint32_t index = 0; index < report.figures_count; index++) { /* any reason finds a cell */
        reason_t reason = {.code = text_of("too_large"), .path = arena_format(arena, "figures[%u].items[0].amount", index)};
        spot_t spot = bulk_spot(one, &reason);
        PROMISE(spot.row >= 1 && spot.row <= rows, "row %u of %u", spot.row, rows);
    }
}

/* Whatever is answered, the walk ends, and every report has an outcome: each is asked about twice at most. */
static void check_ends(const bulk_t *bulk, uint32_t rows, arena_t *arena) {
    static const char *const codes[] = {"already_reported", "month_skipped", "running_disagrees", "no_evidence", ""};
    bulk_check_t check = bulk_check_begin(bulk, bulk_outcomes(bulk, arena), arena);
    const report_t *report;
    uint32_t asked = 0;
    for (; (report = bulk_check_next(&check)) != NULL; asked++) {
        PROMISE(asked < 2 * bulk->count, "asked %u times about %u reports", asked, bulk->count);
        const char *code = codes[(report->figures_count + asked) % (sizeof codes / sizeof codes[0])];
        text_t period = bulk->reports[0].report.period;
        reason_t reason = {.code = text_of(code), .path = text_of("figures[0].running"), .args = &period, .args_count = 1};
        verdict_t verdict = {.accepted = code[0] == '\0', .reasons = &reason, .reasons_count = code[0] != '\0'};
        if (asked % 7 == 6)
            bulk_check_refuse(&check, &reason, 1);
        else
            bulk_check_take(&check, &verdict);
    }
    for (uint32_t at = 0; at < bulk->count; at++) {
        bulk_faults_t faults = {check.outcomes[at].faults.at, check.outcomes[at].faults.count};
        PROMISE(check.outcomes[at].state != STATE_UNSENT, "report %u was left out", at);
        faults_have_sense(&faults, rows);
    }
}

FUZZ(bulk) {
    csv_t csv;
    csv_fault_t fault = {0};
    if (input.size > LIMIT_CSV_FILE) return;
    err_t err = csv_read(input, arena, &csv, &fault);
    PROMISE(err == OK || (err == ERR_BAD && fault.code != NULL), "error %d without a code", (int)err);
    uint32_t rows = err == OK ? csv.count : LIMIT_CSV_ROWS;
    if (err == OK) written_reads_back(&csv, arena);
    bulk_t bulk = bulk_read(input, fuzz_book(), text_of("csh"), arena);
    faults_have_sense(&bulk.faults, rows);
    if (bulk.faults.count > 0) return;
    for (uint32_t at = 0; at < bulk.count; at++) report_has_sense(&bulk, at, rows, arena);
    bulk_faults_t *own = ARENA_NEW(arena, bulk_faults_t, bulk.count + 1);
    bulk_rehearsed(&bulk, arena, own);
    for (uint32_t at = 0; at < bulk.count; at++) faults_have_sense(&own[at], rows);
    check_ends(&bulk, rows, arena);
}
