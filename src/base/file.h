/* Whole files: read in one piece, and written so that the final name never holds half a file. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/error.h"
#include "base/str.h"

/* Appends the file's bytes to out; more than max bytes is ERR_LIMIT. path "-" is standard input. */
int file_read(const char *path, size_t max, struct str *out, struct error *err);
bool file_exists(const char *path);
/* A device, pipe or socket: what can be written to, but neither replaced nor removed. */
bool file_is_device(const char *path);
/* Makes the folder and its parents (0700). An existing folder is fine. */
int file_make_dir(const char *path, struct error *err);
/* Makes a fresh folder (0700) "hinge-NAME.XXXXXX" under TMPDIR (or /tmp) and appends its path to the empty out, which stays
 * empty on failure. */
int file_make_temp_dir(const char *name, struct str *out, struct error *err);

/*
 * Atomic writing: bytes go to a temporary file beside path; commit syncs and renames it. An
 * uncommitted file vanishes with abort, and after a crash it has another name than the final one.
 * What a symbolic link names is replaced, not the link. A device is written to as it is.
 */
struct atomic_file;

/* mode is that of a new file (0600 for what holds patient text). NULL and err on failure. */
struct atomic_file *atomic_open(const char *path, unsigned mode, struct error *err);
FILE *atomic_stream(struct atomic_file *f); /* borrowed; do not close */
int atomic_commit(struct atomic_file *f, struct error *err); /* frees f, whatever the result */
void atomic_abort(struct atomic_file *f);                    /* frees f; NULL is fine */

/* Both steps for bytes already in memory. */
int file_write_atomic(const char *path, unsigned mode, struct slice bytes, struct error *err);

#endif
