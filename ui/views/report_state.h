/* The report view's private state, shared by report.c, report_paint.c and report_plot.c. */
#ifndef UI_VIEWS_REPORT_STATE_H
#define UI_VIEWS_REPORT_STATE_H

#include "app/report.h"
#include "ui/views/listing.h"
#include "ui/views/report.h"

enum { REPORT_PAGE_TESTS = REPORT_FIGURES + 1, REPORT_PAGES = REPORT_FIGURES + 1 };

struct report_view {
    struct desk *desk;
    struct report_request asked;
    char *patterns;  /* what asked.runs points into */
    struct str runs; /* as they were typed */
    struct report report;
    bool ready;      /* report and sheet are there */
    bool failed;     /* the project could not be read: not tried again by itself */
    int page;        /* 1..REPORT_PAGES */
    bool linear;     /* figure 2: the examples on a linear axis */
    bool fit;        /* figure 2: the fitted curves, too */
    struct report_sheet sheet; /* of the page */
    struct column columns[REPORT_COLUMNS_MAX];
    struct listing list;
};

enum look report_look(const struct report *r, size_t method);
/* The page's plot in rows of p from row top on; for the page of tests nothing. */
void report_plot(struct report_view *v, const struct paint *p, int top, int rows);
/* Rows the page's plot can use. */
int report_plot_wants(const struct report_view *v);
void report_paint(void *view, const struct paint *p);

#endif
