#include "trainer/run/commands.h"

#include <stddef.h>

const struct train_command train_commands[] = {
    {"fit", "train an adapter, or all weights, on a snapshot", fit_options, run_fit},
    {"data", "show what a snapshot will train", data_options, run_data},
    {"generate", "answer prompts", generate_options, run_generate},
    {"score", "log-probability, entropy, rank and margin of given texts", score_options, run_score},
    {"merge", "write a model with an adapter merged in", merge_options, run_merge},
    {"convert", "an adapter from PEFT's format to llama.cpp's, or back", convert_options, run_convert},
    {"info", "describe a model, or plan a training", info_options, run_info},
    {"alive", "say whether a process trains in a run's folder: exits with 0 or 1", alive_options, run_alive},
    {"bench", "measure this machine on a model", bench_options, run_bench},
    {NULL, NULL, NULL, NULL},
};
