/* Pages and who holds them, sequences that begin alike, and drawing tokens. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tests/support/suite.h"
#include "trainer/model/decode.h"
#include "trainer/tensor/rng.h"

static void pages_are_held_and_given_back(void)
{
    struct pages *p = pages_new(4);
    struct page_table a = {0}, b = {0}, c = {0};
    CU_ASSERT_EQUAL(table_grow(p, &a, 2 * PAGE_ROWS + 1), 0);
    CU_ASSERT_EQUAL(a.count, 3);
    CU_ASSERT_EQUAL(table_grow(p, &a, 3 * PAGE_ROWS), 0); /* they have room already */
    CU_ASSERT_EQUAL(pages_left(p), 1);
    table_share(p, &b, &a, 2 * PAGE_ROWS + 1); /* the partly filled one is not shared */
    CU_ASSERT_EQUAL(b.count, 2);
    CU_ASSERT_EQUAL(pages_holders(p, a.items[0]), 2);
    CU_ASSERT_EQUAL(pages_holders(p, a.items[2]), 1);
    CU_ASSERT_EQUAL(table_grow(p, &b, 4 * PAGE_ROWS), -1); /* two more, and one is left: nothing changes */
    CU_ASSERT_EQUAL(b.count, 2);
    CU_ASSERT_EQUAL(pages_left(p), 1);
    CU_ASSERT_EQUAL(table_grow(p, &b, 2 * PAGE_ROWS + 1), 0);
    CU_ASSERT_NOT_EQUAL(table_row(&a, 2 * PAGE_ROWS), table_row(&b, 2 * PAGE_ROWS));
    CU_ASSERT_EQUAL(table_row(&a, PAGE_ROWS + 5), table_row(&b, PAGE_ROWS + 5));
    CU_ASSERT_EQUAL(table_grow(p, &c, 1), -1);
    table_release(p, &a);
    CU_ASSERT_EQUAL(pages_left(p), 1); /* b holds the others */
    table_release(p, &b);
    CU_ASSERT_EQUAL(pages_left(p), 4);
    pages_free(p);
}

enum { SEQUENCES = 7, LONG = 300, VOCAB = 61 };

/* Sequences that begin alike in several ways: what each says next is what it says alone, whether all entered in one
 * pass or by small parts, and common pages stand in the cache once. */
