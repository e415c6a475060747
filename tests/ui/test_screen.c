/* The grid of cells, and themes: what cannot stand on a terminal does not, and no change is told by colour alone. */
#include "ui/term/screen.h"

#include <string.h>

#include "base/utf8.h"
#include "tests/support/suite.h"
#include "ui/theme/theme.h"

static struct screen s;

static void expect_row(int row, const char *want)
{
    struct str text = {0};
    screen_row_text(&s, row, &text);
    CU_ASSERT_STRING_EQUAL(str_z(&text), want);
    str_free(&text);
}

static void put(int row, int col, const char *text)
{
    screen_put(&s, row, col, slice_of(text), 3);
}

static void test_put(void)
{
    screen_resize(&s, 3, 10);
    put(0, 2, "abc");
    put(1, 7, "too long");
    put(2, -2, "cut");
    put(5, 0, "outside");
    put(-1, 0, "outside");
    expect_row(0, "  abc");
    expect_row(1, "       too");
    expect_row(2, "t");
    CU_ASSERT_EQUAL(screen_at(&s, 0, 2)->ink, 3);
    CU_ASSERT_EQUAL(screen_at(&s, 0, 5)->ink, 0);
    screen_clear(&s);
    expect_row(0, "");
}

static void test_wide(void)
{
    screen_resize(&s, 2, 6);
    put(0, 0, "漢字");
    CU_ASSERT_EQUAL(screen_at(&s, 0, 0)->width, 2);
    CU_ASSERT_EQUAL(screen_at(&s, 0, 1)->width, 0);
    put(0, 1, "x"); /* half a character cannot stand */
    expect_row(0, " x字");
    put(0, 3, "y");
    expect_row(0, " x y");
    put(1, 5, "漢"); /* nor can it in the last column */
    expect_row(1, "");
    put(1, 4, "漢");
    expect_row(1, "    漢");
    put(1, 3, "字");
    expect_row(1, "   字");
    CU_ASSERT_EQUAL(screen_at(&s, 1, 5)->width, 1);
}

/* Views show visible text only; should one forget, the grid does not. */
static void test_hostile(void)
{
    screen_resize(&s, 2, 40);
    put(0, 0, "a\x1B[31m\xC2\x9B" "b\xFF\xE2\x80\xAE");
    expect_row(0, "a^[[31m<U+009B>b<FF><RLO>");
    struct str heap = {0};
    str_adds(&heap, "Z");
    for (int i = 0; i < 200; i++)
        str_adds(&heap, "\xCC\xB5");
    put(1, 0, str_z(&heap));
    CU_ASSERT(screen_at(&s, 1, 0)->len <= CELL_TEXT_MAX);
    put(1, 10, "\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x94\xAC");
    for (int row = 0; row < 2; row++)
        for (int col = 0; col < 40; col++) {
            const struct cell *c = screen_at(&s, row, col);
            CU_ASSERT(utf8_valid((struct slice){c->text, c->len}));
            for (int i = 0; i < c->len; i++)
                CU_ASSERT((unsigned char)c->text[i] >= 0x20 && c->text[i] != 0x7F);
        }
    str_free(&heap);
    screen_free(&s);
}

static bool same_but_color(const struct style *a, const struct style *b)
{
    return a->attrs == b->attrs;
}

static void test_themes(void)
{
    static const int colors[] = {0, 8, 16, 256};
    static const enum look pairs[][2] = {
        {LOOK_DELETE, LOOK_INSERT},       {LOOK_HINGE_DELETE, LOOK_HINGE_INSERT},
        {LOOK_FOCUS_DELETE, LOOK_FOCUS_INSERT}, {LOOK_TEXT, LOOK_INSERT},
        {LOOK_TEXT, LOOK_HINGE},          {LOOK_DELETE, LOOK_HINGE_DELETE},
        {LOOK_INSERT, LOOK_HINGE_INSERT}, {LOOK_TEXT, LOOK_CURSOR},
    };
    for (size_t n = 0; theme_name(n); n++)
        for (size_t c = 0; c < 4; c++) {
            struct theme t;
            CU_ASSERT_FATAL(theme_named(&t, theme_name(n), colors[c]));
            CU_ASSERT(t.signs || colors[c]); /* no colours: signs */
            for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
                CU_ASSERT(!same_but_color(&t.styles[pairs[i][0]], &t.styles[pairs[i][1]]));
            for (int look = 0; look < LOOKS; look++)
                CU_ASSERT(t.styles[look].fg < (colors[c] ? colors[c] : 1) &&
                          t.styles[look].bg < (colors[c] ? colors[c] : 1));
        }
    struct theme t;
    CU_ASSERT(!theme_named(&t, "none of these", 256));
    for (int look = 0; look < LOOKS; look++)
        CU_ASSERT_PTR_NOT_NULL(look_name((enum look)look));
}

static void test_theme_files(void)
{
    struct theme t;
    struct error err = {0};
    theme_named(&t, "dark", 256);
    CU_ASSERT_EQUAL(theme_read(&t, SLICE("# mine\n delete = 9, -, bold underline # and so on\n\nsigns = yes\n"), "f",
                               256, &err), 0);
    CU_ASSERT_EQUAL(t.styles[LOOK_DELETE].fg, 9);
    CU_ASSERT_EQUAL(t.styles[LOOK_DELETE].bg, -1);
    CU_ASSERT_EQUAL(t.styles[LOOK_DELETE].attrs, STYLE_BOLD | STYLE_UNDERLINE);
    CU_ASSERT(t.signs);
    static const char *const wrong[] = {"text = red\nno-look = 1", "text = 256", "text = blau",
                                        "text = -, -, loud", "text = 1, 2x", "nonsense"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct theme before = t;
        error_clear(&err);
        CU_ASSERT_EQUAL(theme_read(&t, slice_of(wrong[i]), "my-theme", 256, &err), -1);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, i ? "my-theme: line 1" : "my-theme: line 2"));
        CU_ASSERT_EQUAL(memcmp(&before.styles, &t.styles, sizeof t.styles), 0);
    }
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        {"text is cut to the grid", test_put},
        {"wide characters are whole or not there", test_wide},
        {"nothing unsafe stands in a cell", test_hostile},
        {"no theme tells changes by colour alone", test_themes},
        {"theme files", test_theme_files},
        {NULL, NULL},
    };
    return suite_run("screen", tests, argc, argv);
}
