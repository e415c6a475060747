/*
 * The report on disk: CSV and JSON, one page of HTML that needs nothing else, and SVG and PNG by gnuplot where that is
 * installed. Files are written atomically, 0600; the folder is made, 0700.
 */
#ifndef APP_REPORT_FILES_H
#define APP_REPORT_FILES_H

#include "app/report.h"

struct report_written { /* zero-initialise; report_written_free */
    char *folder;
    size_t files;
    bool drawn;      /* by gnuplot */
    struct str said; /* why not, in a sentence */
};

/* Files of these names that are there are replaced, others left alone. That gnuplot is missing or fails is no failure:
 * said tells. -1 and err when a file cannot be written. */
int report_write(struct store *s, const struct report *r, const char *folder, struct report_written *out,
                 struct error *err);
void report_written_free(struct report_written *w);

/* The page alone; appended. */
void report_html(struct str *out, struct store *s, const struct report *r);

#endif
