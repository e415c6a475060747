/* Prints man page parts and shell completions from the command table, so that there is one list for
 * one fact. Built and run during the build; not installed. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "ui/workbench.h"

/* The next command that people are told of. */
static const struct command *listed(const struct command *c)
{
    while (c->name && !c->summary[0])
        c++;
    return c;
}

/* mdoc: a backslash is an escape, a line starting with a point or quote is a request, and a bare
 * hyphen may come out as a typographic one. */
static void mdoc_text(const char *text)
{
    bool line_start = true;
    for (const char *start = text; *text; text++) {
        if (line_start && (*text == '.' || *text == '\''))
            fputs("\\&", stdout);
        if (*text == '\\')
            fputs("\\e", stdout);
        else if (*text == '-')
            fputs("\\-", stdout);
        else if (*text == '\n' && text[1] == '\n')
            fputs("\n.Pp", stdout);
        else if (*text == ' ' && text > start && text[-1] == '.' && isupper((unsigned char)text[1]))
            putchar('\n'); /* a new sentence starts a new line */
        else
            putchar(*text);
        line_start = *text == '\n';
    }
    putchar('\n');
}

static void man_option(const struct option_spec *o)
{
    if (o->letter)
        printf(".It Fl %c , Fl \\-%s", o->letter, o->name);
    else
        printf(".It Fl \\-%s", o->name);
    if (o->arg) {
        fputs(" Ar ", stdout);
        mdoc_text(o->arg);
    } else {
        putchar('\n');
    }
    mdoc_text(o->help);
}

static void man_command(const struct command *c)
{
    printf(".It Ic %s Ar ", c->name);
    mdoc_text(c->args[0] ? c->args : "\\ ");
    printf("%c", toupper((unsigned char)c->summary[0]));
    mdoc_text(c->summary + 1);
    if (c->details[0]) {
        puts(".Pp");
        mdoc_text(c->details);
    }
    if (!c->options)
        return;
    puts(".Bl -tag -width Ds");
    for (const struct option_spec *o = c->options; o->name; o++)
        man_option(o);
    puts(".El");
}

static void print_man(void)
{
    puts(".Bl -tag -width Ds");
    for (const struct command *c = listed(commands); c->name; c = listed(c + 1))
        man_command(c);
    puts(".El");
}

/* The alternatives of an option's value as words, or "" when it is free text. */
static const char *choices(const struct option_spec *o, char out[256])
{
    out[0] = '\0';
    if (!o->arg || !strchr(o->arg, '|'))
        return out;
    snprintf(out, 256, "%s", o->arg);
    for (char *at = out; *at; at++)
        if (*at == '|')
            *at = ' ';
    return out;
}

static void print_names(void)
{
    for (const struct command *c = listed(commands); c->name; c = listed(c + 1))
        printf("%s%s", c == commands ? "" : " ", c->name);
}

static void bash_command(const struct command *c)
{
    char words[256];
    printf("        %s)\n            case $before in\n", c->name);
    if (strcmp(c->name, "help") == 0) {
        fputs("                help) COMPREPLY=($(compgen -W '", stdout);
        print_names();
        puts("' -- \"$word\")); return ;;");
    }
    for (const struct option_spec *o = c->options; o && o->name; o++)
        if (choices(o, words)[0])
            printf("                --%s) COMPREPLY=($(compgen -W '%s' -- \"$word\")); return ;;\n",
                   o->name, words);
    printf("            esac\n            options='");
    for (const struct option_spec *o = c->options; o && o->name; o++)
        printf("%s--%s", o == c->options ? "" : " ", o->name);
    puts("' ;;");
}

static void print_bash(void)
{
    puts("# bash completion for hinge, printed from its command table.\n"
         "_hinge() {\n"
         "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} options=\n"
         "    if [ \"$COMP_CWORD\" -eq 1 ]; then");
    fputs("        COMPREPLY=($(compgen -f -W '", stdout);
    print_names();
    puts("' -- \"$word\"))\n        return\n    fi\n    case ${COMP_WORDS[1]} in");
    for (const struct command *c = listed(commands); c->name; c = listed(c + 1))
        bash_command(c);
    puts("    esac\n"
         "    case $word in\n"
         "        -*) COMPREPLY=($(compgen -W \"$options\" -- \"$word\")) ;;\n"
         "        *) COMPREPLY=($(compgen -f -- \"$word\")) ;;\n"
         "    esac\n"
         "}\n"
         "complete -o filenames -F _hinge hinge");
}

/* Text inside single quotes of zsh or fish, without the characters their specs give a meaning. */
static void shell_text(const char *text)
{
    for (; *text; text++)
        if (!strchr("'[]:\\", *text))
            putchar(*text);
}

static void zsh_command(const struct command *c)
{
    char words[256];
    printf("        %s) _arguments", c->name);
    for (const struct option_spec *o = c->options; o && o->name; o++) {
        printf(" '--%s[", o->name);
        shell_text(o->help);
        if (o->arg)
            printf("]:%s:%s%s%s'", o->name, choices(o, words)[0] ? "(" : "_files", words,
                   words[0] ? ")" : "");
        else
            fputs("]'", stdout);
    }
    puts(" '*:file:_files' ;;");
}

