/* minning-intake <home>: the ledger, stream 1. */
#include "services/1-intake/intake.h"

int main(int argc, char **argv) { return intake_main(argc, argv); }
