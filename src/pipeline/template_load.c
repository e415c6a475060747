/* Where templates are found. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "pipeline/template_parts.h"

enum { TEMPLATE_MAX = 256 * 1024, DIR_MAX = 4096 };

static bool is_file_name(const char *name)
{
    return name[0] && name[0] != '.' && !strchr(name, '/') && strlen(name) < 64;
}

/* 1 and *out when dir holds one of that name, 0 when not, -1 when it is broken. */
static int load_from(const char *dir, const char *name, struct template **out, struct error *err)
{
    struct str path = {0}, text = {0};
    str_addf(&path, "%s/%s.txt", dir, name);
    int result = 0;
    if (file_exists(path.at)) {
        result = -1;
        if (file_read(path.at, TEMPLATE_MAX, &text, err) == 0)
            *out = template_parse(name, str_slice(&text), err);
        if (*out) {
            template_set_path(*out, path.at);
            result = 1;
        } else {
            error_prefix(err, "%s: ", path.at);
        }
    }
    str_free(&path);
    str_free(&text);
    return result;
}

/* The folder of the running program; false where the system does not say. */
static bool program_dir(char out[DIR_MAX])
{
    ssize_t len = readlink("/proc/self/exe", out, DIR_MAX - 1);
    if (len <= 0)
        return false;
    out[len] = 0;
    char *slash = strrchr(out, '/');
    if (slash)
        *slash = 0;
    return slash != NULL;
}

static int load_beside_program(const char *name, struct template **out, struct error *err)
{
    static const char *const places[] = {"share/prompts", "../share/prompts", "../share/hinge/prompts"};
    char dir[DIR_MAX];
    int found = 0;
    if (!program_dir(dir))
        return 0;
    for (size_t i = 0; i < sizeof places / sizeof *places && found == 0; i++) {
        struct str place = {0};
        str_addf(&place, "%s/%s", dir, places[i]);
        found = load_from(place.at, name, out, err);
        str_free(&place);
    }
    return found;
}

struct template *template_load(const char *name, const char *dir, struct error *err)
{
    struct template *t = NULL;
    const char *own = getenv("HINGE_PROMPTS");
    if (!is_file_name(name)) {
        error_set(err, ERR_USAGE, "\"%.64s\" is no name of a template", name);
        return NULL;
    }
    int found = dir ? load_from(dir, name, &t, err) : 0;
    if (found == 0 && own && *own)
        found = load_from(own, name, &t, err);
    else if (found == 0) {
        found = load_from(PKGDATADIR "/prompts", name, &t, err);
        if (found == 0)
            found = load_beside_program(name, &t, err);
    }
    if (found == 0)
        error_set(err, ERR_ABSENT, "there is no prompt template %s.txt in %s%s%s", name, dir ? dir : "",
                  dir ? " or " : "", own && *own ? own : PKGDATADIR "/prompts");
    /* cppcheck-suppress CastIntegerToAddressAtReturn ; it takes "template" for C++ */
    return t;
}
