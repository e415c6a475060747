/* The diff's promises on many small texts made by a generator with a fixed seed: ops cover both
 * texts in order, kept words are equal, applying the ops rebuilds b, and the exact layer keeps as many
 * words as the textbook table says. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "tests/support/suite.h"
#include "text/diff.h"
#include "text/diff_lcs.h"
#include "text/unicode.h"

static uint64_t seed = 1;

static unsigned dice(unsigned sides)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(seed >> 33) % sides;
}

/* Words, marks, scripts, emoji, blanks, controls and broken bytes. */
static const char *const pieces[] = {
    "the",   "a",      "of",       "no",       "patient", "metformin", "500",     "3.5",
    "mg",    "mg/dL",  "don't",    "e\u0301",  "\u00e9",  "\u4e2d",    "\u6587",  "\u3042",
    "\ud55c\uad6d",    "\u0e01\u0e33",         "\U0001F600",           "\U0001F468\u200D\U0001F469",
    "\U0001F1E9\U0001F1EA",        "\u200B",   "\u202E",  "\u0301",    "\xFF",    "\xE2\x82",
    "\xC0\xAF",        "\x1b[31m", "\x01",     "_",       ".",         ",",       "'",
    "(",     ")",      "-",        "\u2019",   "\u05d0",  "\u0627",    ":",
};
static const char *const blanks[] = {" ", " ", " ", " ", "", "", "\n", "  ", "\t", "\r\n", "\u00a0"};

static void make_text(struct str *out, unsigned n_words, unsigned vocabulary)
{
    enum { N = sizeof pieces / sizeof pieces[0], M = sizeof blanks / sizeof blanks[0] };
    unsigned start = dice(N);
    str_clear(out);
    for (unsigned i = 0; i < n_words; i++) {
        str_adds(out, pieces[(start + dice(vocabulary)) % N]);
        str_adds(out, blanks[dice(M)]);
    }
}

/* b is a with some bytes replaced, removed or doubled. */
static void mutate(struct str *out, const struct str *a)
{
    str_clear(out);
    for (size_t i = 0; i < a->len;) {
        size_t run = 1 + dice(12);
        struct slice part = slice_sub(str_slice(a), i, i + run);
        i += run;
        switch (dice(8)) {
        case 0: break;
        case 1: str_adds(out, pieces[dice(sizeof pieces / sizeof pieces[0])]); break;
        case 2: str_add_slice(out, part); /* fall through */
        default: str_add_slice(out, part); break;
        }
    }
}

static void add_words(struct str *out, struct slice text)
{
    for (size_t i = 0; i < text.len;) {
        uint32_t c;
        size_t len = utf8_decode(text.at + i, text.len - i, &c);
        if (c == UTF8_BAD || !unicode_is_space(c))
            str_add(out, text.at + i, len);
        i += len;
    }
}

/* Whether two ranges hold the same, blanks aside. */
static bool same_words(struct slice a, struct slice b)
{
    struct str words_a = {0}, words_b = {0};
    add_words(&words_a, a);
    add_words(&words_b, b);
    bool same = slice_eq(str_slice(&words_a), str_slice(&words_b));
    str_free(&words_a);
    str_free(&words_b);
    return same;
}

static void check_ops(struct slice a, struct slice b, const struct diff *d)
{
    size_t a_at = 0, b_at = 0;
    struct str rebuilt = {0};
    for (size_t i = 0; i < d->n_ops; i++) {
        const struct diff_op *op = &d->ops[i];
        CU_ASSERT_EQUAL_FATAL(op->a_from, a_at);
        CU_ASSERT_EQUAL_FATAL(op->b_from, b_at);
        CU_ASSERT_FATAL(op->a_to >= op->a_from && op->b_to >= op->b_from);
        CU_ASSERT_FATAL(op->a_to > op->a_from || op->b_to > op->b_from);
        CU_ASSERT(op->kind != DIFF_DELETE || op->b_from == op->b_to);
        CU_ASSERT(op->kind != DIFF_INSERT || op->a_from == op->a_to);
        CU_ASSERT(i == 0 || d->ops[i - 1].kind != op->kind);
        struct slice from_a = slice_sub(a, op->a_from, op->a_to);
        struct slice from_b = slice_sub(b, op->b_from, op->b_to);
        if (op->kind == DIFF_KEEP) {
            CU_ASSERT(same_words(from_a, from_b));
            str_add_slice(&rebuilt, slice_eq(from_a, from_b) ? from_a : from_b);
        } else if (op->kind == DIFF_INSERT) {
            str_add_slice(&rebuilt, from_b);
        }
        a_at = op->a_to;
        b_at = op->b_to;
    }
    CU_ASSERT_EQUAL(a_at, a.len);
    CU_ASSERT_EQUAL(b_at, b.len);
    CU_ASSERT(slice_eq(str_slice(&rebuilt), b));
    str_free(&rebuilt);
}

static void check_moves(struct slice a, struct slice b, const struct diff *d)
{
    for (size_t i = 0; i < d->n_moves; i++) {
        const struct diff_move *m = &d->moves[i];
        CU_ASSERT(m->a_from < m->a_to && m->a_to <= a.len && m->b_from < m->b_to && m->b_to <= b.len);
        CU_ASSERT(same_words(slice_trim(slice_sub(a, m->a_from, m->a_to)),
                             slice_trim(slice_sub(b, m->b_from, m->b_to))));
    }
}

