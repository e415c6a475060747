/* In place of the CUDA backend where hinge-train was built without CUDA. */
#include "trainer/backend/ops.h"

bool cuda_built(void)
{
    return false;
}

int cuda_device_count(void)
{
    return 0;
}

struct backend *cuda_backend_new(int device, struct error *err)
{
    (void)device;
    error_set(err, ERR_ABSENT, "this hinge-train was built without CUDA: configure finds it where nvcc is (--with-cuda=DIR); "
                               "--device cpu trains without a GPU");
    return NULL;
}
