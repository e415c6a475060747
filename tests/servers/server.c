#include "tests/servers/server.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "tests/support/tmp.h"

const char *const server_key = "test-key-0123456789";

enum { ARGS_MAX = 40, WAIT_MS = 10000, PATH_BYTES = 4200 };

struct server {
    pid_t child;
    int port;
    char *folder, url[96];
};

static const char *path_of(const struct server *s, const char *name, char out[PATH_BYTES])
{
    snprintf(out, PATH_BYTES, "%s/%s", s->folder, name);
    return out;
}

static void run(const struct server *s, const char *kind, const char *const *options)
{
    char port[PATH_BYTES], script[PATH_BYTES], counts[PATH_BYTES], log[PATH_BYTES], program[PATH_BYTES];
    const char *top = getenv("srcdir"), *args[ARGS_MAX];
    int n = 0;
    snprintf(program, sizeof program, "%s/tests/servers/serve", top ? top : ".");
    args[n++] = "python3";
    args[n++] = program;
    const char *const own[] = {"--kind", kind, "--port-file", path_of(s, "port", port), "--script",
                               path_of(s, "script", script), "--counts", path_of(s, "counts", counts), "--log",
                               path_of(s, "log", log)};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        args[n++] = own[i];
    for (; options && *options && n < ARGS_MAX - 1; options++)
        args[n++] = *options;
    args[n] = NULL;
    execvp(args[0], (char *const *)args);
    _exit(127);
}

static bool read_port(struct server *s)
{
    char path[PATH_BYTES];
    struct str text = {0};
    for (int ms = 0; ms < WAIT_MS; ms += 10) {
        if (file_exists(path_of(s, "port", path)) && file_read(path, 100, &text, NULL) == 0 && text.len)
            break;
        if (waitpid(s->child, NULL, WNOHANG) == s->child) {
            s->child = 0;
            break;
        }
        usleep(10000);
    }
    s->port = atoi(str_z(&text));
    str_free(&text);
    return s->port > 0;
}

struct server *server_start(const char *kind, const char *script, const char *const *options)
{
    char path[PATH_BYTES];
    struct server *s = mem_zalloc(1, sizeof *s);
    s->folder = tmp_make();
    file_write_atomic(path_of(s, "script", path), 0600, slice_of(script ? script : ""), NULL);
    s->child = fork();
    if (s->child == 0)
        run(s, kind, options);
    if (!read_port(s)) {
        server_stop(s);
        return NULL;
    }
    snprintf(s->url, sizeof s->url, "http://127.0.0.1:%d/%s", s->port, strcmp(kind, "gemini") == 0 ? "v1beta" : "v1");
    return s;
}

void server_stop(struct server *s)
{
    if (!s)
        return;
    if (s->child > 0) {
        kill(s->child, SIGKILL);
        while (waitpid(s->child, NULL, 0) < 0 && errno == EINTR)
            continue;
    }
    tmp_remove(s->folder);
    mem_free(s);
}

int server_port(const struct server *s)
{
    return s->port;
}

const char *server_url(const struct server *s)
{
    return s->url;
}

int64_t server_count(const struct server *s, const char *name)
{
    char path[PATH_BYTES];
    struct str text = {0};
    int64_t n = -1;
    if (file_read(path_of(s, "counts", path), 10000, &text, NULL) == 0) {
        struct json *j = json_parse(str_slice(&text), NULL, NULL);
        json_int(json_get(j, name), &n);
        json_free(j);
    }
    str_free(&text);
    return n;
}
