/* The table of subcommands. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "cli/command.h"

/* Rows in the order of the man page; ends with a NULL name. */
extern const struct command commands[];

const struct command *command_find(const char *name); /* NULL when there is none */

/* One per file cmd_NAME.c. */
extern const struct option_spec diff_options[];
int cmd_experiment(struct invocation *inv);
int cmd_diff(struct invocation *inv);
int cmd_doctor(struct invocation *inv);
int cmd_eval(struct invocation *inv);
int cmd_export(struct invocation *inv);
int cmd_help(struct invocation *inv);
int cmd_init(struct invocation *inv);
int cmd_status(struct invocation *inv);
int cmd_hinges(struct invocation *inv);
int cmd_rules(struct invocation *inv);
int cmd_step(struct invocation *inv); /* generate, grade, refine, distill */
int cmd_jobs(struct invocation *inv);
int cmd_prompts(struct invocation *inv);
int cmd_verdicts(struct invocation *inv);
int cmd_work(struct invocation *inv); /* a job's own process */
int cmd_train(struct invocation *inv);
int cmd_keep(struct invocation *inv); /* the keeper of runs, a process of its own */
int cmd_agreement(struct invocation *inv);
int cmd_report(struct invocation *inv);
int cmd_backup(struct invocation *inv);
int cmd_check(struct invocation *inv);
int cmd_import(struct invocation *inv);
/* In src/workbench_open.c: they need ui, which cli may not know. */
int cmd_open(struct invocation *inv);
int cmd_play(struct invocation *inv);

#endif
