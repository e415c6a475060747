/* hinge-config(5): what the files say, what is wrong in them, and who gets a key. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "app/config.h"
#include "app/doctor.h"
#include "base/file.h"
#include "base/mem.h"
#include "tests/support/suite.h"
#include "tests/support/tmp.h"

struct place { /* a home of its own and a project */
    char *dir;
    struct str project;
};

static struct place place_make(const char *person, const char *project)
{
    struct place p = {.dir = tmp_make()};
    setenv("XDG_CONFIG_HOME", p.dir, 1);
    setenv("OPENAI_API_KEY", "sk-usual-123456", 1);
    setenv("MY_KEY", "my-secret-123456", 1);
    CU_ASSERT_EQUAL(file_make_dir(tmp_join(p.dir, "hinge"), NULL), 0);
    CU_ASSERT_EQUAL(file_write_atomic(tmp_join(p.dir, "hinge/config"), 0600, slice_of(person), NULL), 0);
    if (project)
        CU_ASSERT_EQUAL(file_write_atomic(tmp_join(p.dir, "notes.ini"), 0600, slice_of(project), NULL), 0);
    str_addf(&p.project, "%s/notes.db", p.dir);
    return p;
}

static void place_free(struct place *p)
{
    tmp_remove(p->dir);
    str_free(&p->project);
}

static void endpoints_are_read(void)
{
    struct place p = place_make("[endpoint teacher]\nkind = openai\nmodel = gpt-x\nkey-env = MY_KEY\nparallel = 32\n"
                                "price-in = 2.5\nprice-out = 10\nheader = X-Team: a\nthink = no\n",
                                "[endpoint teacher]\nparallel = 4\n");
    struct error err = {0};
    struct config *c = config_load(str_z(&p.project), &err);
    CU_ASSERT_STRING_EQUAL(err.text, "");
    const struct endpoint *e = c ? config_endpoint(c, "teacher", &err) : NULL;
    CU_ASSERT_PTR_NOT_NULL_FATAL(e);
    CU_ASSERT_STRING_EQUAL(e->base_url, "https://api.openai.com/v1");
    CU_ASSERT_STRING_EQUAL(e->key, "my-secret-123456");
    CU_ASSERT_STRING_EQUAL(e->key_from, "$MY_KEY");
    CU_ASSERT_EQUAL(e->parallel, 4); /* the project's */
    CU_ASSERT(e->has_think && !e->think);
    CU_ASSERT_STRING_EQUAL(e->headers[0], "X-Team: a");
    CU_ASSERT_PTR_NULL(config_endpoint(c, "absent", &err));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "teacher"));
    config_free(c);
    place_free(&p);
}

