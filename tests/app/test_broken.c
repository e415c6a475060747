/* Rules whose mistakes graders still name: learned from what they said before, and by words. */
#include <stdio.h>
#include <string.h>

#include "app/actions.h"
#include "app/broken.h"
#include "base/json.h"
#include "tests/app/project.h"
#include "tests/support/suite.h"

static const char *form(const char *text)
{
    static struct str out;
    str_clear(&out);
    broken_form(&out, slice_of(text));
    return str_z(&out);
}

static void forms(void)
{
    CU_ASSERT_STRING_EQUAL(form("Added 'diabetic hypertension' not mentioned in the transcript."),
                           "added * not mentioned in the transcript");
    CU_ASSERT_STRING_EQUAL(form("added \"gout\" not mentioned in the transcript"), "added * not mentioned in the transcript");
    CU_ASSERT_STRING_EQUAL(form("The dose 500 mg isn't the patient's 250 mg"), "the dose * mg isn't the patient's * mg");
    CU_ASSERT_STRING_EQUAL(form("an 'open quotation"), "an open quotation");
    CU_ASSERT_STRING_EQUAL(form("'Sinister side' under Plan was not said."), "* under plan was not said");
    CU_ASSERT_STRING_EQUAL(form(" ... "), "");
}

static int64_t put_record(struct session *s, const char *key, const char *rationale)
{
    struct error err = {0};
    struct record r = {0};
    struct str line = {0};
    enum record_put what;
    int64_t id = 0;
    str_addf(&line, "{\"id\":\"%s\",\"prompt\":\"p %s\",\"y0\":\"zero\",\"y_star\":\"star\",\"score\":2,\"score_max\":6,\"rationale\":",
             key, key);
    json_quote(&line, slice_of(rationale));
    str_addc(&line, '}');
    CU_ASSERT_EQUAL_FATAL(record_parse(&r, str_slice(&line), NULL, &err), 0);
    CU_ASSERT_EQUAL_FATAL(record_store_put(session_store(s), &r, "test", 1, &what, &id, &err), 0);
    record_free(&r);
    str_free(&line);
    return id;
}

/* The record cites a rule of these words from then on; its number. */
static int64_t cite(struct session *s, int64_t record, const char *mistake)
{
    struct error err = {0};
    struct outcome out = {0};
    struct rule_typed rule = {slice_of(mistake), SLICE("Do it the other way.")};
    CU_ASSERT_EQUAL_FATAL(action_edit(s, record, rule, &out, &err), 0);
    int64_t id = out.rule;
    outcome_free(&out);
    return id;
}

static void put_item(struct session *s, int64_t eval, int64_t record, double score, const char *rationale)
{
    struct error err = {0};
    const struct eval_item item = {.eval = eval, .record = record, .has_score = true, .score = score, .score_max = 6,
                                   .normalised = score / 6, .output = "said", .rationale = rationale};
    CU_ASSERT_EQUAL_FATAL(eval_store_put_item(session_store(s), &item, &err), 0);
}

static int say(void *context, const struct rule_mark *m)
{
    str_addf(context, "%lld:%lld %.2f;", (long long)m->rule, (long long)m->record, m->likeness);
    return 0;
}

/* The marks of an eval as the test numbers rules and records. */
static void marked(struct session *s, int64_t eval, const char *want)
{
    struct error err = {0};
    struct str got = {0};
    CU_ASSERT_EQUAL(eval_store_marks(session_store(s), eval, 0, 0, say, &got, &err), 0);
    CU_ASSERT_STRING_EQUAL(str_z(&got), want);
    if (strcmp(str_z(&got), want) != 0)
        fprintf(stderr, "\n  got  %s\n  want %s\n", str_z(&got), want);
    str_free(&got);
}

static void marks(void)
{
    struct project p;
    struct error err = {0};
    size_t n = 0;
    int64_t eval = 0;
    char want[256];
    project_make(&p, 0);
    struct session *s = project_open(&p, "alice");
    /* Two records faulted in one form cite one rule; a third, faulted so too, cites another. */
    int64_t a = put_record(s, "a", "Added 'gout' which nobody said."), b = put_record(s, "b", "Added 'asthma' which nobody said."),
            c = put_record(s, "c", "Added 'flu' which nobody said. The side is wrong."),
            d = put_record(s, "d", "It rambles on and on."), e = put_record(s, "e", ""), f = put_record(s, "f", ""),
            g = put_record(s, "g", ""), h = put_record(s, "h", "");
    int64_t invent = cite(s, a, "Made something up"), side = cite(s, c, "Laterality changed from what was spoken"),
            terse = cite(s, d, "Verbose");
    CU_ASSERT_EQUAL(cite(s, b, "Made something up"), invent);
    CU_ASSERT_EQUAL_FATAL(eval_store_put(session_store(s), &(struct eval){.identity = "x", .name = "m"}, &eval, NULL, &err), 0);
    put_item(s, eval, e, 2, "Added 'scabies' which nobody said.");
    put_item(s, eval, f, 2, "The laterality was changed: spoken was the left.");
    put_item(s, eval, g, 6, "Added 'praise' which nobody said."); /* the top score breaks nothing */
    put_item(s, eval, h, 1, "It rambles on and on! Something else.");
    struct broken *k = broken_learn(session_store(s), &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(k);
    CU_ASSERT_EQUAL(broken_mark(k, session_store(s), eval, &n, &err), 0);
    CU_ASSERT_EQUAL(n, 3);
    snprintf(want, sizeof want, "%lld:%lld 1.00;%lld:%lld 1.00;%lld:%lld 0.67;", (long long)side, (long long)f,
             (long long)terse, (long long)h, (long long)invent, (long long)e);
    marked(s, eval, want);
    broken_free(k);
    session_close(s);
    project_remove(&p);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {{"forms", forms}, {"marks", marks}, {NULL, NULL}};
    return suite_run("broken", tests, argc, argv);
}
