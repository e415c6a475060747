#include "trainer/run/ranks.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "config.h"

#ifdef HAVE_MPI
#include <mpi.h>

enum { PIECE = 1 << 18 }; /* floats of one rank's share of an exchange */

/* Set by the launchers of Open MPI, PMIx and MPICH: a process alone starts no MPI. */
static bool launched(void)
{
    return getenv("OMPI_COMM_WORLD_SIZE") || getenv("PMIX_RANK") || getenv("PMI_RANK");
}

int ranks_open(struct ranks *r, struct error *err)
{
    *r = (struct ranks){0, 1};
    if (!launched())
        return 0;
    int level = 0;
    if (MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &level) != MPI_SUCCESS)
        return error_set(err, ERR_IO, "MPI does not start; without mpirun one process trains alone");
    MPI_Comm_rank(MPI_COMM_WORLD, &r->rank);
    MPI_Comm_size(MPI_COMM_WORLD, &r->count);
    return 0;
}

void ranks_close(struct ranks *r)
{
    int begun = 0;
    MPI_Initialized(&begun);
    if (begun)
        MPI_Finalize();
    *r = (struct ranks){0, 1};
}

void ranks_sum(const struct ranks *r, double *values, size_t count)
{
    if (r->count == 1)
        return;
    double *all = mem_alloc((size_t)r->count * count * sizeof *all);
    MPI_Allgather(values, (int)count, MPI_DOUBLE, all, (int)count, MPI_DOUBLE, MPI_COMM_WORLD);
    for (size_t i = 0; i < count; i++) {
        values[i] = 0;
        for (int k = 0; k < r->count; k++)
            values[i] += all[(size_t)k * count + i];
    }
    mem_free(all);
}

/* Sums up to count * PIECE floats in place: each rank adds one piece, in the order of ranks, and gives
 * the sum to all. MPI_Allreduce may add in another order from call to call. */
static void sum_some(const struct ranks *r, float *values, float *pieces)
{
    MPI_Alltoall(values, PIECE, MPI_FLOAT, pieces, PIECE, MPI_FLOAT, MPI_COMM_WORLD);
    for (int k = 1; k < r->count; k++) {
        for (size_t i = 0; i < PIECE; i++)
            pieces[i] += pieces[(size_t)k * PIECE + i];
    }
    MPI_Allgather(pieces, PIECE, MPI_FLOAT, values, PIECE, MPI_FLOAT, MPI_COMM_WORLD);
}

void ranks_sum_grads(const struct ranks *r, struct backend *b, const struct params *params)
{
    if (r->count == 1)
        return;
    size_t most = (size_t)r->count * PIECE;
    float *values = mem_zalloc(2 * most, sizeof *values);
    for (size_t i = 0; i < params->count; i++) {
        const struct param *p = &params->items[i];
        for (size_t at = 0; at < p->count; at += most) {
            size_t n = p->count - at < most ? p->count - at : most;
            b->ops->download_f32(b, values, p->grad + at, n);
            sum_some(r, values, values + most);
            b->ops->upload_f32(b, p->grad + at, values, n);
        }
    }
    mem_free(values);
}

void ranks_share(const struct ranks *r, struct backend *b, float *values, size_t count)
{
    if (r->count == 1)
        return;
    float *host = mem_alloc(PIECE * sizeof *host);
    for (size_t at = 0; at < count; at += PIECE) {
        size_t n = count - at < PIECE ? count - at : PIECE;
        b->ops->download_f32(b, host, values + at, n);
        MPI_Bcast(host, (int)n, MPI_FLOAT, 0, MPI_COMM_WORLD);
        b->ops->upload_f32(b, values + at, host, n);
    }
    mem_free(host);
}

void ranks_share_int(const struct ranks *r, int *value)
{
    if (r->count > 1)
        MPI_Bcast(value, 1, MPI_INT, 0, MPI_COMM_WORLD);
}

bool ranks_any(const struct ranks *r, bool here)
{
    int any = here;
    if (r->count > 1)
        MPI_Allreduce(MPI_IN_PLACE, &any, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
    return any != 0;
}

#else

int ranks_open(struct ranks *r, struct error *err)
{
    const char *size = getenv("OMPI_COMM_WORLD_SIZE");
    *r = (struct ranks){0, 1};
    if (size && strcmp(size, "1") != 0)
        return error_set(err, ERR_USAGE,
                         "this hinge-train was built without MPI: started %.10s times it would train the same "
                         "thing as often; build it where pkg-config finds Open MPI",
                         size);
    return 0;
}

void ranks_close(struct ranks *r)
{
    *r = (struct ranks){0, 1};
}

void ranks_sum(const struct ranks *r, double *values, size_t count)
{
    (void)r, (void)values, (void)count;
}

void ranks_sum_grads(const struct ranks *r, struct backend *b, const struct params *params)
{
    (void)r, (void)b, (void)params;
}

void ranks_share(const struct ranks *r, struct backend *b, float *values, size_t count)
{
    (void)r, (void)b, (void)values, (void)count;
}

void ranks_share_int(const struct ranks *r, int *value)
{
    (void)r, (void)value;
}

bool ranks_any(const struct ranks *r, bool here)
{
    (void)r;
    return here;
}

#endif

int ranks_agree(const struct ranks *r, int result, struct error *err)
{
    if (!ranks_any(r, result != 0))
        return 0;
    if (result == 0)
        error_set(err, ERR_CONFLICT, "another process of this training failed; its message says why");
    return -1;
}
