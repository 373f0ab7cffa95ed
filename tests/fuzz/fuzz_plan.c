/* The plan file. A plan that is read is canonical, fits the ledger's entry, and can be indexed and printed. */
#include "services/plan/plan_file.h"
#include "tests/fuzz/fuzz.h"

static void read_well(const plan_t *plan, arena_t *arena) {
    fault_t fault = {0};
    plan_adopted_t adopted = {.plan = *plan}, again;
    buffer_t bytes = {0}, out = {0};
    PROMISE(wire_check(plan_adopted_type(), &adopted, &fault) == OK, "read, but no entry: %s at %s", fault.code, fault.path);
    wire_encode(plan_adopted_type(), &adopted, &bytes);
    bytes_t view = {bytes.at, (uint32_t)bytes.size};
    PROMISE(wire_decode(plan_adopted_type(), view, arena, &again, &fault) == OK, "%s at %s", fault.code, fault.path);
    fuzz_same_bytes(plan_adopted_type(), &again, view);
    plan_fault_t said;
    PROMISE(plan_check(plan, &said, 1) == 0, "read without a fault, but: %s at %s", said.what, said.path);
    planbook_t *book = planbook_new(&again.plan);
    plan_print(book, true, &out);
    plan_print(book, false, &out);
    planbook_destroy(&book);
    buffer_destroy(&bytes);
    buffer_destroy(&out);
}

FUZZ(plan) {
    plan_t plan;
    static file_fault_t faults[PLAN_FAULTS];
    uint32_t count = 0;
    err_t err = plan_read(fuzz_text(input), arena, &plan, faults, &count);
    if (err == OK) {
        PROMISE(count == 0, "well, with %u faults", count);
        read_well(&plan, arena);
        return;
    }
    PROMISE(err == ERR_BAD && count > 0, "refused without a fault");
    for (uint32_t index = 0; index < count && index < PLAN_FAULTS; index++) {
        PROMISE(faults[index].zh[0] != '\0' && faults[index].en[0] != '\0', "fault %u has no sentence", index);
        PROMISE(faults[index].line > 0, "fault %u has no line: %s", index, faults[index].en);
    }
}
