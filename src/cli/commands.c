#include "cli/commands.h"

#include <string.h>

static const struct option_spec json_only[] = {
    {"json", 0, NULL, "print JSON"},
    {.name = NULL},
};

static const struct option_spec check_options[] = {
    {"json", 0, NULL, "print JSON"},
    {"prune", 0, NULL, "when no fault was found, drop drafts that were typed over or used"},
    {.name = NULL},
};

static const struct option_spec rules_options[] = {
    {"json", 0, NULL, "print JSON"},
    {"sort", 0, "uses|edits|age|text|worth", "the order of the list (uses); worth: the most valuable first"},
    {"all", 'a', NULL, "list retired rules too"},
    {"reviewer", 0, "NAME", "who merges, retires or revives ($HINGE_REVIEWER, else the login name)"},
    {.name = NULL},
};

static const struct option_spec import_options[] = {
    {"format", 0, "auto|hinge|argilla|labelstudio|prodigy|chat|csv", "what the files are (auto)"},
    {"dry-run", 0, NULL, "say what would happen, change nothing"},
    {"rejects", 0, "PATH", "where refused items go (FILE.rejects.jsonl)"},
    {"json", 0, NULL, "print the summary as JSON"},
    {.name = NULL},
};

static const struct option_spec export_options[] = {
    {"method", 'm',
     "sft|isft|rgt|messages|prompt-completion|records|rules|argilla|labelstudio|prodigy",
     "what to write"},
    {"output", 'o', "FILE", "where to; - is standard output"},
    {"split", 0, "train|valid|test|none", "records of this split alone"},
    {"since", 0, "WHEN", "decided on or after this day or time"},
    {"reviewer", 0, "NAME", "decided by this reviewer"},
    {"min-agreement", 0, "SHARE", "judged alike by at least this share (0 to 1) of two or more"},
    {"with-decisions", 0, NULL, "records: the decisions too, in FILE.decisions.jsonl"},
    {"format", 0, "json|md", "rules: JSON, or a hand-book in Markdown (by the file's name)"},
    {"json", 0, NULL, "print the summary as JSON"},
    {.name = NULL},
};

static const struct option_spec experiment_options[] = {
    {"size", 0, "small|large|tiny", "how much of it (small)"},
    {"model", 0, "PATH", "the base model: a folder or a GGUF file (small: the one that comes along)"},
    {"device", 0, "auto|cpu|cuda", "where to train (auto)"},
    {"seeds", 0, "N", "trainings of each method (3)"},
    {"out", 'o', "DIR", "the folder of all that is made; one that was begun goes on (NAME-SIZE)"},
    {"endpoint", 'e', "NAME", "a model of the configuration writes, mends and distils instead of the recording"},
    {"count", 0, "N", "corpus: visits (20000)"},
    {"seed", 0, "N", "corpus: another one (1)"},
    {"kind", 0, "corpus|drill|noise|wide", "corpus: as it is; with invented words; and noise; and wider language"},
    {"json", 0, NULL, "list: print JSON"},
    {.name = NULL},
};

static const struct option_spec agreement_options[] = {
    {"json", 0, NULL, "print JSON"},
    {"kept", 0, NULL, "count a rule accepted and a rule edited as one verdict"},
    {"limit", 'n', "N", "list at most N tasks, rules and records (10)"},
    {.name = NULL},
};

static const struct option_spec report_options[] = {
    {"output", 'o', "DIR", "write the figures, their numbers and the page into this folder"},
    {"split", 0, "NAME", "evals of this split alone (that of most evals)"},
    {"base-model", 0, "NAME", "evals on this base model alone (that of most evals)"},
    {"runs", 0, "PATTERN,...", "runs whose name or uuid fits, as 'rgt-*,sft-1' (all)"},
    {"by", 0, "method|name", "what is compared: methods, or runs of one name without its number (method)"},
    {"think", 0, "auto|off|on", "the evals of figures 1, 2 and 4 (off where there are such)"},
    {"threshold", 0, "GAIN", "figure 4: the gain over the base to reach (0.25)"},
    {"target", 0, "SCORE", "figure 4: a score from 0 to 1 to reach instead"},
    {"reach", 0, "TIMES", "how far the fitted curve is followed, times the last point (10)"},
    {"resamples", 0, "N", "of the bootstrap (2000)"},
    {"seed", 0, "N", "of what is drawn (1)"},
    {"json", 0, NULL, "print JSON"},
    {.name = NULL},
};

