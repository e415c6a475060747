/* Endpoints against the stand-ins of tests/servers: answers, rates, pauses, keys, certificates. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "llm/structured.h"
#include "tests/llm/asking.h"
#include "tests/support/suite.h"
#include "tests/support/tmp.h"

static const char *const kinds[] = {"openai", "anthropic", "gemini"};
static const char schema[] = "{\"type\":\"object\",\"properties\":{\"score\":{\"type\":\"integer\",\"minimum\":0,"
                             "\"maximum\":6},\"rationale\":{\"type\":\"string\",\"minLength\":1}},"
                             "\"required\":[\"score\",\"rationale\"],\"additionalProperties\":false}";

static void answers_in_each_format(void)
{
    for (size_t k = 0; k < 3; k++) {
        struct server *s = server_start(kinds[k], NULL, NULL);
        CU_ASSERT_PTR_NOT_NULL_FATAL(s);
        struct endpoint e = endpoint_at(s, kinds[k]);
        e.has_temperature = e.has_top_p = true;
        e.temperature = 0.5;
        e.top_p = 0.9;
        struct llm_answer a = ask(&e, NULL);
        CU_ASSERT_EQUAL(a.outcome, LLM_OK);
        CU_ASSERT_STRING_EQUAL(a.error.text, "");
        CU_ASSERT(slice_starts(str_slice(&a.text), "Answer "));
        CU_ASSERT_EQUAL(a.finish, CHAT_STOP);
        CU_ASSERT(a.usage.in > 5 && a.usage.out > 5 && a.usage.cached == 1);
        CU_ASSERT_DOUBLE_EQUAL(a.cost, ((double)a.usage.in + 2 * (double)a.usage.out) / 1e6, 1e-12);
        CU_ASSERT_STRING_EQUAL(a.model, "model-1");
        CU_ASSERT_EQUAL(a.attempts, 1);
        CU_ASSERT_EQUAL(server_count(s, "refused"), 0);
        llm_answer_free(&a);
        server_stop(s);
    }
}

/* In each format's own way, and in llama.cpp's. */
static void holds_to_schemas(void)
{
    for (size_t k = 0; k < 4; k++) {
        struct server *s = server_start(kinds[k % 3], NULL, NULL);
        struct endpoint e = endpoint_at(s, kinds[k % 3]);
        if (k == 3)
            e.structured = STRUCTURED_OBJECT_SCHEMA;
        struct llm_answer a = ask(&e, schema);
        struct error err = {0};
        CU_ASSERT_EQUAL(a.outcome, LLM_OK);
        CU_ASSERT_STRING_EQUAL(a.error.text, "");
        struct json *j = structured_read(str_slice(&a.text), schema, &err);
        CU_ASSERT_PTR_NOT_NULL(j);
        CU_ASSERT_STRING_EQUAL(err.text, "");
        json_free(j);
        CU_ASSERT_EQUAL(server_count(s, "refused"), 0);
        llm_answer_free(&a);
        server_stop(s);
    }
}

static void rests_as_long_as_asked(void)
{
    struct server *s = server_start("openai", "429 after 1", NULL);
    struct endpoint e = endpoint_at(s, "openai");
    int64_t before = clock_mono_ms();
    struct llm_answer a = ask(&e, NULL);
    CU_ASSERT(clock_mono_ms() - before >= 1000);
    CU_ASSERT_EQUAL(a.outcome, LLM_OK);
    llm_answer_free(&a);
    server_stop(s);
}

static void pauses_after_failures_in_a_row(void)
{
    struct server *s = server_start("openai", "always 500 ms 1", NULL);
    struct endpoint e = endpoint_at(s, "openai");
    enum { N = 12 };
    struct llm_answer a[N] = {0};
    e.parallel = 2;
    e.retries = 0;
    e.pause_after = 3;
    int failed = 0, paused = 0;
    ask_many(&e, NULL, N, a);
    for (int i = 0; i < N; i++) {
        failed += a[i].outcome == LLM_FAILED;
        paused += a[i].outcome == LLM_PAUSED;
        if (a[i].outcome == LLM_PAUSED) {
            CU_ASSERT_PTR_NOT_NULL(strstr(a[i].error.text, "test has paused after 3 failures in a row, the last: "));
            CU_ASSERT_EQUAL(a[i].attempts, 0);
        }
        llm_answer_free(&a[i]);
    }
    CU_ASSERT(failed >= 3 && failed <= 4);
    CU_ASSERT_EQUAL(failed + paused, N);
    CU_ASSERT_EQUAL(server_count(s, "requests"), failed);
    server_stop(s);
}

