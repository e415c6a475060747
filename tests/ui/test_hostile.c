/* Records made to break a screen: each opens, is walked in every layout, shows marks for what
 * cannot be shown, and lets nothing raw through (the sheet counts that). */
#include <string.h>

#include "app/session.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "db/record_store.h"
#include "tests/support/sheet.h"
#include "tests/support/suite.h"
#include "tests/support/tmp.h"
#include "ui/views/review.h"

static const struct hostile {
    const char *name, *y0, *y_star;
    const char *shows; /* what must be on the screen */
    const char *also;
} pairs[] = {
    {"colours and cursor moves", "dose \x1B[31m5 mg\x1B[0m\x1B[2J", "dose \x1B[32m6 mg\x1B[H",
     "^[[31m", "6 mg"},
    {"clipboard and title", "a \x1B]52;c;aGk=\x07 b", "a \x1B]0;title\x1B\\ c", "^[]52;c;aGk=^G",
     "^[]0;title^["},
    {"queries", "x \x1B[c \x1B[6n y", "x \x1BP$q\"p\x1B\\ z", "^[[6n", "^[P$q"},
    {"controls", "one\b\b\btwo\x7F\v\f", "one\rtwo", "^H", "^M"},
    {"C1 in UTF-8",
     "a \xC2\x9B"
     "31m b",
     "a \xC2\x9D"
     "52;c;x\xC2\x9C c",
     "<U+009B>", "<U+009D>"},
    {"directions turned", "if (\u202Eadmin\u202C)", "if (\u2066user\u2069)", "<RLO>", "<LRI>"},
    {"no-break space for space", "5\u00A0mg daily", "5 mg daily", "<NBSP>", "·"},
    {"composed and decomposed", "caf\u00E9", "cafe\u0301", "<U+00E9>", "<U+0301>"},
    {"zero width", "do\u200Bse", "dose", "<ZWSP>", "dose"},
    {"one letter of another script", "p\u0430in", "pain", "<U+0430>", "pain"},
    {"trailing blank", "stop here \nnext", "stop here\nnext", "·", "next"},
    {"line ends", "one\r\ntwo\r\n", "one\ntwo\n", "␍", "two"},
    {"marks without a letter", "\u0301\u0302x", "\u0301\u0302y", "\u25CC\u0301", "y"},
    {"joined emoji and flags", "\U0001F468\u200D\U0001F469 \U0001F1EC\U0001F1E7",
     "\U0001F44D\U0001F3FD", "GB", "~4"},
    {"signs of our own", "{+a+} [-b-] @@ \u00ABc\u00BB", "{+a+} [-d-] @@ \u00ABc\u00BB", "@@", "d"},
    {"wide at the edge",
     "漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字",
     "漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字仮字", "漢",
     "仮"},
    {"tags and private letters", "a \U000E0041\U000E0042 b", "a \uE000 c", "<U+E0041>", "<U+E000>"},
    {"emptied", "All of it goes.", "", "All of it goes.", NULL},
    {"from nothing", "", "All of it comes.", "All of it comes.", NULL},
};

struct bench {
    char *dir;
    struct session *session;
    struct review *view;
    struct sheet *sheet;
};

static int64_t put_pair(struct store *s, const char *id, const char *y0, const char *y_star)
{
    struct error err = {0};
    enum record_put what;
    int64_t number = 0;
    /* The hostile text is everywhere: in names, prompt, rationale and rule too. */
    struct message message = {.role = (char *)"user", .content = (char *)y0};
    struct record r = {.id = (char *)id,
                       .task = (char *)y_star,
                       .y0 = (char *)y0,
                       .y_star = (char *)y_star,
                       .prompt = {.messages = &message, .count = 1},
                       .rationale = (char *)y0,
                       .rule = {(char *)y0, (char *)y_star}};
    if (record_store_put(s, &r, y0, 1, &what, &number, &err) != 0)
        fprintf(stderr, "%s\n", err.text);
    return number;
}

