/* What block.cc and hopper.cc ask of each other. */
#ifndef TESTS_CUDA_EMULATE_BLOCK_H
#define TESTS_CUDA_EMULATE_BLOCK_H

#include <stddef.h>

/* The thread at work goes on when ready(ctx) says so. */
void block_until(bool (*ready)(void *ctx), void *ctx);
unsigned block_order();
unsigned block_chance(unsigned n); /* 0 .. n - 1 */
size_t block_shared_bytes();

/* hopper.cc: a block begins; nothing else can go on, so one copy on its way arrives (false: none is); a block has ended. */
void hopper_begin();
bool hopper_idle();
void hopper_end();

#endif
