/* What a run trains on: a new snapshot by export's rules, or an older one; and what is held out for its loss. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/project.h"
#include "app/train_parts.h"
#include "app/transfer.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "db/snapshot_store.h"

enum { HASH_SHORT = 6, COPY_BYTES = 1 << 16 };

/* --- files --- */

/* Copies a file, its SHA-256 to hash. lines (may be NULL): how many lines it has. */
static int copy_file(const char *from, const char *to, char hash[SHA256_HEX + 1], int64_t *lines, struct error *err)
{
    FILE *in = fopen(from, "rbe");
    *lines = 0;
    if (!in)
        return error_errno(err, "cannot open %s", from);
    struct atomic_file *out = atomic_open(to, 0600, err);
    struct sha256 *h = sha256_begin();
    char *bytes = mem_alloc(COPY_BYTES);
    size_t n;
    while (out && (n = fread(bytes, 1, COPY_BYTES, in)) > 0) {
        for (size_t i = 0; i < n; i++)
            *lines += bytes[i] == '\n';
        sha256_add(h, (struct slice){bytes, n});
        fwrite(bytes, 1, n, atomic_stream(out));
    }
    int result = out ? 0 : -1;
    if (out && ferror(in))
        result = error_errno(err, "reading %s", from);
    if (result == 0)
        result = atomic_commit(out, err);
    else
        atomic_abort(out);
    sha256_end(h, hash);
    mem_free(bytes);
    fclose(in);
    return result;
}

/* --- older snapshots --- */

struct search { /* of a snapshot by its hash's beginning */
    const char *wanted;
    char hash[SHA256_HEX + 1], method[32];
    struct str path;
    size_t found;
};

static int look_at(void *context, const struct snapshot_row *row)
{
    struct search *s = context;
    if (strncmp(row->hash, s->wanted, strlen(s->wanted)) != 0)
        return 0;
    if (s->found++ == 0 || strcmp(row->hash, s->hash) == 0) {
        snprintf(s->hash, sizeof s->hash, "%s", row->hash);
        snprintf(s->method, sizeof s->method, "%s", row->method);
        str_clear(&s->path);
        str_adds(&s->path, row->path);
    }
    return 0;
}

static bool has_hash(const char *path, const char *hash)
{
    char own[SHA256_HEX + 1];
    struct str bytes = {0};
    bool same = file_exists(path) && file_read(path, SIZE_MAX / 4, &bytes, NULL) == 0;
    if (same) {
        sha256_hex(str_slice(&bytes), own);
        same = strcmp(own, hash) == 0;
    }
    str_free(&bytes);
    return same;
}

/* Its file may have been overwritten or moved since: a run that trained on it has a copy. */
static bool find_copy(const char *project, struct search *s)
{
    struct runs list = {0};
    bool found = has_hash(str_z(&s->path), s->hash);
    if (!found)
        (void)train_list(project, &list, NULL);
    for (size_t i = 0; i < list.count && !found; i++) {
        const struct json *train = json_get(json_get(list.items[i].about, "data"), "train");
        if (strcmp(json_string(json_get(train, "sha256"), ""), s->hash) == 0)
            found = has_hash(run_path(&list.items[i], "data/train.jsonl", &s->path), s->hash);
    }
    runs_free(&list);
    return found;
}

static int find_snapshot(const struct train_request *q, struct search *s, struct error *err)
{
    if (file_exists(q->snapshot)) {
        str_adds(&s->path, q->snapshot);
        return 0;
    }
    struct store *store = project_open(q->project, STORE_OPEN, err);
    if (!store)
        return -1;
    s->wanted = q->snapshot;
    int result = strlen(q->snapshot) < HASH_SHORT ? 0 : snapshot_store_each(store, look_at, s, err);
    store_close(store);
    if (result < 0)
        return -1;
    if (!s->found)
        return error_set(err, ERR_ABSENT, "'%.80s' is neither a file nor (the beginning of) the hash of a snapshot of "
                                          "this project", q->snapshot);
    return find_copy(q->project, s) ? 0 : error_set(err, ERR_ABSENT, "the file of snapshot %.12s is gone or was changed",
                                                    s->hash);
}