static void open_project(struct bench *b, const char *y0, const char *y_star, bool signs,
                         bool ascii)
{
    struct error err = {0};
    *b = (struct bench){.dir = tmp_make()};
    struct store *s = store_open(tmp_join(b->dir, "p.db"), STORE_CREATE, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    int64_t id = put_pair(s, "r\x1B[1m", y0, y_star);
    store_close(s);
    struct session_options options = {.project = tmp_join(b->dir, "p.db"), .reviewer = "alice"};
    b->session = session_open(&options, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(b->session);
    b->view = review_new(b->session, signs, ascii);
    b->sheet = sheet_new(80, 23);
    b->sheet->paint.ascii = ascii;
    CU_ASSERT_EQUAL_FATAL(review_open(b->view, id, &err), 0);
}

static void close_project(struct bench *b)
{
    review_free(b->view);
    session_close(b->session);
    sheet_free(b->sheet);
    tmp_remove(b->dir);
}

static void paint(struct bench *b)
{
    sheet_clear(b->sheet, b->sheet->paint.cols, b->sheet->paint.rows);
    review_paint(b->view, &b->sheet->paint);
}

static void expect(struct bench *b, const char *name, const char *text)
{
    int row, col;
    if (!text || sheet_find(b->sheet, text, &row, &col))
        return;
    struct str screen = {0};
    sheet_text(&screen, b->sheet);
    fprintf(stderr, "\n%s: not shown: %s\n%s", name, text, str_z(&screen));
    str_free(&screen);
    CU_FAIL("a mark is missing");
}

static void test_marks(void)
{
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        struct bench b;
        open_project(&b, pairs[i].y0, pairs[i].y_star, false, false);
        paint(&b);
        expect(&b, pairs[i].name, pairs[i].shows);
        expect(&b, pairs[i].name, pairs[i].also);
        CU_ASSERT_EQUAL(b.sheet->faults, 0);
        close_project(&b);
    }
}

static void test_every_layout(void)
{
    static const char *const walk[] = {
        "next-match", "side-by-side", "wrap",     "right",     "right",     "last",
        "line-end",   "pane-2",       "last",     "pane-3",    "down",      "pane-4",
        "zoom",       "zoom",         "history",  "pane-1",    "wrap",      "edit",
        "line-start", "word-right",   "kill-end", "put-aside", "reject",    "put-aside",
        "edit-ystar", "down",         "line-end", "up",        "put-aside", "mark-hinge",
        "right",      "down",         "put-aside"};
    static const int sizes[][2] = {{80, 23}, {160, 47}, {60, 15}, {41, 9}, {7, 3}};
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        for (int plain = 0; plain < 2; plain++) {
            struct bench b;
            open_project(&b, pairs[i].y0, pairs[i].y_star, plain, plain);
            for (size_t k = 0; k < sizeof walk / sizeof walk[0]; k++) {
                const int *size = sizes[k % (sizeof sizes / sizeof sizes[0])];
                CU_ASSERT(review_command(b.view, walk[k]) != REVIEW_UNKNOWN);
                sheet_clear(b.sheet, size[0], size[1]);
                review_paint(b.view, &b.sheet->paint);
            }
            if (b.sheet->faults)
                fprintf(stderr, "\n%s: %zu faults\n", pairs[i].name, b.sheet->faults);
            CU_ASSERT_EQUAL(b.sheet->faults, 0);
            close_project(&b);
        }
}

/* Bytes from a fixed seed, turned into text a record may hold. */
static char *noise(size_t len, unsigned seed)
{
    struct str raw = {0}, out = {0};
    for (size_t i = 0; i < len; i++) {
        seed = seed * 1103515245u + 12345u;
        unsigned c = seed >> 16 & 0xFF;
        str_addc(&raw, c ? (char)c : ' ');
    }
    utf8_repair(&out, str_slice(&raw));
    str_free(&raw);
    return str_take(&out);
}

static void test_noise(void)
{
    for (unsigned round = 0; round < 12; round++) {
        struct bench b;
        char *y0 = noise(700, round), *y_star = noise(700, round / 2 + 100);
        open_project(&b, y0, y_star, round & 1, round & 1);
        static const char *const walk[] = {"next-match", "side-by-side", "page-down", "wrap",
                                           "last"};
        for (size_t k = 0; k < sizeof walk / sizeof walk[0]; k++) {
            review_command(b.view, walk[k]);
            paint(&b);
        }
        CU_ASSERT_EQUAL(b.sheet->faults, 0);
        close_project(&b);
        mem_free(y0);
        mem_free(y_star);
    }
}

/* A megabyte on one line: what is seen is all that is laid out, and its end is reached. */
static void test_long_line(void)
{
    size_t len = 1u << 20;
    char *y0 = mem_alloc(len + 1), *y_star;
    for (size_t i = 0; i < len; i++)
        y0[i] = i % 6 == 5 ? ' ' : (char)('a' + i / 6 % 26);
    memcpy(y0 + len - 8, " theend.", 8);
    y0[len] = '\0';
    y_star = mem_strdup(y0);
    memcpy(y_star + 600000, "CHANGED", 7);
    struct bench b;
    open_project(&b, y0, y_star, false, false);
    paint(&b);
    expect(&b, "long line", "comparing"); /* shown first, compared when no key waits */
    CU_ASSERT(review_idle(b.view));
    CU_ASSERT(!review_idle(b.view));
    paint(&b);
    expect(&b, "long line", "CHANGED");
    review_command(b.view, "pane-1");
    review_command(b.view, "last");
    paint(&b);
    expect(&b, "long line", "theend.");
    review_command(b.view, "wrap");
    review_command(b.view, "first");
    review_command(b.view, "line-end");
    paint(&b);
    expect(&b, "long line", "theend.");
    CU_ASSERT_EQUAL(b.sheet->faults, 0);
    close_project(&b);
    mem_free(y0);
    mem_free(y_star);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        {"what cannot be shown is marked, what looks alike is told apart", test_marks},
        {"every layout and field, at every size", test_every_layout},
        {"noise", test_noise},
        {"a megabyte on one line", test_long_line},
        {NULL, NULL},
    };
    return suite_run("hostile", tests, argc, argv);
}
