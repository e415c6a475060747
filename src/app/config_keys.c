#include "app/config_keys.h"

#include <stddef.h>
#include <string.h>

const struct config_key config_keys[] = {
    {"project", "prompts", CONFIG_PATH, NULL, "folder of the project's own prompt templates"},

    {"endpoint", "kind", CONFIG_CHOICE, "openai|anthropic|gemini|local|replay", "the wire format, or where answers come from"},
    {"endpoint", "url", CONFIG_TEXT, NULL, "base URL; the provider's public one where none is given"},
    {"endpoint", "model", CONFIG_TEXT, NULL, "the model as the server names it; local: a folder or GGUF file"},
    {"endpoint", "key-env", CONFIG_TEXT, NULL, "environment variable that holds the key"},
    {"endpoint", "key-file", CONFIG_PATH, NULL, "file that holds the key, readable by its owner alone"},
    {"endpoint", "parallel", CONFIG_COUNT, NULL, "requests in flight, at most 256"},
    {"endpoint", "requests-per-minute", CONFIG_NUMBER, NULL, "rate limit; 0 for none"},
    {"endpoint", "tokens-per-minute", CONFIG_NUMBER, NULL, "rate limit; 0 for none"},
    {"endpoint", "connect-seconds", CONFIG_NUMBER, NULL, "time to be connected"},
    {"endpoint", "silence-seconds", CONFIG_NUMBER, NULL, "time without a byte, before the first one too"},
    {"endpoint", "timeout-seconds", CONFIG_NUMBER, NULL, "time for one attempt as a whole"},
    {"endpoint", "price-in", CONFIG_NUMBER, NULL, "money for a million tokens of prompt"},
    {"endpoint", "price-out", CONFIG_NUMBER, NULL, "money for a million tokens of answer"},
    {"endpoint", "price-cached", CONFIG_NUMBER, NULL, "money for a million tokens of prompt that the server had cached"},
    {"endpoint", "currency", CONFIG_TEXT, NULL, "of the prices"},
    {"endpoint", "header", CONFIG_TEXT, NULL, "one more header, Name: value; may stand several times"},
    {"endpoint", "ca-file", CONFIG_PATH, NULL, "certificates to trust instead of the system's"},
    {"endpoint", "proxy", CONFIG_TEXT, NULL, "URL of a proxy"},
    {"endpoint", "plain-http", CONFIG_YES, NULL, "allow http to other machines than this one"},
    {"endpoint", "max-reply", CONFIG_SIZE, NULL, "bytes that one reply may have"},
    {"endpoint", "retries", CONFIG_WHOLE, NULL, "attempts after the first one"},
    {"endpoint", "pause-after", CONFIG_WHOLE, NULL, "failures in a row after which the endpoint pauses; 0 for never"},
    {"endpoint", "structured", CONFIG_CHOICE, "schema|object-schema|object|none", "how far the server holds an answer to a JSON schema"},
    {"endpoint", "replay", CONFIG_PATH, NULL, "replay: the recorded file"},
    {"endpoint", "record-to", CONFIG_PATH, NULL, "file to which answers are recorded as replay reads them"},
    {"endpoint", "adapter", CONFIG_PATH, NULL, "local: folder of a LoRA adapter"},
    {"endpoint", "trainer", CONFIG_PATH, NULL, "local: the program hinge-train"},
    {"endpoint", "chat", CONFIG_TEXT, NULL, "local: chat format, where the model's template is not known"},
    {"endpoint", "context", CONFIG_COUNT, NULL, "local: longest sequence, prompt and answer, in tokens"},
    {"endpoint", "max-tokens", CONFIG_COUNT, NULL, "most tokens of an answer"},
    {"endpoint", "temperature", CONFIG_NUMBER, NULL, "of sampling, where the step says nothing"},
    {"endpoint", "top-p", CONFIG_NUMBER, NULL, "of sampling"},
    {"endpoint", "think", CONFIG_YES, NULL, "let a thinking model think"},

    {"grader", "kind", CONFIG_CHOICE, "llm|patterns|program", "what grades"},
    {"grader", "scale", CONFIG_SCALE, NULL, "lowest and highest score, such as 0..6"},
    {"grader", "weight", CONFIG_NUMBER, NULL, "in the weighted mean of several graders"},
    {"grader", "endpoint", CONFIG_TEXT, NULL, "llm: the endpoint that is asked"},
    {"grader", "rubric", CONFIG_TEXT, NULL, "llm: file of the rubric, or the name of one that hinge brings along"},
    {"grader", "samples", CONFIG_COUNT, NULL, "llm: answers to ask for; the median counts"},
    {"grader", "patterns", CONFIG_PATH, NULL, "patterns: the file of lines"},
    {"grader", "program", CONFIG_WORDS, NULL, "program: the executable and its arguments; no shell"},
    {"grader", "seconds", CONFIG_NUMBER, NULL, "program: time limit"},
    {"grader", "memory", CONFIG_SIZE, NULL, "program: memory limit"},

    {"task", "graders", CONFIG_WORDS, NULL, "names of the graders of this task"},
    {"task", "combine", CONFIG_CHOICE, "mean|min|first", "how several graders make one score"},

    {"step", "endpoint", CONFIG_TEXT, NULL, "the endpoint that writes"},
    {"step", "where", CONFIG_TEXT, NULL, "records under this limit alone, where none is asked for"},
    {"step", "samples", CONFIG_COUNT, NULL, "generate: outputs for each record"},
    {"step", "rounds", CONFIG_COUNT, NULL, "refine: rounds at most"},
    {"step", "temperature", CONFIG_NUMBER, NULL, "of sampling"},
    {"step", "budget", CONFIG_NUMBER, NULL, "money after which a job pauses"},
    {"step", "budget-tokens", CONFIG_COUNT, NULL, "tokens after which a job pauses"},

    {"train", "models", CONFIG_WORDS, NULL, "folders to look for base models in"},
    {"train", "program", CONFIG_PATH, NULL, "the program hinge-train on this machine"},

    {"place", "program", CONFIG_TEXT, NULL, "the program hinge-train there"},
    {"place", "folder", CONFIG_TEXT, NULL, "ssh: where runs and models are put, from the home folder there"},
    {"place", "ssh", CONFIG_WORDS, NULL, "ssh: the program ssh and its options"},
    {"place", "sbatch", CONFIG_WORDS, NULL, "slurm: options of sbatch"},
    {"place", "launch", CONFIG_WORDS, NULL, "slurm: what starts several processes"},
    {"place", "nodes", CONFIG_COUNT, NULL, "slurm: how many nodes"},
    {"place", "gpus", CONFIG_WHOLE, NULL, "slurm: GPUs on each node"},
    {.section = NULL},
};

const struct config_key *config_key_find(const char *section, const char *name)
{
    for (const struct config_key *k = config_keys; k->section; k++)
        if (strcmp(k->section, section) == 0 && strcmp(k->name, name) == 0)
            return k;
    return NULL;
}
