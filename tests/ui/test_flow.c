/* Rows of a review: runs and their looks, wrapping, equal rows side by side, what is invisible. */
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "tests/support/suite.h"
#include "ui/views/flow_diff.h"
#include "ui/views/lookalike.h"

/* A row as text: each change of look is written as a letter in parentheses. */
struct shown {
    struct str text;
    int kind, lit;
    unsigned cells;
};

static void put(void *ctx, const struct flow_cell *cell)
{
    struct shown *s = ctx;
    int kind = "=-+<>n"[cell->run->kind];
    if (kind != s->kind || cell->run->lit != s->lit)
        str_addf(&s->text, "(%c%s)", kind, cell->run->lit ? "!" : "");
    s->kind = kind;
    s->lit = cell->run->lit;
    str_add_slice(&s->text, cell->text);
    s->cells = cell->col + cell->width;
}

static void one_row(struct str *out, struct flow *f, size_t i, unsigned skip)
{
    struct shown s = {.kind = '='};
    flow_draw(f, i, skip, f->width, put, &s);
    CU_ASSERT(s.cells <= f->width || !f->wrap);
    str_add_slice(out, str_slice(&s.text));
    str_addc(out, '|');
    str_free(&s.text);
}

static char *rows_of(struct flow *f, unsigned width)
{
    struct str out = {0};
    flow_layout(f, width, true);
    for (size_t i = 0; flow_has_row(f, i); i++)
        one_row(&out, f, i, 0);
    return str_take(&out);
}

static void expect_rows(struct flow *f, unsigned width, const char *want)
{
    char *got = rows_of(f, width);
    if (strcmp(got, want) != 0)
        fprintf(stderr, "\n  want %s\n  got  %s\n", want, got);
    CU_ASSERT_STRING_EQUAL(got, want);
    mem_free(got);
}

static void expect_plain(const char *text, unsigned width, const char *want)
{
    struct flow f = {0};
    flow_plain(&f, slice_of(text));
    expect_rows(&f, width, want);
    flow_free(&f);
}

static void test_wrap(void)
{
    expect_plain("one two three", 8, "one two |three|");
    expect_plain("one two three", 7, "one two|three|");
    expect_plain("one two   three", 7, "one two|three|"); /* blanks hang over the edge */
    expect_plain("abcdefghij", 4, "abcd|efgh|ij|");
    expect_plain("a\n\nb\n", 4, "a||b|");
    expect_plain("", 4, "|");
    expect_plain("ab\tc", 8, "ab  c|");
}

static void test_wide(void)
{
    expect_plain("漢字漢字", 5, "漢字|漢字|");
    expect_plain("ab漢字", 3, "ab|漢|字|");
    expect_plain("漢", 1, " |"); /* wider than the pane: its room is kept, nothing is spilt */
}

/* Ops by hand: kind and lengths in a and b. */
struct step {
    char kind;
    unsigned a, b;
};

static struct diff diff_of(const struct step *steps, struct diff_op ops[16])
{
    size_t n = 0, a = 0, b = 0;
    for (; steps->kind; steps++, n++) {
        ops[n] = (struct diff_op){steps->kind, a, a + steps->a, b, b + steps->b};
        a += steps->a;
        b += steps->b;
    }
    return (struct diff){.ops = ops, .n_ops = n};
}

static void expect_unified(const char *a, const char *b, const struct step *steps, bool signs,
                           const struct flow_lights *lights, const char *want)
{
    static const struct flow_lights none[2] = {{0}};
    struct diff_op ops[16];
    struct diff d = diff_of(steps, ops);
    struct flow_diff in = {.a = slice_of(a), .b = slice_of(b), .diff = &d,
                           .lights = lights ? lights : none, .signs = signs};
    struct flow f = {0};
    flow_unified(&f, &in);
    expect_rows(&f, 60, want);
    flow_free(&f);
}

static const struct step swap_word[] = {{'=', 4, 4}, {'-', 3, 0}, {'+', 0, 4}, {'=', 4, 4}, {0}};

static void test_unified(void)
{
    expect_unified("say one now", "say more now", swap_word, false, NULL,
                   "say (-)one(+)more(=) now|");
    expect_unified("say one now", "say more now", swap_word, true, NULL,
                   "say (-)[-one-](+){+more+}(=) now|");
}

