/* Drives stages without sockets: what the loop does over ZeroMQ, done by function calls. */
#ifndef SIM_PUMP_H
#define SIM_PUMP_H

#include "services/stage/serve.h"
#include "services/stage/stage.h"

/* Feeds `stage` from the stream in `writer` until nothing follows, committing after every batch of at most `max_bytes`
 * (0: the limit). ERR_CORRUPT if the chains part. */
err_t pump_from_store(stage_t *stage, store_t *writer, stream_t stream, uint32_t max_bytes);

/* Opens a fresh stage below `folder`/<role>, replays the stream of `writer` into it and leaves it open. */
err_t pump_replay(const role_t *role, const char *folder, store_t *writer, stream_t stream, stage_t **out);

/* Compares two text files; the first differing line is printed to stderr. */
bool pump_files_equal(const char *one, const char *other);

/* Removes a folder and what is in it. */
void pump_remove(const char *folder);

#endif
