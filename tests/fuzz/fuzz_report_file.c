/* A report as people write it in a JSON file. What is read is valid. */
#include "proto/json.h"
#include "services/plan/report_file.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzz_plans.h"

FUZZ(report_file) {
    static const uint8_t fresh_id[16] = {1};
    char what[128];
    int line = 0;
    json_t *json = json_read(fuzz_text(input), &line, what, sizeof what);
    if (json == NULL) return;
    report_t report;
    fault_t fault = {0};
    const char *why = NULL;
    err_t err = report_from_json(json, fuzz_book(), fresh_id, arena, &report, &fault, &why);
    PROMISE(err == OK || fault.code != NULL, "a refusal without a code");
    if (err == OK) PROMISE(wire_check(report_type(), &report, &fault) == OK, "read, but: %s at %s", fault.code, fault.path);
    json_decref(json);
}
