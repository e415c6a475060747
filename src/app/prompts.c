#include "app/prompts.h"

#include <string.h>

#include "app/config.h"

struct template *prompts_in_use(const char *project, const char *name, struct error *err)
{
    struct config *c = config_load(project, err);
    struct template *t = c ? template_load(name, config_prompts_dir(c), err) : NULL;
    config_free(c);
    /* cppcheck-suppress CastIntegerToAddressAtReturn; it takes the word template for C++'s */
    return t;
}

struct template *prompts_shipped(const char *name, struct error *err)
{
    /* cppcheck-suppress CastIntegerToAddressAtReturn */
    return template_load(name, NULL, err);
}

int prompts_version(struct store *s, const char *hash, struct str *name, struct str *body, struct error *err)
{
    struct str unused = {0};
    size_t len = strlen(hash);
    if (len < 8 || len > SHA256_HEX || strspn(hash, "0123456789abcdef") != len)
        return error_set(err, ERR_USAGE, "a version is at least the first 8 letters of its hash, not '%.70s'", hash);
    int got = prompt_store_body(s, hash, name ? name : &unused, body, err);
    str_free(&unused);
    if (got == 0)
        return error_set(err, ERR_ABSENT, "this project has used no prompt with the hash %s", hash);
    return got < 0 ? -1 : 0;
}
