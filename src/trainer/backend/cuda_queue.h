/*
 * Where work for the device is put. A queue is a stream, and now and then a list of what would be put into it: a body
 * that may be repeated (ops->repeat) is looked at before it is carried out. So kernels go through LAUNCH, copies
 * through cuda_copy and cuda_clear, products through cuda_matmul; whatever else wants the stream asks cuda_direct.
 */
#ifndef TRAINER_BACKEND_CUDA_QUEUE_H
#define TRAINER_BACKEND_CUDA_QUEUE_H

#include <cuda_runtime_api.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct cuda_look; /* what a body asks for */

struct cuda_queue {
    cudaStream_t stream;
    struct cuda_look *look; /* work is noted here and not carried out; NULL: it goes into the stream */
};
typedef struct cuda_queue *cuda_stream;

/* cuda_graph.c: bytes by which one piece of work is told from another. */
void cuda_note(struct cuda_look *look, const void *bytes, size_t count);

#ifdef __cplusplus
}
#endif
#endif
