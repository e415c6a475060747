/* A list of numbers as one SQL value, for json_each(?). For db/ alone. */
#ifndef DB_IDS_H
#define DB_IDS_H

#include <stdint.h>

#include "base/str.h"

void ids_print(struct str *out, const int64_t *ids, size_t n);

#endif
