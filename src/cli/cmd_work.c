#include <errno.h>
#include <stdlib.h>

#include "app/loop.h"
#include "cli/commands.h"

int cmd_work(struct invocation *inv)
{
    struct error err = {0};
    const char *word = inv_arg(inv, 1);
    char *end;
    errno = 0;
    long long job = strtoll(word, &end, 10);
    if (end == word || *end || errno || job < 1)
        return inv_usage(inv, "'%s' is no number of a job", word);
    return loop_work(inv_arg(inv, 0), job, &err) == 0 ? EXIT_OK : inv_fail(inv, &err);
}
