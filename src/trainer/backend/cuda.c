/* The CUDA backend: a device and its stream, memory, copies, and the table of ops. */
#include <string.h>

#include "base/mem.h"
#include "trainer/backend/cuda_parts.h"

enum { REAL = 2, STAGED = 8 << 20, SLACK = 1 << 20 };

static void *take_piece(void *ctx, size_t bytes)
{
    void *p = NULL;
    (void)ctx;
    if (cudaMalloc(&p, bytes) != cudaSuccess) {
        (void)cudaGetLastError(); /* the arena says what is missing */
        return NULL;
    }
    return p;
}

static void give_piece(void *ctx, void *p)
{
    cuda_graphs_drop(ctx);
    cudaFree(p);
}

static double free_bytes(struct backend *b)
{
    size_t unused = 0, total = 0;
    if (cudaMemGetInfo(&unused, &total) != cudaSuccess)
        return 0;
    return (double)unused + (double)cuda_arena_idle(cuda_of(b)->arena);
}

static void *alloc_bytes(struct backend *b, size_t count, size_t each, struct error *err)
{
    struct cuda *c = cuda_of(b);
    size_t bytes = count > SIZE_MAX / each ? SIZE_MAX : count * each;
    cuda_begin(c, "alloc", (long)bytes, 0, 0);
    if (!cuda_outside(c)) {
        *err = c->fault;
        return NULL;
    }
    void *p = cuda_arena_take(c->arena, bytes);
    if (!p) {
        error_set(err, ERR_LIMIT, "out of memory on GPU %d: %.1f MB more were needed; %.1f MB are in use, %.1f MB of "
                                  "%.1f MB are free",
                  c->device, (double)bytes * 1e-6, (double)b->bytes * 1e-6, free_bytes(b) * 1e-6, (double)c->total * 1e-6);
        return NULL;
    }
    cuda_begin(c, "zeroing memory", (long)bytes, 0, 0);
    cuda_clear(c, p, bytes);
    b->bytes += cuda_arena_size(bytes);
    b->peak = b->bytes > b->peak ? b->bytes : b->peak;
    return p;
}

static real *alloc_real(struct backend *b, size_t count, struct error *err)
{
    return alloc_bytes(b, count, REAL, err);
}

static float *alloc_f32(struct backend *b, size_t count, struct error *err)
{
    return alloc_bytes(b, count, sizeof(float), err);
}

static void release(struct backend *b, void *p)
{
    struct cuda *c = cuda_of(b);
    if (!p)
        return;
    cuda_begin(c, "release", 0, 0, 0);
    if (cuda_outside(c))
        b->bytes -= cuda_arena_give(c->arena, p);
}

/* Numbers lie at multiples of 256 bytes, and lists of masks and tensors are short: a 256th and a little more is taken
 * than what is planned, and what may be planned is less by that. */
static double available(struct backend *b)
{
    double all = free_bytes(b), left = (all - SLACK) * 256 / 257;
    return all > 0 && left < 1 ? 1 : all > 0 ? left : 0;
}

static int reserve(struct backend *b, double bytes, double scratch, struct error *err)
{
    struct cuda *c = cuda_of(b);
    double all = bytes + bytes / 256 + SLACK;
    cuda_begin(c, "taking memory", (long)all, 0, 0);
    if (bytes > 0 && (all > (double)c->total || cuda_arena_reserve(c->arena, (size_t)all) != 0))
        return error_set(err, ERR_LIMIT, "out of memory on GPU %d: %.1f MB are planned, %.1f MB of %.1f MB are free", c->device,
                         all * 1e-6, free_bytes(b) * 1e-6, (double)c->total * 1e-6);
    if (scratch > 0)
        (void)cuda_room(c, (size_t)scratch);
    return cuda_check(c, err);
}

void *cuda_room(struct cuda *c, size_t bytes)
{
    if (c->queue.look)
        return cuda_look_room(c->queue.look, bytes);
    if (bytes <= c->room_bytes)
        return c->room;
    cuda_arena_give(c->arena, c->room);
    c->room = cuda_arena_take(c->arena, bytes);
    c->room_bytes = c->room ? bytes : 0;
    if (!c->room)
        cuda_fail(c, "no memory is left for its scratch");
    return c->room;
}

/* Rounds to nearest even; what is no number stays none. */
static void round_numbers(const float *from, size_t count, uint16_t *to)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t u;
        memcpy(&u, from + i, sizeof u);
        uint32_t up = u + 0x7fffU + (u >> 16 & 1U);
        to[i] = (u & 0x7fffffffU) > 0x7f800000U ? 0x7fff : (uint16_t)(up >> 16);
    }
}

