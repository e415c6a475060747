/* The review on a real project, driven by commands, painted on a grid. */
#include <stdlib.h>
#include <string.h>

#include "app/actions.h"
#include "app/drafts.h"
#include "app/session.h"
#include "base/mem.h"
#include "db/record_store.h"
#include "db/rule_store.h"
#include "tests/support/sheet.h"
#include "tests/support/suite.h"
#include "tests/support/tmp.h"
#include "ui/views/review.h"

static const char *const seed =
    "{\"id\":\"ed-0143\",\"task\":\"ed-note\",\"prompt\":\"Doctor: And the tablets, still the same?\\n"
    "Patient: Yes, the metformin, twice a day.\\nDoctor: For the hypertension we review in two weeks.\","
    "\"y0\":\"Assessment and plan\\nDiagnoses: diabetic hypertension.\\nMedication: metformin 500 mg BD, "
    "continued.\",\"y_star\":\"Assessment and plan\\nDiagnoses: hypertension.\\nMedication: metformin 500 mg "
    "BD, continued.\",\"score\":4,\"score_max\":6,\"rationale\":\"Added 'diabetic hypertension' not mentioned "
    "in transcript. Otherwise complete.\",\"rule\":{\"mistake\":\"Inferred diagnosis from medication\","
    "\"guardrail\":\"Only include explicitly stated diagnoses\"}}";
static const char *const rounds =
    "{\"id\":\"r3\",\"prompt\":\"Say when.\",\"y0\":\"One two three.\",\"rounds\":[{\"output\":\"One 2 three.\"},"
    "{\"output\":\"One 2 3.\"}],\"y_star\":\"1 2 3.\",\"rationale\":\"Use digits.\"}";

struct bench {
    char *dir;
    struct session *session;
    struct review *view;
    struct sheet *sheet;
    int64_t first;
};

static int64_t put_record(struct store *s, const char *json)
{
    struct record r = {0};
    struct error err = {0};
    size_t repaired = 0;
    int64_t id = 0;
    enum record_put what;
    if (record_parse(&r, slice_of(json), &repaired, &err) != 0 ||
        record_store_put(s, &r, "test", 1, &what, &id, &err) != 0)
        fprintf(stderr, "%s\n", err.text);
    record_free(&r);
    return id;
}

static void open_session(struct bench *b)
{
    struct error err = {0};
    struct session_options options = {.project = tmp_join(b->dir, "p.db"), .reviewer = "alice"};
    b->session = session_open(&options, &err);
    if (!b->session)
        fprintf(stderr, "%s\n", err.text);
    CU_ASSERT_PTR_NOT_NULL_FATAL(b->session);
}

