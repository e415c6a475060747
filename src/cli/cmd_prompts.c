#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/earnings.h"
#include "app/project.h"
#include "app/prompts.h"
#include "cli/commands.h"
#include "cli/diff_paint.h"
#include "cli/print.h"

enum { SHORT_HASH = 12, CELLS = 20 };

struct prompts_call {
    struct invocation *inv;
    const char *project; /* or NULL */
    const char *name, *hash;
    struct error err;
    bool json;
};

static void list_one(const struct template_use *use, const struct template *t, struct str *out, struct json *array)
{
    const char *path = template_path(t);
    if (array) {
        struct json *j = json_new_object();
        json_set_string(j, "name", use->name);
        json_set_string(j, "step", use->step);
        json_set_string(j, "hash", template_hash(t));
        json_set_string(j, "path", path);
        json_set_string(j, "does", use->does);
        json_set_string(j, "fields", use->fields);
        json_push(array, j);
        return;
    }
    str_addf(out, "%-10s %.*s  ", use->name, SHORT_HASH, template_hash(t));
    print_cell(out, slice_of(path), 0);
    str_addf(out, "\n           %s\n           fields: %s\n", use->does, use->fields);
}

static int list(struct prompts_call *c)
{
    struct str out = {0};
    struct json *array = c->json ? json_new_array() : NULL;
    for (const struct template_use *u = template_uses; u->name; u++) {
        struct template *t = prompts_in_use(c->project, u->name, &c->err);
        if (!t && c->err.code == ERR_ABSENT && !u->required[0]) { /* may be left away */
            error_clear(&c->err);
            continue;
        }
        if (!t) {
            json_free(array);
            str_free(&out);
            return -1;
        }
        list_one(u, t, &out, array);
        template_free(t);
    }
    return array ? print_json(array, &c->err) : print_out(&out, &c->err);
}

static int show(struct prompts_call *c)
{
    struct template *t = prompts_in_use(c->project, c->name, &c->err);
    if (!t)
        return -1;
    struct str out = {0};
    if (c->json) {
        struct json *j = json_new_object();
        json_set_string(j, "name", template_name(t));
        json_set_string(j, "hash", template_hash(t));
        json_set_string(j, "path", template_path(t));
        json_set(j, "text", json_new_slice(template_text(t)));
        template_free(t);
        return print_json(j, &c->err);
    }
    print_text(&out, template_text(t));
    template_free(t);
    return print_out(&out, &c->err);
}

static int check(struct prompts_call *c)
{
    struct str out = {0};
    size_t faults = 0;
    for (const struct template_use *u = template_uses; u->name; u++) {
        struct template *t = prompts_in_use(c->project, u->name, &c->err);
        struct str report = {0};
        if (t) {
            faults += template_check(t, u, &report);
        } else if (c->err.code != ERR_ABSENT || u->required[0]) {
            str_addf(&report, "%s\n", c->err.text);
            faults++;
        }
        error_clear(&c->err);
        print_text(&out, str_slice(&report));
        str_free(&report);
        template_free(t);
    }
    if (!faults)
        str_adds(&out, "no faults\n");
    return print_out(&out, &c->err) < 0 ? -1 : faults ? EXIT_FAILED : EXIT_OK;
}

/* What the one in use is compared with: a version of the project, or the one hinge brings along. */
static int other_text(struct prompts_call *c, struct str *out)
{
    if (!c->hash) {
        struct template *t = prompts_shipped(c->name, &c->err);
        if (t)
            str_add_slice(out, template_text(t));
        template_free(t);
        return t ? 0 : -1;
    }
    if (!c->project)
        return error_set(&c->err, ERR_USAGE, "a version is looked up in a project: name its file first");
    struct store *s = project_open(c->project, STORE_OPEN, &c->err);
    int result = s ? prompts_version(s, c->hash, NULL, out, &c->err) : -1;
    store_close(s);
    return result;
}

