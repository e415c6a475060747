#include "tests/llm/asking.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "tests/support/suite.h"

const char secret_words[] = "Mrs Okonkwo was seen on 3 March with a fracture of the left wrist";

struct endpoint endpoint_at(const struct server *s, const char *kind)
{
    struct endpoint e;
    endpoint_defaults(&e, (enum endpoint_kind)endpoint_kind_parse(kind));
    e.name = "test";
    e.base_url = server_url(s);
    e.model = "model-1";
    e.key = server_key;
    e.key_from = "$TEST_KEY";
    e.retries = 2;
    e.price_in = 1;
    e.price_out = 2;
    return e;
}

struct chat_request request_of(const struct chat_message *m, size_t n)
{
    return (struct chat_request){.messages = m, .n_messages = n, .label = "test 1"};
}

void ask_many(const struct endpoint *e, const char *of_schema, int n, struct llm_answer *out)
{
    struct error err = {0};
    struct llm *l = llm_open(&err);
    int lane = llm_add(l, e, &err);
    CU_ASSERT_EQUAL_FATAL(lane, 0);
    for (int i = 0; i < n; i++) {
        struct chat_message m[] = {{"system", "You write plainly."}, {"user", secret_words}};
        struct chat_request q = request_of(m, 2);
        q.sample = i;
        q.schema = of_schema;
        q.schema_name = "verdict";
        CU_ASSERT_EQUAL_FATAL(llm_submit(l, lane, &q, &out[i], &err), 0);
    }
    for (int got = 0; got < n;) {
        struct llm_answer a;
        CU_ASSERT_EQUAL_FATAL(llm_wait(l, 30000, NULL, 0, &err), 0);
        if (!llm_next(l, &a)) {
            CU_FAIL_FATAL("no answer within 30 s");
        }
        do {
            *(struct llm_answer *)a.tag = a;
            got++;
        } while (llm_next(l, &a));
    }
    llm_close(l);
}

struct llm_answer ask(const struct endpoint *e, const char *of_schema)
{
    struct llm_answer a = {0};
    ask_many(e, of_schema, 1, &a);
    return a;
}

void check_discreet(const struct llm_answer *a)
{
    CU_ASSERT_PTR_NULL(strstr(a->error.text, server_key));
    CU_ASSERT_PTR_NULL(strstr(a->error.text, "Okonkwo"));
    CU_ASSERT_PTR_NULL(strchr(a->error.text, '\x1b'));
    CU_ASSERT(a->raw.len == 0 || !memmem(a->raw.at, a->raw.len, server_key, strlen(server_key)));
    CU_ASSERT(utf8_valid(slice_of(a->error.text)));
}

bool shell(const char *command, const char *dir)
{
    struct str line = {0};
    str_addf(&line, "dir='%s'; %s", dir, command);
    bool good = system(str_z(&line)) == 0;
    str_free(&line);
    return good;
}
