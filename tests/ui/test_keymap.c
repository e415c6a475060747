#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "tests/support/suite.h"
#include "tests/support/tmp.h"
#include "ui/keys/keymap.h"
#include "ui/workbench.h"

static struct keymap *load(const char *text, int wanted, const char *says)
{
    char *dir = tmp_make();
    const char *path = tmp_join(dir, "keys");
    struct error err = {0};
    CU_ASSERT_EQUAL(file_write_atomic(path, 0600, slice_of(text), &err), 0);
    struct keymap *m = keymap_new(workbench_binding);
    CU_ASSERT_EQUAL(keymap_load(m, path, &err), wanted);
    if (says && !strstr(err.text, says)) {
        printf("said: %s\n", err.text);
        CU_FAIL("the message does not say what is wrong");
    }
    tmp_remove(dir);
    return m;
}

static bool finds(const struct keymap *m, const char *mode, const char *key, const char *command)
{
    const char *found = keymap_find(m, mode, false, key);
    return command ? found && strcmp(found, command) == 0 : !found;
}

static void the_table_as_a_file_changes_nothing(void)
{
    struct str text = {0};
    for (size_t i = 0; workbench_binding(i); i++) {
        const struct binding *b = workbench_binding(i);
        if (b->keys[0])
            str_addf(&text, "%s %s %s\n", b->mode[0] ? b->mode : "-", b->command, b->keys);
    }
    struct keymap *m = load(text.at, 0, NULL);
    for (size_t i = 0; workbench_binding(i); i++)
        CU_ASSERT_STRING_EQUAL(keymap_row(m, i)->keys, workbench_binding(i)->keys);
    keymap_free(m);
    str_free(&text);
}

static void a_key_moves(void)
{
    struct keymap *m = load("# mine\n\nreview accept y Ctrl-x y\n", 0, NULL);
    CU_ASSERT(finds(m, "review", "y", "accept"));
    CU_ASSERT(finds(m, "review", "Ctrl-x y", "accept"));
    CU_ASSERT(keymap_starts(m, "review", false, "Ctrl-x"));
    CU_ASSERT(finds(m, "review", "a", NULL));
    CU_ASSERT(finds(m, "queue", "a", "accept"));
    keymap_free(m);
}

static void what_cannot_be_is_named_and_the_rest_holds(void)
{
    struct keymap *m = load("queue accept Space\nreview accept y\n", -1, "line 1: 'Space' cannot be given");
    CU_ASSERT(finds(m, "queue", "a", "accept"));
    CU_ASSERT(finds(m, "queue", "Space", NULL));
    CU_ASSERT(finds(m, "review", "y", "accept"));
    keymap_free(m);
    keymap_free(load("queue accept j\n", -1, "line 1: 'j' does something else already"));
    keymap_free(load("queue acept y\n", -1, "line 1: there is no command 'acept' in 'queue'"));
    keymap_free(load("queue accept Hyper-q\n", -1, "'Hyper-q' is no key"));
    keymap_free(load("queue accept\n", -1, "gets no key"));
}

static void typed_keys_run_no_command_of_other_modes(void)
{
    struct keymap *m = keymap_new(workbench_binding);
    CU_ASSERT_PTR_NULL(keymap_find(m, "form", true, "a"));
    CU_ASSERT_PTR_NULL(keymap_find(m, "form", true, "q"));
    CU_ASSERT(finds(m, "queue", "Space", NULL));
    CU_ASSERT(finds(m, "queue", "Backspace", NULL));
    CU_ASSERT(finds(m, "review", "Space", NULL));
    CU_ASSERT(finds(m, "review", "Backspace", NULL));
    keymap_free(m);
}

static void no_key_does_two_things(void)
{
    for (size_t i = 0; workbench_binding(i); i++)
        for (size_t j = 0; j < i; j++) {
            const struct binding *a = workbench_binding(i), *b = workbench_binding(j);
            char keys[200], *rest = NULL;
            if (strcmp(a->mode, b->mode) != 0 || strstr(a->keys, "Ctrl-x") || strstr(b->keys, "Ctrl-x"))
                continue; /* pairs: their second key is another's by itself */
            snprintf(keys, sizeof keys, "%s", a->keys);
            for (char *k = strtok_r(keys, " ", &rest); k; k = strtok_r(NULL, " ", &rest)) {
                char padded[200], wanted[64];
                snprintf(padded, sizeof padded, " %s ", b->keys);
                snprintf(wanted, sizeof wanted, " %s ", k);
                if (strstr(padded, wanted)) {
                    printf("%s: %s is both %s and %s\n", a->mode, k, a->command, b->command);
                    CU_FAIL("a key does two things");
                }
            }
        }
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        {"the table as a file changes nothing", the_table_as_a_file_changes_nothing},
        {"a key moves", a_key_moves},
        {"what cannot be is named, the rest holds", what_cannot_be_is_named_and_the_rest_holds},
        {"typed keys run no command of other modes", typed_keys_run_no_command_of_other_modes},
        {"no key does two things", no_key_does_two_things},
        {NULL, NULL},
    };
    return suite_run("keys", tests, argc, argv);
}
