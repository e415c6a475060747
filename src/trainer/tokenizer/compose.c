#include "trainer/tokenizer/compose.h"

#include <stdbool.h>
#include <stdlib.h>
#include <utf8proc.h>

static bool ascii(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.at[i] >= 0x80)
            return false;
    }
    return true;
}

int compose_nfc(struct str *out, struct slice text, struct error *err)
{
    if (ascii(text)) {
        str_add_slice(out, text);
        return 0;
    }
    utf8proc_uint8_t *made = NULL;
    utf8proc_ssize_t len =
        utf8proc_map((const utf8proc_uint8_t *)text.at, (utf8proc_ssize_t)text.len, &made,
                     (utf8proc_option_t)(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
    if (len < 0)
        return error_set(err, ERR_INPUT, "text could not be normalised: %s", utf8proc_errmsg(len));
    str_add(out, made, (size_t)len);
    free(made);
    return 0;
}
