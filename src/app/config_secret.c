/* Keys: read when an endpoint is used for the first time, wiped when the configuration goes. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/config_parts.h"
#include "base/mem.h"

enum { SECRET_MAX = 16 * 1024 };

void secret_free(char *secret)
{
    if (secret)
        explicit_bzero(secret, strlen(secret));
    mem_free(secret);
}

/* One line of printable characters, or NULL: a key goes into a header. */
static char *cleaned(const char *text, size_t len)
{
    struct slice s = slice_trim((struct slice){text, len});
    for (size_t i = 0; i < s.len; i++)
        if (s.at[i] <= ' ' || s.at[i] > '~')
            return NULL;
    return s.len ? mem_strndup(s.at, s.len) : NULL;
}

static int from_variable(const struct endpoint *of, const char *variable, char **secret, struct error *err)
{
    const char *value = getenv(variable);
    if (!value || !*value)
        return error_set(err, ERR_ABSENT, "endpoint %s: its key should be in $%s, which is not set", of->name, variable);
    *secret = cleaned(value, strlen(value));
    return *secret ? 0 : error_set(err, ERR_INPUT, "endpoint %s: what $%s holds is no key: blanks or control characters",
                                   of->name, variable);
}

static int check_key_file(int fd, const struct endpoint *of, const char *path, struct error *err)
{
    struct stat info;
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode))
        return error_set(err, ERR_INPUT, "endpoint %s: %s is no file", of->name, path);
    if (info.st_uid != geteuid() && info.st_uid != 0)
        return error_set(err, ERR_INPUT, "endpoint %s: the key file %s belongs to somebody else", of->name, path);
    if (info.st_mode & (S_IRWXG | S_IRWXO))
        return error_set(err, ERR_INPUT, "endpoint %s: others may read the key file %s: chmod 600 it, and think of "
                                         "a new key", of->name, path);
    return 0;
}

static int from_file(const struct endpoint *of, const char *path, char **secret, struct error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return error_errno(err, "endpoint %s: cannot read the key file %s", of->name, path);
    char text[SECRET_MAX];
    int result = check_key_file(fd, of, path, err);
    ssize_t got = result == 0 ? read(fd, text, sizeof text) : 0;
    close(fd);
    if (result == 0) {
        *secret = got > 0 && got < SECRET_MAX ? cleaned(text, (size_t)got) : NULL;
        if (!*secret)
            result = error_set(err, ERR_INPUT, "endpoint %s: %s should hold one key and nothing else", of->name, path);
    }
    explicit_bzero(text, sizeof text);
    return result;
}

/* The variable a provider's own tools use, for its own servers. */
static const char *usual_variable(enum endpoint_kind kind)
{
    switch (kind) {
    case ENDPOINT_OPENAI: return "OPENAI_API_KEY";
    case ENDPOINT_ANTHROPIC: return "ANTHROPIC_API_KEY";
    case ENDPOINT_GEMINI: return "GEMINI_API_KEY";
    default: return NULL;
    }
}

/* What in the project's file decides where a key goes, or who can read it on the way. */
static const struct entry *moved_by(struct entries *e, const char *name)
{
    static const char *const keys[] = {"url", "kind", "proxy", "ca-file", "plain-http", NULL};
    for (const char *const *key = keys; *key; key++) {
        const struct entry *at = entries_find(e, "endpoint", name, *key);
        if (at && at->own)
            return at;
    }
    return NULL;
}

/* Where a server comes from the project's file and its key from the person's, the key would go to whoever wrote the
 * project's file. */
static int check_inherited(const struct entry *mover, const struct entry *source, const struct endpoint *of,
                           struct error *err)
{
    if (!mover || source->own)
        return 0;
    return error_set(err, ERR_INPUT, "endpoint %s: its %s comes from %s, which does not get the key that %s names; "
                                     "say key-env or key-file beside it", of->name, mover->key->name, mover->file,
                     source->file);
}

bool secret_spares_headers(struct entries *e, const char *endpoint)
{
    return moved_by(e, endpoint) == NULL;
}

int secret_read(struct entries *e, const struct endpoint *of, char **secret, const char **from, struct error *err)
{
    const struct entry *url = entries_find(e, "endpoint", of->name, "url");
    const struct entry *mover = moved_by(e, of->name);
    const struct entry *variable = entries_find(e, "endpoint", of->name, "key-env");
    const struct entry *file = entries_find(e, "endpoint", of->name, "key-file");
    *secret = NULL;
    *from = NULL;
    if (file && (!variable || file > variable)) {
        *from = entries_path(e, file);
        return check_inherited(mover, file, of, err) < 0 ? -1 : from_file(of, *from, secret, err);
    }
    const char *name = variable ? variable->value : url || mover ? NULL : usual_variable(of->kind);
    if (!name)
        return 0;
    if (variable && check_inherited(mover, variable, of, err) < 0)
        return -1;
    struct str text = {0};
    str_addf(&text, "$%s", name);
    *from = arena_strndup(&e->arena, text.at, text.len);
    str_free(&text);
    return from_variable(of, name, secret, err);
}