static int compare(struct prompts_call *c)
{
    struct str old = {0}, out = {0};
    struct template *t = prompts_in_use(c->project, c->name, &c->err);
    int result = t ? other_text(c, &old) : -1;
    if (result == 0 && slice_eq(str_slice(&old), template_text(t)))
        str_adds(&out, "the same\n");
    else if (result == 0) {
        struct diff_paint p = {.a = str_slice(&old), .b = template_text(t), .colour = isatty(STDOUT_FILENO)};
        struct diff *d = diff_texts(p.a, p.b, DIFF_READABLE);
        p.diff = d;
        diff_paint(&out, &p);
        diff_free(d);
    }
    template_free(t);
    str_free(&old);
    if (result == 0)
        return print_out(&out, &c->err);
    str_free(&out);
    return -1;
}

/* --- earnings --- */

static void set_share(struct json *j, const char *name, double share)
{
    json_set(j, name, share < 0 ? json_new_null() : json_new_number(share));
}

static struct json *prompt_json(const struct earning_prompt *p)
{
    struct json *j = json_new_object(), *reasons = json_new_object();
    json_set_string(j, "prompt", p->name);
    json_set_string(j, "hash", p->hash);
    json_set_string(j, "model", p->model);
    json_set_string(j, "task", p->task);
    json_set_int(j, "candidates", p->candidates);
    json_set_int(j, "accepted", p->accepted);
    json_set_int(j, "edited", p->edited);
    json_set_int(j, "rejected", p->rejected);
    json_set_int(j, "other", p->other);
    json_set_int(j, "undecided", p->undecided);
    set_share(j, "kept", p->kept);
    set_share(j, "changed", p->changed);
    set_share(j, "earns", p->earns);
    for (size_t i = 0; i < p->n_reasons; i++)
        json_set_int(reasons, p->reasons[i].word, p->reasons[i].times);
    json_set(j, "reasons", reasons);
    return j;
}

static struct json *grader_json(const struct earning_grader *g)
{
    struct json *j = json_new_object();
    json_set_string(j, "grader", g->grader);
    json_set_string(j, "model", g->model);
    json_set_string(j, "hash", g->hash);
    json_set_string(j, "task", g->task);
    json_set_int(j, "verdicts", g->verdicts);
    json_set_int(j, "failed", g->failed);
    json_set_int(j, "judged", g->judged);
    json_set_int(j, "agreed", g->agreed);
    json_set_int(j, "missed", g->missed);
    json_set_int(j, "invented", g->invented);
    set_share(j, "agreement", g->agreement);
    set_share(j, "spread", g->spread);
    return j;
}

static struct json *earnings_json(const struct earnings *e)
{
    struct json *root = json_new_object(), *prompts = json_new_array(), *graders = json_new_array();
    for (size_t i = 0; i < e->n_prompts; i++)
        json_push(prompts, prompt_json(&e->prompts[i]));
    for (size_t i = 0; i < e->n_graders; i++)
        json_push(graders, grader_json(&e->graders[i]));
    json_set(root, "prompts", prompts);
    json_set(root, "graders", graders);
    return root;
}

static void add_share(struct str *out, double share)
{
    if (share < 0)
        str_adds(out, "    - ");
    else
        str_addf(out, "%4.0f%% ", share * 100);
}

static void add_name(struct str *out, const char *text)
{
    print_cell(out, slice_of(*text ? text : "-"), CELLS);
    str_addc(out, ' ');
}

static void add_prompt(struct str *out, const struct earning_prompt *p)
{
    str_addf(out, "%-8.8s ", *p->hash ? p->hash : "-");
    add_name(out, p->model);
    add_name(out, p->task);
    str_addf(out, "%6lld %6lld %6lld %6lld %6lld %6lld ", (long long)p->candidates, (long long)p->accepted,
             (long long)p->edited, (long long)p->rejected, (long long)p->other, (long long)p->undecided);
    add_share(out, p->earns);
    add_share(out, p->changed);
    for (size_t i = 0; i < p->n_reasons; i++) {
        str_adds(out, i ? ", " : " ");
        print_cell(out, slice_of(p->reasons[i].word), 0);
        str_addf(out, " %lld", (long long)p->reasons[i].times);
    }
    str_addc(out, '\n');
}

