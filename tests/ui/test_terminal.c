/*
 * The whole program on a real pseudo-terminal, as a person meets it: what it shows, what it leaves
 * behind, and what a bad line, a hostile text and a dying connection do to it.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"
#include "tests/support/pty.h"
#include "tests/support/suite.h"
#include "tests/support/tmp.h"

enum { SOON = 5000 }; /* ms that anything may take on a loaded machine */

static char *dir;
static char project[512], home[512];

/* Three records: one to edit, one hostile in every field, one with a text of one long line. */
static void write_records(const char *path)
{
    static const char records[] =
        "{\"id\":\"first\",\"task\":\"note\",\"prompt\":\"Doctor: still the same tablets?\","
        "\"y0\":\"Diagnoses: diabetic hypertension.\",\"y_star\":\"Diagnoses: hypertension.\","
        "\"score\":4,\"score_max\":6,\"rationale\":\"Added 'diabetic hypertension'.\","
        "\"rule\":{\"mistake\":\"Inferred a diagnosis\",\"guardrail\":\"Only stated diagnoses\"}}\n"
        "{\"id\":\"evil\\u001b]0;owned\\u0007\\u009b31m\",\"task\":\"\\u001b[2J\","
        "\"prompt\":\"\\u001b]52;c;aGk=\\u0007 \\u202eabc \\u200b \\u0007\\u0090q\\u009c\","
        "\"y0\":\"a\\u001b[31mred\\u001b[0m b \\r\\n c\",\"y_star\":\"a\\u009b31mred [-x-] {+y+}\","
        "\"rationale\":\"\\u001bc\\u001b[?1049l\","
        "\"rule\":{\"mistake\":\"\\u001b[6n\",\"guardrail\":\"g\\u001b[5n\"}}\n";
    struct str text = {0};
    str_adds(&text, records);
    for (int i = 0; i < 40; i++)
        str_addf(&text, "{\"id\":\"more-%02d\",\"prompt\":\"p%d\",\"y0\":\"It is %d mg.\","
                        "\"y_star\":\"It is %d mg.\",\"rule\":{\"mistake\":\"dose %d\","
                        "\"guardrail\":\"keep dose %d\"}}\n", i, i, i, i + 1, i, i);
    CU_ASSERT_EQUAL_FATAL(file_write_atomic(path, 0600, str_slice(&text), NULL), 0);
    str_free(&text);
}

static void shell(const char *fmt, const char *a, const char *b)
{
    char command[2048];
    snprintf(command, sizeof command, fmt, a, b);
    CU_ASSERT_EQUAL_FATAL(system(command), 0);
}

static void fill(void)
{
    shell("./hinge import '%s' '%s/records.jsonl' >/dev/null 2>&1", project, dir);
}

static void make_project(void)
{
    dir = tmp_make();
    snprintf(project, sizeof project, "%s/notes.db", dir);
    snprintf(home, sizeof home, "HOME=%s", dir);
    write_records(tmp_join(dir, "records.jsonl"));
    shell("./hinge init '%s' >/dev/null%s", project, "");
    fill();
}

static struct pty *open_with(struct pty_options o, const char *const *more)
{
    const char *set[8] = {home, "XDG_CONFIG_HOME", "HINGE_REVIEWER=alice"};
    for (int n = 3; more && *more && n < 7; n++)
        set[n] = *more++;
    const char *const argv[] = {"./hinge", project, NULL};
    o.set = set;
    if (!o.argv)
        o.argv = argv;
    struct pty *p = pty_start(&o);
    CU_ASSERT_PTR_NOT_NULL_FATAL(p);
    return p;
}

static struct pty *open_here(void)
{
    struct pty *p = open_with((struct pty_options){.rows = 24, .cols = 80}, NULL);
    CU_ASSERT(pty_shows(p, "first", SOON));
    return p;
}

static void ends_well(struct pty *p)
{
    int status = -1;
    CU_ASSERT(pty_ends(p, SOON, &status));
    CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CU_ASSERT(pty_is_restored(p));
    pty_free(p);
}

static void leave(struct pty *p)
{
    pty_send(p, "q");
    ends_well(p);
}

static void tidy(void)
{
    tmp_remove(dir);
}

/* ---- sizes and terminals ---- */