static struct model *small_model(struct backend *b)
{
    struct error err = {0};
    struct model_config config = {.family = "qwen3", .vocab = VOCAB, .hidden = 32, .layers = 2, .q_heads = 4,
                                  .kv_heads = 2, .head_dim = 8, .ffn = 40, .max_positions = 512, .eps = 1e-6F,
                                  .rope_theta = 10000, .rope_linear = 1, .qk_norm = true, .tied = true};
    struct model *m = model_random(b, &config, 5, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(m);
    return m;
}

/* Logits after the last of each sequence's tokens; rows: of a pass; alone: each in a cache of its own. */
static void say_next(struct model *m, int (*ids)[LONG], const int *counts, int rows, bool alone, float *logits, int *left)
{
    struct error err = {0};
    struct decoder_size size = {.rows = SEQUENCES, .tokens = LONG, .pages = 40, .fill = rows};
    struct decoder *d = decoder_new(m, &size, &err);
    struct pass *p = pass_new(m, rows, PASS_FORWARD, &err);
    struct head *h = head_new(m, false, &err);
    struct sequence all[SEQUENCES] = {0}, *known[SEQUENCES];
    struct fill f = {0};
    CU_ASSERT_FATAL(d && p && h);
    for (int i = 0; i < SEQUENCES; i++) {
        all[i] = (struct sequence){.ids = ids[i], .count = counts[i] - 1};
        known[i] = &all[i];
    }
    for (int i = 0; i < SEQUENCES;) {
        enum fill_result r = fill_add(&f, decoder_pages(d), &all[i], known, alone ? 0 : SEQUENCES, rows,
                                      decoder_context(d), 0);
        CU_ASSERT_NOT_EQUAL_FATAL(r, FILL_NO_PAGES);
        if (r == FILL_FULL || all[i].planned < all[i].count || alone)
            decoder_fill(d, p, &f);
        i += r == FILL_ADDED && all[i].planned == all[i].count;
    }
    decoder_fill(d, p, &f);
    *left = pages_left(decoder_pages(d));
    int last[SEQUENCES], at[SEQUENCES], row[SEQUENCES];
    const struct page_table *tables[SEQUENCES];
    for (int i = 0; i < SEQUENCES; i++) {
        last[i] = ids[i][counts[i] - 1];
        at[i] = counts[i] - 1;
        row[i] = i;
        tables[i] = &all[i].table;
        CU_ASSERT_EQUAL(all[i].done, counts[i] - 1);
    }
    head_logits(h, decoder_step(d, &(struct step){SEQUENCES, last, at, tables}), row, SEQUENCES, logits);
    for (int i = 0; i < SEQUENCES; i++)
        table_release(decoder_pages(d), &all[i].table);
    CU_ASSERT_EQUAL(pages_left(decoder_pages(d)), 40);
    fill_free(&f);
    head_free(h);
    pass_free(p);
    decoder_free(d);
}

static void common_beginnings_change_nothing(void)
{
    static const int counts[SEQUENCES] = {300, 150, 131, 131, 1, 129, 64}, common[SEQUENCES] = {0, 140, 128, 130, 1, 128, 63};
    struct backend *b = cpu_backend_new(2);
    struct model *m = small_model(b);
    static int ids[SEQUENCES][LONG];
    static float want[SEQUENCES * VOCAB], got[SEQUENCES * VOCAB];
    struct rng rng;
    int apart, together;
    rng_seed(&rng, 3, 3);
    for (int i = 0; i < SEQUENCES; i++) {
        for (int t = 0; t < counts[i]; t++)
            ids[i][t] = t < common[i] ? ids[i - 1 > 0 && i != 5 ? i - 1 : 0][t] : (int)rng_below(&rng, VOCAB);
    }
    memcpy(ids[6], ids[0], 63 * sizeof(int)); /* sequence 5 begins as the first does, 6 too */
    say_next(m, ids, counts, 512, true, want, &apart);
    static const int rows[] = {512, 1024, 37, 128};
    for (size_t n = 0; n < sizeof rows / sizeof *rows; n++) {
        say_next(m, ids, counts, rows[n], false, got, &together);
        CU_ASSERT(together >= apart + 8); /* four share two full pages with the first */
        double most = 0;
        for (int i = 0; i < SEQUENCES * VOCAB; i++)
            most = fmax(most, fabs(got[i] - want[i]));
        CU_ASSERT(most < 1e-5);
    }
    model_free(m);
    CU_ASSERT_EQUAL(b->bytes, 0);
    cpu_backend_free(b);
}

/* Draws at every share of a grid: how often each token came. */
static void count_draws(const float *logits, int vocab, const struct sampling *s, int draws, int *counts)
{
    struct backend *b = cpu_backend_new(2);
    memset(counts, 0, (size_t)vocab * sizeof *counts);
    for (int i = 0; i < draws; i++) {
        int id = -1;
        float uniform = ((float)i + 0.5F) / (float)draws;
        b->ops->sample(b, logits, 1, vocab, s, &uniform, &id);
        CU_ASSERT_FATAL(id >= 0 && id < vocab);
        counts[id]++;
    }
    cpu_backend_free(b);
}

struct ranked {
    double p;
    int id;
};

static int by_share(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    return x->p != y->p ? (x->p > y->p ? -1 : 1) : x->id - y->id;
}

/* What may be drawn by sorting, and how often. */
static void check_draws(const float *logits, int vocab, const struct sampling *s)
{
    enum { DRAWS = 4000, MOST = 200 };
    struct ranked list[MOST];
    double all = 0, kept = 0, reached = 0, top = logits[0], want[MOST] = {0};
    int counts[MOST], n = 0;
    for (int i = 0; i < vocab; i++)
        top = fmax(top, logits[i]);
    for (int i = 0; i < vocab; i++) {
        list[i] = (struct ranked){exp((logits[i] - top) / s->temperature), i};
        all += list[i].p;
    }
    qsort(list, (size_t)vocab, sizeof *list, by_share);
    for (; n < vocab && list[n].p >= s->min_p && (n == 0 || reached < s->top_p * all); n++)
        reached += list[n].p;
    for (int i = 0; i < n; i++)
        kept += want[list[i].id] = list[i].p;
    count_draws(logits, vocab, s, DRAWS, counts);
    for (int i = 0; i < vocab; i++) {
        CU_ASSERT(fabs(counts[i] - DRAWS * want[i] / kept) <= 1.01);
        CU_ASSERT(counts[i] == 0 || want[i] > 0);
    }
}

static void draws_follow_the_distribution(void)
{
    static const float even[] = {1, 1, 1, 1}, steps[] = {-0.6931472F, 0, -2.0794415F, -1.3862944F, -2.0794415F};
    static const struct sampling kinds[] = {{1, 1, 0},     {0.7, 1, 0},   {1, 0.49, 0},  {1, 0.6, 0},  {1, 0.76, 0},
                                            {1, 0.9, 0},   {1, 0.95, 0},  {1, 0, 0},     {1, 1, 0.2},  {1, 0.9, 0.3},
                                            {2, 0.97, 0.01}, {1, 0.9999999, 0}, {1, 1, 1}};
    float random[160];
    struct rng rng;
    rng_seed(&rng, 9, 9);
    for (int i = 0; i < 160; i++)
        random[i] = (float)round(4 * rng_normal(&rng)) / 2; /* many are equal */
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        check_draws(even, 4, &kinds[i]);
        check_draws(steps, 5, &kinds[i]);
        check_draws(random, 160, &kinds[i]);
    }
    int counts[160];
    count_draws(even, 4, &(struct sampling){0, 1, 0}, 10, counts);
    CU_ASSERT_EQUAL(counts[0], 10); /* of equals the first */
    count_draws(steps, 5, &(struct sampling){1e-30, 0.5, 0}, 10, counts);
    CU_ASSERT_EQUAL(counts[1], 10);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        {"pages are held and given back", pages_are_held_and_given_back},
        {"common beginnings change nothing", common_beginnings_change_nothing},
        {"draws follow the distribution", draws_follow_the_distribution},
        {NULL, NULL},
    };
    return suite_run("trainer: decoding", tests, argc, argv);
}
