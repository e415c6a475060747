/* Base models on this machine, and the program that trains them. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/doctor.h"
#include "app/train_parts.h"
#include "base/array.h"
#include "base/file.h"
#include "base/mem.h"

enum { CONFIG_BYTES = 1 << 20, DEPTH = 2, ENTRIES_MAX = 4096, GGUF_KEYS = 16, GGUF_WORD = 64 };

/* --- one model --- */

static bool ends_with(const char *text, const char *suffix)
{
    size_t len = strlen(text), n = strlen(suffix);
    return len > n && strcmp(text + len - n, suffix) == 0;
}

static bool read_number(FILE *f, void *out, size_t bytes)
{
    return fread(out, bytes, 1, f) == 1; /* GGUF is little-endian, as all machines that build this */
}

/* A length and its bytes; longer texts are passed over. */
static bool read_word(FILE *f, char out[GGUF_WORD])
{
    uint64_t len = 0;
    if (!read_number(f, &len, sizeof len) || len > 1 << 20)
        return false;
    size_t kept = len < GGUF_WORD ? (size_t)len : 0;
    out[kept] = '\0';
    return (kept == 0 || fread(out, kept, 1, f) == 1) && (kept == len || fseek(f, (long)len, SEEK_CUR) == 0);
}

/* What the first keys of a GGUF file say: they are texts, the kind of model among them. */
static char *gguf_family(const char *path)
{
    char magic[4], key[GGUF_WORD], value[GGUF_WORD], family[GGUF_WORD] = "";
    uint32_t version = 0, type = 0;
    uint64_t counts[2] = {0};
    FILE *f = fopen(path, "rbe");
    bool fine = f && fread(magic, 4, 1, f) == 1 && memcmp(magic, "GGUF", 4) == 0 && read_number(f, &version, 4) &&
                read_number(f, counts, sizeof counts);
    for (int i = 0; fine && i < GGUF_KEYS && (uint64_t)i < counts[1]; i++) {
        if (!read_word(f, key) || !read_number(f, &type, 4) || type != 8 || !read_word(f, value))
            break;
        if (strcmp(key, "general.architecture") == 0)
            snprintf(family, sizeof family, "%s", value);
        if (strcmp(key, "general.type") == 0 && strcmp(value, "model") != 0)
            fine = false; /* an adapter, a vocabulary */
    }
    if (f)
        fclose(f);
    return fine ? mem_strdup(family) : NULL;
}

/* Of the folder's config.json; NULL where it is no model of transformers. */
static char *folder_family(const char *path)
{
    struct str file = {0}, text = {0};
    char *family = NULL;
    str_addf(&file, "%s/config.json", path);
    if (file_exists(file.at) && file_read(file.at, CONFIG_BYTES, &text, NULL) == 0) {
        struct json *j = json_parse(str_slice(&text), NULL, NULL);
        const char *type = json_string(json_get(j, "model_type"), NULL);
        family = type ? mem_strdup(type) : NULL;
        json_free(j);
    }
    str_free(&file);
    str_free(&text);
    return family;
}

static int64_t weights_bytes(const char *path)
{
    struct str file = {0};
    struct stat st;
    int64_t bytes = 0;
    DIR *d = opendir(path);
    for (struct dirent *e; d && (e = readdir(d));) {
        str_clear(&file);
        str_addf(&file, "%s/%s", path, e->d_name);
        if (ends_with(e->d_name, ".safetensors") && stat(file.at, &st) == 0 && S_ISREG(st.st_mode))
            bytes += st.st_size;
    }
    if (d)
        closedir(d);
    str_free(&file);
    return bytes;
}

static bool known(const struct train_models *m, const char *path)
{
    for (size_t i = 0; i < m->count; i++) {
        if (strcmp(m->items[i].path, path) == 0)
            return true;
    }
    return false;
}

/* Whether path is a model; it is then added. */
static bool add_model(struct train_models *m, const char *path, const struct stat *st, const char *from)
{
    bool gguf = S_ISREG(st->st_mode);
    char *family = gguf ? ends_with(path, ".gguf") ? gguf_family(path) : NULL : folder_family(path);
    char *real = family ? realpath(path, NULL) : NULL;
    if (real && !known(m, real)) {
        m->items = array_reserve(m->items, &m->cap, m->count + 1, sizeof *m->items);
        m->items[m->count++] = (struct train_model){
            .path = mem_strdup(real), .name = mem_strdup(strrchr(path, '/') + 1), .family = mem_strdup(family),
            .gguf = gguf, .bytes = gguf ? st->st_size : weights_bytes(path), .from = from};
    }
    bool is = family != NULL;
    free(real);
    mem_free(family);
    return is;
}