static void test_sizes(void)
{
    static const struct {
        int rows, cols;
        const char *term;
    } kinds[] = {{24, 80, NULL},       {48, 160, NULL},      {16, 60, NULL},
                 {24, 80, "vt100"},    {100, 300, NULL},     {24, 80, "screen-256color"},
                 {24, 80, "linux"},    {24, 80, "xterm"}};
    make_project();
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct pty *p = open_with((struct pty_options){.rows = kinds[i].rows, .cols = kinds[i].cols,
                                                       .term = kinds[i].term}, NULL);
        CU_ASSERT(pty_shows(p, "first", SOON));
        CU_ASSERT(pty_shows(p, "alice", SOON));
        pty_send(p, "\r");
        CU_ASSERT(pty_shows(p, "hypertension", SOON));
        CU_ASSERT(pty_shows(p, "Only stated", SOON));
        pty_send(p, "q");
        CU_ASSERT(pty_shows(p, "more-01", SOON));
        leave(p);
    }
    tidy();
}

static void test_small(void)
{
    make_project();
    struct pty *p = open_here();
    static const int sizes[][2] = {{5, 20}, {1, 1}, {2, 300}, {100, 1}, {15, 80}, {24, 59}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        pty_resize(p, sizes[i][0], sizes[i][1]);
        pty_settle(p, 60);
        pty_send(p, "j");
    }
    pty_resize(p, 10, 50);
    CU_ASSERT(pty_shows(p, "60x16", SOON));
    pty_resize(p, 24, 80);
    CU_ASSERT(pty_shows(p, "more-01", SOON));
    leave(p);
    tidy();
}

static void test_refused(void)
{
    make_project();
    static const char *const terms[] = {"dumb", "no-such-terminal", "", NULL};
    for (size_t i = 0; terms[i]; i++) {
        struct pty *p = open_with((struct pty_options){.rows = 24, .cols = 80, .term = terms[i]}, NULL);
        CU_ASSERT(pty_shows(p, "TERM is", SOON));
        int status;
        CU_ASSERT(pty_ends(p, SOON, &status));
        CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) != 0);
        CU_ASSERT(pty_is_restored(p));
        pty_free(p);
    }
    CU_ASSERT_NOT_EQUAL(system("echo | ./hinge /nonexistent >/dev/null 2>&1"), 0);
    char command[1024];
    snprintf(command, sizeof command, "./hinge '%s' </dev/null 2>&1 | grep -q 'needs a terminal'", project);
    CU_ASSERT_EQUAL(system(command), 0);
    tidy();
}

static void test_no_color(void)
{
    make_project();
    static const char *const sets[][2] = {{"NO_COLOR=1", NULL}, {NULL, NULL}, {NULL, NULL}};
    static const char *const terms[] = {NULL, "vt100", NULL};
    for (int i = 0; i < 3; i++) {
        struct pty *p = open_with((struct pty_options){.rows = 24, .cols = 80, .term = terms[i]}, sets[i]);
        CU_ASSERT(pty_shows(p, "first", SOON));
        pty_send(p, "\r");
        CU_ASSERT(pty_shows(p, "hypertension", SOON));
        pty_settle(p, 100);
        struct pty_look look = {0};
        CU_ASSERT(pty_look_of(p, "diabetic", &look));
        size_t len;
        const char *raw = pty_raw(p, &len);
        if (i < 2) { /* told by signs alone */
            CU_ASSERT(strstr(raw, "38;5;") == NULL && strstr(raw, "48;5;") == NULL);
            CU_ASSERT(!look.colored);
            CU_ASSERT(strstr(pty_screen(p), "[-") != NULL);
        } else {
            CU_ASSERT(look.colored);
        }
        pty_send(p, "q");
        pty_settle(p, 100);
        leave(p);
    }
    tidy();
}

/* ---- what is left behind ---- */

static void test_signals(void)
{
    make_project();
    static const int orderly[] = {SIGTERM, SIGHUP, SIGINT};
    for (size_t i = 0; i < sizeof orderly / sizeof *orderly; i++) {
        struct pty *p = open_here();
        pty_signal(p, orderly[i]);
        ends_well(p);
    }
    static const int crashes[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL};
    for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++) {
        struct pty *p = open_here();
        pty_signal(p, crashes[i]);
        int status;
        CU_ASSERT(pty_ends(p, SOON, &status));
        CU_ASSERT(WIFSIGNALED(status) || WEXITSTATUS(status) != 0);
        CU_ASSERT(pty_is_restored(p));
        pty_free(p);
    }
    tidy();
}

