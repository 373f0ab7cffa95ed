/* A report in one line. What is read is a report of bounded parts that can be said in JSON, or it is not valid. */
#include "proto/json.h"
#include "services/minning/phrase.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzz_plans.h"

#include <string.h>

FUZZ(phrase) {
    report_t report;
    const char *wrong = phrase_read(fuzz_book(), fuzz_text(input), arena, &report);
    int64_t at_ms;
    phrase_instant(planbook_plan(fuzz_book()), fuzz_text(input), &at_ms);
    if (wrong != NULL) {
        PROMISE(wrong[0] != '\0', "refused without a word");
        return;
    }
    PROMISE(report.task.size > 0 && report.period.size > 0, "no task, no period");
    PROMISE(report.figures_count <= LIMIT_FIGURES && report.explanations_count <= LIMIT_REASONS, "too much was read");
    for (uint32_t index = 0; index < report.figures_count; index++)
        PROMISE(report.figures[index].items_count <= LIMIT_ITEMS, "figure %u has too many rows", index);
    report.submission_id[0] = 1;
    fault_t fault = {0};
    if (wire_check(report_type(), &report, &fault) != OK) return;
    json_t *json = message_to_json(report_type(), &report);
    PROMISE(json != NULL, "a valid report without JSON");
    json_decref(json);
}
