/* Each fault of a server, and what the person sees of it. */
#include <stdio.h>
#include <string.h>

#include "tests/llm/asking.h"
#include "tests/support/suite.h"

static const char *const kinds[] = {"openai", "anthropic", "gemini"};

/* The fault table: the script, what comes of it, in how many attempts, and what is said. */
struct fault {
    const char *script;
    enum llm_outcome outcome;
    int attempts;
    const char *says; /* part of the message, or of the text where all is well */
};

static const struct fault faults[] = {
    {"429", LLM_OK, 2, "Answer "},
    {"429 after 0", LLM_OK, 2, "Answer "},
    {"429 date 0", LLM_OK, 2, "Answer "},
    {"429 ms 20", LLM_OK, 2, "Answer "},
    {"500;502", LLM_OK, 3, "Answer "},
    {"408", LLM_OK, 2, "Answer "},
    {"409", LLM_OK, 2, "Answer "},
    {"529", LLM_OK, 2, "Answer "},
    {"cut", LLM_OK, 2, "Answer "},
    {"cutbody", LLM_OK, 2, "Answer "},
    {"half", LLM_OK, 2, "Answer "},
    {"gzip", LLM_OK, 1, "Answer "},
    {"texttype", LLM_OK, 1, "Answer "},
    {"move", LLM_OK, 1, "Answer "},
    {"slow 300", LLM_OK, 1, "Answer "},
    {"badutf8", LLM_OK, 1, "An\xEF\xBF\xBD\xEF\xBF\xBDswer\xEF\xBF\xBD"},
    {"always 429 ms 1", LLM_FAILED, 3, "127.0.0.1 answered HTTP 429: it asks to slow down: lower parallel"},
    {"always 500 ms 1", LLM_FAILED, 3, "HTTP 500: it has trouble of its own; it says: as scripted (3 attempts)"},
    {"always 500 should false", LLM_FAILED, 1, "HTTP 500"},
    {"always plain500", LLM_FAILED, 3, "HTTP 500"},
    {"always 503 ms 1", LLM_FAILED, 3, "it is overloaded or starting"},
    {"always 429 after 7200", LLM_FAILED, 1, "asked to wait 120 min"},
    {"always cut", LLM_FAILED, 3, "cut the connection without an answer"},
    {"always cutbody", LLM_FAILED, 3, "cut the connection in the middle of its answer"},
    {"always half", LLM_FAILED, 3, "the reply is not valid JSON from byte "},
    {"always stall 3000", LLM_FAILED, 3, "said nothing for 0.4 s (silence-seconds)"},
    {"always slow 3000", LLM_FAILED, 3, "said nothing for 0.4 s (silence-seconds)"},
    {"big 50", LLM_FAILED, 1, "is larger than 1 MiB (max-reply)"},
    {"html", LLM_FAILED, 1, "answered with text/html instead of JSON: is url right?"},
    {"400", LLM_REFUSED, 1, "HTTP 400: it does not accept the request"},
    {"403", LLM_REFUSED, 1, "the key may not use this model"},
    {"404", LLM_REFUSED, 1, "it knows no such model or address: check model and url"},
    {"413", LLM_REFUSED, 1, "the question is too large for it"},
    {"422", LLM_REFUSED, 1, "HTTP 422"},
    {"echo", LLM_REFUSED, 1, "HTTP 400: it does not accept the request"},
    {"expired", LLM_REFUSED, 1, "(from $TEST_KEY); it says: "},
    {"redirect http://127.0.0.1:9/v1/x", LLM_REFUSED, 1, "redirects to another address (HTTP 307), which is not followed"},
    {"redirect https://attacker.example/v1/x", LLM_REFUSED, 1, "redirects to another address (HTTP 307)"},
};

static struct endpoint hasty(const struct server *s, const char *kind)
{
    struct endpoint e = endpoint_at(s, kind);
    e.max_reply = 1 << 20;
    return e;
}

static void check_fault(const char *kind, const struct fault *f, const struct llm_answer *a)
{
    const char *said = a->outcome == LLM_OK ? str_z(&a->text) : a->error.text;
    bool right = a->outcome == f->outcome && a->attempts == f->attempts && strstr(said, f->says);
    if (!right)
        printf("\n%s, %s: outcome %d, attempts %d: %s\n", kind, f->script, a->outcome, a->attempts, said);
    CU_ASSERT(right);
    check_discreet(a);
}