#define STEP_OPTIONS \
    {"where", 'w', "LIMIT", "records under this limit alone, in the language of the queue's l (the configuration's for this step)"}, \
        {"limit", 'n', "N", "at most N records"}, \
        {"again", 0, NULL, "those that have it already, too"}, \
        {"budget", 0, "MONEY", "pause when that much is spent"}, \
        {"budget-tokens", 0, "N", "pause when that many tokens are used"}, \
        {"dry-run", 0, NULL, "say how many calls, tokens and how much money, ask nothing"}, \
        {"detach", 'd', NULL, "do not watch the job"}, \
        {"reviewer", 'r', "NAME", "who starts it ($HINGE_REVIEWER, else the login name)"}, \
        {"json", 0, NULL, "print JSON"}, \
        {.name = NULL}
#define MODEL_OPTIONS \
    {"endpoint", 'e', "NAME", "the endpoint that writes (the configuration's for this step)"}, \
        {"temperature", 't', "T", "of sampling"}

static const struct option_spec generate_options[] = {
    MODEL_OPTIONS,
    {"samples", 's', "N", "outputs for each record (1); the first one is y0"},
    STEP_OPTIONS,
};

static const struct option_spec grade_options[] = {
    STEP_OPTIONS,
};

static const struct option_spec refine_options[] = {
    MODEL_OPTIONS,
    {"rounds", 0, "N", "rounds at most (3)"},
    STEP_OPTIONS,
};

static const struct option_spec distill_options[] = {
    MODEL_OPTIONS,
    STEP_OPTIONS,
};

static const struct option_spec eval_options[] = {
    {"run", 0, "NAME", "a run: its name, uuid or folder"},
    {"step", 0, "N", "of the run, the checkpoint of step N (the last); 0 is the model it began with"},
    {"every-checkpoint", 0, NULL, "of the run, every checkpoint, also those to come until training ends"},
    {"model", 'm', "PATH", "a model without a run: a folder or a GGUF file"},
    {"adapter", 0, "DIR", "with --model: this adapter on it"},
    {"endpoint", 'e', "NAME", "an endpoint of the configuration"},
    {"served", 0, "NAME", "with --endpoint: the model's name there (vLLM: the adapter's)"},
    {"chat", 0, "NAME", "chat format, where the model's own is not known"},
    {"think", 0, "off|on|both", "whether the model may think before it answers (off)"},
    {"split", 0, "test|valid|train|none|any", "the part that is held out (test)"},
    {"where", 'w', "LIMIT", "of these, records under this limit, in the language of the queue's l"},
    {"held-out-from", 0, "FILE", "refuse what this training set holds, too"},
    {"graders", 0, "LIST", "of the tasks' graders these alone, such as words,facts"},
    {"limit", 'n', "N", "at most N records, the same ones each time; list, show: at most N lines"},
    {"max-tokens", 0, "N", "an answer may have (512, or the endpoint's)"},
    {"temperature", 't', "T", "of sampling (0: the likeliest token)"},
    {"dry-run", 0, NULL, "say which evals and records, ask nothing"},
    {"follow", 'f', NULL, "show: watch its job to the end first"},
    {"detach", 'd', NULL, "do not watch the job"},
    {"reviewer", 'r', "NAME", "who starts it ($HINGE_REVIEWER, else the login name)"},
    {"json", 0, NULL, "print JSON"},
    {.name = NULL},
};