static int copy_snapshot(const struct train_request *q, const char *method, const char *path, struct json *said,
                         struct error *err)
{
    struct search s = {0};
    char hash[SHA256_HEX + 1];
    int64_t lines;
    int result = find_snapshot(q, &s, err);
    if (result == 0 && s.method[0] && strcmp(s.method, method) != 0)
        result = error_set(err, ERR_USAGE, "snapshot %.12s was exported for %s, not for %s", s.hash, s.method, method);
    if (result == 0)
        result = copy_file(s.path.at, path, hash, &lines, err);
    if (result == 0 && said) {
        json_set_string(said, "sha256", hash);
        json_set_int(said, "examples", lines);
        json_set_string(said, "from", s.method[0] ? "an older snapshot" : "a file");
    }
    str_free(&s.path);
    return result;
}

/* --- new ones --- */

/* unlisted: a look, which the project does not remember. */
static int export_to(const struct train_request *q, const char *method, const char *split, const char *path, bool unlisted,
                     struct export_result *result, struct error *err)
{
    const struct export_request e = {.project = q->project, .method = method, .path = path, .split = split,
                                     .unlisted = unlisted, .since = q->since, .reviewer = q->reviewer, .min_agreement = q->min_agreement};
    return transfer_export(&e, result, err);
}

static const char *train_split(const struct train_request *q)
{
    return q->split ? q->split : "learn";
}

static void say_export(struct json *said, const struct train_request *q, const char *split, const struct export_result *r)
{
    struct json *filters = json_new_object();
    json_set_string(said, "sha256", r->hash);
    json_set_int(said, "examples", r->written);
    json_set_int(said, "records", r->records);
    json_set_int(said, "branches_a", r->branches_a);
    json_set_int(said, "branches_b", r->branches_b);
    json_set_string(filters, "split", split);
    if (q->since)
        json_set_string(filters, "since", q->since);
    if (q->reviewer)
        json_set_string(filters, "reviewer", q->reviewer);
    if (q->min_agreement)
        json_set_string(filters, "min_agreement", q->min_agreement);
    json_set(said, "filters", filters);
}

static int new_snapshot(const struct train_request *q, const char *method, const char *split, const char *path,
                        struct json *said, struct error *err)
{
    struct export_result r = {0};
    int result = export_to(q, method, split, path, !said, &r, err);
    if (result == 0 && said)
        say_export(said, q, split, &r);
    export_result_free(&r);
    return result;
}

/* --- what a run gets --- */

int making_train_file(const struct train_request *q, const char *method, const char *path, struct error *err)
{
    return q->snapshot ? copy_snapshot(q, method, path, NULL, err)
                       : new_snapshot(q, method, train_split(q), path, NULL, err);
}

static int make_train(const struct making *m, const char *path, struct json *data, struct error *err)
{
    const struct train_request *q = m->request;
    struct json *said = json_new_object();
    int result = q->snapshot ? copy_snapshot(q, m->method, path, said, err)
                             : new_snapshot(q, m->method, train_split(q), path, said, err);
    json_set(data, "train", said);
    return result;
}

/* Held-out records of the project, where there are any; nothing accepted in split valid is no fault. */
static int make_valid(const struct making *m, const char *path, struct json *data, struct error *err)
{
    const struct train_request *q = m->request;
    struct error why = {0};
    char hash[SHA256_HEX + 1];
    int64_t lines;
    if (q->valid && strcmp(q->valid, "none") == 0)
        return 0;
    struct json *said = json_new_object();
    int result;
    if (q->valid) {
        result = copy_file(q->valid, path, hash, &lines, &why);
        json_set_string(said, "sha256", hash);
        json_set_int(said, "examples", lines);
        json_set_string(said, "from", "a file");
    } else {
        result = new_snapshot(q, m->method, "valid", path, said, &why);
    }
    if (result == 0)
        json_set(data, "valid", said);
    else
        json_free(said);
    if (result != 0 && !q->valid && why.code == ERR_ABSENT)
        return 0;
    if (result != 0 && err)
        *err = why;
    return result;
}