static void test_whole_line(void)
{
    static const struct step line[] = {{'=', 4, 4}, {'-', 6, 0}, {'=', 3, 3}, {0}};
    expect_unified("one\nlose\n\nend", "one\nend", line, true, NULL, "one|(-)[-lose-]||end|");
}

static void test_lit(void)
{
    struct flow_light gone[] = {{4, 7, 0, true}}, come[] = {{4, 8, 0, false}};
    struct flow_lights lights[2] = {{.items = gone, .count = 1}, {.items = come, .count = 1}};
    expect_unified("say one now", "say more now", swap_word, false, lights,
                   "say (-!)one(+)more(=) now|");
    expect_unified("say one now", "say more now", swap_word, true, lights,
                   "say (-)[-(-!)«one»(-)-](+){+more+}(=) now|");
}

static void test_lit_words_join(void)
{
    static const struct step all[] = {{'=', 2, 2}, {'-', 8, 0}, {'=', 3, 3}, {0}};
    struct flow_light two[] = {{2, 5, 3, true}, {6, 9, 3, true}};
    struct flow_lights lights[2] = {{.items = two, .count = 2}, {0}};
    expect_unified("a one two!. b", "a . b", all, false, lights, "a (-!)one two(-)!(=). b|");
}

static void test_signs_in_text(void)
{
    static const struct step same[] = {{'=', 17, 17}, {0}};
    expect_unified("a {+b+} [-c-] <<d", "a {+b+} [-c-] <<d", same, true, NULL,
                   "a \\{+b\\+} \\[-c\\-] <<d|");
    expect_unified("a {+b+} [-c-] <<d", "a {+b+} [-c-] <<d", same, false, NULL,
                   "a {+b+} [-c-] <<d|");
}

static void test_invisible(void)
{
    /* A trailing blank goes, a no-break space comes, a line end changes its kind. */
    static const struct step kept[] = {{'=', 7, 5}, {0}};
    expect_unified("one  \nx", "one\nx", kept, false, NULL, "one(-)··|x|");
    static const struct step kept2[] = {{'=', 3, 4}, {0}};
    expect_unified("a b", "a\u00A0b", kept2, false, NULL, "a(-)·(+)<NBSP>(=)b|");
    static const struct step kept3[] = {{'=', 4, 3}, {0}};
    expect_unified("a\r\nb", "a\nb", kept3, false, NULL, "a(-)␍|b|");
    static const struct step kept4[] = {{'=', 4, 4}, {0}};
    expect_unified("a\r\nb", "a\r\nb", kept4, false, NULL, "a|b|");
    /* A line end becomes a blank: both are seen, the row goes on. */
    static const struct step kept5[] = {{'=', 3, 3}, {0}};
    expect_unified("a\nb", "a b", kept5, false, NULL, "a(-)↵(+)·(=)b|");
}

static void test_lookalikes(void)
{
    CU_ASSERT(looks_alike(slice_of("caf\u00E9"), slice_of("cafe\u0301")));
    CU_ASSERT(looks_alike(slice_of("p\u0430in"), slice_of("pain")));
    CU_ASSERT(looks_alike(slice_of("do\u200Bse"), slice_of("dose")));
    CU_ASSERT(looks_alike(slice_of("5\u00A0mg"), slice_of("5 mg")));
    CU_ASSERT(!looks_alike(slice_of("pain"), slice_of("pair")));
    CU_ASSERT(!looks_alike(slice_of("caf\u00E9"), slice_of("cafe")));
    static const struct step word[] = {{'-', 5, 0}, {'+', 0, 4}, {0}};
    expect_unified("p\u0430in", "pain", word, false, NULL, "(-)p<U+0430>in(+)pain|");
}

static void test_moved(void)
{
    struct diff_op ops[16];
    struct diff d = diff_of((const struct step[]){{'-', 5, 0}, {'=', 2, 2}, {'+', 0, 7}, {0}}, ops);
    struct diff_move move = {0, 5, 4, 9};
    d.moves = &move;
    d.n_moves = 1;
    static const struct flow_lights none[2] = {{0}};
    struct flow_diff in = {.a = slice_of("Five.\n."), .b = slice_of("\n.++Five."), .diff = &d,
                           .lights = none, .signs = true};
    struct flow f = {0};
    flow_unified(&f, &in);
    expect_rows(&f, 60, "(<)[<-Five.-]|.(+){++++}(>){>+Five.+}|");
    flow_free(&f);
}

