#include "ui/term/input_keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool name_is(char name[KEY_NAME_MAX], const char *text)
{
    snprintf(name, KEY_NAME_MAX, "%s", text);
    return true;
}

bool input_control_key(char c, char name[KEY_NAME_MAX])
{
    switch (c) {
    case '\t': return name_is(name, "Tab");
    case '\r': return name_is(name, "Enter");
    case '\x1B': return name_is(name, "Esc");
    case '\b': case '\x7F': return name_is(name, "Backspace");
    case '\0': return name_is(name, "Ctrl-Space");
    default: break;
    }
    char low = (char)(c + '@');
    snprintf(name, KEY_NAME_MAX, "Ctrl-%c", low >= 'A' && low <= 'Z' ? low + ('a' - 'A') : low);
    return true;
}

bool input_alt_key(char c, char name[KEY_NAME_MAX])
{
    char plain[KEY_NAME_MAX];
    if (c > 0x20 && c < 0x7F)
        snprintf(plain, sizeof plain, "%c", c);
    else if (c < 0 || c == 0x20 || !input_control_key(c, plain))
        return false;
    return snprintf(name, KEY_NAME_MAX, "Alt-%.16s", plain) > 0;
}

static const struct {
    char final;
    const char *name;
} letters[] = {
    {'A', "Up"}, {'B', "Down"}, {'C', "Right"}, {'D', "Left"}, {'H', "Home"}, {'F', "End"},
    {'P', "F1"}, {'Q', "F2"},   {'R', "F3"},    {'S', "F4"},   {'Z', "Shift-Tab"},
};

static const char *letter_name(char final)
{
    for (size_t i = 0; i < sizeof letters / sizeof *letters; i++)
        if (letters[i].final == final)
            return letters[i].name;
    return NULL;
}

static const char *tilde_name(long number)
{
    static const char *const names[] = {
        [1] = "Home", [2] = "Insert", [3] = "Delete", [4] = "End",  [5] = "PgUp", [6] = "PgDn",
        [7] = "Home", [8] = "End",    [11] = "F1",  [12] = "F2",  [13] = "F3",  [14] = "F4",
        [15] = "F5",  [17] = "F6",    [18] = "F7",  [19] = "F8",  [20] = "F9",  [21] = "F10",
        [23] = "F11", [24] = "F12",
    };
    return number > 0 && number < (long)(sizeof names / sizeof *names) ? names[number] : NULL;
}

/* xterm's modifier parameter: 1 + Shift 1 + Alt 2 + Ctrl 4 (+ Meta 8). */
static bool with_modifiers(long modifiers, const char *key, char name[KEY_NAME_MAX])
{
    if (!key || modifiers < 1 || modifiers > 16)
        return false;
    unsigned m = (unsigned)modifiers - 1;
    snprintf(name, KEY_NAME_MAX, "%s%s%s%.9s", m & 4 ? "Ctrl-" : "", m & (2 | 8) ? "Alt-" : "",
             m & 1 ? "Shift-" : "", key);
    return true;
}

/* Keys told by their character's number: CSI u, and xterm's modifyOtherKeys. */
static bool numbered(long c, long modifiers, char name[KEY_NAME_MAX])
{
    char plain[KEY_NAME_MAX];
    unsigned m = modifiers > 0 ? (unsigned)modifiers - 1 : 0;
    if (c < 0x20 || c == 0x7F) {
        if (c < 0 || !input_control_key((char)c, plain))
            return false;
    } else if (c > 0x20 && c < 0x7F) {
        snprintf(plain, sizeof plain, "%c", (int)c);
        m &= ~1u; /* Shift is in the letter */
    } else if (c == 0x20) {
        snprintf(plain, sizeof plain, "Space");
    } else {
        return false;
    }
    return with_modifiers((long)m + 1, plain, name);
}

bool input_csi_key(const char *params, char final, char name[KEY_NAME_MAX])
{
    long number[3] = {0, 1, 0};
    size_t count = 0;
    for (const char *p = params; *p; count++) {
        char *end;
        long n = strtol(p, &end, 10);
        if (end == p || n < 0 || n > 0x10FFFF || (*end && *end != ';') || count == 3)
            return false; /* '?', '<', '$' and such: an answer, not a key */
        number[count] = n;
        p = *end ? end + 1 : end;
    }
    if (final == '~' && number[0] == 27 && count == 3)
        return numbered(number[2], number[1], name);
    if (final == '~')
        return count <= 2 && with_modifiers(number[1], tilde_name(number[0]), name);
    if (final == 'u')
        return count >= 1 && count <= 2 && numbered(number[0], number[1], name);
    if (final == 'R') /* a cursor report: F3 has other ways */
        return false;
    if (count != 0 && !(count == 2 && number[0] == 1))
        return false;
    return with_modifiers(count ? number[1] : 1, letter_name(final), name);
}

bool input_ss3_key(char c, char name[KEY_NAME_MAX])
{
    if (c == 'M')
        return name_is(name, "Enter");
    const char *known = c == 'Z' ? NULL : letter_name(c);
    return known && name_is(name, known);
}

bool input_console_key(char c, char name[KEY_NAME_MAX])
{
    if (c < 'A' || c > 'E')
        return false;
    snprintf(name, KEY_NAME_MAX, "F%d", c - 'A' + 1);
    return true;
}
