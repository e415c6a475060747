#include "base/error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* A message cut in the middle of a character would be invalid UTF-8: step back to its border. */
static void cut_on_border(char *text, size_t wanted)
{
    if (wanted < ERROR_TEXT_MAX)
        return;
    size_t end = ERROR_TEXT_MAX - 1;
    size_t start = end;
    while (start > 0 && ((unsigned char)text[start - 1] & 0xC0) == 0x80)
        start--;
    if (start > 0 && (unsigned char)text[start - 1] >= 0xC0)
        start--;
    text[end - start < 4 ? start : end] = '\0';
}

static void format(char *text, const char *fmt, va_list args)
{
    int wanted = vsnprintf(text, ERROR_TEXT_MAX, fmt, args);
    if (wanted < 0)
        text[0] = '\0';
    else
        cut_on_border(text, (size_t)wanted);
}

int error_set(struct error *err, enum error_code code, const char *fmt, ...)
{
    if (!err)
        return -1;
    va_list args;
    va_start(args, fmt);
    err->code = code;
    format(err->text, fmt, args);
    va_end(args);
    return -1;
}

static enum error_code code_of_errno(int number)
{
    switch (number) {
    case ENOSPC:
    case EDQUOT:
        return ERR_FULL;
    case EROFS:
    case EACCES:
    case EPERM:
        return ERR_READONLY;
    case ENOENT:
        return ERR_ABSENT;
    default:
        return ERR_IO;
    }
}

int error_errno(struct error *err, const char *fmt, ...)
{
    int number = errno;
    if (!err)
        return -1;
    char what[ERROR_TEXT_MAX];
    va_list args;
    va_start(args, fmt);
    format(what, fmt, args);
    va_end(args);
    return error_set(err, code_of_errno(number), "%s: %s", what, strerror(number));
}

int error_prefix(struct error *err, const char *fmt, ...)
{
    if (!err)
        return -1;
    char context[ERROR_TEXT_MAX];
    char was[ERROR_TEXT_MAX];
    va_list args;
    va_start(args, fmt);
    format(context, fmt, args);
    va_end(args);
    memcpy(was, err->text, sizeof was);
    return error_set(err, err->code, "%s%s", context, was);
}

void error_clear(struct error *err)
{
    if (err) {
        err->code = ERR_NONE;
        err->text[0] = '\0';
    }
}
