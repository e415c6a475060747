/* Which backend a device's name means. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trainer/backend/ops.h"

enum { DEVICE_MAX = 1023 };

struct backend *backend_new(const char *device, int threads, struct error *err)
{
    struct error why = {0};
    int used = 0, number = 0;
    if (strcmp(device, "cpu") == 0)
        return cpu_backend_new(threads);
    if (strcmp(device, "auto") == 0) {
        struct backend *b = cuda_built() ? cuda_backend_new(0, &why) : NULL;
        if (!b && cuda_built() && cuda_device_count() > 0) /* there is one, and it is not used: not in silence */
            fprintf(stderr, "hinge-train: the CPU trains: %s\n", why.text);
        return b ? b : cpu_backend_new(threads);
    }
    if (strcmp(device, "cuda") != 0 &&
        (sscanf(device, "cuda:%4d%n", &number, &used) != 1 || device[used] || number < 0 || number > DEVICE_MAX)) {
        error_set(err, ERR_USAGE, "--device is cpu, cuda, cuda:N or auto, not '%.40s'", device);
        return NULL;
    }
    return cuda_backend_new(number, err);
}

void backend_free(struct backend *b)
{
    if (b)
        b->ops->close(b);
}
