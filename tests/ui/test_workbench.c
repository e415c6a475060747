/* The workbench as a reviewer meets it: key scripts on a real project, screens read back. */
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "app/actions.h"
#include "base/file.h"
#include "db/record_store.h"
#include "tests/app/project.h"
#include "tests/support/suite.h"
#include "tests/support/tmp.h"
#include "ui/script/play.h"
#include "ui/term/screen.h"
#include "ui/workbench.h"

static struct project project;
static char said[1 << 16]; /* what the last script printed */

static void plays_as(const char *reviewer, int cols, int rows, bool vt100, bool read_only, const char *script)
{
    struct error err = {0};
    struct session_options options = {.project = project.path, .reviewer = reviewer, .read_only = read_only};
    struct session *s = session_open(&options, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    struct keymap *keys = keymap_new(workbench_binding);
    struct play_options o = {.cols = cols, .rows = rows, .signs = vt100, .ascii = vt100, .script = "test"};
    memset(said, 0, sizeof said);
    FILE *out = fmemopen(said, sizeof said - 1, "w");
    int result = play(s, keys, slice_of(script), &o, out, &err);
    fclose(out);
    CU_ASSERT_EQUAL(result, 0);
    if (result != 0)
        printf("\n  %s\n%s\n", err.text, said);
    keymap_free(keys);
    session_close(s);
}

static void plays(const char *script)
{
    plays_as("alice", 80, 24, false, false, script);
}

static enum record_state state_of(int n)
{
    struct session *s = project_open(&project, "reader");
    struct stored_record r = {0};
    CU_ASSERT_EQUAL(record_store_load(session_store(s), project_record(s, n), &r, NULL), 0);
    enum record_state state = r.state;
    stored_record_free(&r);
    session_close(s);
    return state;
}

static void test_queue(void)
{
    project_make(&project, 60);
    plays("settle\n"
          "expect \"1/60\"\n"
          "expect \"60 undecided of 60\"\n"
          "expect \"? help\"\n"
          "key G\n"
          "expect \"60/60\"\n"
          "expect \"rec-59\"\n"
          "key g Ctrl-d\n"
          "refuse \" 1/60\"\n"
          "key Space Backspace\n" /* change nothing */
          "expect \"60 undecided of 60\"\n");
    project_remove(&project);
}

static void test_deciding_from_the_queue(void)
{
    project_make(&project, 6);
    plays_as("alice", 160, 48, false, false,
             "key a\n" /* the rule fits its line here */
             "expect \"rec-0 accepted, rule #1\"\n"
             "expect \"5 undecided of 6\"\n"
             "expect \"2/6\"\n"
             "key a\n"
             "expect \"no rule was distilled\"\n"
             "key x\n"
             "type \"va\"\n"
             "key Tab\n"
             "expect \"vague\"\n"
             "key Enter\n"
             "expect \"rejected: vague\"\n"
             "key s f\n"
             "type \"ask bob\"\n"
             "key Enter\n"
             "expect \"flagged\"\n"
             "expect \"2 undecided of 6\"\n");
    CU_ASSERT_EQUAL(state_of(0), STATE_ACCEPTED);
    CU_ASSERT_EQUAL(state_of(1), STATE_REJECTED);
    CU_ASSERT_EQUAL(state_of(2), STATE_SKIPPED);
    CU_ASSERT_EQUAL(state_of(3), STATE_FLAGGED);
    plays("key u u u\nexpect \"taken back: reject on rec-1\"\nexpect \"5 undecided of 6\"\n"
          "key Ctrl-r\nexpect \"done again: reject on rec-1\"\n" /* across logins */
          "key u u\nexpect \"6 undecided of 6\"\nkey u\nexpect \"nothing to undo\"\n");
    project_remove(&project);
}

static void test_a_cut_rule_is_read_first(void)
{
    project_make(&project, 2);
    plays_as("alice", 62, 20, false, false,
             "key a\n"
             "expect \"a accepts it here\"\n"
             "expect \"Only include explicitly stated diagnoses\"\n");
    CU_ASSERT_EQUAL(state_of(0), STATE_UNDECIDED);
    project_remove(&project);
}

static void test_limit(void)
{
    project_make(&project, 30);
    plays("key l\n"
          "type \"task:wa\"\n"
          "key Tab\n"
          "expect \"limit: task:ward\"\n"
          "key Enter\n"
          "expect \"1/10\"\n"
          "key l Ctrl-u\n"
          "type \"score<\"\n"
          "key Enter\n"
          "expect \"a number is missing\"\n" /* and the line stays open */
          "type \"2 id:rec-1\"\n"
          "key Enter\n"
          "expect \"limit: score<2 id:rec-1\"\n"
          "key l Ctrl-u\n"
          "type \"/METFORMIN 2[37] mg/i\"\n"
          "key Enter\n"
          "settle\n"
          "expect \"  1/2\"\n"
          "expect \"rec-23\"\n"
          "expect \"rec-27\"\n"
          "key l Ctrl-u\n"
          "type \"nothing-like-it\"\n"
          "key Enter\n"
          "expect \"no record fits\"\n"
          "key l Ctrl-u Enter\n"
          "expect \"/30\"\n");
    project_remove(&project);
}

static void test_tagged(void)
{
    project_make(&project, 8);
    plays("key t t j t\n"
          "expect \"3 tagged\"\n"
          "key ;\n"
          "type \"rej\"\n"
          "key Enter\n"
          "type \"broad: all of them\"\n"
          "key Enter\n"
          "expect \"3 rejected\"\n"
          "expect \"5 undecided of 8\"\n"
          "key ;\n"
          "expect \"nothing is tagged\"\n"
          "key u\n"
          "expect \"of 3 at once\"\n"
          "expect \"8 undecided of 8\"\n");
    project_remove(&project);
}

/* Nothing undecided follows: the record stays on screen, as decided. */
static void test_last_undecided(void)
{
    project_make(&project, 1);
    plays_as("alice", 80, 24, false, false,
             "key Enter a\n"
             "expect \"nothing undecided is left\"\n"
             "expect \"accepted by alice\"\n"
             "expect \"#1 alice\"\n");
    project_remove(&project);
}

static void test_rules(void)
{
    project_make(&project, 6);
    plays_as("alice", 160, 48, false, false,
             "key a j\n"
             "key Enter e Ctrl-u\n"
             "type \"Keep the unit\"\n"
             "key Ctrl-s q\n"
             "key R\n"
             "expect \"Rules of test: 2\"\n"
             "key e\n"
             "expect \"mistake: \"\n"
             "key Enter\n"
             "type \" always\"\n"
             "key Enter\n"
             "expect \"reword it in 1 record?\"\n"
             "expect \"diagnoses always\"\n"
             "key Esc\n"
             "refuse \"always\"\n" /* looked at and left */
             "key e Enter\n"
             "type \" always\"\n"
             "key Enter\n"
             "refuse \"edited everywhere\"\n"
             "key Enter\n"
             "expect \"edited everywhere\"\n"
             "expect \"always\"\n"
             "key H\n"
             "expect \"reword-rule\"\n"
             "key q m j m\n"
             "expect \"merged into\"\n"
             "expect \"Rules of test: 1\"\n"
             "expect \"2 records\"\n"
             "key u\n"
             "expect \"Rules of test: 2\"\n"
             "key x\n"
             "expect \"retired\"\n"
             "expect \"Rules of test: 1\"\n"
             "key u Enter\n"
             "expect \"limit: rule:\"\n"
             "expect \"1/1\"\n");
    project_remove(&project);
}

static void test_history_and_help(void)
{
    project_make(&project, 2);
    plays("key s H\n"
          "expect \"Nobody has decided\"\n"
          "key q k H\n"
          "expect \"History of rec-0\"\n"
          "expect \"alice  skip\"\n"
          "key q ?\n"
          "expect \"Help for the queue\"\n"
          "expect \"next-undecided\"\n"
          "key G\n"
          "expect \"score<5\"\n"
          "key q :\n"
          "type \"goto rec-1\"\n"
          "key Enter\n"
          "expect \"rec-1\"\n"
          "expect \"prompt\"\n"
          "key ?\n"
          "expect \"Help for the review\"\n"
          "key q q :\n"
          "type \"nonsense\"\n"
          "key Enter\n"
          "expect \"there is no command 'nonsense' here\"\n"
          "key Ctrl-u\n"
          "type \"reject vague\"\n"
          "key Enter\n"
          "expect \"rejected: vague\"\n");
    project_remove(&project);
}

static void test_lost_connection(void)
{
    project_make(&project, 40);
    plays("key l\n"
          "type \"task:ward\"\n"
          "key Enter j j j Enter e\n"
          "type \" and half a tho\"\n"
          "expect \"draft\"\n"
          "wait 1000\n"
          "expect \"saved\"\n"
          "type \"ught\"\n"
          "hangup\n");
    plays("expect \"and half a thought\"\n" /* the same record, form and cursor */
          "expect \"rec-9\"\n"
          "type \" more\"\n"
          "expect \"half a thought more\"\n"
          "key Esc q\n"
          "expect \"limit: task:ward\"\n"
          "expect \"4/14\"\n"
          "key x\n"
          "type \"vague: half\"\n"
          "hangup\n");
    plays("expect \"vague: half\"\n" /* the line that asks comes back, not yet entered */
          "expect \"4/14\"\n"
          "key Enter\n"
          "expect \"rejected: vague: half\"\n");
    plays_as("bob", 80, 24, false, false, "expect \"1/40\"\nrefuse \"half\"\n"); /* another begins anew */
    project_remove(&project);
}

static void put(void *context, int row, int col, struct slice text, int width, enum look look)
{
    (void)width;
    screen_put(context, row, col, text, (uint8_t)look);
}

static bool shows(struct workbench *w, const char *text)
{
    struct screen screen = {0};
    struct str all = {0};
    screen_resize(&screen, 24, 80);
    workbench_paint(w, &(struct paint){.rows = 24, .cols = 80, .put = put, .context = &screen});
    for (int row = 0; row < 24; row++) {
        screen_row_text(&screen, row, &all);
        str_addc(&all, '\n');
    }
    bool found = strstr(str_z(&all), text) != NULL;
    str_free(&all);
    screen_free(&screen);
    return found;
}

/* Two at one project: what one decides, the other sees with the next key. */
static void test_two_reviewers(void)
{
    project_make(&project, 6);
    struct session *alice = project_open(&project, "alice"), *bob = project_open(&project, "bob");
    struct error err = {0};
    struct workbench *w = workbench_new(alice, &(struct workbench_options){.signs = false}, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(w);
    CU_ASSERT(shows(w, "6 undecided of 6"));
    CU_ASSERT_EQUAL(action_reject(bob, project_record(bob, 2), SLICE("vague"), NULL, &err), 0);
    workbench_command(w, "down");
    CU_ASSERT(shows(w, "rej"));
    CU_ASSERT(shows(w, "5 undecided of 6"));
    workbench_command(w, "undo"); /* bob's is not alice's to undo */
    CU_ASSERT(shows(w, "nothing to undo"));
    workbench_command(w, "open");
    CU_ASSERT_EQUAL(action_skip(bob, project_record(bob, 1), NULL, &err), 0);
    workbench_command(w, "down");
    CU_ASSERT(shows(w, "skipped by bob"));
    workbench_free(w);
    session_close(alice);
    session_close(bob);
    project_remove(&project);
}

static void test_read_only(void)
{
    project_make(&project, 4);
    session_close(project_open(&project, "alice"));
    plays_as("alice", 160, 48, false, true,
             "expect \"read only\"\n"
             "key a\n"
             "expect \"open for reading only\"\n"
             "key x\n"
             "type \"vague\"\n"
             "key Enter\n"
             "expect \"open for reading only\"\n"
             "key Esc R q H q\n"
             "expect \"4 undecided of 4\"\n");
    CU_ASSERT_EQUAL(state_of(0), STATE_UNDECIDED);
    project_remove(&project);
}

static void test_sizes_and_signs(void)
{
    project_make(&project, 30);
    plays_as("alice", 60, 16, true, false,
             "expect \">  .\"\n"
             "key R ? q q\n"
             "key l\n"
             "type \"state:\"\n"
             "key Tab\n"
             "resize 100x30\n"
             "expect \"undecided  accepted\"\n"
             "resize 300x100\n"
             "resize 60x16\n"
             "type \"und\"\n"
             "key Tab Enter\n"
             "expect \"30\"\n"
             "screen\n");
    for (const char *c = said; *c; c++)
        CU_ASSERT((unsigned char)*c < 0x80); /* a vt100 gets ASCII alone */
    project_remove(&project);
}

static void test_hostile_words(void)
{
    project_make(&project, 2);
    struct session *s = project_open(&project, "alice");
    struct rule_typed rule = {SLICE("\033[2Jmistake"), SLICE("evil \033]0;title\007 \xE2\x80\xAE reversed")};
    CU_ASSERT_EQUAL(action_edit(s, project_record(s, 0), rule, NULL, NULL), 0);
    session_close(s);
    plays("key R\nscreen\nkey H\nscreen\nkey q e\nscreen\nkey Esc q j f\npaste \"\\e[31mred\\x07\"\nscreen\nkey Enter\n"
          "key k\nscreen\nkey H\nscreen\n");
    CU_ASSERT_PTR_NULL(strchr(said, 033));
    CU_ASSERT_PTR_NULL(strchr(said, 7));
    CU_ASSERT_PTR_NULL(strstr(said, "\xE2\x80\xAE"));
    CU_ASSERT_PTR_NOT_NULL(strstr(said, "evil"));
    project_remove(&project);
}

static const struct test tests[] = {
    {"the queue", test_queue},
    {"deciding from the queue, undo across logins", test_deciding_from_the_queue},
    {"a rule that does not fit is read before it is accepted", test_a_cut_rule_is_read_first},
    {"limits", test_limit},
    {"acting on tagged", test_tagged},
    {"the last undecided record", test_last_undecided},
    {"the rule library", test_rules},
    {"history, help and commands", test_history_and_help},
    {"a lost connection", test_lost_connection},
    {"two reviewers", test_two_reviewers},
    {"reading only", test_read_only},
    {"sizes, and signs of a vt100", test_sizes_and_signs},
    {"hostile words", test_hostile_words},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    setlocale(LC_ALL, "C.UTF-8");
    return suite_run("workbench", tests, argc, argv);
}