static void both_layers(struct slice a, struct slice b)
{
    for (int layer = DIFF_EXACT; layer <= DIFF_READABLE; layer++) {
        struct diff *d = diff_texts(a, b, (enum diff_layer)layer);
        check_ops(a, b, d);
        check_moves(a, b, d);
        diff_free(d);
    }
}

static void ops_rebuild_b(void)
{
    struct str a = {0}, b = {0};
    for (int round = 0; round < 3000; round++) {
        make_text(&a, dice(60), 1 + dice(12));
        if (dice(2))
            make_text(&b, dice(60), 1 + dice(12));
        else
            mutate(&b, &a);
        both_layers(str_slice(&a), str_slice(&b));
    }
    str_free(&a);
    str_free(&b);
}

static void random_bytes(void)
{
    struct str a = {0}, b = {0};
    for (int round = 0; round < 1000; round++) {
        str_clear(&a);
        for (unsigned n = dice(80); n > 0; n--)
            str_addc(&a, (char)dice(256));
        mutate(&b, &a);
        both_layers(str_slice(&a), str_slice(&b));
    }
    str_free(&a);
    str_free(&b);
}

/* The textbook table. */
static size_t lcs_length(const uint32_t *a, size_t n, const uint32_t *b, size_t m)
{
    size_t *row = mem_zalloc(m + 1, sizeof *row), longest;
    for (size_t i = 0; i < n; i++) {
        size_t corner = 0;
        for (size_t j = 0; j < m; j++) {
            size_t above = row[j + 1];
            row[j + 1] = a[i] == b[j] ? corner + 1 : above > row[j] ? above : row[j];
            corner = above;
        }
    }
    longest = row[m];
    mem_free(row);
    return longest;
}

static void check_lcs(const uint32_t *a, size_t n, const uint32_t *b, size_t m, size_t n_ids,
                      bool minimal)
{
    uint8_t *keep_a = mem_zalloc(n + 1, 1), *keep_b = mem_zalloc(m + 1, 1);
    bool exact = lcs_mark((struct lcs_list){a, n}, (struct lcs_list){b, m}, n_ids, NULL, 0, keep_a,
                          keep_b);
    size_t kept = 0, j = 0;
    for (size_t i = 0; i < n; i++) {
        if (!keep_a[i])
            continue;
        kept++;
        while (j < m && !keep_b[j])
            j++;
        CU_ASSERT_FATAL(j < m);
        CU_ASSERT_EQUAL_FATAL(a[i], b[j]);
        j++;
    }
    while (j < m)
        CU_ASSERT_FALSE_FATAL(keep_b[j++]);
    if (minimal) {
        CU_ASSERT(exact);
        CU_ASSERT_EQUAL(kept, lcs_length(a, n, b, m));
    }
    mem_free(keep_a);
    mem_free(keep_b);
}

static void exact_is_minimal(void)
{
    uint32_t a[700], b[700];
    for (int round = 0; round < 1500; round++) {
        unsigned ids = 1 + dice(round % 3 ? 40 : 3);
        size_t n = dice(round % 10 ? 90 : 700), m = dice(round % 10 ? 90 : 700);
        for (size_t i = 0; i < n; i++)
            a[i] = dice(ids);
        for (size_t j = 0; j < m; j++)
            b[j] = dice(2) && j < n ? a[j] : dice(ids);
        check_lcs(a, n, b, m, ids, true);
    }
}

/* Beyond one table of rows, so that Hirschberg's halves are used. */
static void large_is_minimal(void)
{
    enum { N = 6000 };
    uint32_t *a = mem_alloc(N * sizeof *a), *b = mem_alloc(N * sizeof *b);
    for (unsigned ids = 4; ids < 4000; ids *= 30) {
        for (size_t i = 0; i < N; i++) {
            a[i] = dice(ids);
            b[i] = dice(ids);
        }
        check_lcs(a, N, b, N, ids, true);
    }
    mem_free(a);
    mem_free(b);
}

/* Beyond the budget: any alignment that is one, in bounded work. */
static void huge_is_bounded(void)
{
    enum { N = 60000 };
    uint32_t *a = mem_alloc(N * sizeof *a), *b = mem_alloc(N * sizeof *b);
    for (unsigned ids = 2; ids < 200000; ids *= 300) {
        for (size_t i = 0; i < N; i++) {
            a[i] = dice(ids);
            b[i] = dice(3) ? dice(ids) : a[i];
        }
        check_lcs(a, N, b, N, ids, false);
    }
    mem_free(a);
    mem_free(b);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        {"ops cover both texts and rebuild b", ops_rebuild_b},
        {"any bytes", random_bytes},
        {"exact keeps as much as can be kept", exact_is_minimal},
        {"exact in halves keeps as much", large_is_minimal},
        {"beyond the budget still an alignment", huge_is_bounded},
        {.name = NULL},
    };
    return suite_run("text/diff", tests, argc, argv);
}
