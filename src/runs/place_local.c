/* This machine: hinge-train as a child, in the run's folder. */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "runs/place_parts.h"

int place_local(const struct place_work *w, struct error *err)
{
    char count[16];
    int n = place_processes(w->run);
    snprintf(count, sizeof count, "%d", n);
    const char *const alone[] = {w->trainer, "fit", NULL};
    /* mpirun told to end gives its processes time for a checkpoint. */
    const char *const many[] = {"mpirun", "-n", count, "--mca", "odls_base_sigkill_timeout", "600", w->trainer, "fit", NULL};
    const char **argv = place_words(w->run, n > 1 ? many : alone, err);
    if (!argv)
        return -1;
    struct spawn_end end = {0};
    struct place_work mine = *w;
    int result = spawn_run(&(struct spawn){.argv = argv, .folder = w->run->folder, .quiet = true,
                                           .idle = w->idle, .idle_context = w->idle_context}, NULL, 0, place_complaint,
                           &mine, &end, err);
    w->end->exit = end.exit;
    w->end->signal = end.signal;
    if (result == 0 && end.exit == 0 && end.signal == 0)
        w->end->said[0] = '\0';
    mem_free(argv);
    return result;
}
