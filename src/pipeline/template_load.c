/* Where templates are found. */
#include <string.h>

#include "base/file.h"
#include "base/share.h"
#include "pipeline/template_parts.h"

enum { TEMPLATE_MAX = 256 * 1024 };

static bool is_file_name(const char *name)
{
    return name[0] && name[0] != '.' && !strchr(name, '/') && strlen(name) < 64;
}

/* 1 and *out, or -1 when it is broken. */
static int load_path(const char *path, const char *name, struct template **out, struct error *err)
{
    struct str text = {0};
    if (file_read(path, TEMPLATE_MAX, &text, err) == 0)
        *out = template_parse(name, str_slice(&text), err);
    str_free(&text);
    if (!*out)
        return error_prefix(err, "%s: ", path);
    template_set_path(*out, path);
    return 1;
}

/* 1 and *out when dir holds one of that name, 0 when not, -1 when it is broken. */
static int load_from(const char *dir, const char *name, struct template **out, struct error *err)
{
    struct str path = {0};
    str_addf(&path, "%s/%s.txt", dir, name);
    int result = file_exists(path.at) ? load_path(path.at, name, out, err) : 0;
    str_free(&path);
    return result;
}

static int load_shipped(const char *name, struct template **out, struct error *err)
{
    struct str relative = {0}, path = {0};
    str_addf(&relative, "prompts/%s.txt", name);
    int found = share_find(&path, relative.at) ? load_path(path.at, name, out, err) : 0;
    str_free(&relative);
    str_free(&path);
    return found;
}

struct template *template_load(const char *name, const char *dir, struct error *err)
{
    struct template *t = NULL;
    if (!is_file_name(name)) {
        error_set(err, ERR_USAGE, "\"%.64s\" is no name of a template", name);
        return NULL;
    }
    int found = dir ? load_from(dir, name, &t, err) : 0;
    if (found == 0)
        found = load_shipped(name, &t, err);
    if (found == 0)
        error_set(err, ERR_ABSENT, "there is no prompt template %s.txt%s%s, nor among those hinge brings along", name,
                  dir ? " in " : "", dir ? dir : "");
    /* cppcheck-suppress CastIntegerToAddressAtReturn ; it takes "template" for C++ */
    return t;
}