static void expect_sides(const char *a, const char *b, const struct step *steps, unsigned width,
                         const char *want)
{
    static const struct flow_lights none[2] = {{0}};
    struct diff_op ops[16];
    struct diff d = diff_of(steps, ops);
    struct flow_diff in = {.a = slice_of(a), .b = slice_of(b), .diff = &d, .lights = none};
    struct flow_sides s = {0};
    flow_sides_build(&s, &in);
    flow_sides_layout(&s, width, true);
    struct str out = {0};
    for (size_t i = 0; flow_sides_has_row(&s, i); i++) {
        struct shown l = {.kind = '='}, r = {.kind = '='};
        if (s.rows[i].has_left)
            flow_draw_at(&s.left, s.rows[i].left, 0, width, put, &l);
        if (s.rows[i].has_right)
            flow_draw_at(&s.right, s.rows[i].right, 0, width, put, &r);
        str_addf(&out, "%s/%s|", s.rows[i].has_left ? str_z(&l.text) : "~",
                 s.rows[i].has_right ? str_z(&r.text) : "~");
        str_free(&l.text);
        str_free(&r.text);
    }
    if (strcmp(str_z(&out), want) != 0)
        fprintf(stderr, "\n  want %s\n  got  %s\n", want, str_z(&out));
    CU_ASSERT_STRING_EQUAL(str_z(&out), want);
    str_free(&out);
    flow_sides_free(&s);
}

static void test_sides(void)
{
    static const struct step steps[] = {{'=', 4, 4}, {'-', 9, 0}, {'=', 4, 4}, {'+', 0, 6}, {0}};
    expect_sides("one\nlong line\nend", "one\n\nendlater\n", steps, 5,
                 "one/one|(-)long /|(-)line/~|end/end(+)la|~/(+)ter|");
}

static void test_end_of_megabyte(void)
{
    size_t len = 1 << 20;
    char *text = mem_alloc(len + 1);
    for (size_t i = 0; i < len; i++)
        text[i] = i % 7 == 6 ? ' ' : (char)('a' + i % 26);
    text[len] = '\0';
    struct flow f = {0};
    flow_plain(&f, (struct slice){text, len});
    flow_layout(&f, 80, true);
    CU_ASSERT(flow_has_row(&f, 20));
    CU_ASSERT(f.n_rows < 30); /* no more than what is seen is laid out */
    size_t rows = flow_count(&f);
    CU_ASSERT_EQUAL(rows, (len + 76) / 77);
    CU_ASSERT_EQUAL(flow_row_of(&f, (struct flow_at){0, (uint32_t)len - 1}), rows - 1);
    flow_layout(&f, 80, false);
    struct str out = {0};
    one_row(&out, &f, 0, (unsigned)len - 7);
    CU_ASSERT_EQUAL(out.len, 8);
    CU_ASSERT(memcmp(out.at, text + len - 7, 7) == 0);
    str_clear(&out);
    one_row(&out, &f, 0, (unsigned)len - 9000); /* back from a remembered place */
    CU_ASSERT(memcmp(out.at, text + len - 9000, 80) == 0);
    CU_ASSERT_EQUAL(flow_row_width(&f, 0), len);
    str_free(&out);
    flow_free(&f);
    mem_free(text);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        {"rows are wrapped at word borders", test_wrap},
        {"wide characters never straddle the edge", test_wide},
        {"unified: kept, deleted, inserted", test_unified},
        {"a deleted line stands on its own row", test_whole_line},
        {"hinges are lit within a change", test_lit},
        {"neighbouring lit words are one light", test_lit_words_join},
        {"signs in the text are escaped where signs are written", test_signs_in_text},
        {"blanks that differ are seen", test_invisible},
        {"words that look alike are told apart", test_lookalikes},
        {"a moved sentence is shown as moved", test_moved},
        {"side by side, kept lines are level", test_sides},
        {"a megabyte on one line is laid out as far as looked at", test_end_of_megabyte},
        {NULL, NULL},
    };
    return suite_run("flow", tests, argc, argv);
}