static void give_rounded(const void *from, size_t first, size_t count, void *to)
{
    round_numbers((const float *)from + first, count, to);
}

static void upload(struct backend *b, real *to, const float *host, size_t count)
{
    cuda_begin(cuda_of(b), "upload", (long)count, 0, 0);
    cuda_stream_in(cuda_of(b), to, REAL, count, give_rounded, host);
}

static void give_floats(const void *from, size_t first, size_t count, void *to)
{
    memcpy(to, (const float *)from + first, count * sizeof(float));
}

static void upload_f32(struct backend *b, float *to, const float *host, size_t count)
{
    cuda_begin(cuda_of(b), "upload", (long)count, 0, 0);
    cuda_stream_in(cuda_of(b), to, sizeof(float), count, give_floats, host);
}

/* A tensor of a file. */
struct file_numbers {
    enum dtype type;
    const unsigned char *at;
};

enum { AT_ONCE = 4096 }; /* whole blocks of any type */

static void give_file(const void *from, size_t first, size_t count, void *to)
{
    const struct file_numbers *f = from;
    size_t before = 0;
    dtype_bytes(f->type, first, &before);
    const unsigned char *at = f->at + before;
    if (f->type == DTYPE_BF16) {
        memcpy(to, at, count * REAL);
        return;
    }
    for (size_t i = 0; i < count; i += AT_ONCE) {
        float some[AT_ONCE];
        size_t n = count - i < AT_ONCE ? count - i : AT_ONCE, bytes = 0;
        dtype_bytes(f->type, i, &bytes);
        dtype_read(f->type, at + bytes, n, some);
        round_numbers(some, n, (uint16_t *)to + i);
    }
}

static void read_file(struct backend *b, real *to, enum dtype t, const unsigned char *from, size_t count)
{
    struct file_numbers f = {t, from};
    cuda_begin(cuda_of(b), "reading weights", (long)count, 0, 0);
    cuda_stream_in(cuda_of(b), to, REAL, count, give_file, &f);
}

static void download_f32(struct backend *b, float *host, const float *from, size_t count)
{
    struct cuda *c = cuda_of(b);
    cuda_begin(c, "download", (long)count, 0, 0);
    for (size_t at = 0, most = STAGED / sizeof *host; at < count && cuda_outside(c); at += most) {
        size_t n = count - at < most ? count - at : most;
        void *to = cuda_result(c, host + at, n * sizeof *host);
        if (to)
            cuda_copy(c, to, from + at, n * sizeof *host);
        cuda_stage_finish(c);
    }
}

static void download(struct backend *b, float *host, const real *from, size_t count)
{
    struct cuda *c = cuda_of(b);
    cuda_begin(c, "download", (long)count, 0, 0);
    for (size_t at = 0, most = STAGED / sizeof *host; at < count && cuda_outside(c); at += most) {
        size_t n = count - at < most ? count - at : most;
        float *to = cuda_result(c, host + at, n * sizeof *host);
        if (to)
            kernel_to_float(c->stream, real_from(b, from, at), to, n);
        cuda_launched(c);
        cuda_stage_finish(c);
    }
}

static void copy(struct backend *b, real *to, const real *from, size_t count)
{
    struct cuda *c = cuda_of(b);
    cuda_begin(c, "copy", (long)count, 0, 0);
    if (to != from)
        cuda_copy(c, to, from, count * REAL);
}

static void zero(struct backend *b, real *p, size_t count)
{
    struct cuda *c = cuda_of(b);
    cuda_begin(c, "zero", (long)count, 0, 0);
    cuda_clear(c, p, count * REAL);
}

static void zero_f32(struct backend *b, float *p, size_t count)
{
    struct cuda *c = cuda_of(b);
    cuda_begin(c, "zero", (long)count, 0, 0);
    cuda_clear(c, p, count * sizeof *p);
}

static float *master(struct backend *b, real *work, size_t count, struct error *err)
{
    struct cuda *c = cuda_of(b);
    float *p = alloc_f32(b, count, err);
    cuda_begin(c, "master", (long)count, 0, 0);
    if (p && count)
        kernel_to_float(c->stream, work, p, count);
    cuda_launched(c);
    return p;
}

static void refresh(struct backend *b, real *work, const float *p, size_t count)
{
    struct cuda *c = cuda_of(b);
    cuda_begin(c, "refresh", (long)count, 0, 0);
    kernel_to_real(c->stream, p, work, count);
    cuda_launched(c);
}

static void bias_grad(struct backend *b, const real *dy, int rows, int d, float *dbias)
{
    struct cuda *c = cuda_of(b);
    cuda_begin(c, "gradient of a bias", rows, d, 0);
    kernel_bias_grad(c->stream, dy, rows, d, dbias);
    cuda_launched(c);
}

