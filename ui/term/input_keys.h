/* Names of the keys that control characters and escape sequences stand for. Private to term. */
#ifndef UI_TERM_INPUT_KEYS_H
#define UI_TERM_INPUT_KEYS_H

#include <stdbool.h>

#include "ui/term/term.h"

/* Each writes the name and returns true, or returns false for what is no key. */
bool input_control_key(char c, char name[KEY_NAME_MAX]);
bool input_alt_key(char c, char name[KEY_NAME_MAX]);
bool input_csi_key(const char *params, char final, char name[KEY_NAME_MAX]);
bool input_ss3_key(char c, char name[KEY_NAME_MAX]);
bool input_console_key(char c, char name[KEY_NAME_MAX]);

#endif
