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
    {"sort", 0, "uses|edits|age|text", "the order of the list (uses)"},
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

static const struct option_spec agreement_options[] = {
    {"json", 0, NULL, "print JSON"},
    {"kept", 0, NULL, "count a rule accepted and a rule edited as one verdict"},
    {"limit", 'n', "N", "list at most N tasks, rules and records (10)"},
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
         "pass, hangup ends as a lost connection does.\n\n"
         "What is decided is decided: try scripts on a copy (hinge backup).",
     .options = play_options,
     .min_args = 1,
     .max_args = 1,
     .run = cmd_play},
    {.name = NULL},
};

const struct command *command_find(const char *name)
{
    for (const struct command *c = commands; c->name; c++)
        if (strcmp(c->name, name) == 0)
            return c;
    return NULL;
}