static const struct option_spec jobs_options[] = {
    {"follow", 'f', NULL, "show, log: go on until the job ends"},
    {"detach", 'd', NULL, "resume, retry: do not watch the job"},
    {"limit", 'n', "N", "list: at most N jobs (50)"},
    {"json", 0, NULL, "print JSON"},
    {.name = NULL},
};

#define STEP_DETAILS \
    "\n\nThe work is a job with a process of its own: it goes on when the terminal is closed. 'hinge jobs' lists it. Here " \
    "it is watched; Ctrl-C stops it, and 'hinge jobs DB resume N' goes on. An answer that was paid for is stored and " \
    "never asked for again. Endpoints and graders are described in hinge-config(5). Exits with 1 when records failed."

static const struct option_spec train_options[] = {
    {"method", 'm', "METHODS", "start: sft, isft or rgt; several with commas are one comparison"},
    {"model", 0, "PATH", "start: the base model, a folder or GGUF file, or the name of one that models lists"},
    {"split", 0, "train|none|learn", "data: records of this split (learn: all but valid and test)"},
    {"since", 0, "WHEN", "data: decided on or after this day or time"},
    {"reviewer", 0, "NAME", "data: decided by this reviewer"},
    {"min-agreement", 0, "SHARE", "data: judged alike by at least this share (0 to 1) of two or more"},
    {"snapshot", 0, "SNAPSHOT", "data: an older snapshot instead of a new one: its hash or the beginning of it, or a file"},
    {"valid", 0, "FILE", "held out for its loss; none for nothing (the split valid, where it has records)"},
    {"adapter", 0, "DIR", "begin with this adapter"},
    {"device", 0, "NAME", "what computes: auto, cpu, cuda or cuda:N (auto)"},
    {"place", 0, "PLACE", "where: local, ssh:HOST or slurm (local)"},
    {"processes", 0, "N", "processes, joined by MPI (1)"},
    {"name", 0, "NAME", "of the run (METHOD-1, METHOD-2, ...)"},
    {"notes", 0, "TEXT", "kept with the run"},
    {"together", 0, NULL, "several methods: all at once instead of one after the other"},
    {"epochs", 0, "N", "passes over the data (1)"},
    {"batch", 0, "N", "examples an optimizer step (8)"},
    {"lr", 0, "X", "learning rate (2e-4)"},
    {"schedule", 0, "constant|linear|cosine", "how the rate goes on after warm-up (constant)"},
    {"warmup", 0, "N", "steps until the rate is reached (0)"},
    {"rank", 0, "N", "LoRA rank (256)"},
    {"alpha", 0, "X", "LoRA alpha (32)"},
    {"rslora", 0, NULL, "scale by alpha / sqrt(rank)"},
    {"targets", 0, "LIST", "linear layers with an adapter (all)"},
    {"full", 0, NULL, "train all weights instead of an adapter"},
    {"branch-weight", 0, "token|branch", "what weighs the same (token)"},
    {"max-tokens", 0, "N", "longest sequence (4096)"},
    {"too-long", 0, "stop|skip", "what to do with longer examples (stop)"},
    {"clip", 0, "X", "largest gradient norm; 0 is none (1.0)"},
    {"decay", 0, "X", "weight decay (0)"},
    {"every", 0, "N", "steps between checkpoints (100)"},
    {"every-examples", 0, "N", "examples between checkpoints, in place of --every"},
    {"grid", 0, "even|log", "log: checkpoints after once, twice, four times, ... --every-examples (even)"},
    {"row-tokens", 0, "N", "tokens computed at once (2048)"},
    {"recompute", 0, "auto|on|off|N", "layers computed twice: as few as fit, all, none, or N (auto)"},
    {"base-bits", 0, "16|8|4", "bits of frozen weights on a GPU: 8 by rows, 4 is NF4 (16)"},
    {"shard-base", 0, NULL, "divide the frozen layers over the GPUs of all processes"},
    {"no-share", 0, NULL, "compute each branch as a plain sequence"},
    {"init", 0, "model|random", "the model's weights or random ones (model)"},
    {"seed", 0, "N", "of adapters, random weights and order (0)"},
    {"threads", 0, "N", "threads; 0 is all cores (0)"},
    {"chat", 0, "NAME", "chat format, where the model's template is not known"},
    {"step", 0, "N", "branch: the checkpoint's step (the last)"},
    {"limit", 'n', "N", "preview: examples to show (3); log: lines (200)"},
    {"detach", 'd', NULL, "do not watch the run"},
    {"json", 0, NULL, "print JSON"},
    {.name = NULL},
};

