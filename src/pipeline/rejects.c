#include "pipeline/rejects.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/utf8.h"

enum { TEXT_MAX = 1 << 20 }; /* bytes kept of one refused item */

struct rejects {
    const char *path;
    struct atomic_file *file;
    struct error failed; /* why there is no file, though there should be one */
    struct str line;
};

struct rejects *rejects_open(const char *path)
{
    struct rejects *r = mem_zalloc(1, sizeof *r);
    r->path = path;
    return r;
}

/* Length of the field's name at the start of "field: reason"; 0 when there is none. */
static size_t field_len(const char *why)
{
    size_t len = strspn(why, "abcdefghijklmnopqrstuvwxyz_0");
    return why[len] == ':' && why[len + 1] == ' ' ? len : 0;
}

static void print_line(struct str *out, uint64_t line, const char *why, struct slice text)
{
    struct str clean = {0};
    size_t len = field_len(why);
    str_addf(out, "{\"line\":%llu,\"field\":", (unsigned long long)line);
    if (len)
        json_quote(out, (struct slice){why, len});
    else
        str_adds(out, "null");
    str_adds(out, ",\"reason\":");
    json_quote(out, slice_of(why + (len ? len + 2 : 0)));
    str_adds(out, ",\"text\":");
    utf8_repair(&clean, slice_sub(text, 0, TEXT_MAX));
    json_quote(out, str_slice(&clean));
    str_adds(out, "}\n");
    str_free(&clean);
}

void rejects_add(struct rejects *r, uint64_t line, const char *why, struct slice text)
{
    if (!r->path || r->failed.code)
        return;
    if (!r->file && !(r->file = atomic_open(r->path, 0600, &r->failed)))
        return;
    str_clear(&r->line);
    print_line(&r->line, line, why, text);
    fwrite(r->line.at, 1, r->line.len, atomic_stream(r->file));
}

int rejects_close(struct rejects *r, struct error *err)
{
    int result = 0;
    if (r->failed.code)
        result = error_set(err, r->failed.code, "what was refused could not be written down: %s",
                           r->failed.text);
    else if (r->file)
        result = atomic_commit(r->file, err);
    else if (r->path && !file_is_device(r->path))
        (void)unlink(r->path);
    r->file = NULL;
    rejects_abort(r);
    return result;
}

void rejects_abort(struct rejects *r)
{
    if (!r)
        return;
    atomic_abort(r->file);
    str_free(&r->line);
    mem_free(r);
}
