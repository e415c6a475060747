/*
 * Reading an answer that should be JSON. Endpoints that enforce a schema give it as it is; others wrap it in words
 * and fences. What does not fit gets one repair request, written here, and is a fault after that.
 */
#ifndef LLM_STRUCTURED_H
#define LLM_STRUCTURED_H

#include "base/json.h"
#include "llm/chat.h"

/* The value in a reply: the whole text, the last fenced block, or the first balanced object that parses, checked
 * against the schema (type, properties, required, enum, items, minimum, maximum, minLength, maxLength,
 * additionalProperties). NULL and err says which field is wrong and what was expected (no reply text in it). The
 * caller frees. */
struct json *structured_read(struct slice reply, const char *schema, struct error *err);

/* The user's message that asks for the same again as JSON that fits: names the fault and gives the schema. */
void structured_repair(struct str *out, const char *schema, const struct error *fault);
/* The words added to a prompt where the endpoint enforces nothing. */
void structured_ask(struct str *out, const char *schema);

#endif
