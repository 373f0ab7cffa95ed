/* How strictly a plan applies the soft rules, and where they begin: what it leaves out has a default, which stands here. */
#include "services/plan/plan.h"

static const thresholds_t defaults = {
    .outlier_times = 5,    /* a nought too many or too few, in a month that is otherwise half or twice the usual */
    .outlier_months = 2,   /* one month alone is no history */
    .same_months = 2,
    .factor_low = 5000,    /* 万元 and 元 mixed up, and the months need not be alike */
    .factor_high = 20000,
};

bool soft_rule_exists(text_t code) {
    const reason_text_t *known = reason_find(code);
    return known != NULL && known->layer == REASON_soft;
}

strictness_t plan_strictness(const plan_t *plan, text_t code) {
    for (uint32_t index = 0; index < plan->soft_rules_count; index++)
        if (text_equal(plan->soft_rules[index].code, code)) return plan->soft_rules[index].strictness;
    return strictness_soft;
}

static uint64_t stated(uint64_t value, uint64_t otherwise) { return value != 0 ? value : otherwise; }

thresholds_t plan_thresholds(const plan_t *plan) {
    thresholds_t here = plan->thresholds;
    here.outlier_times = stated(here.outlier_times, defaults.outlier_times);
    here.outlier_months = stated(here.outlier_months, defaults.outlier_months);
    here.same_months = stated(here.same_months, defaults.same_months);
    here.factor_low = stated(here.factor_low, defaults.factor_low);
    here.factor_high = stated(here.factor_high, defaults.factor_high);
    return here;
}