static void gather(struct backend *b, const real *x, const int *index, int n, int d, real *out)
{
    struct cuda *c = cuda_of(b);
    cuda_begin(c, "gather", n, d, 0);
    const int *at = cuda_stage(c, index, (size_t)n * sizeof *index);
    if (!at || n == 0)
        return;
    kernel_gather(c->stream, x, at, n, d, out);
    cuda_launched(c);
}

static void rmsnorm(struct backend *b, const real *x, const real *w, int rows, int d, float eps, real *y, float *rstd)
{
    struct cuda *c = cuda_of(b);
    cuda_begin(c, "RMSNorm", rows, d, 0);
    kernel_rmsnorm(c->stream, x, w, rows, d, eps, y, rstd);
    cuda_launched(c);
}

static void rmsnorm_grad(struct backend *b, const real *x, const real *w, const float *rstd, const real *dy, int rows,
                         int d, real *dx, float *dw)
{
    struct cuda *c = cuda_of(b);
    cuda_begin(c, "gradient of RMSNorm", rows, d, 0);
    kernel_rmsnorm_grad(c->stream, x, w, rstd, dy, rows, d, dx);
    if (dw)
        kernel_norm_weight_grad(c->stream, x, rstd, dy, rows, d, dw);
    cuda_launched(c);
}

static void rope_table(struct backend *b, const int *positions, const float *freqs, int rows, int head_dim, float *table)
{
    struct cuda *c = cuda_of(b);
    cuda_begin(c, "RoPE's table", rows, head_dim, 0);
    const int *at = cuda_stage(c, positions, (size_t)rows * sizeof *positions);
    const float *f = cuda_stage(c, freqs, (size_t)(head_dim / 2) * sizeof *freqs);
    if (!at || !f || rows == 0)
        return;
    kernel_rope_table(c->stream, at, f, rows, head_dim, table);
    cuda_launched(c);
}

static void norm_rope(struct backend *b, const real *x, const real *w, const float *table, int rows, int heads,
                      int head_dim, float eps, real *y, float *rstd)
{
    struct cuda *c = cuda_of(b);
    cuda_begin(c, "RoPE", rows, heads, head_dim);
    kernel_norm_rope(c->stream, x, w, table, rows, heads, head_dim, eps, false, y, rstd);
    cuda_launched(c);
}

/* One kernel; where the norm trains, too, its weights are summed over what has been turned back. */
static void norm_rope_grad(struct backend *b, const real *x, const real *w, const float *rstd, const float *table,
                           int rows, int heads, int head_dim, real *d, float *dw)
{
    struct cuda *c = cuda_of(b);
    cuda_begin(c, "gradient of RoPE", rows, heads, head_dim);
    if (w && dw) {
        kernel_norm_rope_grad(c->stream, x, NULL, rstd, table, rows, heads, head_dim, d);
        kernel_norm_weight_grad(c->stream, x, rstd, d, rows * heads, head_dim, dw);
        table = NULL;
    }
    kernel_norm_rope_grad(c->stream, x, w, rstd, table, rows, heads, head_dim, d);
    cuda_launched(c);
}

static void swiglu(struct backend *b, const real *gate, const real *up, size_t count, real *out)
{
    struct cuda *c = cuda_of(b);
    cuda_begin(c, "SwiGLU", (long)count, 0, 0);
    kernel_swiglu(c->stream, gate, up, count, out);
    cuda_launched(c);
}

static void swiglu_grad(struct backend *b, const real *gate, const real *up, const real *dout, size_t count, real *dgate,
                        real *dup)
{
    struct cuda *c = cuda_of(b);
    cuda_begin(c, "gradient of SwiGLU", (long)count, 0, 0);
    kernel_swiglu_grad(c->stream, gate, up, dout, count, dgate, dup);
    cuda_launched(c);
}

static int finish(struct backend *b, struct error *err)
{
    struct cuda *c = cuda_of(b);
    cuda_begin(c, "finish", 0, 0, 0);
    if (cuda_outside(c))
        cuda_stage_finish(c);
    return cuda_check(c, err);
}

static void close_backend(struct backend *b)
{
    struct cuda *c = cuda_of(b);
    cuda_comm_free(c, c->comm);
    if (c->queue.stream)
        cudaStreamSynchronize(c->queue.stream);
    cuda_graphs_free(c);
    cuda_steps_free(c, c->steps);
    cuda_masks_free(c, c->masks);
    cuda_hopper_free(c, c->own);
    cuda_lt_free(c, c->lt);
    cuda_stage_free(c, c->stage);
    cuda_arena_free(c->arena);
    if (c->queue.stream)
        cudaStreamDestroy(c->queue.stream);
    mem_free(c);
}

