/* The aggregation service: minning-aggregation <home>. */
#include "services/3-aggregation/aggregation.h"

int main(int argc, char **argv) { return stage_main(aggregation_role(), argc, argv); }
