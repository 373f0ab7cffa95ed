/* The alerting service: its stage, with the publisher beside it. */
#include "services/4-alerting/alerting.h"
#include "services/4-alerting/publisher.h"

#include <sysexits.h>

int main(int argc, char **argv) {
    if (argc != 2) return EX_USAGE;
    return stage_main_hooked(alerting_role(), argv[1], publisher_begin, publisher_end);
}
