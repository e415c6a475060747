/*
 * The keys of a record in a file, as a table: how each is read from JSON text into struct record
 * and written back. Private to record_read.c, record_write.c and record_fields.c.
 */
#ifndef DOMAIN_RECORD_FIELDS_H
#define DOMAIN_RECORD_FIELDS_H

#include "domain/record.h"

struct record_field {
    const char *name;
    /* Reads a checked JSON value that is not null into its member of r. */
    int (*read)(struct record *r, struct slice value, struct error *err);
    /* Appends the member as JSON; false, and nothing appended, when r has none. */
    bool (*print)(struct str *out, const struct record *r);
    bool verbatim; /* kept as raw text, so that what is printed is what was read */
};

enum { RECORD_FIELDS = 13 };

/* In the standard order of keys. */
extern const struct record_field record_fields[RECORD_FIELDS];

/* Index of the field of that name, or -1. */
int record_field_find(struct slice name);

#endif
