#include "base/share.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"

enum { PLACE_MAX = 4096 };

bool share_program_folder(struct str *out)
{
    char path[PLACE_MAX];
    ssize_t len = readlink("/proc/self/exe", path, sizeof path);
    str_clear(out);
    if (len <= 0 || len == sizeof path)
        return false;
    while (len > 0 && path[len - 1] != '/')
        len--;
    str_add(out, path, len > 1 ? (size_t)len - 1 : (size_t)len);
    return len > 0;
}

static bool is_in(struct str *out, const char *folder, const char *name)
{
    str_clear(out);
    str_addf(out, "%s/%s", folder, name);
    return file_exists(out->at);
}

bool share_find(struct str *out, const char *name)
{
    static const char *const places[] = {"../share/hinge", "share", "../share", "../../share", "../../../share"};
    const char *own = getenv("HINGE_SHARE");
    if (own && *own)
        return is_in(out, own, name);
    struct str program = {0}, place = {0};
    bool found = is_in(out, PKGDATADIR, name), known = !found && share_program_folder(&program);
    for (size_t i = 0; known && !found && i < sizeof places / sizeof *places; i++) {
        str_clear(&place);
        str_addf(&place, "%s/%s", program.at, places[i]);
        found = is_in(out, place.at, name);
    }
    str_free(&program);
    str_free(&place);
    return found;
}
