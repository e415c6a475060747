/* A run on another machine. Between place_ssh.c, which goes there, and place_follow.c, which listens. */
#ifndef RUNS_PLACE_AWAY_H
#define RUNS_PLACE_AWAY_H

#include "runs/place_parts.h"

struct away {
    const struct run *run;
    const char *host, *trainer;
    const char *const *ssh;
    struct str folder, models; /* there, from the home folder */
    struct str model;          /* its name in models */
    struct str rsh;            /* for rsync -e */
    /* What came back so far: the file number of the metrics there, bytes of them and of the log. */
    char node[32];
    uint64_t sent, logged;
    /* The connection. */
    struct spawn_child child;
    struct str buffer;
    char into;      /* 'M' or 'L': the next bytes are of the metrics, or of the log; 0: the next is a line */
    uint64_t bytes; /* still to come of them */
};

int away_open(struct away *a, const struct run *r, const struct place_settings *settings, struct error *err);
void away_close(struct away *a);
/* Runs a command there: words of plain letters. */
int away_do(const struct away *a, const char *const *command, struct error *err);
int away_fetch_checkpoint(const struct away *a, long long step, struct error *err);
int away_fetch_config(const struct away *a, struct error *err);
int away_start_following(struct away *a, struct error *err);
/* Until the training ended, over as many connections as it takes. */
int away_follow(struct away *a, const struct place_work *w, struct error *err);

#endif
