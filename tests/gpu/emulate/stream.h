/* Work that waits for its stream. */
#ifndef TESTS_CUDA_EMULATE_STREAM_H
#define TESTS_CUDA_EMULATE_STREAM_H

#include <functional>

#include "cuda_runtime_api.h"

void stream_add(cudaStream_t stream, std::function<void()> work);

#endif
