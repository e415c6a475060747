/* hinge-train alive: for hinge on another machine, which sees a run's folder through a shell alone. */
#include "trainer/run/commands.h"
#include "trainer/run/run_folder.h"

const struct option_spec alive_options[] = {
    {"out", "DIR", NULL, "the run's folder"},
    {0},
};

int run_alive(const struct options *o, struct error *err)
{
    if (option_need(o, "out", err) != 0)
        return -1;
    const char *folder = option(o, "out");
    return run_folder_alive(folder) ? 0 : error_set(err, ERR_ABSENT, "no process trains in %s", folder);
}
