/*
 * Prompt templates: text files with a system part and a user part, {{field}} where the record's words go. Those of
 * share/prompts are overridden by files of the same name in the project's folder. A version is the SHA-256 of the text.
 */
#ifndef PIPELINE_TEMPLATE_H
#define PIPELINE_TEMPLATE_H

#include "base/error.h"
#include "base/hash.h"
#include "base/str.h"

/* Format of NAME.txt: optional lines "# comment" at the top; then "--- system" and "--- user" on lines of their own
 * start the parts, each once, in either order. {{name}} is a field, {{#name}}...{{/name}} stands only where the field
 * is not empty, {{^name}}...{{/name}} only where it is; such a tag alone on its line takes the line with it.
 * {{{{ is two braces. Substituted text is never read as a template again. */
struct template; /* template_free */

/* dir/NAME.txt (dir may be NULL) first, then the one hinge brings along (base/share.h). ERR_ABSENT when there is none of
 * that name. */
struct template *template_load(const char *name, const char *dir, struct error *err);
struct template *template_parse(const char *name, struct slice text, struct error *err); /* names the line */
void template_free(struct template *t);

const char *template_hash(const struct template *t);
const char *template_name(const struct template *t);
const char *template_path(const struct template *t); /* NULL when parsed from memory */
struct slice template_text(const struct template *t);

struct template_field {
    const char *name;
    struct slice value;
};
/* Fills both parts. A field that the template names and fields lacks is a fault (templates are checked before use). */
int template_fill(const struct template *t, const struct template_field *fields, size_t n, struct str *system,
                  struct str *user, struct error *err);

/* A row for each template hinge uses: its name, what for, and the fields it may and must use. */
struct template_use {
    const char *name, *step, *does;
    const char *fields;   /* all it may use, separated by blanks */
    const char *required;
};
extern const struct template_use template_uses[]; /* ends with a NULL name */
const struct template_use *template_use_find(const char *name); /* NULL when there is none */
/* The faults of a template for its use, a line each (unknown field, missing required one); their number. */
size_t template_check(const struct template *t, const struct template_use *use, struct str *report);

#endif
