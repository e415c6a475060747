/*
 * A log of what the program did, never of what a patient said: callers write ids, counts, names of
 * files and error codes, not text from records. Lines go to a file (0600), not to the terminal.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/error.h"

struct log; /* freed with log_close */

/* Appends to path; NULL and err on failure. */
struct log *log_open(const char *path, struct error *err);
void log_close(struct log *log); /* NULL is fine */

/* One line: UTC time, level, message; control characters in the message become '?'. A NULL log
 * swallows it, so that callers need not ask. */
enum log_level { LOG_LEVEL_INFO, LOG_LEVEL_WARNING, LOG_LEVEL_ERROR };
void log_write(struct log *log, enum log_level level, const char *fmt, ...) PRINTF_LIKE(3, 4);

#endif
