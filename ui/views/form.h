/* A form of lines: a label, what is chosen, and the line that does it. What a line means is the view's. */
#ifndef UI_VIEWS_FORM_H
#define UI_VIEWS_FORM_H

#include <stdbool.h>
#include <stddef.h>

#include "ui/views/desk.h"

enum { FORM_LABEL = 16 }; /* cells of a label */

struct form {
    const char *const *labels;
    int n;  /* lines */
    int at; /* the line the cursor is on */
    const void *context;
    void (*value)(const void *context, int line, struct str *out); /* appends what line says now */
};

/* What a form does beside moving: turns the line's choice by one, or does what Enter does there. */
struct form_acts {
    void (*turn)(void *view, int by);
    void (*enter)(void *view);
};

/* The commands all forms have: to move among n lines ("down", "up", "first", "last"), "next", "previous" and "enter". False
 * when name is none of them. */
bool form_command(int *at, int n, const char *name, const struct form_acts *acts, void *view);
/* at turned by one among n choices, round and round. */
size_t form_turned(size_t at, size_t n, int by);
/* A number that was typed, from 0 to most; nothing is 0. false, and said, where it is none. */
bool form_number(struct desk *d, struct slice text, bool whole, double most, double *out);
/* One row a line, from row top on. */
void form_paint(const struct form *f, const struct paint *p, int top);
/* A longer text below a form, in as many rows as it needs; returns the row after it. */
int form_text(const struct paint *p, int row, const char *label, const char *text, enum look look);
/* A figure below a form: label and text, which is emptied. */
void form_figure(const struct paint *p, int row, const char *label, struct str *text, enum look look);

#endif
