/* A field being written: every key of a line editor, on text that is not ASCII too. */
#include <string.h>

#include "tests/support/suite.h"
#include "ui/views/editor.h"

/* Runs commands (separated by blanks; 'text' is typed) and compares the text with | as cursor. */
static void expect(bool many_lines, const char *start, const char *keys, const char *want)
{
    struct editor e = {.many_lines = many_lines};
    editor_set(&e, slice_of(start), strlen(start));
    editor_layout(&e, 11);
    char copy[256];
    snprintf(copy, sizeof copy, "%s", keys);
    for (char *key = strtok(copy, " "); key; key = strtok(NULL, " "))
        if (key[0] == '\'')
            editor_insert(&e, slice_of(key + 1));
        else
            CU_ASSERT(editor_command(&e, key));
    str_splice(&e.text, e.at, e.at, SLICE("|"));
    if (strcmp(str_z(&e.text), want) != 0)
        fprintf(stderr, "\n  want %s\n  got  %s\n", want, str_z(&e.text));
    CU_ASSERT_STRING_EQUAL(str_z(&e.text), want);
    editor_free(&e);
}

static void test_moves(void)
{
    expect(false, "one two", "left left 'x", "one tx|wo");
    expect(false, "one two", "word-left", "one |two");
    expect(false, "one two", "start word-right", "one| two");
    expect(false, "one two", "line-start 'x", "x|one two");
    expect(false, "e\u0301\u00E9", "left left", "|e\u0301\u00E9");
    expect(false, "", "left right up down delete-left delete-right kill-end word-left", "|");
}

static void test_deletes(void)
{
    expect(false, "caf\u00E9", "delete-left", "caf|");
    expect(false, "cafe\u0301", "delete-left", "caf|");
    expect(false, "abc", "start delete-right", "|bc");
    expect(false, "漢字", "delete-left", "漢|");
}

static void test_kill_and_yank(void)
{
    expect(false, "one two", "kill-word-left start yank", "two|one ");
    expect(false, "one two three", "kill-word-left kill-word-left yank yank",
           "one two threetwo three|");
    expect(false, "one two", "start kill-end yank yank", "one twoone two|");
    expect(true, "a\nb", "start kill-end kill-end yank", "a\n|b");
}

static void test_paste(void)
{
    expect(false, "", "'a\nb\x1B[31m\x07z", "a b[31mz|");
    expect(true, "", "'a\r\nb", "a\nb|");
    expect(false, "", "'\xFF", "|");
    expect(false, "x", "new-line", "x|");
    expect(true, "x", "new-line 'y", "x\ny|");
}

static void test_rows(void)
{
    /* Ten cells to a row and one for the cursor. */
    expect(true, "0123456789abcdefghij", "up", "012345678|9abcdefghij");
    expect(true, "one\n\nthree", "up up", "one|\n\nthree");
    expect(true, "one\n\nthree", "up down", "one\n\nthree|");
    expect(true, "one\nlonger\nx", "up 'z", "one\nlz|onger\nx");
}

static void test_cursor(void)
{
    struct editor e = {.many_lines = true};
    size_t row;
    unsigned col;
    editor_set(&e, slice_of("漢字 ab\n"), SIZE_MAX);
    editor_layout(&e, 20);
    editor_cursor(&e, &row, &col);
    CU_ASSERT_EQUAL(row, 1);
    CU_ASSERT_EQUAL(col, 0);
    CU_ASSERT_EQUAL(editor_rows(&e), 2);
    editor_command(&e, "left");
    editor_cursor(&e, &row, &col);
    CU_ASSERT_EQUAL(row, 0);
    CU_ASSERT_EQUAL(col, 7);
    editor_free(&e);
}

static void test_undo(void)
{
    struct editor e = {.many_lines = true};
    editor_set(&e, slice_of("keep the dose"), 4);
    editor_insert(&e, slice_of("x"));
    editor_insert(&e, slice_of("y"));
    editor_insert(&e, slice_of("pasted words"));
    editor_command(&e, "kill-end");
    editor_command(&e, "yank");
    editor_command(&e, "delete-left");
    static const char *const back[] = {"keepxypasted words the dose", "keepxypasted words", "keepxypasted words the dose",
                                       "keepxy the dose", "keep the dose", "keep the dose"};
    for (size_t i = 0; i < sizeof back / sizeof *back; i++) {
        editor_command(&e, "undo-typing");
        CU_ASSERT_STRING_EQUAL(str_z(&e.text), back[i]);
    }
    CU_ASSERT_EQUAL(e.at, 4);
    for (int i = 0; i < 1000; i++) {
        editor_insert(&e, slice_of("two"));
        editor_command(&e, "left");
    }
    CU_ASSERT(e.n_pasts <= EDITOR_PASTS);
    editor_free(&e);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        {"moves", test_moves},
        {"deletes", test_deletes},
        {"kill and yank", test_kill_and_yank},
        {"paste is text and nothing else", test_paste},
        {"up and down keep their column", test_rows},
        {"where the cursor stands", test_cursor},
        {"what was typed can be taken back", test_undo},
        {NULL, NULL},
    };
    return suite_run("editor", tests, argc, argv);
}
