/* Which option was meant: by other trainers' names for the same thing, or by its spelling. */
#include <stddef.h>
#include <string.h>

#include "trainer/run/options.h"

enum { WORD_MAX = 40, FAR = 2 };

/* Names in TRL, axolotl, LLaMA-Factory, PEFT, llama.cpp and vLLM, without what stands between words. */
static const struct {
    const char *theirs, *ours;
} known_elsewhere[] = {
    {"adapternameorpath", "adapter"},
    {"basemodel", "model"},
    {"batchsize", "batch"},
    {"cutofflen", "max-tokens"},
    {"datapath", "data"},
    {"dataset", "data"},
    {"datasetname", "data"},
    {"evaldataset", "valid"},
    {"gradientaccumulationsteps", "row-tokens"},
    {"gradientcheckpointing", "recompute"},
    {"inputfile", "prompts"},
    {"learningrate", "lr"},
    {"lora", "adapter"},
    {"loraalpha", "alpha"},
    {"lorapath", "adapter"},
    {"lorar", "rank"},
    {"lorarank", "rank"},
    {"loratarget", "targets"},
    {"loratargetmodules", "targets"},
    {"lrscheduler", "schedule"},
    {"lrschedulertype", "schedule"},
    {"maxgradnorm", "clip"},
    {"maxlength", "max-tokens"},
    {"maxmodellen", "max-tokens"},
    {"maxnewtokens", "max-new"},
    {"maxseqlength", "max-tokens"},
    {"microbatchsize", "row-tokens"},
    {"modelname", "model"},
    {"modelnameorpath", "model"},
    {"npredict", "max-new"},
    {"numepochs", "epochs"},
    {"numtrainepochs", "epochs"},
    {"output", "out"},
    {"outputdir", "out"},
    {"perdevicetrainbatchsize", "batch"},
    {"resumefromcheckpoint", "resume"},
    {"savesteps", "every"},
    {"sequencelen", "max-tokens"},
    {"targetmodules", "targets"},
    {"temp", "temperature"},
    {"template", "chat"},
    {"trainbatchsize", "batch"},
    {"trainfile", "data"},
    {"userslora", "rslora"},
    {"valset", "valid"},
    {"validationfile", "valid"},
    {"warmupsteps", "warmup"},
    {"weightdecay", "decay"},
};

static bool here(const struct option_spec *specs, const char *name)
{
    for (; specs->name; specs++) {
        if (strcmp(specs->name, name) == 0)
            return true;
    }
    return false;
}

static const char *by_other_name(const struct option_spec *specs, const char *word, size_t len)
{
    char plain[WORD_MAX];
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        if (word[i] != '-' && word[i] != '_')
            plain[n++] = word[i];
    }
    plain[n] = '\0';
    for (size_t i = 0; i < sizeof known_elsewhere / sizeof *known_elsewhere; i++) {
        if (strcmp(plain, known_elsewhere[i].theirs) == 0 && here(specs, known_elsewhere[i].ours))
            return known_elsewhere[i].ours;
    }
    return NULL;
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

/* Letters to add, drop or change (Levenshtein 1966). */
static int distance(const char *a, size_t a_len, const char *b)
{
    int row[WORD_MAX + 1];
    int b_len = (int)strlen(b);
    if (b_len >= WORD_MAX)
        return WORD_MAX;
    for (int j = 0; j <= b_len; j++)
        row[j] = j;
    for (size_t i = 0; i < a_len; i++) {
        int corner = row[0];
        row[0] = (int)i + 1;
        for (int j = 1; j <= b_len; j++) {
            int changed = corner + (a[i] != b[j - 1]);
            corner = row[j];
            row[j] = least(changed, least(row[j], row[j - 1]) + 1);
        }
    }
    return row[b_len];
}

const char *option_hint(const struct option_spec *specs, const char *word, size_t len)
{
    if (len == 0 || len >= WORD_MAX)
        return NULL;
    const char *best = by_other_name(specs, word, len);
    int nearest = FAR + 1;
    for (int i = 0; !best && specs[i].name; i++) {
        if (len >= 3 && strncmp(specs[i].name, word, len) == 0)
            return specs[i].name; /* the beginning of a name */
    }
    if (best || len < 3)
        return best;
    for (int i = 0; specs[i].name; i++) {
        int d = distance(word, len, specs[i].name);
        if (d < nearest) {
            nearest = d;
            best = specs[i].name;
        }
    }
    return best;
}