static void test_early_error(void)
{
    make_project();
    static const char *const themes[] = {"HINGE_THEME=no-such-theme", NULL};
    struct pty *p = open_with((struct pty_options){.rows = 24, .cols = 80}, themes);
    int status;
    CU_ASSERT(pty_shows(p, "no-such-theme", SOON));
    CU_ASSERT(pty_ends(p, SOON, &status));
    CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) != 0);
    CU_ASSERT(pty_is_restored(p));
    pty_free(p);
    tidy();
}

/* Under a shell that has jobs: who is alone on a terminal cannot be stopped. */
static void test_suspend(void)
{
    make_project();
    static const char job[] = "set -m; ./hinge \"$0\"; echo STOPPED; read x; fg; echo AGAIN; read x; fg; echo LEFT";
    const char *const argv[] = {"sh", "-c", job, project, NULL};
    struct pty *p = open_with((struct pty_options){.rows = 24, .cols = 80, .argv = argv}, NULL);
    CU_ASSERT(pty_shows(p, "first", SOON));
    pty_send(p, "\x1A");
    CU_ASSERT(pty_shows(p, "STOPPED", SOON));
    CU_ASSERT(pty_is_restored(p));
    pty_resize(p, 30, 100);
    pty_send(p, "\r");
    CU_ASSERT(pty_shows(p, "more-20", SOON));
    pty_send(p, "j");
    pty_settle(p, 100);
    pty_send(p, "\x1A");
    CU_ASSERT(pty_shows(p, "AGAIN", SOON));
    CU_ASSERT(pty_is_restored(p));
    pty_send(p, "\r");
    CU_ASSERT(pty_shows(p, "more-20", SOON));
    pty_send(p, "q");
    CU_ASSERT(pty_shows(p, "LEFT", SOON));
    ends_well(p);
    tidy();
}

static void gone(struct pty *p)
{
    int status = -1;
    pty_hangup(p);
    CU_ASSERT(pty_ends(p, SOON, &status));
    CU_ASSERT(WIFEXITED(status));
    pty_free(p);
}

static void test_hangup(void)
{
    make_project();
    gone(open_here());
    struct pty *p = open_with((struct pty_options){.rows = 24, .cols = 80, .ignore_hangup = true}, NULL);
    CU_ASSERT(pty_shows(p, "first", SOON));
    gone(p);
    tidy();
}

/* ---- editing ---- */

static struct pty *start_editing(void)
{
    struct pty *p = open_here();
    pty_send(p, "\r");
    CU_ASSERT(pty_shows(p, "guardrail", SOON));
    pty_send(p, "e");
    pty_settle(p, 100);
    pty_send(p, "HALF TYPED");
    CU_ASSERT(pty_shows(p, "HALF TYPED", SOON));
    return p;
}

static void test_resize_editing(void)
{
    make_project();
    struct pty *p = start_editing();
    static const int sizes[][2] = {{30, 100}, {5, 20}, {1, 1}, {16, 60}, {48, 160}, {24, 80}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        pty_resize(p, sizes[i][0], sizes[i][1]);
        pty_settle(p, 60);
    }
    pty_send(p, " AND MORE");
    CU_ASSERT(pty_shows(p, "HALF TYPED AND MORE", SOON));
    pty_signal(p, SIGTERM);
    ends_well(p);
    tidy();
}

static void test_drafts(void)
{
    make_project();
    static const int signals[] = {SIGHUP, SIGTERM, SIGKILL, 0};
    struct pty *p = start_editing();
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        int status;
        if (signals[i] == SIGKILL)
            pty_listen(p, 1500); /* what is older than a second is stored */
        if (signals[i]) {
            pty_signal(p, signals[i]);
            CU_ASSERT(pty_ends(p, SOON, &status));
        } else {
            pty_hangup(p);
            CU_ASSERT(pty_ends(p, SOON, &status));
        }
        pty_free(p);
        p = open_with((struct pty_options){.rows = 24, .cols = 80}, NULL);
        CU_ASSERT(pty_shows(p, "HALF TYPED", SOON));
        pty_send(p, "\xC3\xA9"); /* goes on where it was: at the cursor, in the field */
        CU_ASSERT(pty_shows(p, "HALF TYPED\xC3\xA9", SOON));
        pty_send(p, "\x7F");
        CU_ASSERT(pty_hides(p, "HALF TYPED\xC3\xA9", SOON));
    }
    pty_signal(p, SIGTERM);
    ends_well(p);
    tidy();
}

