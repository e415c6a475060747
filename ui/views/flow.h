/*
 * Text laid out into rows of terminal cells, on demand. A flow is a list of runs, each a piece of
 * one of its texts with one look; rows are found from the top as far as someone has asked and kept,
 * so that a megabyte on one line opens as fast as a sentence. Nothing here knows of a terminal: a
 * row is given out as cells whose text is safe to print as it is.
 */
#ifndef UI_VIEWS_FLOW_H
#define UI_VIEWS_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* Which text a run is a piece of. FLOW_SIGN holds the flow's own marks ("[-"). */
enum flow_text { FLOW_A, FLOW_B, FLOW_SIGN, FLOW_TEXTS };

enum flow_kind {
    FLOW_KEEP,
    FLOW_DELETE,
    FLOW_INSERT,
    FLOW_AWAY, /* a moved sentence where it stood */
    FLOW_HERE, /* and where it stands now */
    FLOW_NOTE  /* the flow's own words, no record's */
};

struct flow_run {
    uint32_t from, to; /* bytes of the text */
    int32_t hunk;      /* group of changes it belongs to, or -1 */
    uint8_t text;      /* enum flow_text */
    uint8_t kind;      /* enum flow_kind */
    bool lit;          /* a hinge */
    bool exposed; /* blanks, line ends and characters beyond ASCII are shown by sign and number */
    bool unbroken;     /* a line end inside does not end the row (a deleted one) */
};

/* A place between two characters: byte `off` of the text of run number `run`. */
struct flow_at {
    uint32_t run, off;
};

struct flow_mark { /* where a far column of the long row drawn last lies */
    struct flow_at at;
    uint32_t col;
};

/* Zero-initialise; free with flow_free. The members are read by others, changed here alone. */
struct flow {
    struct slice texts[FLOW_TEXTS]; /* borrowed; each shorter than 4 GiB */
    struct flow_run *runs;
    size_t n_runs, cap_runs;
    struct flow_at *rows; /* starts of the rows found so far; the next one's start is last */
    size_t n_rows, cap_rows;
    bool complete; /* all rows are found */
    unsigned width;
    bool wrap;
    bool ascii; /* marks are drawn in ASCII */
    bool signs; /* runs are told apart by written signs: the same letters in a text are escaped */
    struct flow_mark *marks;
    size_t n_marks, cap_marks;
    struct flow_at marks_from; /* start of that row */
};

/* What a row is made of: printable text of one or more cells, from one place in a run. */
struct flow_cell {
    struct slice text; /* valid UTF-8 without controls; borrowed until the next cell */
    const struct flow_run *run;
    uint32_t from, to; /* bytes of the run's text it shows */
    unsigned col;      /* from the left edge of what is drawn */
    unsigned width;    /* cells */
    bool mark;         /* stands for something that cannot be shown as it is */
};

typedef void flow_sink(void *ctx, const struct flow_cell *cell);

void flow_free(struct flow *f);
/* Appends a run; an empty one is left out, one that continues the last is joined to it. */
void flow_add(struct flow *f, struct flow_run run);
/* Makes f one plain run over text. */
void flow_plain(struct flow *f, struct slice text);
/* Drops the runs and rows; keeps memory. */
void flow_clear(struct flow *f);

/* Sets the width (at least 1) of a row, and whether long lines are wrapped at word borders. Rows
 * found before are forgotten when either changes. */
void flow_layout(struct flow *f, unsigned width, bool wrap);
/* Finds rows as far as number i; false when there are fewer. Row 0 always exists. */
bool flow_has_row(struct flow *f, size_t i);
/* Finds all rows and counts them. */
size_t flow_count(struct flow *f);
/* The row that holds a place, found as far as needed. */
size_t flow_row_of(struct flow *f, struct flow_at at);
/* Start of row i, which must exist. */
struct flow_at flow_row_at(struct flow *f, size_t i);

/* Gives the cells of row i (which must exist) from column skip on, at most width cells. */
void flow_draw(struct flow *f, size_t i, unsigned skip, unsigned width, flow_sink *sink, void *ctx);
/* Width in cells of row i; linear in the row. */
unsigned flow_row_width(struct flow *f, size_t i);

/* Column of a place in row i; linear in what stands before it. */
unsigned flow_column(struct flow *f, size_t i, struct flow_at at);

/* The first run (from run number `from` on) of a hunk, lit ones before others; false when none. */
bool flow_find_hunk(const struct flow *f, int hunk, struct flow_at *at);
/* The place where byte `off` of a text is shown; false when no run shows it. */
bool flow_find_byte(const struct flow *f, enum flow_text text, size_t off, struct flow_at *at);

/* For rows over two flows (side by side): lays out one row from *at on, sets *at to the next row's
 * start and returns true when the row ended its line. At the end of the flow returns true. */
bool flow_next_row(const struct flow *f, struct flow_at *at);
unsigned flow_width_at(const struct flow *f,
                       struct flow_at from); /* of the row that starts there */
void flow_draw_at(struct flow *f, struct flow_at from, unsigned skip, unsigned width,
                  flow_sink *sink, void *ctx);

#endif
