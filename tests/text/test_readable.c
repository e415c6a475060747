/* The readable layer on pairs whose best reading is known. A diff is written as text with [-gone-] and
 * {+new+}, kept parts as b has them. */
#include <stdio.h>
#include <string.h>

#include "tests/support/suite.h"
#include "text/diff.h"

static void write_diff(struct str *out, struct slice a, struct slice b, const struct diff *d)
{
    for (size_t i = 0; i < d->n_ops; i++) {
        const struct diff_op *op = &d->ops[i];
        if (op->kind == DIFF_DELETE) {
            str_adds(out, "[-");
            str_add_slice(out, slice_sub(a, op->a_from, op->a_to));
            str_adds(out, "-]");
        } else {
            str_adds(out, op->kind == DIFF_INSERT ? "{+" : "");
            str_add_slice(out, slice_sub(b, op->b_from, op->b_to));
            str_adds(out, op->kind == DIFF_INSERT ? "+}" : "");
        }
    }
}

static void expect(const char *a, const char *b, enum diff_layer layer, const char *expected)
{
    struct diff *d = diff_texts(slice_of(a), slice_of(b), layer);
    struct str got = {0};
    write_diff(&got, slice_of(a), slice_of(b), d);
    if (!slice_is(str_slice(&got), expected))
        fprintf(stderr, "\nexpected %s\ngot      %s\n", expected, str_z(&got));
    CU_ASSERT(slice_is(str_slice(&got), expected));
    str_free(&got);
    diff_free(d);
}

static void readable(const char *a, const char *b, const char *expected)
{
    expect(a, b, DIFF_READABLE, expected);
}

static void one_word(void)
{
    readable("Diagnoses: diabetic hypertension.", "Diagnoses: hypertension.",
             "Diagnoses: [-diabetic -]hypertension.");
    readable("He was seen today.", "He was seen.", "He was seen[- today-].");
    readable("metformin 500 mg BD", "metformin 850 mg BD", "metformin [-500-]{+850+} mg BD");
    readable("no fever", "fever", "[-no -]fever");
    readable("same", "same", "same");
    readable("", "new", "{+new+}");
    readable("old", "", "[-old-]");
    readable("", "", "");
}

static void blanks_are_no_change(void)
{
    readable("a  b\nc", "a b c", "a b c");
    readable("end.\n", "end.", "end.[-\n-]");
    readable(" x", "x", "[- -]x");
}

/* The shortest difference keeps "of the" between two changes; nobody reads it so. */
static void no_islands(void)
{
    const char *a = "pain in the left side of the lower abdomen since Monday";
    const char *b = "pain in the right part of the upper abdomen since Monday";
    expect(a, b, DIFF_EXACT,
           "pain in the [-left side-]{+right part+} of the [-lower-]{+upper+} abdomen since Monday");
    readable(a, b,
             "pain in the [-left side of the lower-]{+right part of the upper+} abdomen since Monday");
}

static void content_is_kept(void)
{
    readable("the old metformin was given twice daily", "one new metformin were taken twice daily",
             "[-the old-]{+one new+} metformin [-was given-]{+were taken+} twice daily");
}

static void changes_slide_to_borders(void)
{
    readable("He takes aspirin. He is well.", "He takes aspirin. He takes insulin. He is well.",
             "He takes aspirin. {+He takes insulin. +}He is well.");
    readable("one\ntwo\nthree\n", "one\ntwo\nnew two\nthree\n", "one\ntwo\n{+new two\n+}three\n");
    readable("fever, cough, rash", "fever, rash", "fever, [-cough, -]rash");
}

static void rewritten_sentences_are_replaced_whole(void)
{
    readable("Stable. The patient was told that she should return to the clinic. Bye.",
             "Stable. Follow up is planned with the surgeon in two weeks. Bye.",
             "Stable. [-The patient was told that she should return to the clinic.-]"
             "{+Follow up is planned with the surgeon in two weeks.+} Bye.");
}

