/* Which device each process of a training computes on, and how they join. */
#ifndef TRAINER_RUN_SEATS_H
#define TRAINER_RUN_SEATS_H

#include "trainer/run/options.h"
#include "trainer/run/ranks.h"

/* The backend of this process of several, from --device, --base-bits and --threads: with cuda or auto each process of a
 * host has a GPU of its own. Where all have one they are joined through NCCL; without NCCL that is said and they
 * exchange through the host. Called by all ranks together; NULL and err on all when one fails. The caller frees with
 * backend_free. */
struct backend *seats_backend(const struct options *o, const struct ranks *r, struct error *err);

#endif