/* A branch trains on what its parent did, to the byte. */
static int copy_parent(const struct making *m, const char *name, const char *path, struct json *data, struct error *err)
{
    struct str from = {0}, inside = {0};
    char hash[SHA256_HEX + 1];
    int64_t lines;
    str_addf(&inside, "data/%s.jsonl", name);
    const struct json *was = json_get(json_get(m->parent->about, "data"), name);
    int result = 0;
    if (file_exists(run_path(m->parent, inside.at, &from))) {
        result = copy_file(from.at, path, hash, &lines, err);
        struct str text = {0};
        if (was)
            json_print(&text, was);
        else
            str_adds(&text, "{}");
        json_set(data, name, json_parse(str_slice(&text), NULL, NULL));
        str_free(&text);
    } else if (strcmp(name, "train") == 0) {
        result = error_set(err, ERR_ABSENT, "the run %s has no data/train.jsonl", m->parent->name);
    }
    str_free(&from);
    str_free(&inside);
    return result;
}

int making_data(const struct making *m, struct json *data, struct error *err)
{
    struct str train = {0}, valid = {0};
    str_addf(&train, "%s/data/train.jsonl", m->folder.at);
    str_addf(&valid, "%s/data/valid.jsonl", m->folder.at);
    int result;
    if (m->parent)
        result = copy_parent(m, "train", train.at, data, err) == 0 ? copy_parent(m, "valid", valid.at, data, err) : -1;
    else
        result = make_train(m, train.at, data, err) == 0 ? make_valid(m, valid.at, data, err) : -1;
    str_free(&train);
    str_free(&valid);
    return result;
}

/* --- asked before starting --- */

int train_data(const struct train_request *q, const char *method, struct train_data *out, struct error *err)
{
    struct export_result train = {0}, valid = {0};
    struct str left = {0};
    *out = (struct train_data){.method = method};
    int result = export_to(q, method, train_split(q), "/dev/null", true, &train, err);
    if (result == 0 && !q->valid && export_to(q, method, "valid", "/dev/null", true, &valid, NULL) == 0)
        out->valid_examples = valid.written;
    out->records = train.records;
    out->examples = train.written;
    out->branches_a = train.branches_a;
    out->branches_b = train.branches_b;
    snprintf(out->hash, sizeof out->hash, "%s", train.hash);
    export_left_out_print(&left, &train);
    out->left_out = str_take(&left);
    export_result_free(&train);
    export_result_free(&valid);
    return result;
}

void train_data_free(struct train_data *d)
{
    mem_free(d->left_out);
    *d = (struct train_data){0};
}

static int list_snapshot(void *context, const struct snapshot_row *row)
{
    struct json *o = json_new_object();
    json_set_string(o, "hash", row->hash);
    json_set_string(o, "method", row->method);
    json_set_int(o, "examples", row->examples);
    json_set_int(o, "created", row->created);
    json_set_string(o, "path", row->path);
    json_set_bool(o, "there", file_exists(row->path));
    json_push(context, o);
    return 0;
}

struct json *train_snapshots(const char *project, struct error *err)
{
    struct store *store = project_open(project, STORE_OPEN, err);
    if (!store)
        return NULL;
    struct json *list = json_new_array();
    int result = snapshot_store_each(store, list_snapshot, list, err);
    store_close(store);
    if (result >= 0)
        return list;
    json_free(list);
    return NULL;
}
