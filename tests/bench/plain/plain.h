/* The benchmark's connections without CURVE: what the linker puts in the place of libzmq's options. Never part of the product.
 */
#ifndef BENCH_PLAIN_H
#define BENCH_PLAIN_H

#include <stdbool.h>
#include <stddef.h>

extern bool plain_links; /* what asks for CURVE from now on gets ZMTP's PLAIN: the same handshake round, no encryption */
int __wrap_zmq_setsockopt(void *socket, int option, const void *value, size_t size);

#endif
