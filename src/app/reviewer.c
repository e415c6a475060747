#include "app/reviewer.h"

#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/utf8.h"

static const char *login(void)
{
    const struct passwd *entry = getpwuid(getuid());
    if (entry && entry->pw_name && entry->pw_name[0])
        return entry->pw_name;
    const char *name = getenv("LOGNAME");
    return name && name[0] ? name : "reviewer";
}

static bool printable(struct slice name)
{
    for (size_t i = 0; i < name.len; i++)
        if ((unsigned char)name.at[i] < 0x20 || name.at[i] == 0x7F)
            return false;
    return utf8_valid(name);
}

int reviewer_name(struct str *out, const char *option, struct error *err)
{
    const char *source = option ? "--reviewer" : "$HINGE_REVIEWER";
    const char *name = option ? option : getenv("HINGE_REVIEWER");
    if (!name || (!option && !*name)) /* an empty variable is one that is not set */
        name = login();
    struct slice trimmed = slice_trim(slice_of(name));
    if (trimmed.len == 0 || trimmed.len > REVIEWER_MAX || !printable(trimmed))
        return error_set(err, ERR_USAGE,
                         "%s is no name: 1 to %d bytes of UTF-8 without control characters", source,
                         REVIEWER_MAX);
    str_add_slice(out, trimmed);
    return 0;
}
