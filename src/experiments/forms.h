/*
 * Surface forms as text files. A file holds sections; a section holds one form a line:
 *
 *     # a comment
 *     [NAME]          for all
 *     [NAME train]    for training, validation and pre-training
 *     [NAME test]     for the held-out test alone
 *     [NAME corpus]   for the widest part of the pre-training alone, which has those of training, too
 *
 * In a form {x} stands for a fact of what is being told, or else for a form of section x; {X} for the same with a capital;
 * | for a new line.
 */
#ifndef EXPERIMENTS_FORMS_H
#define EXPERIMENTS_FORMS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/str.h"
#include "experiments/draw.h"

struct forms; /* forms_free */

enum forms_for { FORMS_TRAIN, FORMS_TEST, FORMS_WIDE, FORMS_KINDS };

/* Reads FOLDER/lexicon.txt and FOLDER/forms.txt. Errors name file and line. */
struct forms *forms_load(const char *folder, struct error *err);
void forms_free(struct forms *f); /* NULL is fine */

/* The forms of a section for one of them; 0 where it has none. Borrowed. */
size_t forms_count(const struct forms *f, const char *section, enum forms_for who);
struct slice forms_at(const struct forms *f, const char *section, enum forms_for who, size_t index);
/* One of them. ERR_INPUT where the section has none for this split. */
int forms_pick(const struct forms *f, const char *section, enum forms_for who, struct draw *d, struct slice *out,
               struct error *err);

/* Where facts come from: the text of a fact, or NULL when there is none of that name. */
struct facts_of {
    const char *(*find)(const void *ctx, struct slice name);
    const void *ctx;
    double noise; /* share of the forms' own words that are lost, replaced or joined by another word */
};
/* A form of section, with all its braces filled in; appended to out. */
int forms_tell(const struct forms *f, const char *section, enum forms_for who, struct draw *d, const struct facts_of *facts,
               struct str *out, struct error *err);

/* Names of all sections, for tests: NULL past the end. */
const char *forms_section(const struct forms *f, size_t index);

#endif
