#include "trainer/run/seats.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "trainer/run/session.h"

enum { DEVICE_BYTES = 32 };

/* What --device means for this process; NULL and err when there are more processes than GPUs. One GPU is all that a
 * process may see: Slurm can hide the others. */
static const char *device_of(const char *asked, const struct ranks *r, char own[DEVICE_BYTES], struct error *err)
{
    int gpus = cuda_device_count();
    if (gpus == 0 || (strcmp(asked, "cuda") != 0 && strcmp(asked, "auto") != 0))
        return asked;
    if (gpus > 1 && r->local >= gpus) {
        error_set(err, ERR_USAGE, "%d processes were started on a host with %d GPUs, and each needs one: start %d a host "
                                  "(mpirun --map-by ppr:%d:node, srun --ntasks-per-node=%d)",
                  r->local_count, gpus, gpus, gpus, gpus);
        return NULL;
    }
    snprintf(own, DEVICE_BYTES, "cuda:%d", gpus > 1 ? r->local : 0);
    return own;
}

struct seat {
    char host[64], place[32];
};

/* Two processes on one GPU would wait for one another for ever; one on a GPU and one on none train at different
 * precision. All ranks see the same seats and find the same. */
static int check_seats(const struct seat *all, int count, struct error *err)
{
    for (int i = 0; i < count; i++) {
        if (!all[i].place[0] != !all[0].place[0])
            return error_set(err, ERR_USAGE, "process %d has a GPU and process %d (%s) has none: --device cpu lets none use "
                                             "one, --device cuda says why",
                             all[0].place[0] ? 0 : i, all[0].place[0] ? i : 0, all[all[0].place[0] ? i : 0].host);
        for (int k = 0; k < i; k++) {
            if (all[i].place[0] && strcmp(all[i].place, all[k].place) == 0 && strcmp(all[i].host, all[k].host) == 0)
                return error_set(err, ERR_USAGE, "processes %d and %d have the same GPU (%s of %s): each needs one of its own, "
                                                 "which --device cuda gives it where it sees enough of them",
                                 k, i, all[i].place, all[i].host);
        }
    }
    return 0;
}

static int take_seat(const struct backend *b, const struct ranks *r, struct error *err)
{
    struct seat mine = {{0}, {0}}, *all = mem_zalloc((size_t)r->count, sizeof *all);
    gethostname(mine.host, sizeof mine.host - 1);
    memcpy(mine.place, b->place, sizeof mine.place);
    ranks_gather(r, &mine, sizeof mine, all);
    int result = check_seats(all, r->count, err);
    mem_free(all);
    return result;
}

/* A rank that fails to join leaves the others waiting in NCCL: it ends them. */
static int join(struct backend *b, const struct ranks *r, struct error *err)
{
    unsigned char id[COMM_ID] = {0};
    struct error why = {0};
    if (!b->ops->comm_id)
        return 0;
    bool cannot = b->ops->comm_id(b, NULL, &why) != 0;
    if (ranks_any(r, cannot)) {
        if (cannot)
            fprintf(stderr, "hinge-train fit: process %d: gradients go through the host's memory: %s\n", r->rank, why.text);
        return 0;
    }
    if (ranks_agree(r, r->rank == 0 ? b->ops->comm_id(b, id, err) : 0, err) != 0)
        return -1;
    ranks_share_bytes(r, id, sizeof id);
    if (b->ops->comm_open(b, id, r->rank, r->count, err) == 0)
        return 0;
    ranks_abort(r, err);
    return -1;
}

static int divide(const struct options *o, struct backend *b, const struct ranks *r, struct error *err)
{
    if (!option_flag(o, "shard-base"))
        return 0;
    if (b->processes <= 1)
        return error_set(err, ERR_USAGE, "--shard-base divides the weights over GPUs that NCCL joins, and it joins none here");
    b->shards = r->count;
    b->shard = r->rank;
    return 0;
}

struct backend *seats_backend(const struct options *o, const struct ranks *r, struct error *err)
{
    char own[DEVICE_BYTES];
    int threads;
    struct backend *b = NULL;
    if (option_int(o, "threads", 0, 1024, &threads, err) == 0) {
        const char *device = device_of(option(o, "device"), r, own, err);
        b = device ? session_backend_at(o, device, threads, err) : NULL;
    }
    if (ranks_agree(r, b ? 0 : -1, err) == 0 && b && take_seat(b, r, err) == 0 && join(b, r, err) == 0 &&
        divide(o, b, r, err) == 0)
        return b;
    backend_free(b);
    return NULL;
}