/* --- finding them --- */

static void look_in(struct train_models *m, const char *folder, int depth, const char *from)
{
    struct str path = {0};
    struct stat st;
    int seen = 0;
    DIR *d = opendir(folder);
    for (struct dirent *e; d && (e = readdir(d)) && seen++ < ENTRIES_MAX;) {
        if (e->d_name[0] == '.' || ends_with(e->d_name, "-runs") || ends_with(e->d_name, "-jobs"))
            continue;
        str_clear(&path);
        str_addf(&path, "%s/%s", folder, e->d_name);
        if (stat(path.at, &st) != 0)
            continue;
        if (S_ISDIR(st.st_mode) ? !add_model(m, path.at, &st, from) && depth > 1 : false)
            look_in(m, path.at, depth - 1, from);
        else if (S_ISREG(st.st_mode))
            add_model(m, path.at, &st, from);
    }
    if (d)
        closedir(d);
    str_free(&path);
}

/* A folder of models, or a model itself. */
static void look_at(struct train_models *m, const char *path, const char *from)
{
    struct stat st;
    if (stat(path, &st) == 0 && strrchr(path, '/') && !add_model(m, path, &st, from) && S_ISDIR(st.st_mode))
        look_in(m, path, DEPTH, from);
}

static int by_name(const void *a, const void *b)
{
    const struct train_model *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    return order ? order : strcmp(x->path, y->path);
}

static void look_in_project(struct train_models *m, const char *project)
{
    char *real = project ? realpath(project, NULL) : NULL;
    if (!real)
        return;
    *strrchr(real, '/') = '\0';
    look_in(m, *real ? real : "/", DEPTH, "project");
    free(real);
}

static void look_in_data(struct train_models *m)
{
    const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    struct str path = {0};
    if (data && data[0] == '/')
        str_addf(&path, "%s/hinge/models", data);
    else if (home && *home)
        str_addf(&path, "%s/.local/share/hinge/models", home);
    if (path.len)
        look_at(m, path.at, "data folder");
    str_free(&path);
}

int train_models(const char *project, struct train_models *out, struct error *err)
{
    *out = (struct train_models){0};
    struct config *c = config_load(project, err);
    if (!c)
        return -1;
    const char *const *folders = config_train_paths(c, "models");
    for (size_t i = 0; folders && folders[i]; i++)
        look_at(out, folders[i], "configuration");
    look_in_project(out, project);
    look_in_data(out);
    config_free(c);
    if (out->count)
        qsort(out->items, out->count, sizeof *out->items, by_name);
    return 0;
}

void train_models_free(struct train_models *m)
{
    for (size_t i = 0; i < m->count; i++) {
        mem_free(m->items[i].path);
        mem_free(m->items[i].name);
        mem_free(m->items[i].family);
    }
    mem_free(m->items);
    *m = (struct train_models){0};
}

int train_model_path(const char *project, const char *model, struct str *out, struct error *err)
{
    struct train_models all = {0};
    const char *found = NULL;
    size_t fits = 0;
    str_clear(out);
    char *real = realpath(model, NULL);
    if (real)
        str_adds(out, real);
    free(real);
    if (out->len)
        return 0;
    if (train_models(project, &all, err) != 0)
        return -1;
    for (size_t i = 0; i < all.count; i++) {
        if (strcmp(all.items[i].name, model) == 0) {
            found = all.items[i].path;
            fits++;
        }
    }
    if (fits == 1)
        str_adds(out, found);
    train_models_free(&all);
    if (fits > 1)
        return error_set(err, ERR_CONFLICT, "%zu models are named %.60s: give the path", fits, model);
    return fits ? 0 : error_set(err, ERR_ABSENT, "there is no model %.200s: neither a path nor one that 'hinge train DB models' "
                                                 "lists, and nothing is downloaded", model);
}

int train_program(const char *project, struct str *out, struct error *err)
{
    struct config *c = config_load(project, err);
    if (!c)
        return -1;
    const char *path = config_train_path(c, "program");
    int result = 0;
    str_clear(out);
    if (path && access(path, X_OK) == 0)
        str_adds(out, path);
    else if (path)
        result = error_set(err, ERR_ABSENT, "[train] program: %.200s cannot be run", path);
    else if (!program_find(out, "hinge-train"))
        result = error_set(err, ERR_ABSENT, "hinge-train was not found beside hinge or in PATH");
    config_free(c);
    return result;
}