static const struct ops cuda_ops = {
    .close = close_backend,
    .alloc = alloc_real,
    .alloc_f32 = alloc_f32,
    .release = release,
    .upload = upload,
    .download = download,
    .read = read_file,
    .upload_f32 = upload_f32,
    .download_f32 = download_f32,
    .copy = copy,
    .zero = zero,
    .zero_f32 = zero_f32,
    .master = master,
    .refresh = refresh,
    .matmul = cuda_matmul,
    .pack = cuda_pack,
    .unpack = cuda_unpack,
    .matmul_packed = cuda_matmul_packed,
    .packed_bytes = cuda_packed_bytes,
    .bias_grad = bias_grad,
    .gather = gather,
    .scatter_add = cuda_scatter_add,
    .scatter_add_f32 = cuda_scatter_add_f32,
    .rmsnorm = rmsnorm,
    .rmsnorm_grad = rmsnorm_grad,
    .rope_table = rope_table,
    .norm_rope = norm_rope,
    .norm_rope_grad = norm_rope_grad,
    .attention = cuda_attention,
    .attention_grad = cuda_attention_grad,
    .attention_grad_bytes = cuda_attention_grad_bytes,
    .upload_ints = cuda_upload_ints,
    .attention_cached = cuda_attention_cached,
    .move_rows = cuda_move_rows,
    .swiglu = swiglu,
    .swiglu_grad = swiglu_grad,
    .cross_entropy = cuda_cross_entropy,
    .sample = cuda_sample,
    .optimize = cuda_optimize,
    .repeat = cuda_repeat,
    .comm_id = cuda_comm_id,
    .comm_open = cuda_comm_open,
    .all_reduce = cuda_all_reduce,
    .gather_rows = cuda_gather_rows,
    .comm_wait = cuda_comm_wait,
    .finish = finish,
    .reserve = reserve,
    .available = available,
};

bool cuda_built(void)
{
    return true;
}

int cuda_device_count(void)
{
    int count = 0;
    return cudaGetDeviceCount(&count) == cudaSuccess ? count : 0;
}

static int open_device(struct cuda *c, struct error *err)
{
    int count = 0, major = 0, minor = 0;
    cudaError_t e = cudaGetDeviceCount(&count);
    if (e != cudaSuccess || count == 0)
        return error_set(err, ERR_ABSENT, "no GPU can be used: %s", e == cudaSuccess ? "none is there" : cudaGetErrorString(e));
    if (c->device < 0 || c->device >= count)
        return error_set(err, ERR_ABSENT, "there is no GPU %d: %d are there, numbered from 0", c->device, count);
    cuda_begin(c, "opening the device", 0, 0, 0);
    size_t unused;
    if (!cuda_ok(c, cudaSetDevice(c->device)) ||
        !cuda_ok(c, cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, c->device)) ||
        !cuda_ok(c, cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, c->device)) ||
        !cuda_ok(c, cudaDeviceGetAttribute(&c->processors, cudaDevAttrMultiProcessorCount, c->device)) ||
        !cuda_ok(c, cudaDeviceGetPCIBusId(c->base.place, (int)sizeof c->base.place, c->device)) ||
        !cuda_ok(c, cudaMemGetInfo(&unused, &c->total)) ||
        !cuda_ok(c, cudaStreamCreateWithFlags(&c->queue.stream, cudaStreamNonBlocking))) {
        *err = c->fault;
        return -1;
    }
    c->hopper = major == 9 && minor == 0;
    if (major < 8)
        return error_set(err, ERR_ABSENT, "GPU %d has compute capability %d.%d; 8.0 is the least that computes in bf16",
                         c->device, major, minor);
    c->own = cuda_hopper_new(c);
    if (c->own)
        c->ops.attention_grad_bytes = cuda_hopper_grad_bytes;
    return 0;
}

struct backend *cuda_backend_new(int device, struct error *err)
{
    struct cuda *c = mem_zalloc(1, sizeof *c);
    c->base = (struct backend){.ops = &c->ops, .name = "cuda", .threads = 1, .keeps = true, .real_bytes = REAL};
    c->ops = cuda_ops;
    c->device = device;
    c->stream = &c->queue;
    cuda_few_open(c);
    c->graphs = cuda_graphs_new();
    c->arena = cuda_arena_new(&(struct arena_source){take_piece, give_piece, c});
    if (open_device(c, err) == 0 && (c->stage = cuda_stage_new(c, err)) && (c->lt = cuda_lt_new(c, err)))
        return &c->base;
    close_backend(&c->base);
    return NULL;
}
