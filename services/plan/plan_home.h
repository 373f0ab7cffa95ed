/* The plan of a home: plan.yaml, as people wrote it, and plan.bytes, the same in canonical bytes. */
#ifndef PLAN_PLAN_HOME_H
#define PLAN_PLAN_HOME_H

#include "services/plan/plan_file.h"

#define PLAN_HOME_FILE "plan.yaml"
#define PLAN_HOME_BYTES "plan.bytes"

/* YAML that names units a million times takes 450 MB while it is read, its canonical bytes 20: so a service reads these, and who
 * writes the one writes the other. Writes both into the folder at hand; `plan` is what plan_read made of `yaml`. */
err_t plan_home_write(text_t yaml, const plan_t *plan);
/* The plan of the folder at hand, in `arena`. The bytes count only while they are of just this plan.yaml: else that is read, and as
 * plan_read. ERR_MISSING: there is no plan.yaml. */
err_t plan_home_read(arena_t *arena, plan_t *plan, file_fault_t faults[PLAN_FAULTS], uint32_t *fault_count);

#endif
