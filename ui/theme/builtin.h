/* The themes of share/themes, compiled in (made by ui/theme/builtin.awk). */
#ifndef UI_THEME_BUILTIN_H
#define UI_THEME_BUILTIN_H

extern const char *const theme_builtin_names[]; /* ended by NULL */
extern const char *const theme_builtin_texts[];
extern const char theme_builtin_mono[];

#endif