static void moved_sentences(void)
{
    const char *a = "Lungs are clear on both sides. Heart sounds are normal without any murmur heard "
                    "today. Abdomen is soft and not tender to touch.\n";
    const char *b = "Heart sounds are normal without any murmur heard today. Abdomen is soft and not "
                    "tender to touch. Lungs are clear on both sides.\n";
    struct diff *d = diff_texts(slice_of(a), slice_of(b), DIFF_READABLE);
    CU_ASSERT_EQUAL_FATAL(d->n_moves, 1);
    struct slice from = slice_sub(slice_of(a), d->moves[0].a_from, d->moves[0].a_to);
    struct slice to = slice_sub(slice_of(b), d->moves[0].b_from, d->moves[0].b_to);
    CU_ASSERT(slice_is(from, "Lungs are clear on both sides."));
    CU_ASSERT(slice_eq(from, to));
    diff_free(d);
    d = diff_texts(SLICE("Yes it is. Not this one, no way at all."),
                   SLICE("Not this one, no way at all. Yes it is."), DIFF_READABLE);
    CU_ASSERT_EQUAL(d->n_moves, 0); /* four words move by chance */
    diff_free(d);
}

static void by_character_where_words_have_no_blanks(void)
{
    readable("患者没有发热", "患者有发热", "患者[-没-]有发热");
    readable("I 👍🏽 it 👨‍👩‍👧", "I 👍🏿 it 👨‍👩‍👧", "I [-👍🏽-]{+👍🏿+} it 👨‍👩‍👧");
}

/* What looks the same is not the same. */
static void invisible_changes(void)
{
    readable("caf\u00e9", "cafe\u0301", "[-caf\u00e9-]{+cafe\u0301+}");
    readable("dose", "d\u043ese", "[-dose-]{+d\u043ese+}");
    readable("ab", "a\u200Bb", "[-ab-]{+a\u200Bb+}");
}

/* Large texts take another road (equal lines first); it has to lead to the same place. */
static void large_texts(void)
{
    struct str a = {0}, b = {0};
    for (int i = 0; i < 4000; i++) {
        str_addf(&a, "Line %d says that the value of item %d was normal.\n", i, i * 7);
        if (i % 100 == 50)
            str_addf(&b, "Line %d says that the value of item %d was raised.\n", i, i * 7);
        else if (i % 1000 != 999)
            str_addf(&b, "Line %d says that the value of item %d was normal.\n", i, i * 7);
    }
    struct diff *d = diff_texts(str_slice(&a), str_slice(&b), DIFF_READABLE);
    size_t replaced = 0, lines_gone = 0;
    for (size_t i = 0; i < d->n_ops; i++) {
        const struct diff_op *op = &d->ops[i];
        struct slice gone = slice_sub(str_slice(&a), op->a_from, op->a_to);
        replaced += op->kind == DIFF_DELETE && slice_is(gone, "normal");
        lines_gone += op->kind == DIFF_DELETE && slice_starts(gone, "Line ") &&
                      gone.at[gone.len - 1] == '\n';
    }
    CU_ASSERT_EQUAL(replaced, 40);
    CU_ASSERT_EQUAL(lines_gone, 4);
    CU_ASSERT_FALSE(d->exact);
    diff_free(d);
    str_free(&a);
    str_free(&b);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        {"one word", one_word},
        {"blanks alone are no change", blanks_are_no_change},
        {"no islands of function words", no_islands},
        {"content is kept", content_is_kept},
        {"changes slide to borders", changes_slide_to_borders},
        {"rewritten sentences are replaced whole", rewritten_sentences_are_replaced_whole},
        {"moved sentences are found", moved_sentences},
        {"by character where words have no blanks", by_character_where_words_have_no_blanks},
        {"invisible changes are changes", invisible_changes},
        {"large texts", large_texts},
        {.name = NULL},
    };
    return suite_run("text/readable", tests, argc, argv);
}