static void print_zsh(void)
{
    puts("#compdef hinge\n# zsh completion for hinge, printed from its command table.\n"
         "_hinge() {\n    local -a commands\n    commands=(");
    for (const struct command *c = listed(commands); c->name; c = listed(c + 1)) {
        printf("        '%s:", c->name);
        shell_text(c->summary);
        puts("'");
    }
    puts("    )\n    if (( CURRENT == 2 )); then\n"
         "        _describe command commands\n        _files\n        return\n    fi\n"
         "    local command=$words[2]\n    shift words\n    (( CURRENT-- ))\n    case $command in");
    for (const struct command *c = listed(commands); c->name; c = listed(c + 1))
        zsh_command(c);
    puts("    esac\n}\n_hinge \"$@\"");
}

static void fish_option(const struct command *c, const struct option_spec *o)
{
    char words[256];
    printf("complete -c hinge -n '__fish_seen_subcommand_from %s' -l %s", c->name, o->name);
    if (o->letter)
        printf(" -s %c", o->letter);
    if (o->arg)
        printf(" -r");
    if (choices(o, words)[0])
        printf(" -f -a '%s'", words);
    fputs(" -d '", stdout);
    shell_text(o->help);
    puts("'");
}

static void print_fish(void)
{
    puts("# fish completion for hinge, printed from its command table.");
    for (const struct command *c = listed(commands); c->name; c = listed(c + 1)) {
        printf("complete -c hinge -n __fish_use_subcommand -a %s -d '", c->name);
        shell_text(c->summary);
        puts("'");
        for (const struct option_spec *o = c->options; o && o->name; o++)
            fish_option(c, o);
    }
}

/* Modes as the views name them, in words for the page. */
static const char *mode_title(const char *mode)
{
    static const struct {
        const char *mode, *title;
    } titles[] = {
        {"", "In every view"},          {"queue", "Queue"},          {"review", "Review"},
        {"form", "Writing a rule"},     {"text", "Editing y*"},      {"ask", "A line that is asked for"},
        {"mark", "Marking a hinge"},    {"rules", "Rules"},          {"history", "History"},
        {"edit", "Typing"},             {"help", "Help"},
    };
    for (size_t i = 0; i < sizeof titles / sizeof *titles; i++)
        if (strcmp(titles[i].mode, mode) == 0)
            return titles[i].title;
    return mode;
}

static bool mode_is_new(size_t row)
{
    for (size_t i = 0; i < row; i++)
        if (strcmp(workbench_binding(i)->mode, workbench_binding(row)->mode) == 0)
            return false;
    return true;
}

/* One quoted argument, so that a key such as [ or ; is not taken for punctuation of the sentence. */
static void man_keys(const char *keys)
{
    fputs(".It Li \"\\&", stdout);
    for (; *keys; keys++) {
        if (*keys == '"')
            fputs("\\(dq", stdout);
        else if (*keys == '\\')
            fputs("\\e", stdout);
        else if (*keys == '-')
            fputs("\\-", stdout);
        else
            putchar(*keys);
    }
    puts("\"");
}

static void man_mode(const char *mode)
{
    printf(".Ss %s\n.Bl -tag -width \"Ctrl\\-x Ctrl\\-e\"\n", mode_title(mode));
    for (size_t i = 0; workbench_binding(i); i++) {
        const struct binding *b = workbench_binding(i);
        if (strcmp(b->mode, mode) != 0 || !b->help[0])
            continue;
        man_keys(b->keys[0] ? b->keys : "(no key)");
        mdoc_text(b->help);
    }
    puts(".El");
}

static void print_keys(void)
{
    for (size_t i = 0; workbench_binding(i); i++)
        if (mode_is_new(i))
            man_mode(workbench_binding(i)->mode);
}

/* All keys as a key file (ui/keys/keymap.h), to copy from. */
static void print_keyfile(void)
{
    puts("# Every key of hinge, as a key file has them: view (- for all), command, keys. Copy the lines you want\n"
         "# to change into hinge/keys of your configuration folder.");
    for (size_t i = 0; workbench_binding(i); i++) {
        const struct binding *b = workbench_binding(i);
        if (b->keys[0])
            printf("%s %s %s\n", b->mode[0] ? b->mode : "-", b->command, b->keys);
    }
}

static void print_commands(void)
{
    for (const struct command *c = listed(commands); c->name; c = listed(c + 1))
        puts(c->name);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*print)(void);
    } parts[] = {
        {"commands", print_commands}, {"man", print_man},   {"keys", print_keys}, {"keyfile", print_keyfile}, {"bash", print_bash},
        {"zsh", print_zsh},           {"fish", print_fish},
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (argc == 2 && strcmp(argv[1], parts[i].name) == 0) {
            parts[i].print();
            return 0;
        }
    fputs("usage: docgen commands|man|keys|keyfile|bash|zsh|fish\n", stderr);
    return 2;
}
