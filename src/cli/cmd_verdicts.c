#include "app/project.h"
#include "cli/commands.h"
#include "cli/print.h"
#include "db/loop_store.h"

enum { RAW_SHOWN = 2000 };

struct verdict_list {
    struct str out;
    struct json *array;
};

static int add_verdict(void *context, const struct failed_verdict *v)
{
    struct verdict_list *to = context;
    if (to->array) {
        struct json *j = json_new_object();
        json_set_string(j, "record", v->key);
        json_set_string(j, "grader", v->grader);
        json_set_string(j, "model", v->model);
        json_set_int(j, "created", v->created);
        json_set_string(j, "fault", v->fault);
        json_set(j, "raw", json_new_slice(v->raw));
        json_push(to->array, j);
        return 0;
    }
    print_cell(&to->out, slice_of(v->key), 0);
    str_adds(&to->out, "  ");
    print_cell(&to->out, slice_of(v->grader), 0);
    str_adds(&to->out, ": ");
    print_cell(&to->out, slice_of(v->fault), 0);
    str_adds(&to->out, "\n    ");
    print_cell(&to->out, slice_sub(v->raw, 0, RAW_SHOWN), 0);
    str_adds(&to->out, v->raw.len > RAW_SHOWN ? " ...\n" : "\n");
    return 0;
}

int cmd_verdicts(struct invocation *inv)
{
    struct error err = {0};
    struct verdict_list to = {.array = inv_flag(inv, "json") ? json_new_array() : NULL};
    struct store *s = project_open(inv_arg(inv, 0), STORE_OPEN, &err);
    int result = s ? loop_store_failed_verdicts(s, add_verdict, &to, &err) : -1;
    store_close(s);
    if (result < 0) {
        json_free(to.array);
        str_free(&to.out);
    } else if (to.array) {
        result = print_json(to.array, &err);
    } else {
        if (!to.out.len)
            str_adds(&to.out, "every verdict could be read\n");
        result = print_out(&to.out, &err);
    }
    return result < 0 ? inv_fail(inv, &err) : EXIT_OK;
}
