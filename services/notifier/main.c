/* The notifier service: a stage that remembers what was told, with a sender beside it that tells it outside. */
#include "services/notifier/notifier.h"
#include "services/notifier/sender.h"

#include <sysexits.h>

int main(int argc, char **argv) {
    if (argc != 2) return EX_USAGE;
    return stage_main_hooked(notifier_role(), argv[1], sender_begin, sender_end);
}
