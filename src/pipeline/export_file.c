#include "pipeline/export_file.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"

struct export_file {
    struct atomic_file *file; /* NULL: standard output */
    FILE *stream;
    struct sha256 *hash;
    bool list, any;
    struct str line;
};

struct export_file *export_file_begin(const char *path, bool list, struct error *err)
{
    bool std = strcmp(path, "-") == 0;
    struct atomic_file *file = std ? NULL : atomic_open(path, 0600, err);
    if (!std && !file)
        return NULL;
    struct export_file *f = mem_zalloc(1, sizeof *f);
    f->file = file;
    f->stream = std ? stdout : atomic_stream(file);
    f->hash = sha256_begin();
    f->list = list;
    return f;
}

static void put(struct export_file *f, struct slice bytes)
{
    fwrite(bytes.at, 1, bytes.len, f->stream); /* a failure shows at the end */
    sha256_add(f->hash, bytes);
}

void export_file_add(struct export_file *f, struct slice item)
{
    if (f->list)
        put(f, f->any ? SLICE(",\n") : SLICE("[\n"));
    put(f, item);
    if (!f->list)
        put(f, SLICE("\n"));
    f->any = true;
}

void export_file_add_json(struct export_file *f, struct json *item)
{
    str_clear(&f->line);
    json_print(&f->line, item);
    json_free(item);
    export_file_add(f, str_slice(&f->line));
}

static void release(struct export_file *f, char *hash)
{
    sha256_end(f->hash, hash);
    str_free(&f->line);
    mem_free(f);
}

int export_file_end(struct export_file *f, char hash[SHA256_HEX + 1], struct error *err)
{
    int result = 0;
    if (f->list)
        put(f, f->any ? SLICE("\n]\n") : SLICE("[]\n"));
    if (f->file)
        result = atomic_commit(f->file, err);
    else if (fflush(f->stream) != 0 || ferror(f->stream))
        result = error_errno(err, "cannot write to standard output");
    release(f, hash);
    return result;
}

void export_file_abort(struct export_file *f)
{
    if (!f)
        return;
    atomic_abort(f->file);
    release(f, NULL);
}