static void add_grader(struct str *out, const struct earning_grader *g)
{
    add_name(out, g->grader);
    add_name(out, g->model);
    add_name(out, g->task);
    str_addf(out, "%8lld %6lld %6lld ", (long long)g->verdicts, (long long)g->failed, (long long)g->judged);
    add_share(out, g->agreement);
    str_addf(out, "%6lld %8lld ", (long long)g->missed, (long long)g->invented);
    if (g->spread >= 0)
        str_addf(out, "%6.2f", g->spread);
    str_addc(out, '\n');
}

static int earnings_people(const struct earnings *e, struct error *err)
{
    struct str out = {0};
    str_addf(&out, "%-8s %-*s %-*s %6s %6s %6s %6s %6s %6s %5s %6s reasons\n", "prompt", CELLS, "model", CELLS, "task",
             "made", "accept", "edit", "reject", "other", "open", "earns", "edits");
    for (size_t i = 0; i < e->n_prompts; i++)
        add_prompt(&out, &e->prompts[i]);
    str_addf(&out, "\n%-*s %-*s %-*s %8s %6s %6s %5s %6s %8s %6s\n", CELLS, "grader", CELLS, "model", CELLS, "task",
             "verdicts", "failed", "judged", "agree", "missed", "invented", "spread");
    for (size_t i = 0; i < e->n_graders; i++)
        add_grader(&out, &e->graders[i]);
    return print_out(&out, err);
}

static int earnings(struct prompts_call *c)
{
    if (!c->project)
        return error_set(&c->err, ERR_USAGE, "earnings are counted in a project: name its file first");
    struct earnings e = {0};
    struct store *s = project_open(c->project, STORE_OPEN, &c->err);
    int result = s ? earnings_read(s, &e, &c->err) : -1;
    if (result == 0)
        result = c->json ? print_json(earnings_json(&e), &c->err) : earnings_people(&e, &c->err);
    earnings_free(&e);
    store_close(s);
    return result;
}

static const struct verb_row {
    const char *name;
    int least, most; /* arguments after it */
    int (*run)(struct prompts_call *c);
} verbs[] = {
    {"list", 0, 0, list}, {"show", 1, 1, show}, {"check", 0, 0, check}, {"diff", 1, 2, compare},
    {"earnings", 0, 0, earnings},
};

static const struct verb_row *verb_find(const char *word)
{
    for (size_t i = 0; word && i < sizeof verbs / sizeof *verbs; i++)
        if (strcmp(verbs[i].name, word) == 0)
            return &verbs[i];
    return NULL;
}

int cmd_prompts(struct invocation *inv)
{
    struct prompts_call c = {.inv = inv, .json = inv_flag(inv, "json")};
    int at = 0;
    if (inv_arg(inv, 0) && !verb_find(inv_arg(inv, 0)))
        c.project = inv_arg(inv, at++);
    const char *word = inv_arg(inv, at) ? inv_arg(inv, at) : "list";
    const struct verb_row *verb = verb_find(word);
    if (!verb)
        return inv_usage(inv, "'%s' is none of list, show, check, diff, earnings", word);
    int given = inv_count(inv) - at - (inv_arg(inv, at) != NULL);
    if (given < verb->least || given > verb->most)
        return inv_usage(inv, "%s takes %s", verb->name, verb->most == 0 ? "nothing more" : "the name of a template");
    c.name = inv_arg(inv, at + 1);
    c.hash = inv_arg(inv, at + 2);
    int status = verb->run(&c);
    return status < 0 ? inv_fail(inv, &c.err) : status;
}
