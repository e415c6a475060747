/* A folder that a test may fill; removed with all it holds. */
#ifndef SUPPORT_TMP_H
#define SUPPORT_TMP_H

/* Makes a fresh folder under TMPDIR (or /tmp); the returned path is freed by tmp_remove. */
char *tmp_make(void);
void tmp_remove(char *path);
/* "DIR/NAME" in a static ring of eight buffers: good until the eighth call after. */
const char *tmp_join(const char *dir, const char *name);

#endif
