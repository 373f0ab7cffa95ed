/* By how much the map of a derived store grows, alone in its file: a simulation, whose stores are small, links a smaller step. */
#include "services/stage/store_inner.h"

uint64_t store_map_step(void) { return 4U << 20; }
