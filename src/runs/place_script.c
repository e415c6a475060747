/*
 * Scripts for another machine. They are files in the run's folder there: what a run is made of stands in them, quoted, and
 * no shell is given more than the name of a file.
 */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "runs/place_parts.h"

void place_quote(struct str *out, const char *word)
{
    str_addc(out, '\'');
    for (; *word; word++) {
        if (*word == '\'')
            str_adds(out, "'\\''");
        else
            str_addc(out, *word);
    }
    str_addc(out, '\'');
}

void place_quote_all(struct str *out, const char *const *words)
{
    for (size_t i = 0; words[i]; i++) {
        if (i)
            str_addc(out, ' ');
        place_quote(out, words[i]);
    }
}

bool place_plain(const char *text)
{
    static const char fine[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/";
    size_t len = strlen(text);
    return len && len < 512 && text[0] != '-' && strspn(text, fine) == len;
}

int place_write_script(const struct run *r, const char *name, const struct str *text, struct error *err)
{
    struct str path = {0};
    run_path(r, name, &path);
    int result = file_write_atomic(path.at, 0600, str_slice(text), err);
    str_free(&path);
    return result;
}

/* Starts the training in the background, where none goes on; returns when it holds the lock or has ended. */
static const char start_tail[] =
    "}\n"
    "if \"$trainer\" alive --out . 2>/dev/null; then exit 0; fi\n"
    "rm -f ended stop errors.txt\n"
    "detach=\n"
    "command -v setsid >/dev/null 2>&1 && detach=setsid\n"
    "train=1; export train\n"
    "$detach sh ./start.sh </dev/null >/dev/null 2>&1 &\n"
    "n=0\n"
    "until [ -e ended ] || \"$trainer\" alive --out . 2>/dev/null; do\n"
    "    n=$((n + 1))\n"
    "    [ $n -lt 600 ] || { echo 'hinge-train did not start within a minute' >&2; exit 1; }\n"
    "    sleep 0.1\n"
    "done\n";

void place_start_script(struct str *out, const char *trainer, const char *const *words)
{
    str_adds(out, "#!/bin/sh\n# Written by hinge: trains in the folder this stands in.\n"
                  "umask 077\ncd \"$(dirname \"$0\")\" || exit 1\ntrainer=");
    place_quote(out, trainer);
    str_adds(out, "\ncommand -v \"$trainer\" >/dev/null 2>&1 || { echo \"there is no $trainer here: install hinge-train, or name it as "
                  "program in the configuration\" >&2; exit 1; }\n"
                  "[ -z \"${train:-}\" ] || {\n    trap '' HUP\n    ");
    place_quote_all(out, words);
    str_adds(out, " </dev/null >/dev/null 2>errors.txt\n    echo $? >ended.new && mv ended.new ended\n    exit 0\n");
    str_adds(out, start_tail);
}

/*
 * What is new, until the training ended. Arguments: the file number of metrics.jsonl, the bytes of it and of the log that
 * were told before. Each part is a line, some with bytes behind it: N number (the metrics are another file: forget them), M and L
 * count (bytes of metrics, of the log), C steps (checkpoints there), S text (the last complaint), E status ("lost": nobody
 * wrote one), T (nothing new, but alive).
 */
static const char follow_body[] =
    "node=$1; sent=$2; logged=$3; seen=\n"
    "part() { # LETTER FILE SENT: the bytes from SENT on\n"
    "    tail -c +$(($3 + 1)) \"$2\" >.part 2>/dev/null\n"
    "    got=$(($(wc -c <.part)))\n"
    "    [ $got -eq 0 ] || { echo \"$1 $got\"; cat .part; }\n"
    "}\n"
    "while :; do\n"
    "    over=\n"
    "    if [ -e ended ]; then over=1\n"
    "    elif ! \"$trainer\" alive --out . 2>/dev/null; then sleep 1; over=1; fi\n"
    "    if [ -e metrics.jsonl ]; then\n"
    "        now=$(ls -i metrics.jsonl); now=${now%% *}\n"
    "        [ \"$now\" = \"$node\" ] || { node=$now; sent=0; echo \"N $node\"; }\n"
    "        part M metrics.jsonl \"$sent\"; sent=$((sent + got))\n"
    "    fi\n"
    "    [ ! -e log.txt ] || { part L log.txt \"$logged\"; logged=$((logged + got)); }\n"
    "    steps=$(ls checkpoints 2>/dev/null | grep '^step-[0-9]*$' | tr '\\n' ' ')\n"
    "    [ \"$steps\" = \"$seen\" ] || { seen=$steps; echo \"C $steps\"; }\n"
    "    if [ -n \"$over\" ]; then\n"
    "        echo \"S $(tail -n 1 errors.txt 2>/dev/null)\"\n"
    "        if [ -e ended ]; then echo \"E $(cat ended)\"; else echo 'E lost'; fi\n"
    "        exit 0\n"
    "    fi\n"
    "    echo T\n"
    "    sleep 1\n"
    "done\n";

void place_follow_script(struct str *out, const char *trainer)
{
    str_adds(out, "#!/bin/sh\n# Written by hinge: tells what the training in this folder writes.\n"
                  "umask 077\ncd \"$(dirname \"$0\")\" || exit 1\ntrainer=");
    place_quote(out, trainer);
    str_addc(out, '\n');
    str_adds(out, follow_body);
}
