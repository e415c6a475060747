/* The subcommands of hinge-train; each a table of options and a function. */
#ifndef TRAINER_RUN_COMMANDS_H
#define TRAINER_RUN_COMMANDS_H

#include "trainer/run/options.h"

struct train_command {
    const char *name, *summary;
    const struct option_spec *options;
    int (*run)(const struct options *o, struct error *err);
};

extern const struct train_command train_commands[]; /* ends with a NULL name */

extern const struct option_spec fit_options[], data_options[], generate_options[], score_options[],
    merge_options[], convert_options[], info_options[], alive_options[], bench_options[];
int run_fit(const struct options *o, struct error *err);
int run_data(const struct options *o, struct error *err);
int run_generate(const struct options *o, struct error *err);
int run_score(const struct options *o, struct error *err);
int run_merge(const struct options *o, struct error *err);
int run_convert(const struct options *o, struct error *err);
int run_info(const struct options *o, struct error *err);
int run_alive(const struct options *o, struct error *err);
int run_bench(const struct options *o, struct error *err);

#endif