static void test_escape_is_quick(void)
{
    make_project();
    struct pty *p = start_editing();
    pty_send(p, "\x1B");
    CU_ASSERT(pty_hides(p, "Ctrl-s", 400));
    pty_send(p, "q");
    CU_ASSERT(pty_shows(p, "more-01", SOON));
    leave(p);
    tidy();
}

static void test_editor(void)
{
    make_project();
    const char *script = tmp_join(dir, "editor");
    CU_ASSERT_EQUAL(file_write_atomic(script, 0700, SLICE("#!/bin/sh\n[ \"$(stat -c %a \"$1\")\" = 600 ] "
                                                          "&& printf 'FROM OUTSIDE' >\"$1\"\n"), NULL), 0);
    char editor[600];
    snprintf(editor, sizeof editor, "EDITOR=%s", script);
    const char *const more[] = {editor, NULL};
    struct pty *p = open_with((struct pty_options){.rows = 24, .cols = 80}, more);
    CU_ASSERT(pty_shows(p, "first", SOON));
    pty_send(p, "\r");
    CU_ASSERT(pty_shows(p, "guardrail", SOON));
    pty_send(p, "e");
    pty_settle(p, 100);
    pty_send(p, "\x18\x05");
    CU_ASSERT(pty_shows(p, "FROM OUTSIDE", SOON));
    pty_signal(p, SIGTERM);
    ends_well(p);
    tidy();
}

/* ---- bad lines and hostile bytes ---- */

/* After all that, nothing may have happened: the screen is as it was. */
static void unmoved(struct pty *p, const char *before)
{
    pty_settle(p, 150);
    CU_ASSERT_STRING_EQUAL(pty_screen(p), before);
    if (strcmp(pty_screen(p), before) != 0)
        fprintf(stderr, "\nbefore:\n%s\nafter:\n%s\n", before, pty_screen(p));
}

static void test_cut_keys(void)
{
    make_project();
    struct pty *p = open_here();
    pty_send(p, "jj");
    pty_settle(p, 150);
    struct str before = {0};
    str_adds(&before, pty_screen(p));
    pty_send_slowly(p, "\x1B[A", 300);
    pty_send_slowly(p, "\x1B[6~", 300);
    pty_send_slowly(p, "\x1BOA", 1200);
    unmoved(p, str_z(&before));
    str_free(&before);
    leave(p);
    tidy();
}

static void test_answers(void)
{
    make_project();
    struct pty *p = open_here();
    pty_send(p, "jj");
    pty_settle(p, 150);
    struct str before = {0};
    str_adds(&before, pty_screen(p));
    pty_send(p, "\x1B[?62;1;2;4c\x1B[>0;10;1c\x1B[0n\x1B[10;20R\x1B[?2004;1$y");
    pty_send(p, "\x1B]10;rgb:ffff/ffff/ffff\x1B\\\x1B]11;rgb:0000/0000/0000\a");
    pty_send(p, "\x1BP1+r436f=323536\x1B\\\x1B_Gaxq\x1B\\\x1B[M aq\x1B[<0;3;3M\x1B[I\x1B[O");
    pty_send(p, "\x1B[99;99;99X\x1B[1;99A\x1B[38x\x1B(a\x1B#8\x9B" "0n\xFF\xFE");
    pty_send(p, "\x7F   \b");
    unmoved(p, str_z(&before));
    str_free(&before);
    leave(p);
    tidy();
}

static void test_paste(void)
{
    make_project();
    struct pty *p = open_here();
    pty_settle(p, 150);
    struct str before = {0};
    str_adds(&before, pty_screen(p));
    pty_send(p, "\x1B[200~aaxs\rq\x1B[Ajj\x1B[201~");
    unmoved(p, str_z(&before));
    str_free(&before);
    pty_send(p, "\r");
    CU_ASSERT(pty_shows(p, "guardrail", SOON));
    pty_send(p, "e");
    pty_settle(p, 100);
    pty_send(p, "\x1B[200~two\x1B]0;owned\aqx\x1B[201~");
    CU_ASSERT(pty_shows(p, "two", SOON));
    CU_ASSERT(pty_shows(p, "qx", SOON));
    pty_signal(p, SIGTERM);
    ends_well(p);
    tidy();
}

