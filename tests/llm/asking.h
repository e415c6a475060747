/* Questions to the stand-ins of tests/servers, for the tests of the door. */
#ifndef TESTS_LLM_ASKING_H
#define TESTS_LLM_ASKING_H

#include "llm/llm.h"
#include "tests/servers/server.h"

/* What is asked: words that may stand in no message. */
extern const char secret_words[];

/* An endpoint that gives up quickly, at the stand-in. */
struct endpoint endpoint_at(const struct server *s, const char *kind);
struct chat_request request_of(const struct chat_message *m, size_t n);
/* Asks n questions at once and gives the answers in the order of asking; of_schema may be NULL. */
void ask_many(const struct endpoint *e, const char *of_schema, int n, struct llm_answer *out);
struct llm_answer ask(const struct endpoint *e, const char *of_schema);
/* Nothing that is not the person's to see stands in a message. */
void check_discreet(const struct llm_answer *a);
/* `dir=DIR; COMMAND` in a shell: true when it ends with 0. */
bool shell(const char *command, const char *dir);

#endif