/* One server is as many as there are faults, one endpoint each, all at once. */
static void faults_say_what_happened(void)
{
    enum { N = sizeof faults / sizeof *faults };
    struct server *s = server_start("openai", NULL, NULL);
    struct error err = {0};
    struct endpoint e[N];
    char models[N][96];
    struct llm *l = llm_open(&err);
    struct chat_message m = {"user", secret_words};
    struct chat_request q = request_of(&m, 1);
    int attempts = 0;
    for (int i = 0; i < N; i++) {
        e[i] = hasty(s, "openai");
        if (strstr(faults[i].says, "silence-seconds")) /* the others have time: this machine may be busy */
            e[i].silence_seconds = 0.4;
        snprintf(models[i], sizeof models[i], "script:%s", faults[i].script);
        e[i].model = models[i];
        CU_ASSERT_EQUAL_FATAL(llm_add(l, &e[i], &err), i);
        CU_ASSERT_EQUAL_FATAL(llm_submit(l, i, &q, NULL, &err), 0);
    }
    for (int got = 0; got < N;) {
        struct llm_answer a;
        CU_ASSERT_EQUAL_FATAL(llm_wait(l, 30000, NULL, 0, &err), 0);
        CU_ASSERT_FATAL(llm_next(l, &a));
        check_fault("openai", &faults[a.endpoint], &a);
        attempts += a.attempts + (strcmp(faults[a.endpoint].script, "move") == 0);
        llm_answer_free(&a);
        got++;
    }
    /* libcurl sends again by itself, five times at most, when a connection it kept open ends without a byte: four of
     * the requests above are cut so. */
    int64_t requests = server_count(s, "requests");
    CU_ASSERT(requests >= attempts && requests <= attempts + 4 * 5);
    CU_ASSERT_EQUAL(server_count(s, "refused"), 0);
    llm_close(l);
    server_stop(s);
}

static void meet(const char *kind, const struct fault *f)
{
    struct server *s = server_start(kind, f->script, NULL);
    struct endpoint e = hasty(s, kind);
    struct llm_answer a = ask(&e, NULL);
    check_fault(kind, f, &a);
    CU_ASSERT_EQUAL(server_count(s, "requests"), f->attempts);
    llm_answer_free(&a);
    server_stop(s);
}

static void the_other_formats_have_the_same_faults(void)
{
    static const char *const some[] = {"429 after 0", "half", "expired", "echo", "always 503 ms 1", "badutf8"};
    for (size_t i = 0; i < sizeof some / sizeof *some; i++) {
        for (size_t f = 0; f < sizeof faults / sizeof *faults; f++) {
            for (size_t k = 1; k < 3 && strcmp(faults[f].script, some[i]) == 0; k++)
                meet(kinds[k], &faults[f]);
        }
    }
}

static void unreadable_replies_are_kept(void)
{
    struct server *s = server_start("openai", "always half", NULL);
    struct endpoint e = endpoint_at(s, "openai");
    struct llm_answer a = ask(&e, NULL);
    CU_ASSERT_EQUAL(a.outcome, LLM_FAILED);
    CU_ASSERT(slice_starts(str_slice(&a.raw), "{\"id\": \"chatcmpl-1\""));
    CU_ASSERT_EQUAL(server_count(s, "paid"), 1); /* the same Idempotency-Key each time */
    llm_answer_free(&a);
    server_stop(s);
}

static void safety_filters_and_limits_are_told(void)
{
    for (size_t k = 0; k < 3; k++) {
        static const char *const options[] = {"--no-idempotency", NULL};
        struct server *s = server_start(kinds[k], "refused\nlength", options);
        struct endpoint e = endpoint_at(s, kinds[k]);
        struct llm_answer a = ask(&e, NULL), b = ask(&e, NULL);
        CU_ASSERT_EQUAL(a.outcome, LLM_OK);
        CU_ASSERT_EQUAL(a.finish, CHAT_REFUSED);
        CU_ASSERT_EQUAL(b.finish, CHAT_LENGTH);
        llm_answer_free(&a);
        llm_answer_free(&b);
        server_stop(s);
    }
}

static const struct test tests[] = {
    {"faults say what happened", faults_say_what_happened},
    {"the other formats have the same faults", the_other_formats_have_the_same_faults},
    {"unreadable replies are kept", unreadable_replies_are_kept},
    {"safety filters and limits are told", safety_filters_and_limits_are_told},
    {0},
};

int main(int argc, char **argv)
{
    return suite_run("faults", tests, argc, argv);
}
