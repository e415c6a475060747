/*
 * The one error rule: a function that can fail returns 0 or -1 (or a pointer or NULL) and writes
 * what went wrong into an error its caller owns. Messages are for the person at the keyboard:
 * what was found, where (file, line, field), what was expected and what to do. They never hold
 * patient text.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdarg.h>

enum error_code {
    ERR_NONE,
    ERR_USAGE,    /* the command line or a key script is wrong */
    ERR_INPUT,    /* a file's or a field's content is wrong */
    ERR_IO,       /* the operating system said no */
    ERR_FULL,     /* no space left */
    ERR_READONLY, /* may not be written */
    ERR_BUSY,     /* someone else holds it; trying again may work */
    ERR_CORRUPT,  /* damaged data */
    ERR_FOREIGN,  /* another program's file */
    ERR_NEWER,    /* made by a newer version of this program */
    ERR_LIMIT,    /* over a stated bound */
    ERR_ABSENT,   /* the named thing does not exist */
    ERR_CONFLICT, /* the state no longer allows it */
    ERR_INTERNAL  /* a bug in this program */
};

enum { ERROR_TEXT_MAX = 512 };

/* Zero-initialise before use: struct error err = {0}. */
struct error {
    enum error_code code;
    char text[ERROR_TEXT_MAX];
};

#if defined(__GNUC__)
#define PRINTF_LIKE(fmt_at, args_at) __attribute__((format(printf, fmt_at, args_at)))
#else
#define PRINTF_LIKE(fmt_at, args_at)
#endif

/* Writes code and message (cut at ERROR_TEXT_MAX, on a character border) and returns -1, so that
 * `return error_set(err, ERR_INPUT, "...");` reports and fails in one statement. err may be NULL. */
int error_set(struct error *err, enum error_code code, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* The same, with strerror(errno) appended after ": "; ENOSPC and EROFS choose their own code. */
int error_errno(struct error *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Puts context in front of a message already set ("file.jsonl: line 3: " + text). Returns -1. */
int error_prefix(struct error *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Back to no error. */
void error_clear(struct error *err);

#endif