static void pauses_at_once_when_the_key_is_refused(void)
{
    static const char *const scripts[] = {"always expired", "always quota"};
    for (size_t k = 0; k < 2; k++) {
        struct server *s = server_start("openai", scripts[k], NULL);
        struct endpoint e = endpoint_at(s, "openai");
        struct llm_answer a[5] = {0};
        e.parallel = 1;
        ask_many(&e, NULL, 5, a);
        CU_ASSERT(a[0].outcome == LLM_REFUSED || a[0].outcome == LLM_FAILED);
        for (int i = 0; i < 5; i++) {
            CU_ASSERT(i == 0 || a[i].outcome == LLM_PAUSED);
            check_discreet(&a[i]);
            llm_answer_free(&a[i]);
        }
        CU_ASSERT_EQUAL(server_count(s, "requests"), 1);
        server_stop(s);
    }
}

static void keeps_many_in_flight_and_no_more(void)
{
    static const char *const options[] = {"--latency", "60", NULL};
    struct server *s = server_start("openai", NULL, options);
    struct endpoint e = endpoint_at(s, "openai");
    enum { N = 40 };
    struct llm_answer a[N] = {0};
    e.parallel = 16;
    ask_many(&e, NULL, N, a);
    for (int i = 0; i < N; i++) {
        CU_ASSERT_EQUAL(a[i].outcome, LLM_OK);
        llm_answer_free(&a[i]);
    }
    CU_ASSERT_EQUAL(server_count(s, "in_flight_most"), 16);
    CU_ASSERT_EQUAL(server_count(s, "paid"), N);
    server_stop(s);
}

static void the_key_is_needed_and_checked(void)
{
    struct server *s = server_start("openai", NULL, NULL);
    struct endpoint e = endpoint_at(s, "openai");
    e.key = "wrong-key-987654";
    struct llm_answer a = ask(&e, NULL);
    CU_ASSERT_EQUAL(a.outcome, LLM_REFUSED);
    CU_ASSERT_EQUAL(a.status, 401);
    CU_ASSERT_PTR_NULL(strstr(a.error.text, e.key));
    llm_answer_free(&a);
    server_stop(s);
}

