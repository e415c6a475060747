/* The start of one program of programs.h: between fork and exec. Private to src/pipeline/program*.c. */
#ifndef PIPELINE_PROGRAM_SPAWN_H
#define PIPELINE_PROGRAM_SPAWN_H

#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

enum { PROGRAM_NOT_RUN = 127 }; /* exit status when exec failed */

struct program_spawn {
    char *const *argv;
    double seconds;
    int64_t memory;
};

struct program_child {
    pid_t pid;        /* leader of its group */
    int in, out, err; /* our ends, not blocking */
};

/* -1 and err when there is no such program or no process could be made. */
int program_spawn(const struct program_spawn *what, struct program_child *child, struct error *err);

#endif