static const struct option_spec open_options[] = {
    {"reviewer", 'r', "NAME", "who decides ($HINGE_REVIEWER, else the login name)"},
    {"theme", 't', "NAME", "dark, light, contrast, mono, or a theme file ($HINGE_THEME, else dark)"},
    {"read-only", 0, NULL, "look, change nothing"},
    {.name = NULL},
};

static const struct option_spec play_options[] = {
    {"keys", 'k', "FILE", "the script; - is standard input (-)"},
    {"size", 's', "COLSxROWS", "of the screen (80x24)"},
    {"term", 0, "xterm-256color|xterm-mono|vt100", "the terminal to behave like: with colours, with signs, with signs in ASCII"},
    {"reviewer", 'r', "NAME", "who decides ($HINGE_REVIEWER, else the login name)"},
    {"read-only", 0, NULL, "look, change nothing"},
    {.name = NULL},
};

const struct command commands[] = {
    {.name = "open",
     .args = "DB",
     .summary = "open the workbench on a project; the word open can be left out",
     .details = "",
     .options = open_options,
     .min_args = 1,
     .max_args = 1,
     .run = cmd_open},
    {.name = "diff",
     .args = "A B",
     .summary = "show what was changed between two texts, word by word",
     .details = "A and B are files; one of them may be - for standard input. Without colour, what is gone "
                "stands in [- -], what is new in {+ +}, what moved in [~ ~] and {~ ~}, and hinges in « ».\n\n"
                "The JSON holds every op with byte offsets in order, the sentences that moved, "
                "whether the alignment is a shortest one, and with --prompt or --rationale the hinges.",
     .options = diff_options,
     .min_args = 2,
     .max_args = 2,
     .run = cmd_diff},
    {.name = "doctor",
     .args = "[DB]",
     .summary = "check this machine, and a project's file, for what hinge needs",
     .details = "Looks at the terminal, the locale, SQLite, the editor, the trainer and, with DB, at the\n"
                "project file: does it open, who may read it, is there space. Exits 1 when something is\n"
                "found that hinge cannot work with; warnings exit 0.",
     .options = json_only,
     .max_args = 1,
     .run = cmd_doctor},
    {.name = "help",
     .args = "[COMMAND]",
     .summary = "show the commands, or one command's options",
     .details = "",
     .max_args = 1,
     .run = cmd_help},
    {.name = "init",
     .args = "DB",
     .summary = "make an empty project",
     .details = "The file is readable by you alone. One that exists is left as it is.",
     .min_args = 1,
     .max_args = 1,
     .run = cmd_init},
    {.name = "status",
     .args = "DB",
     .summary = "count a project's records, rules and decisions",
     .details = "",
     .options = json_only,
     .min_args = 1,
     .max_args = 1,
     .run = cmd_status},
    {.name = "hinges",
     .args = "DB|FILE",
     .summary = "list the words that decided each record's outcome",
     .details = "Reads a project, or a file of records (JSONL). A line for each group of changes with a hinge "
                "in it: its score, the words taken out (-) and put in (+), why, and the sentence of the rationale it "
                "answers to. With --json one object a record, a line each; offsets are bytes.",
     .options = json_only,
     .min_args = 1,
     .max_args = 1,
     .run = cmd_hinges},
    {.name = "rules",
     .args = "DB [list|show N|merge N INTO|retire N|revive N]",
     .summary = "list the rule library, show or change a rule",
     .details = "Merging moves every record of the first rule to the second. What is changed here can be undone in "
                "the workbench by the same reviewer.",
     .options = rules_options,
     .min_args = 1,
     .max_args = 4,
     .run = cmd_rules},
    {.name = "generate",
     .args = "DB",
     .summary = "have a model write y0 for records without one",
     .details = "Sends each record's prompt as it is." STEP_DETAILS,
     .options = generate_options,
     .min_args = 1,
     .max_args = 1,
     .run = cmd_step},
    {.name = "grade",
     .args = "DB",
     .summary = "have y0 scored by the graders of its task",
     .details = "A grader is a model with a rubric, a file of patterns, or a program." STEP_DETAILS,
     .options = grade_options,
     .min_args = 1,
     .max_args = 1,
     .run = cmd_step},
    {.name = "refine",
     .args = "DB",
     .summary = "rewrite y0 by what graders say, until it reaches the top score",
     .details = "Every round is kept. What never becomes perfect is tagged 'imperfect' and goes to the expert, not into "
                "a training set." STEP_DETAILS,
     .options = refine_options,
     .min_args = 1,
     .max_args = 1,
     .run = cmd_step},
    {.name = "distill",
     .args = "DB",
     .summary = "distil what graders said into rules for experts to judge",
     .details = "A candidate that copies names, dates, numbers or five words in a row from the prompt is refused and "
                "asked for again." STEP_DETAILS,
     .options = distill_options,
     .min_args = 1,
     .max_args = 1,
     .run = cmd_step},
    {.name = "eval",
     .args = "DB [WORD [N [ID...]]]",
     .summary = "have a model answer held-out prompts, and graders score the answers",
     .details = "An eval is one model (--run with --step, --model, --endpoint), thinking or not, on the records of a split, "
                "scored by their tasks' graders. Its answers are generated by hinge-train or the endpoint. Records whose "
                "prompt the run's training set holds, as it is or nearly (four fifths of its five-word shingles shared, or "
                "nine tenths of them within a longer one), are refused and listed. The same eval asked for again goes on "
                "with what is missing; what was answered once is not asked again." STEP_DETAILS
                "\n\nWORD is list, show, compare, refused, broken, return or delete with an eval's number, or weigh; without it and "
                "without a model, list. show tells one by task with the records below the top score, with "
                "ID one record's answer; compare lists the records that M made worse or better than N. "
                "broken looks for the rules whose mistakes the graders still name, and lists on how many records; return sends "
                "failures back to the experts as new records (those named, or all), which 'l eval:N' in the queue shows.\n\n"
                "weigh (with --model, or --run and --step) asks what each rule is worth to a model: the nats that the rule, as a "
                "strategy, saves on y* of the records that cite it, in all and at the hinges, with a 95% interval. 'hinge rules "
                "DB' lists them.",
     .options = eval_options,
     .min_args = 1,
     .max_args = -1,
     .run = cmd_eval},
    {.name = "jobs",
     .args = "DB [list|show N|log N|faults N|cancel N|resume N|retry N]",
     .summary = "list long work, watch it, stop it, let it go on",
     .details = "A job whose process died is shown as lost; resume goes on where it stopped. retry does so too, and tries "
                "failed records again.",
     .options = jobs_options,
     .min_args = 1,
     .max_args = 3,
     .run = cmd_jobs},
    {.name = "train",
     .args = "DB [WORD [RUN [RUN]]]",
     .summary = "train a model on what was accepted; list, watch, stop and resume runs",
     .details = "WORD is start, list, models or preview, or with a run's name show, watch, log, stop, resume, branch or delete; "
                "compare takes two. Without it, list, or start where --method is given.\n\n"
                "start: what is accepted becomes a snapshot, and hinge-train(1) trains a LoRA adapter on it, "
                "as a process of its own that goes on when the terminal is closed. Here it is watched; Ctrl-C stops it "
                "after the step at hand, with a checkpoint, and 'resume' goes on. preview shows examples as they will be "
                "trained, the trained text in brackets, and whether the model fits; models lists base models.\n\n"
                "A run is a folder in DB-runs, and its state is read from there: copied elsewhere, it opens as well. RUN is a "
                "run's name, or the beginning of its uuid.\n\n"
                "With --json a run is an object: name, uuid, folder, state (waiting, starting, running, stopped, finished, "
                "failed, unreadable), reason, method, group, model, place, device, notes, seed, created, started and ended "
                "(milliseconds since 1970, or null), branched_from (uuid, name, step), data (train and valid: sha256, examples, "
                "branches_a, branches_b, filters), options, progress (step, steps, examples, examples_all, loss, "
                "valid_loss, tokens_per_second, seconds_left; null where not known) and checkpoints (step, examples, bytes, "
                "written, path). preview prints an object a method: the counts of its data and what was left out, the plan of memory, and "
                "shown, the examples in pieces (given, strategy, answer). Runs of one comparison have group in common. start prints one object, or a list for several "
                "methods. Exits with 1 when a run that was watched did not finish.",
     .options = train_options,
     .min_args = 1,
     .max_args = 4,
     .run = cmd_train},
    {.name = "keep",
     .args = "RUN...",
     .summary = "",
     .details = "",
     .min_args = 1,
     .max_args = -1,
     .run = cmd_keep},
    {.name = "prompts",
     .args = "[DB] [list|show NAME|check|diff NAME [HASH]|earnings]",
     .summary = "show, check and compare prompt templates, and say which earn their keep",
     .details = "A project's own templates stand in the folder notes.prompts beside notes.db. diff compares the one in "
                "use with the one hinge brings along, or with a version that was used before. earnings counts, for each "
                "version, model and task, how many candidates experts accepted, edited and rejected, and how often they "
                "agree with graders.",
     .options = json_only,
     .max_args = 4,
     .run = cmd_prompts},
    {.name = "verdicts",
     .args = "DB",
     .summary = "list answers of graders that could not be read",
     .details = "Each with what was there instead. 'hinge jobs DB retry N' or 'hinge grade DB' asks again.",
     .options = json_only,
     .min_args = 1,
     .max_args = 1,
     .run = cmd_verdicts},
    {.name = "experiment",
     .args = "[list|scribe|corpus|grade|rouge]",
     .summary = "run an experiment that comes along, from records to figures",
     .details = "scribe: does Rationale-Guided Training learn from fewer examples? Makes a project in the folder --out, lets a "
                "recorded teacher write, a grader judge, a refiner mend and a distiller word rules, accepts them, trains sft, "
                "isft and rgt with several seeds, evaluates each checkpoint and writes the report and RESULTS.md. It takes no "
                "key and no network. Called again, it goes on where it stopped.\n\n"
                "corpus prints what the small model was pre-trained on. grade and rouge are graders as programs of hinge-config(5): "
                "a question on standard input, an answer on standard output. grade judges by the visit's facts, rouge "
                "gives ROUGE-L against meta.reference.",
     .options = experiment_options,
     .max_args = 1,
     .run = cmd_experiment},
    {.name = "agreement",
     .args = "DB",
     .summary = "say how far reviewers agree on the same records",
     .details = "Compares each reviewer's last verdict (accepted, edited, rejected, flagged; a skip is none) on records "
                "that two or more judged: Cohen's kappa by pair, Krippendorff's alpha over all, by task and by rule, "
                "with a 95% bootstrap interval, and the records judged most differently.",
     .options = agreement_options,
     .min_args = 1,
     .max_args = 1,
     .run = cmd_agreement},
    {.name = "report",
     .args = "DB",
     .summary = "compare the methods by their evals: the four figures, with intervals and tests",
     .details =
         "Figure 1: final score by method and task. Figure 2: score against examples seen. Figure 3: thinking on against "
         "off. Figure 4: examples needed for a gain over the base, relative to RGT, on the growth curve "
         "s(n) = a + b ln(1 + n/c) fitted to the points and on straight lines between them; \"not reached\" is an answer. "
         "Intervals hold 95% (bootstrap over records, and over runs where a method has several); the tests are a "
         "permutation of signs and Wilcoxon's signed ranks on the same records, corrected for all pairs (Holm). The runs "
         "of a method are taken as its seeds. Evals that cannot be compared (another split, base model, grader or "
         "sampling) are left out, and it is said.\n\n"
         "With -o the folder gets figure1.csv to figure4.csv, tests.csv, evals.csv, report.json (what --json prints), "
         "report.html (all of it on one page, which needs no other file) and, where gnuplot is installed, figure1 to "
         "figure4 as .svg and .png with their scripts (.gp). In CSV what is not known is empty and what is not reached "
         "is inf; in JSON they are null and \"not reached\".",
     .options = report_options,
     .min_args = 1,
     .max_args = 1,
     .run = cmd_report},
    {.name = "backup",
     .args = "DB FILE",
     .summary = "copy a project while others may be writing to it",
     .details = "FILE appears under its name when it is whole. One that exists is left as it is.",
     .min_args = 2,
     .max_args = 2,
     .run = cmd_backup},
    {.name = "check",
     .args = "DB",
     .summary = "look for damage in a project",
     .details = "Checks the file, what points where, and every state, rule and counter against the decisions it "
                "follows from. Exits 1 when a fault was found.",
     .options = check_options,
     .min_args = 1,
     .max_args = 1,
     .run = cmd_check},
    {.name = "import",
     .args = "DB FILE...",
     .summary = "bring records of files into a project",
     .details = "The format is told by the file's first item: hinge JSONL, Argilla, Label Studio, Prodigy, "
                "chats, CSV; '-' reads standard input. What cannot be used is refused, with line, field and "
                "reason, and the rest lands. The same file twice changes nothing; a changed record becomes a "
                "new revision and keeps its decisions. Exits with 1 when something was refused.",
     .options = import_options,
     .min_args = 2,
     .max_args = -1,
     .run = cmd_import},
    {.name = "export",
     .args = "DB --method METHOD -o FILE",
     .summary = "write training sets, records or rules",
     .details = "sft, isft and rgt write a snapshot, with a manifest beside it that says what is in and what "
                "was left out. An export that would be empty writes nothing, says why and exits with 1.",
     .options = export_options,
     .min_args = 1,
     .max_args = 1,
     .run = cmd_export},
    {.name = "play",
     .args = "DB",
     .summary = "drive the workbench from a key script and print screens as text",
     .details =
         "The script has one statement a line; lines that start with # are passed over:\n\n"
         "key NAME ... presses keys one after another (j, Ctrl-d, Enter, Ctrl-x Ctrl-e);\n\n"
         "type \"TEXT\" types text, a character a key, and paste \"TEXT\" pastes it (\\\" \\\\ \\n \\t \\e "
         "\\xHH are escapes);\n\n"
         "screen [NAME] prints the screen, looks [NAME] letters for what is lit how;\n\n"
         "expect \"TEXT\" fails unless the screen shows it, refuse \"TEXT\" if it does;\n\n"
         "resize COLSxROWS changes the window, settle lets work in the background finish, wait MS lets time "
         "pass, await \"TEXT\" does until the screen shows it (two minutes at most), hangup ends as a lost connection does.\n\n"
         "What is decided is decided: try scripts on a copy (hinge backup).",
     .options = play_options,
     .min_args = 1,
     .max_args = 1,
     .run = cmd_play},
    {.name = "work",
     .args = "DB JOB",
     .summary = "",
     .details = "",
     .min_args = 2,
     .max_args = 2,
     .run = cmd_work},
    {.name = NULL},
};

const struct command *command_find(const char *name)
{
    if (strcmp(name, "distil") == 0)
        name = "distill";
    for (const struct command *c = commands; c->name; c++)
        if (strcmp(c->name, name) == 0)
            return c;
    return NULL;
}
