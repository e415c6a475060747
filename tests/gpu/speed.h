/* What the files of the speed program share. */
#ifndef TESTS_GPU_SPEED_H
#define TESTS_GPU_SPEED_H

#include <stdbool.h>

#include "base/error.h"

/* Prints ,"few_rows":[...]: products of few rows with weights in 16, 8 and 4 bits, each through the kernel that reads them
 * as they lie (cuda_few.cu) and through cuBLASLt, unpacked where they are packed: seconds of one. The rule in cuda_few.c
 * is to be set from it. Opens the device for itself. tiny: a rehearsal. */
void speed_few(int device, bool tiny, struct error *err);

#endif
