#include "db/ids.h"

void ids_print(struct str *out, const int64_t *ids, size_t n)
{
    str_addc(out, '[');
    for (size_t i = 0; i < n; i++)
        str_addf(out, "%s%lld", i ? "," : "", (long long)ids[i]);
    str_addc(out, ']');
}
