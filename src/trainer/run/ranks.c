#include "trainer/run/ranks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "config.h"

#ifdef HAVE_MPI
#include <mpi.h>
#define WAY_OUT "start them with mpirun, or srun --mpi=pmix"
#else
#define WAY_OUT "build it where pkg-config finds Open MPI (ompi-c)"
#endif

/* How many processes a launcher says that it started with this one; 1 where none says so. In a batch script SLURM_NTASKS
 * stands for what srun would start: only a step's own number counts. */
static long started(const char **launcher)
{
    static const struct {
        const char *count, *number, *name;
    } known[] = {{"OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK", "mpirun"},
                 {"PMI_SIZE", "PMI_RANK", "the launcher"},
                 {"SLURM_STEP_NUM_TASKS", "SLURM_PROCID", "srun"},
                 {"WORLD_SIZE", "RANK", "the launcher"}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const char *count = getenv(known[i].count), *number = getenv(known[i].number);
        if (!count || !number)
            continue;
        *launcher = known[i].name;
        return strtol(count, NULL, 10);
    }
    return 1;
}

/* Processes that were started together and do not find one another would each train the whole, and write over each
 * other's run. */
static int refuse_strangers(struct error *err)
{
    const char *launcher = "";
    long count = started(&launcher);
    if (count <= 1)
        return 0;
    return error_set(err, ERR_USAGE, "%s started %ld processes, and they do not find one another through MPI: " WAY_OUT,
                     launcher, count);
}

#ifdef HAVE_MPI

enum { PIECE = 1 << 18 }; /* floats of one rank's share of an exchange */

/* Set by the launchers of Open MPI, PMIx and MPICH: a process alone starts no MPI. */
static bool launched(void)
{
    return getenv("OMPI_COMM_WORLD_SIZE") || getenv("PMIX_RANK") || getenv("PMI_RANK");
}

static void find_local(struct ranks *r)
{
    MPI_Comm host;
    MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, r->rank, MPI_INFO_NULL, &host);
    MPI_Comm_rank(host, &r->local);
    MPI_Comm_size(host, &r->local_count);
    MPI_Comm_free(&host);
}

int ranks_open(struct ranks *r, struct error *err)
{
    *r = (struct ranks){.count = 1, .local_count = 1};
    if (!launched())
        return refuse_strangers(err);
    int level = 0;
    if (MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &level) != MPI_SUCCESS)
        return error_set(err, ERR_IO, "MPI does not start; without mpirun one process trains alone");
    MPI_Comm_rank(MPI_COMM_WORLD, &r->rank);
    MPI_Comm_size(MPI_COMM_WORLD, &r->count);
    find_local(r);
    return r->count == 1 ? refuse_strangers(err) : 0;
}

void ranks_close(struct ranks *r)
{
    int begun = 0;
    MPI_Initialized(&begun);
    if (begun)
        MPI_Finalize();
    *r = (struct ranks){.count = 1, .local_count = 1};
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

void ranks_share_bytes(const struct ranks *r, void *at, size_t bytes)
{
    if (r->count > 1)
        MPI_Bcast(at, (int)bytes, MPI_BYTE, 0, MPI_COMM_WORLD);
}

void ranks_gather(const struct ranks *r, const void *mine, size_t bytes, void *all)
{
    if (r->count > 1)
        MPI_Allgather(mine, (int)bytes, MPI_BYTE, all, (int)bytes, MPI_BYTE, MPI_COMM_WORLD);
    else
        memcpy(all, mine, bytes);
}

void ranks_abort(const struct ranks *r, const struct error *err)
{
    if (r->count == 1)
        return;
    fprintf(stderr, "hinge-train fit: process %d of %d: %s; it ends all\n", r->rank, r->count, err->text);
    fflush(stderr);
    MPI_Abort(MPI_COMM_WORLD, 1);
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
    *r = (struct ranks){.count = 1, .local_count = 1};
    return refuse_strangers(err);
}

void ranks_close(struct ranks *r)
{
    *r = (struct ranks){.count = 1, .local_count = 1};
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

void ranks_share_bytes(const struct ranks *r, void *at, size_t bytes)
{
    (void)r, (void)at, (void)bytes;
}

void ranks_gather(const struct ranks *r, const void *mine, size_t bytes, void *all)
{
    (void)r;
    memcpy(all, mine, bytes);
}

void ranks_abort(const struct ranks *r, const struct error *err)
{
    (void)r, (void)err;
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
