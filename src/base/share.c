#include "base/share.h"

#include <string.h>
#include <unistd.h>

#include "base/file.h"

enum { PLACE_MAX = 4096 };

/* The folder of the running program; false where the system does not say. */
static bool program_dir(char out[PLACE_MAX])
{
    ssize_t len = readlink("/proc/self/exe", out, PLACE_MAX - 1);
    if (len <= 0)
        return false;
    out[len] = 0;
    char *slash = strrchr(out, '/');
    if (slash)
        *slash = 0;
    return slash != NULL;
}

bool share_find(struct str *out, const char *name)
{
    static const char *const places[] = {"share", "../share", "../share/hinge"};
    char dir[PLACE_MAX];
    str_clear(out);
    str_addf(out, PKGDATADIR "/%s", name);
    bool found = file_exists(out->at);
    for (size_t i = 0; !found && i < sizeof places / sizeof *places && program_dir(dir); i++) {
        str_clear(out);
        str_addf(out, "%s/%s/%s", dir, places[i], name);
        found = file_exists(out->at);
    }
    return found;
}