/* Of what a hostile record holds nothing may reach the terminal as it is. */
static void test_hostile(void)
{
    make_project();
    struct pty *p = open_here();
    static const char *const keys[] = {"j", "\r", "1", "2", "3", "4", "v", "v", "w", "H", "\x1B", NULL};
    for (size_t i = 0; keys[i]; i++) {
        pty_send(p, keys[i]);
        pty_settle(p, 80);
    }
    CU_ASSERT(pty_shows(p, "evil", SOON));
    static const char *const never[] = {"\x1B]0;",   "\x1B]52", "\x1B[6n", "\x1B[5n", "\xC2\x9B",
                                        "\xC2\x90",  "\x1B" "c", "\xE2\x80\xAE", NULL};
    size_t len;
    const char *raw = pty_raw(p, &len);
    CU_ASSERT_EQUAL(strlen(raw), len);
    for (size_t i = 0; never[i]; i++)
        CU_ASSERT_PTR_NULL(strstr(raw, never[i]));
    CU_ASSERT(pty_hides(p, "history", SOON)); /* or Esc and the q are read as one key */
    pty_send(p, "q");
    CU_ASSERT(pty_shows(p, "more-01", SOON));
    CU_ASSERT(strstr(pty_screen(p), "^[") != NULL);
    leave(p);
    tidy();
}

/* Names that come from outside the records: of the file, of the reviewer. */
static void test_hostile_names(void)
{
    make_project();
    char hostile[600];
    snprintf(hostile, sizeof hostile, "%s/no\x1B]2;owned\ates\xC2\x9B\xE2\x80\xAE.db", dir);
    CU_ASSERT_EQUAL_FATAL(rename(project, hostile), 0);
    const char *const argv[] = {"./hinge", hostile, NULL};
    struct pty *p = open_with((struct pty_options){.rows = 24, .cols = 80, .argv = argv}, NULL);
    CU_ASSERT(pty_shows(p, "first", SOON));
    pty_settle(p, 150);
    size_t len;
    const char *raw = pty_raw(p, &len);
    CU_ASSERT_PTR_NULL(strstr(raw, "\x1B]2;owned"));
    CU_ASSERT_PTR_NULL(strstr(raw, "\xC2\x9B"));
    CU_ASSERT_PTR_NULL(strstr(raw, "\xE2\x80\xAE"));
    CU_ASSERT_PTR_NOT_NULL(strstr(raw, "\x1B]2;")); /* there is a title, and it is a harmless one */
    leave(p);
    const char *const more[] = {"HINGE_REVIEWER=ev\x1B]2;owned\ail", NULL};
    char missing[600];
    snprintf(missing, sizeof missing, "%s/\x1B]2;owned\a.db", dir);
    const char *const absent[] = {"./hinge", missing, NULL};
    for (int i = 0; i < 2; i++) { /* messages about such names, too */
        p = open_with((struct pty_options){.rows = 24, .cols = 80, .argv = i ? argv : absent}, i ? more : NULL);
        int status;
        CU_ASSERT(pty_ends(p, SOON, &status));
        CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) != 0);
        CU_ASSERT_PTR_NULL(strstr(pty_raw(p, &len), "\x1B]2;owned"));
        pty_free(p);
    }
    tidy();
}

/* ---- rest ---- */

static long switches(pid_t pid)
{
    char path[64], line[256];
    long voluntary = -1;
    snprintf(path, sizeof path, "/proc/%ld/status", (long)pid);
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f))
        sscanf(line, "voluntary_ctxt_switches: %ld", &voluntary);
    if (f)
        fclose(f);
    return voluntary;
}

static void test_idle(void)
{
    make_project();
    struct pty *p = open_here();
    pty_send(p, "j");
    pty_settle(p, 1500);
    long before = switches(pty_pid(p));
    CU_ASSERT_EQUAL(pty_listen(p, 1500), 0);
    CU_ASSERT_EQUAL(switches(pty_pid(p)), before);
    leave(p);
    tidy();
}

