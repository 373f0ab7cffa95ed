/* The validation service: judges what the ledger took. */
#include "services/2-validation/validation.h"

int main(int argc, char **argv) { return stage_main(validation_role(), argc, argv); }
