/* Which prompts training has seen. */
#include <stdio.h>
#include <string.h>

#include "pipeline/held_out.h"
#include "tests/pipeline/project.h"
#include "tests/support/suite.h"

static void ask(struct held_out *h, int64_t number, const char *text)
{
    struct message m[] = {{"system", "You write a note of the visit, and nothing that was not said in it."},
                          {"user", (char *)text}};
    struct prompt p = {true, m, 2};
    held_out_add(h, number, &p);
}

static void see(struct held_out *h, const char *id, const char *text)
{
    struct message m[] = {{"user", (char *)text}};
    struct prompt p = {false, m, 1};
    held_out_see(h, id, &p);
}

/* "1=a 2~b": which numbers have which twin, = for the same words. */
static const char *twins(const struct held_out *h)
{
    static char out[256];
    struct held_out_twin t;
    out[0] = '\0';
    for (size_t at = 0; held_out_next(h, &at, &t);)
        snprintf(out + strlen(out), sizeof out - strlen(out), "%lld%c%s ", (long long)t.number,
                 t.likeness >= 1 ? '=' : '~', t.twin);
    return out;
}

static const char long_text[] =
    "Doctor: Good morning. How have you been since the last visit? Patient: Not bad, I have been checking my pressure at "
    "home, as you asked, one fifty over ninety most mornings. Doctor: Still a bit high. Any headaches, chest pain, blurred "
    "vision? Patient: No, nothing like that. Doctor: And the tablets, still the same? Patient: Yes, twice a day.";

static void the_same_and_nearly(void)
{
    struct held_out *h = held_out_new();
    char nearly[512], other[512];
    snprintf(nearly, sizeof nearly, "%s", long_text);
    memcpy(strstr(nearly, "ninety"), "eighty", 6); /* one word of some seventy */
    snprintf(other, sizeof other, "%.90s and then they spoke of the weather, of trains, and of a cousin's wedding in May", long_text);
    ask(h, 1, long_text);
    ask(h, 2, nearly);
    ask(h, 3, other);
    ask(h, 4, "something else altogether that nobody has ever asked a model about before");
    ask(h, 5, "short one");
    ask(h, 6, "");
    see(h, "other", "what the weather will be like in the mountains tomorrow and the day after");
    CU_ASSERT_STRING_EQUAL(twins(h), "");
    see(h, "a", long_text);
    CU_ASSERT_STRING_EQUAL(twins(h), "1=a 2~a ");
    see(h, "b", "SHORT  one!");
    see(h, "c", "");
    CU_ASSERT_STRING_EQUAL(twins(h), "1=a 2~a 5=b ");
    held_out_free(h);
}

/* A record that stands within a longer training prompt was seen, too; the other way round it was not. */
static void inside_another(void)
{
    struct held_out *h = held_out_new();
    char longer[2048];
    snprintf(longer, sizeof longer, "First of all the weather was spoken of at length, as it often is. %s Then they spoke of "
             "the trains, of the garden, and of many things that are in no note, for quite some time, until the bell rang "
             "and the next one came in and sat down and began to tell of a cough that would not go away.", long_text);
    ask(h, 1, long_text);
    ask(h, 2, longer);
    see(h, "long", longer);
    CU_ASSERT_STRING_EQUAL(twins(h), "1=long 2=long ");
    held_out_free(h);
    h = held_out_new();
    ask(h, 2, longer);
    see(h, "short", long_text);
    CU_ASSERT_STRING_EQUAL(twins(h), "");
    held_out_free(h);
}

/* What all records have in common is the form they are written in. */
static void a_common_form_is_no_likeness(void)
{
    struct held_out *h = held_out_new();
    char text[1024];
    for (int i = 0; i < 60; i++) {
        snprintf(text, sizeof text, "%s The patient is called number%d and takes medicine%d since year%d for illness%d.", long_text,
                 i, i * 7, i * 3, i * 5);
        ask(h, i, text);
    }
    snprintf(text, sizeof text, "%s The patient is called number900 and takes medicine901 since year902 for illness903.", long_text);
    see(h, "new", text);
    CU_ASSERT_STRING_EQUAL(twins(h), "");
    snprintf(text, sizeof text, "%s The patient is called number%d and takes medicine%d since year%d for illness%d.", long_text, 9,
             63, 27, 45);
    see(h, "nine", text);
    CU_ASSERT_STRING_EQUAL(twins(h), "9=nine ");
    held_out_free(h);
}

static void other_scripts(void)
{
    struct held_out *h = held_out_new();
    ask(h, 1, "患者は昨日から頭痛を訴えている。薬は一日二回服用する。");
    ask(h, 2, "Der Äußere Knöchel ist Geschwollen, sonst ohne Befund");
    see(h, "ja", "患者は昨日から頭痛を訴えている 薬は一日二回服用する");
    see(h, "de", "der äußere knöchel ist geschwollen; sonst ohne befund.");
    CU_ASSERT_STRING_EQUAL(twins(h), "1=ja 2=de ");
    held_out_free(h);
}

static void reads_a_training_set(void)
{
    struct project p = project_make();
    struct held_out *h = held_out_new();
    struct error err = {0};
    int64_t examples = 0;
    project_write(&p, "train.jsonl",
                  "{\"id\":\"t1\",\"prompt\":[{\"role\":\"user\",\"content\":\"what is the dose of it\"}],\"branches\":[]}\n\n"
                  "{\"id\":\"t2\",\"prompt\":\"what else\"}\n");
    project_write(&p, "broken.jsonl", "{\"id\":\"t1\",\"prompt\":\"a\"}\n{\"id\":\"t2\"}\n");
    ask(h, 1, "What is the dose of it?");
    CU_ASSERT_EQUAL(held_out_read(h, project_path(&p, "train.jsonl"), &examples, &err), 0);
    CU_ASSERT_EQUAL(examples, 2);
    CU_ASSERT_STRING_EQUAL(twins(h), "1=t1 ");
    CU_ASSERT_EQUAL(held_out_read(h, project_path(&p, "broken.jsonl"), NULL, &err), -1);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "line 2"));
    CU_ASSERT_EQUAL(held_out_read(h, project_path(&p, "absent.jsonl"), NULL, &err), -1);
    held_out_free(h);
    project_remove(&p);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        {"the same and nearly", the_same_and_nearly},
        {"inside another", inside_another},
        {"a common form is no likeness", a_common_form_is_no_likeness},
        {"other scripts", other_scripts},
        {"reads a training set", reads_a_training_set},
        {NULL, NULL},
    };
    return suite_run("held out", tests, argc, argv);
}
