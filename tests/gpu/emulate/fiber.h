/* Threads of a block, each with a stack of its own, that run until they give way. */
#ifndef TESTS_CUDA_EMULATE_FIBER_H
#define TESTS_CUDA_EMULATE_FIBER_H

struct fiber;

/* A fiber that begins in body(ctx) when it is first resumed; body may not return but by fiber_yield for ever. */
fiber *fiber_new(void (*body)(void *ctx), void *ctx);
void fiber_free(fiber *f);
void fiber_resume(fiber *f); /* from the main stack; returns when f yields */
void fiber_yield(fiber *f);  /* from f */

#endif
