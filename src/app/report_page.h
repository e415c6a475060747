/* Pieces of the page. Private to src/app/report*.c. */
#ifndef APP_REPORT_PAGE_H
#define APP_REPORT_PAGE_H

#include "app/report.h"

/* Appends text as HTML or XML text, fit for attributes in double quotes, too; what cannot be seen or is no valid UTF-8
 * is made visible, line ends stay. */
void page_text(struct str *out, const char *text);
/* A figure as inline SVG, coloured by the page's style sheet; nothing where the figure has no numbers. */
void page_figure(struct str *out, const struct report *r, int figure);
/* The style sheet, in <style>. */
void page_style(struct str *out);
/* What is needed to run it again: configuration, data, versions, grader prompts, evals. */
void page_provenance(struct str *out, struct store *s, const struct report *r);

#endif
