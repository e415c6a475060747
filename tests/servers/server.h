/* Starts and ends tests/servers/serve from a C test. */
#ifndef SERVERS_SERVER_H
#define SERVERS_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct server; /* server_stop frees */

/* kind: "openai", "anthropic", "gemini". script: its lines, or NULL. options: more of the command line, ends with NULL;
 * may be NULL. Returns when it listens; NULL when it does not start. */
struct server *server_start(const char *kind, const char *script, const char *const *options);
void server_stop(struct server *s); /* NULL is fine */

int server_port(const struct server *s);
const char *server_url(const struct server *s); /* base_url of an endpoint of that kind */
int64_t server_count(const struct server *s, const char *name); /* of --counts; -1 when not there */

extern const char *const server_key;

#endif