static void unusable_endpoints_say_why(void)
{
    static const struct {
        const char *url, *key, *model;
        bool plain;
        const char *says;
    } cases[] = {
        {"https://api.openai.com/v1", NULL, "m", false, "it has no key: set key-env or key-file"},
        {"http://10.1.2.3/v1", "k-123456", "m", false, "url is plain http to 10.1.2.3"},
        {"http://127.evil.example/v1", "k-123456", "m", false, "plain http"},
        {"http://127.0.0.1.evil.example/v1", "k-123456", "m", false, "plain http"},
        {"http://10.1.2.3/v1", "k-123456", "m", true, NULL},
        {"http://localhost:1/v1", "k-123456", "m", false, NULL},
        {"http://[::1]:1/v1", "k-123456", "m", false, NULL},
        {"ftp://host/v1", "k-123456", "m", false, "starts with ftp: https was expected"},
        {"https://me:pass@host/v1", "k-123456", "m", false, "holds a user name"},
        {"no url at all", "k-123456", "m", false, "the url is none"},
        {"https://host/v1", "k-123456", NULL, false, "no model is set"},
        {"https://host/v1", "k-123\r\nX: y", "m", false, "the key from $K is empty or holds blanks"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error err = {0};
        struct llm *l = llm_open(&err);
        struct endpoint e;
        endpoint_defaults(&e, ENDPOINT_OPENAI);
        e.name = "x";
        e.base_url = cases[i].url;
        e.key = cases[i].key;
        e.key_from = "$K";
        e.model = cases[i].model;
        e.plain_http = cases[i].plain;
        CU_ASSERT_EQUAL(llm_add(l, &e, &err), cases[i].says ? -1 : 0);
        if (cases[i].says && !strstr(err.text, cases[i].says))
            printf("\n%s: %s\n", cases[i].url, err.text);
        CU_ASSERT(!cases[i].says || strstr(err.text, cases[i].says));
        CU_ASSERT(!cases[i].key || !strstr(err.text, cases[i].key));
        llm_close(l);
    }
}

static void an_unreachable_server_is_said(void)
{
    struct server *s = server_start("openai", NULL, NULL);
    struct endpoint e = endpoint_at(s, "openai");
    char url[96];
    snprintf(url, sizeof url, "%s", server_url(s));
    e.base_url = url;
    server_stop(s);
    e.retries = 1;
    struct llm_answer a = ask(&e, NULL);
    CU_ASSERT_EQUAL(a.outcome, LLM_FAILED);
    CU_ASSERT_PTR_NOT_NULL(strstr(a.error.text, "test: 127.0.0.1 cannot be reached"));
    CU_ASSERT_EQUAL(a.attempts, 2);
    llm_answer_free(&a);
}

static void the_callers_descriptors_end_a_wait(void)
{
    static const char *const options[] = {"--latency", "3000", NULL};
    struct server *s = server_start("openai", NULL, options);
    struct endpoint e = endpoint_at(s, "openai");
    struct error err = {0};
    struct llm *l = llm_open(&err);
    struct chat_message m = {"user", "hello"};
    struct chat_request q = request_of(&m, 1);
    int ends[2];
    CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
    CU_ASSERT_EQUAL_FATAL(llm_add(l, &e, &err), 0);
    llm_submit(l, 0, &q, NULL, &err);
    CU_ASSERT_EQUAL(write(ends[1], "x", 1), 1);
    struct pollfd fd = {.fd = ends[0], .events = POLLIN};
    int64_t before = clock_mono_ms();
    CU_ASSERT_EQUAL(llm_wait(l, 2000, &fd, 1, &err), 0);
    CU_ASSERT(fd.revents & POLLIN);
    CU_ASSERT(clock_mono_ms() - before < 1500);
    struct llm_state state;
    llm_state(l, 0, &state);
    CU_ASSERT_EQUAL(state.in_flight, 1);
    close(ends[0]);
    close(ends[1]);
    llm_close(l);
    server_stop(s);
}

static void recordings_are_replayed(void)
{
    char *dir = tmp_make();
    struct str path = {0};
    str_addf(&path, "%s/replies.jsonl", dir);
    struct server *s = server_start("openai", NULL, NULL);
    struct endpoint e = endpoint_at(s, "openai"), again;
    e.record_to = str_z(&path);
    struct llm_answer a = ask(&e, schema);
    server_stop(s);
    struct stat st;
    CU_ASSERT_EQUAL(stat(str_z(&path), &st), 0);
    CU_ASSERT_EQUAL(st.st_mode & 0777, 0600);
    endpoint_defaults(&again, ENDPOINT_REPLAY);
    again.name = "again";
    again.replay = str_z(&path);
    struct llm_answer b = ask(&again, schema), c = ask(&again, NULL); /* another question, the same label */
    CU_ASSERT_EQUAL(b.outcome, LLM_OK);
    CU_ASSERT_STRING_EQUAL(str_z(&b.text), str_z(&a.text));
    CU_ASSERT_EQUAL(b.usage.in, a.usage.in);
    CU_ASSERT_EQUAL(b.cost, 0);
    CU_ASSERT_STRING_EQUAL(b.model, "model-1");
    CU_ASSERT_STRING_EQUAL(str_z(&c.text), str_z(&a.text));
    file_write_atomic(str_z(&path), 0600, SLICE("{\"for\":\"other\",\"reply\":{\"json\":{\"a\":1}}}\n"), NULL);
    struct llm_answer d = ask(&again, NULL);
    CU_ASSERT_EQUAL(d.outcome, LLM_REFUSED);
    CU_ASSERT_PTR_NOT_NULL(strstr(d.error.text, "holds no reply for \"test 1\""));
    llm_answer_free(&a);
    llm_answer_free(&b);
    llm_answer_free(&c);
    llm_answer_free(&d);
    str_free(&path);
    tmp_remove(dir);
}

static void a_minute_has_its_requests(void)
{
    struct server *s = server_start("openai", NULL, NULL);
    struct endpoint e = endpoint_at(s, "openai");
    struct llm_answer a[3] = {0};
    e.requests_per_minute = 12; /* one at once, the next after five seconds */
    struct error err = {0};
    struct llm *l = llm_open(&err);
    struct chat_message m = {"user", "hello"};
    llm_add(l, &e, &err);
    for (int i = 0; i < 3; i++) {
        struct chat_request q = request_of(&m, 1);
        q.sample = i;
        llm_submit(l, 0, &q, NULL, &err);
    }
    int got = 0;
    for (int64_t end = clock_mono_ms() + 600; clock_mono_ms() < end;) {
        llm_wait(l, 100, NULL, 0, &err);
        while (llm_next(l, &a[got]))
            llm_answer_free(&a[got++]);
    }
    struct llm_state state;
    llm_state(l, 0, &state);
    CU_ASSERT_EQUAL(got, 1);
    CU_ASSERT_EQUAL(state.queued, 2);
    CU_ASSERT(state.retry_at > clock_now_ms() + 3000);
    llm_close(l);
    CU_ASSERT_EQUAL(server_count(s, "requests"), 1);
    server_stop(s);
}

/* A certificate that nobody vouches for is refused, and taken from an authority that ca_file names. */
static void certificates_are_checked(void)
{
    char *dir = tmp_make();
    if (!shell("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=stand-in "
               "-addext subjectAltName=IP:127.0.0.1 -keyout \"$dir/key\" -out \"$dir/cert\" 2>/dev/null", dir)) {
        printf("(skipped: no openssl) ");
        tmp_remove(dir);
        return;
    }
    const char *cert = tmp_join(dir, "cert"), *key = tmp_join(dir, "key");
    const char *const options[] = {"--tls", cert, key, NULL};
    struct server *s = server_start("openai", NULL, options);
    struct endpoint e = endpoint_at(s, "openai");
    char url[96];
    snprintf(url, sizeof url, "https://127.0.0.1:%d/v1", server_port(s));
    e.base_url = url;
    struct llm_answer a = ask(&e, NULL);
    CU_ASSERT_EQUAL(a.outcome, LLM_FAILED);
    CU_ASSERT_EQUAL(a.attempts, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(a.error.text, "127.0.0.1 could not prove who it is"));
    CU_ASSERT_PTR_NOT_NULL(strstr(a.error.text, "for a private authority set ca-file"));
    CU_ASSERT_EQUAL(server_count(s, "requests"), 0);
    e.ca_file = cert;
    struct llm_answer b = ask(&e, NULL);
    CU_ASSERT_EQUAL(b.outcome, LLM_OK);
    llm_answer_free(&a);
    llm_answer_free(&b);
    server_stop(s);
    tmp_remove(dir);
}

/* A tiny model with the qwen3 template, and a trainer that notes its environment and its command line. */
static const char make_model[] =
    "golden=${srcdir:-.}/tests/golden; train=${builddir:-.}/hinge-train; [ -x \"$train\" ] || exit 1; "
    "mkdir \"$dir/model\" \"$dir/tmp\" && cp \"$golden/tokenizers/qwen2.json\" \"$dir/model/tokenizer.json\" && "
    "echo '{\"model_type\":\"qwen3\",\"vocab_size\":464,\"hidden_size\":32,\"intermediate_size\":64,\"num_hidden_layers\":2,"
    "\"num_attention_heads\":4,\"num_key_value_heads\":2,\"head_dim\":16,\"max_position_embeddings\":512,\"rms_norm_eps\":1e-6,"
    "\"rope_theta\":10000.0,\"tie_word_embeddings\":true}' >\"$dir/model/config.json\" && "
    "echo '{\"id\":\"r\",\"prompt\":[{\"role\":\"user\",\"content\":\"Hi\"}],\"branches\":[{\"kind\":\"A\",\"think\":\"\","
    "\"text\":\"Hello.\"}]}' >\"$dir/data\" && "
    "\"$train\" fit --model \"$dir/model\" --init random --chat chatml --data \"$dir/data\" --full --epochs 1 --threads 1 "
    "--out \"$dir/run\" >/dev/null 2>&1 && "
    "cp \"$dir/model/tokenizer.json\" \"$dir/run/checkpoints/step-1/\" && "
    "echo '<|im_start|> enable_thinking is defined and enable_thinking is false </think>' "
    ">\"$dir/run/checkpoints/step-1/chat_template.jinja\" && "
    "printf '#!/bin/sh\\nenv >\"%s/env\"\\necho \"$*\" >\"%s/args\"\\nexec \"%s\" \"$@\"\\n' \"$dir\" \"$dir\" \"$(realpath \"$train\")\" >\"$dir/train\" && "
    "chmod +x \"$dir/train\"";

static void a_model_of_this_machine_answers(void)
{
    char *dir = tmp_make();
    if (!shell(make_model, dir)) {
        printf("(skipped: no hinge-train) ");
        tmp_remove(dir);
        return;
    }
    setenv("TMPDIR", tmp_join(dir, "tmp"), 1);
    setenv("SOME_API_KEY", "not-for-children", 1);
    struct error err = {0};
    struct endpoint e;
    enum { N = 5, LONG = 3 };
    endpoint_defaults(&e, ENDPOINT_LOCAL);
    e.name = "mine";
    e.model = tmp_join(dir, "run/checkpoints/step-1");
    e.trainer = tmp_join(dir, "train");
    e.chat = "qwen3";
    e.context = 4000;
    e.max_tokens = 8;
    struct llm *l = llm_open(&err);
    CU_ASSERT_EQUAL_FATAL(llm_add(l, &e, &err), 0);
    struct str longer = {0};
    while (longer.len < 40000)
        str_adds(&longer, "The patient has a fever. ");
    for (size_t i = 0; i < N; i++) {
        struct chat_message m = {"user", i == LONG ? str_z(&longer) : "Hello"};
        struct chat_request q = request_of(&m, 1);
        q.sample = (int)i;
        CU_ASSERT_EQUAL(llm_submit(l, 0, &q, (void *)(uintptr_t)i, &err), 0);
    }
    for (int got = 0; got < N; got++) {
        struct llm_answer a;
        while (!llm_next(l, &a))
            CU_ASSERT_EQUAL_FATAL(llm_wait(l, 60000, NULL, 0, &err), 0);
        bool is_long = (uintptr_t)a.tag == LONG;
        if (a.outcome != LLM_OK && !is_long)
            printf("\n%s\n", a.error.text);
        CU_ASSERT_EQUAL(a.outcome, is_long ? LLM_REFUSED : LLM_OK);
        CU_ASSERT(is_long == (strstr(a.error.text, "leave no room within --max-tokens") != NULL));
        CU_ASSERT(is_long || (a.usage.in > 3 && a.usage.out > 0 && a.usage.out <= 8 && a.cost == 0));
        CU_ASSERT(is_long || strcmp(a.model, "step-1") == 0);
        llm_answer_free(&a);
    }
    llm_close(l);
    CU_ASSERT(shell("! grep -q not-for-children \"$dir/env\" && grep -q ^PATH= \"$dir/env\"", dir));
    CU_ASSERT(shell("grep -q -e '--chat qwen3 --max-tokens 4000' \"$dir/args\"", dir));
    CU_ASSERT(shell("[ -z \"$(ls \"$dir/tmp\")\" ]", dir));
    unsetenv("TMPDIR");
    str_free(&longer);
    tmp_remove(dir);
}

static const struct test tests[] = {
    {"answers in each format", answers_in_each_format},
    {"holds to schemas", holds_to_schemas},
    {"rests as long as asked", rests_as_long_as_asked},
    {"pauses after failures in a row", pauses_after_failures_in_a_row},
    {"pauses at once when the key is refused", pauses_at_once_when_the_key_is_refused},
    {"keeps many in flight and no more", keeps_many_in_flight_and_no_more},
    {"the key is needed and checked", the_key_is_needed_and_checked},
    {"unusable endpoints say why", unusable_endpoints_say_why},
    {"an unreachable server is said", an_unreachable_server_is_said},
    {"the caller's descriptors end a wait", the_callers_descriptors_end_a_wait},
    {"recordings are replayed", recordings_are_replayed},
    {"certificates are checked", certificates_are_checked},
    {"a model of this machine answers", a_model_of_this_machine_answers},
    {"a minute has its requests", a_minute_has_its_requests},
    {0},
};

int main(int argc, char **argv)
{
    return suite_run("llm", tests, argc, argv);
}