/* Small steps cost few bytes: a full repaint is two thousand. */
static void test_bytes(void)
{
    make_project();
    struct pty *p = open_here();
    pty_settle(p, 300);
    pty_send(p, "j");
    CU_ASSERT(pty_listen(p, 200) <= 140);
    pty_send(p, "j");
    CU_ASSERT(pty_listen(p, 200) <= 100);
    for (int i = 0; i < 18; i++)
        pty_send(p, "j");
    pty_settle(p, 200);
    for (int i = 0; i < 5; i++) {
        pty_send(p, "j");
        CU_ASSERT(pty_listen(p, 150) <= 250);
    }
    leave(p);
    tidy();
}

/* A key held down is painted as often as the screen keeps up, not once a key. */
static void test_typeahead(void)
{
    make_project();
    struct pty *p = open_here();
    pty_settle(p, 300);
    pty_send(p, "GgGgGgGgGgGgGgGgGgGgGgGgGgGgGgGgGgGgGgGgGgGgGgGgGgGgGgGgGgGgGgGgGgGgGgGgGgGgGgGgGgGgGgGg");
    CU_ASSERT(pty_listen(p, 500) < 8000); /* each alone costs a page */
    CU_ASSERT(pty_shows(p, "1/42", SOON));
    for (int i = 0; i < 40; i++)
        pty_resize(p, 24 + i % 3, 80 + i);
    CU_ASSERT(pty_shows(p, "1/42", SOON));
    leave(p);
    tidy();
}

/* Decisions that the screen has acknowledged are there whatever happens next. */
static void test_kills(void)
{
    make_project();
    const char *wanted = getenv("HINGE_KILLS");
    int rounds = wanted ? atoi(wanted) : 200;
    unsigned seed = 5;
    for (int i = 0; i < rounds; i++) {
        struct pty *p = open_with((struct pty_options){.rows = 24, .cols = 80}, NULL);
        CU_ASSERT(pty_shows(p, "undecided of", SOON));
        pty_send(p, "Gja"); /* the same record again and again: each a new decision */
        CU_ASSERT(pty_shows(p, "accepted", SOON));
        seed = seed * 1103515245u + 12345u;
        pty_send(p, "kx\ts");
        usleep(seed >> 16 & 16383);
        pty_signal(p, SIGKILL);
        int status;
        CU_ASSERT(pty_ends(p, SOON, &status));
        pty_free(p);
    }
    char command[1200];
    snprintf(command, sizeof command, "./hinge check '%s' >/dev/null", project);
    CU_ASSERT_EQUAL(system(command), 0);
    snprintf(command, sizeof command, "test \"$(sqlite3 '%s' \"SELECT count(*) FROM decision WHERE "
                                      "verb = 'accept'\")\" -ge %d", project, rounds);
    if (system("command -v sqlite3 >/dev/null 2>&1") == 0)
        CU_ASSERT_EQUAL(system(command), 0);
    tidy();
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        {"opens and leaves on every terminal and size", test_sizes},
        {"tiny windows are survived", test_small},
        {"what cannot show a screen is refused", test_refused},
        {"without colours there are signs", test_no_color},
        {"signals and crashes leave the terminal as it was", test_signals},
        {"so does an early error", test_early_error},
        {"suspended and resumed", test_suspend},
        {"a lost terminal ends it, hangups ignored or not", test_hangup},
        {"resized in the middle of an edit", test_resize_editing},
        {"half-typed text survives HUP, TERM, KILL and a lost line", test_drafts},
        {"Esc is quick", test_escape_is_quick},
        {"the editor of one's choice", test_editor},
        {"keys cut by a slow line run nothing", test_cut_keys},
        {"answers nobody asked for run nothing", test_answers},
        {"pasted text runs nothing", test_paste},
        {"hostile text does not reach the terminal", test_hostile},
        {"nor do hostile names", test_hostile_names},
        {"idle costs nothing", test_idle},
        {"small steps cost few bytes", test_bytes},
        {"keys held down are not painted one by one", test_typeahead},
        {"killed at any moment, no decision is lost", test_kills},
        {NULL, NULL},
    };
    return suite_run("terminal", tests, argc, argv);
}