static void setup(struct bench *b, int cols, int rows, bool signs, bool ascii)
{
    struct error err = {0};
    *b = (struct bench){.dir = tmp_make()};
    struct store *s = store_open(tmp_join(b->dir, "p.db"), STORE_CREATE, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    b->first = put_record(s, seed);
    put_record(s, rounds);
    store_close(s);
    open_session(b);
    b->view = review_new(b->session, signs, ascii);
    b->sheet = sheet_new(cols, rows);
    b->sheet->paint.ascii = ascii;
    CU_ASSERT_EQUAL_FATAL(review_open(b->view, b->first, &err), 0);
}

static void teardown(struct bench *b)
{
    CU_ASSERT_EQUAL(b->sheet->faults, 0);
    review_free(b->view);
    session_close(b->session);
    sheet_free(b->sheet);
    tmp_remove(b->dir);
}

/* Runs commands (separated by blanks; 'text' types, _ standing for a blank). */
static enum review_wish run(struct bench *b, const char *commands)
{
    char copy[512];
    enum review_wish wish = REVIEW_STAY;
    snprintf(copy, sizeof copy, "%s", commands);
    for (char *word = strtok(copy, " "); word; word = strtok(NULL, " ")) {
        if (word[0] != '\'') {
            wish = review_command(b->view, word);
            CU_ASSERT(wish != REVIEW_UNKNOWN);
            continue;
        }
        for (char *c = word; *c; c++)
            if (*c == '_')
                *c = ' ';
        review_type(b->view, slice_of(word + 1));
    }
    sheet_clear(b->sheet, b->sheet->paint.cols, b->sheet->paint.rows);
    review_paint(b->view, &b->sheet->paint);
    return wish;
}

static bool sees(struct bench *b, const char *text)
{
    int row, col;
    bool found = sheet_find(b->sheet, text, &row, &col);
    if (!found) {
        struct str screen = {0};
        sheet_text(&screen, b->sheet);
        fprintf(stderr, "\nnot on the screen: %s\n%s", text, str_z(&screen));
        str_free(&screen);
    }
    return found;
}

/* Compares the screen with tests/screens/NAME, or writes it when HINGE_SCREENS names a folder. */
static void expect_screen(struct bench *b, const char *name)
{
    struct str screen = {0};
    char path[1024];
    sheet_text(&screen, b->sheet);
    const char *out = getenv("HINGE_SCREENS"), *src = getenv("srcdir");
    if (out) {
        snprintf(path, sizeof path, "%s/%s", out, name);
        FILE *f = fopen(path, "w");
        if (f) {
            fwrite(screen.at, 1, screen.len, f);
            fclose(f);
        }
    }
    snprintf(path, sizeof path, "%s/tests/screens/%s", src ? src : ".", name);
    FILE *f = fopen(path, "r");
    static char want[65536];
    size_t len = f ? fread(want, 1, sizeof want - 1, f) : 0;
    want[len] = '\0';
    if (f)
        fclose(f);
    if (strcmp(want, str_z(&screen)) != 0)
        fprintf(stderr, "\n%s is not as kept; it is now:\n%s", path, str_z(&screen));
    CU_ASSERT_STRING_EQUAL(want, str_z(&screen));
    str_free(&screen);
}

static enum record_state state_of(struct bench *b, int64_t id)
{
    struct stored_record r = {0};
    struct error err = {0};
    CU_ASSERT_EQUAL(record_store_load(session_store(b->session), id, &r, &err), 0);
    enum record_state state = r.state;
    stored_record_free(&r);
    return state;
}

static void test_screens(void)
{
    static const struct {
        int cols, rows;
        bool signs, ascii;
        const char *commands, *name;
    } screens[] = {
        {80, 23, false, false, "", "review-80x24"},
        {160, 47, false, false, "", "review-160x48"},
        {60, 15, false, false, "", "review-60x16"},
        {80, 23, true, true, "", "review-vt100"},
        {80, 23, false, false, "side-by-side", "review-sides-80x24"},
        {80, 23, false, false, "edit", "review-edit-80x24"},
        {80, 23, false, false, "reject", "review-reject-80x24"},
        {160, 47, false, false, "history", "review-history-160x48"},
    };
    for (size_t i = 0; i < sizeof screens / sizeof screens[0]; i++) {
        struct bench b;
        setup(&b, screens[i].cols, screens[i].rows, screens[i].signs, screens[i].ascii);
        run(&b, screens[i].commands);
        expect_screen(&b, screens[i].name);
        teardown(&b);
    }
}

static void test_hinge_links(void)
{
    struct bench b;
    setup(&b, 80, 23, false, false);
    run(&b, "next-match");
    CU_ASSERT(sheet_shows(b.sheet, "diabetic", LOOK_FOCUS_DELETE));
    CU_ASSERT(sheet_shows(b.sheet, "Added", LOOK_LINK));
    CU_ASSERT(sees(&b, "the rationale names it"));
    run(&b, "pane-3");
    CU_ASSERT(sheet_shows(b.sheet, "Added", LOOK_STRONG));
    CU_ASSERT(sheet_shows(b.sheet, "diabetic", LOOK_FOCUS_DELETE));
    run(&b, "down"); /* a clause that faults nothing lights nothing */
    CU_ASSERT(sheet_shows(b.sheet, "Otherwise", LOOK_STRONG));
    teardown(&b);
}

static void test_accept_and_undo(void)
{
    struct bench b;
    setup(&b, 80, 23, false, false);
    CU_ASSERT_EQUAL(run(&b, "accept"), REVIEW_NEXT);
    CU_ASSERT(sees(&b, "u undoes it"));
    CU_ASSERT_EQUAL(state_of(&b, b.first), STATE_ACCEPTED);
    run(&b, "undo");
    CU_ASSERT_EQUAL(state_of(&b, b.first), STATE_UNDECIDED);
    run(&b, "redo");
    CU_ASSERT_EQUAL(state_of(&b, b.first), STATE_ACCEPTED);
    CU_ASSERT(sees(&b, "accepted by alice"));
    teardown(&b);
}

static void test_edit(void)
{
    struct bench b;
    setup(&b, 80, 23, false, false);
    run(&b, "edit ',_and_never_infer");
    CU_ASSERT(sees(&b, "was"));
    CU_ASSERT(sheet_shows(b.sheet, ", and never infer", LOOK_INSERT));
    CU_ASSERT(b.sheet->cursor_row > 0);
    CU_ASSERT_EQUAL(state_of(&b, b.first), STATE_UNDECIDED);
    CU_ASSERT_EQUAL(run(&b, "store"), REVIEW_NEXT);
    CU_ASSERT_EQUAL(state_of(&b, b.first), STATE_EDITED);
    teardown(&b);
}

/* The line is cut in the middle of an edit: text, field and cursor come back in a new session. */
static void test_hangup(void)
{
    struct bench b;
    struct error err = {0};
    struct str place = {0};
    setup(&b, 80, 23, false, false);
    run(&b, "edit line-start 'Please_ left left");
    review_save(b.view, &place);
    CU_ASSERT_EQUAL(draft_store(b.session, &err), 0);
    review_free(b.view);
    session_close(b.session);
    open_session(&b);
    b.view = review_new(b.session, false, false);
    CU_ASSERT_EQUAL(review_open(b.view, b.first, &err), 0);
    review_restore(b.view, str_slice(&place));
    run(&b, "'!");
    CU_ASSERT(sees(&b, "Pleas!e Only include"));
    CU_ASSERT(review_typing(b.view));
    str_free(&place);
    teardown(&b);
}

static void test_esc_keeps_a_draft(void)
{
    struct bench b;
    setup(&b, 80, 23, false, false);
    run(&b, "edit 'zzz put-aside");
    CU_ASSERT(!review_typing(b.view));
    CU_ASSERT(sees(&b, "kept as a draft"));
    run(&b, "edit");
    CU_ASSERT(sees(&b, "diagnoseszzz"));
    run(&b, "delete-left delete-left delete-left put-aside edit"); /* as it was: no draft */
    CU_ASSERT(sees(&b, "Only include explicitly stated diagnoses"));
    teardown(&b);
}

static void test_resize_while_editing(void)
{
    struct bench b;
    setup(&b, 80, 23, false, false);
    run(&b, "edit 'xyz");
    static const int sizes[][2] = {{60, 15}, {160, 47}, {20, 5}, {1, 1}, {300, 99}, {80, 23}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        sheet_clear(b.sheet, sizes[i][0], sizes[i][1]);
        review_paint(b.view, &b.sheet->paint);
        CU_ASSERT_EQUAL(b.sheet->faults, 0);
    }
    CU_ASSERT(sees(&b, "diagnosesxyz"));
    teardown(&b);
}

static void test_reject_and_flag(void)
{
    struct bench b;
    setup(&b, 80, 23, false, false);
    CU_ASSERT_EQUAL(run(&b, "reject store"), REVIEW_STAY); /* a reason is needed */
    CU_ASSERT_EQUAL(run(&b, "'v:_too_thin enter"), REVIEW_NEXT);
    CU_ASSERT_EQUAL(state_of(&b, b.first), STATE_REJECTED);
    run(&b, "undo");
    CU_ASSERT_EQUAL(run(&b, "flag 'ask_Bob enter"), REVIEW_NEXT);
    CU_ASSERT_EQUAL(state_of(&b, b.first), STATE_FLAGGED);
    run(&b, "undo redo");
    CU_ASSERT(sees(&b, "ask Bob"));
    CU_ASSERT_EQUAL(run(&b, "unflag"), REVIEW_STAY);
    CU_ASSERT_EQUAL(state_of(&b, b.first), STATE_UNDECIDED);
    teardown(&b);
}

static void test_write_where_none(void)
{
    struct bench b;
    struct error err = {0};
    setup(&b, 80, 23, false, false);
    CU_ASSERT_EQUAL(review_open(b.view, b.first + 1, &err), 0);
    run(&b, "");
    CU_ASSERT(sees(&b, "no rule was distilled"));
    run(&b, "edit 'Spelt_a_number_out other-field 'Write_numbers_as_digits store");
    CU_ASSERT_EQUAL(state_of(&b, b.first + 1), STATE_EDITED);
    teardown(&b);
}

/* While a rule is written the library is seen: what is like it, what opposes it, and citing instead. */
static void test_cite_instead(void)
{
    struct bench b;
    struct error err = {0};
    setup(&b, 80, 23, false, false);
    run(&b, "accept");
    CU_ASSERT_EQUAL(review_open(b.view, b.first + 1, &err), 0);
    run(&b, "edit other-field 'Never_include_stated_diagnoses");
    CU_ASSERT(sees(&b, "opposes    #1"));
    run(&b, "kill-start 'Include_only_stated_diagnoses");
    CU_ASSERT(sees(&b, "like it    #1"));
    CU_ASSERT_EQUAL(state_of(&b, b.first + 1), STATE_UNDECIDED);
    run(&b, "down");
    CU_ASSERT(sees(&b, "Enter cites #1"));
    CU_ASSERT_EQUAL(run(&b, "enter"), REVIEW_NEXT);
    CU_ASSERT_EQUAL(state_of(&b, b.first + 1), STATE_ACCEPTED);
    teardown(&b);
}

static void test_second_rule_and_ystar(void)
{
    struct bench b;
    setup(&b, 80, 23, false, false);
    run(&b, "accept add-rule other-field 'Keep_the_dose_unit store");
    CU_ASSERT(sees(&b, "Keep the dose unit"));
    CU_ASSERT(sees(&b, "Only include explicitly"));
    run(&b, "edit-ystar finish 'EXTRA store");
    CU_ASSERT(sees(&b, "EXTRA"));
    run(&b, "undo");
    CU_ASSERT_FALSE(sheet_shows(b.sheet, "EXTRA", LOOK_INSERT));
    teardown(&b);
}

static void test_mark(void)
{
    struct bench b;
    setup(&b, 80, 23, false, false);
    run(&b, "mark-hinge");
    CU_ASSERT(sheet_shows(b.sheet, "diabetic", LOOK_CURSOR));
    run(&b, "right enter");
    CU_ASSERT(sees(&b, "1/2 «»"));
    CU_ASSERT(sheet_shows(b.sheet, "hypertension", LOOK_HINGE));
    run(&b, "next-match");
    CU_ASSERT(sees(&b, "marked by hand"));
    run(&b, "undo");
    CU_ASSERT(sees(&b, "/1 «»"));
    teardown(&b);
}

static void test_rounds(void)
{
    struct bench b;
    struct error err = {0};
    setup(&b, 80, 23, false, false);
    CU_ASSERT_EQUAL(review_open(b.view, b.first + 1, &err), 0);
    run(&b, "");
    CU_ASSERT(sees(&b, "y0 → y*"));
    run(&b, "previous-round previous-round previous-round");
    CU_ASSERT(sees(&b, "y0 → y1"));
    CU_ASSERT(sheet_shows(b.sheet, "three", LOOK_TEXT));
    run(&b, "next-round");
    CU_ASSERT(sees(&b, "y1 → y2"));
    run(&b, "next-round");
    CU_ASSERT(sees(&b, "y2 → y*"));
    teardown(&b);
}

static void test_search(void)
{
    struct bench b;
    setup(&b, 80, 23, false, false);
    run(&b, "pane-2 search 'tablets enter");
    CU_ASSERT(sheet_shows(b.sheet, "tablets", LOOK_MATCH));
    CU_ASSERT(sees(&b, "1 match"));
    run(&b, "put-aside");
    CU_ASSERT(sheet_shows(b.sheet, "tablets", LOOK_TEXT));
    run(&b, "search 'absent-word enter");
    CU_ASSERT(sees(&b, "not found"));
    teardown(&b);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        {"screens are as kept", test_screens},
        {"hinge, prompt and rationale light each other", test_hinge_links},
        {"accept, undo, redo", test_accept_and_undo},
        {"edit in place", test_edit},
        {"a cut line brings the edit back", test_hangup},
        {"Esc keeps a draft", test_esc_keeps_a_draft},
        {"the window changes in the middle of an edit", test_resize_while_editing},
        {"reject with a reason, flag with a note", test_reject_and_flag},
        {"a rule is written where none was distilled", test_write_where_none},
        {"rules alike and opposing, and citing one instead", test_cite_instead},
        {"a second rule, and y* by hand", test_second_rule_and_ystar},
        {"a hinge marked by hand", test_mark},
        {"each round", test_rounds},
        {"search in a pane", test_search},
        {NULL, NULL},
    };
    return suite_run("review", tests, argc, argv);
}
