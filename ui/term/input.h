/*
 * Bytes from a terminal into events, without a terminal: a state machine over bytes and times.
 *
 * - A lone Esc is a key ESC_MS after it came. Should it have been the start of a key whose rest is
 *   late (a slow line cut it), the rest is recognised for LATE_MS and swallowed: it runs nothing.
 * - Answers of the terminal (DA, DSR, OSC, DCS, mouse) and sequences nobody knows are swallowed.
 * - Bracketed paste is one event whatever it holds.
 */
#ifndef UI_TERM_INPUT_H
#define UI_TERM_INPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "ui/term/term.h"

enum { ESC_MS = 50, LATE_MS = 1500, PASTE_MAX = 16 << 20 };

enum input_state {
    IN_GROUND,
    IN_ESC,    /* after ESC */
    IN_CSI,    /* after ESC [ */
    IN_SS3,    /* after ESC O */
    IN_STRING, /* in an OSC, DCS, APC, PM or SOS, until BEL or ST */
    IN_MOUSE,  /* the three bytes of an old mouse report */
    IN_LINUX,  /* after ESC [ [ : the console's F1 to F5 */
    IN_CHOICE, /* after ESC ( and such: choosing a set of characters; a letter ends it */
    IN_PASTE
};

/* Zero-initialise; free with input_free. */
struct input {
    struct str bytes; /* not looked at yet */
    size_t at;
    enum input_state state;
    char params[64]; /* of a CSI sequence */
    size_t n_params;
    bool overlong;      /* more parameters than anything known has */
    bool late;          /* the sequence's ESC was given out as a key already */
    char held;          /* the byte that may go on with a late sequence, 0 for none */
    int swallow;        /* bytes left of a mouse report */
    bool string_esc;    /* ESC seen inside a string: '\' ends it */
    int64_t since;      /* when the last byte came */
    int64_t late_until; /* the rest of a cut key may come until then */
    bool burst_pastes;  /* no bracketed paste here: many letters at once are a paste */
    struct str paste, text;
};

void input_free(struct input *in);
void input_feed(struct input *in, const char *bytes, size_t len, int64_t now_ms);
/* The next event; false when more bytes or time are needed. */
bool input_next(struct input *in, int64_t now_ms, struct event *out);
/* Milliseconds until input_next may have an event without more bytes, or -1. */
int input_wait_ms(const struct input *in, int64_t now_ms);

#endif