/* What a project's file may change of the person's endpoint without losing its key. */
static void a_project_does_not_take_a_key_elsewhere(void)
{
    static const char person[] = "[endpoint teacher]\nkind = openai\nmodel = m\nkey-env = MY_KEY\nheader = X-Secret: s\n";
    static const struct {
        const char *project;
        bool keeps;
    } cases[] = {
        {"[endpoint teacher]\nmodel = other\nretries = 1\n", true},
        {"[endpoint teacher]\nurl = https://elsewhere.example/v1\n", false},
        {"[endpoint teacher]\nproxy = http://elsewhere.example:3128\n", false},
        {"[endpoint teacher]\nca-file = mine.pem\n", false},
        {"[endpoint teacher]\nplain-http = yes\n", false},
        {"[endpoint teacher]\nkind = gemini\n", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct place p = place_make(person, cases[i].project);
        struct error err = {0};
        struct config *c = config_load(str_z(&p.project), &err);
        CU_ASSERT_PTR_NOT_NULL_FATAL(c);
        const struct endpoint *e = config_endpoint(c, "teacher", &err);
        CU_ASSERT_EQUAL(e != NULL, cases[i].keeps);
        CU_ASSERT(e || strstr(err.text, "does not get the key"));
        CU_ASSERT_PTR_NULL(strstr(err.text, "my-secret"));
        CU_ASSERT_EQUAL(config_endpoint_at(c, 0)->headers != NULL, cases[i].keeps);
        config_free(c);
        place_free(&p);
    }
}

static void a_moved_endpoint_gets_no_usual_key(void)
{
    struct place p = place_make("", "[endpoint x]\nkind = openai\nmodel = m\nproxy = http://elsewhere.example:3128\n");
    struct error err = {0};
    struct config *c = config_load(str_z(&p.project), &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c);
    const struct endpoint *e = config_endpoint(c, "x", &err);
    CU_ASSERT(!e || !e->key);
    config_free(c);
    place_free(&p);
}

static void key_files_are_private(void)
{
    struct place p = place_make("[endpoint x]\nkind = openai\nmodel = m\nkey-file = secret\n", NULL);
    const char *path = tmp_join(p.dir, "hinge/secret");
    for (int open = 0; open < 2; open++) {
        struct error err = {0};
        CU_ASSERT_EQUAL(file_write_atomic(path, 0600, SLICE("sk-file-123456\n"), NULL), 0);
        CU_ASSERT_EQUAL(chmod(path, open ? 0640 : 0600), 0);
        struct config *c = config_load(NULL, &err);
        CU_ASSERT_PTR_NOT_NULL_FATAL(c);
        const struct endpoint *e = config_endpoint(c, "x", &err);
        CU_ASSERT_EQUAL(e != NULL, !open);
        CU_ASSERT(!e || strcmp(e->key, "sk-file-123456") == 0);
        CU_ASSERT(e || strstr(err.text, "chmod 600"));
        CU_ASSERT_PTR_NULL(strstr(err.text, "sk-file"));
        config_free(c);
    }
    place_free(&p);
}

static void all_faults_are_named_with_their_lines(void)
{
    struct place p = place_make("[endpoint x]\nkind = opnai\nmodell = m\nparallel = many\n", NULL);
    struct error err = {0};
    CU_ASSERT_PTR_NULL(config_load(NULL, &err));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "line 2"));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "line 3"));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "line 4"));
    place_free(&p);
}

static void doctor_says_which_endpoints_can_be_used(void)
{
    struct place p = place_make("[endpoint good]\nkind = openai\nmodel = m\nkey-env = MY_KEY\n\n"
                                "[endpoint plain]\nkind = openai\nmodel = m\nurl = http://10.1.2.3/v1\nkey-env = MY_KEY\n\n"
                                "[endpoint keyless]\nkind = anthropic\nmodel = m\nkey-env = NOT_SET_ANYWHERE\n", NULL);
    struct checks checks = {0};
    doctor_examine(&checks, NULL);
    const char *said = NULL;
    for (size_t i = 0; i < checks.count; i++) {
        if (strcmp(checks.items[i].name, "endpoints") == 0)
            said = str_z(&checks.items[i].text);
    }
    CU_ASSERT_PTR_NOT_NULL_FATAL(said);
    CU_ASSERT_PTR_NOT_NULL(strstr(said, "good (openai, m, key from $MY_KEY)"));
    CU_ASSERT_PTR_NOT_NULL(strstr(said, "endpoint plain: url is plain http to 10.1.2.3"));
    CU_ASSERT_PTR_NOT_NULL(strstr(said, "endpoint keyless: its key should be in $NOT_SET_ANYWHERE"));
    CU_ASSERT_PTR_NULL(strstr(said, "my-secret"));
    doctor_free(&checks);
    place_free(&p);
}

static const struct test tests[] = {
    {"endpoints are read", endpoints_are_read},
    {"a project does not take a key elsewhere", a_project_does_not_take_a_key_elsewhere},
    {"a moved endpoint gets no usual key", a_moved_endpoint_gets_no_usual_key},
    {"key files are private", key_files_are_private},
    {"all faults are named with their lines", all_faults_are_named_with_their_lines},
    {"doctor says which endpoints can be used", doctor_says_which_endpoints_can_be_used},
    {0},
};

int main(int argc, char **argv)
{
    return suite_run("config", tests, argc, argv);
}
