#include <stdio.h>

#include "app/doctor.h"
#include "base/json.h"
#include "base/utf8.h"
#include "cli/commands.h"

static void print_json(const struct checks *checks, enum finding worst)
{
    struct json *root = json_new_object(), *list = json_new_array();
    json_set_string(root, "result", finding_word(worst));
    for (size_t i = 0; i < checks->count; i++) {
        struct json *row = json_new_object();
        json_set_string(row, "check", checks->items[i].name);
        json_set_string(row, "result", finding_word(checks->items[i].finding));
        struct str found = {0}; /* TERM and file names need not be UTF-8 */
        utf8_repair(&found, str_slice(&checks->items[i].text));
        json_set_string(row, "found", str_z(&found));
        str_free(&found);
        json_push(list, row);
    }
    json_set(root, "checks", list);
    struct str text = {0};
    json_print(&text, root);
    puts(str_z(&text));
    str_free(&text);
    json_free(root);
}

/* TERM, VISUAL and file names may hold anything. */
static void print_safe(const char *text)
{
    for (; *text; text++)
        putchar((unsigned char)*text < 0x20 || *text == 0x7F ? '?' : *text);
}

static void print_human(const struct checks *checks)
{
    for (size_t i = 0; i < checks->count; i++) {
        const struct check *c = &checks->items[i];
        printf("%-8s %-9s ", finding_word(c->finding), c->name);
        print_safe(str_z(&c->text));
        putchar('\n');
    }
}

int cmd_doctor(struct invocation *inv)
{
    struct checks checks = {0};
    enum finding worst = doctor_examine(&checks, inv_arg(inv, 0));
    if (inv_flag(inv, "json"))
        print_json(&checks, worst);
    else
        print_human(&checks);
    doctor_free(&checks);
    return worst == FINDING_FAULT ? EXIT_FAILED : EXIT_OK;
}
