/* Writes answers down as a replay endpoint reads them: {"for", "hash", "reply"} a line, in one write each. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/json.h"
#include "llm/lane.h"

int record_open(const struct endpoint *e, struct error *err)
{
    if (!e->record_to || e->kind == ENDPOINT_REPLAY)
        return -1;
    int fd = open(e->record_to, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0) {
        error_errno(err, "cannot record to %s", e->record_to);
        return -2;
    }
    return fd;
}

void record_add(int fd, const struct question *q, const struct llm_answer *a)
{
    if (fd < 0)
        return;
    struct json *j = json_new_object(), *reply = json_new_object();
    struct str line = {0};
    json_set_string(j, "for", q->label);
    json_set_string(j, "hash", q->asked);
    json_set_string(reply, "text", str_z(&a->text));
    json_set_string(reply, "finish", chat_finish_name(a->finish));
    json_set_string(reply, "model", a->model);
    json_set_int(reply, "in", a->usage.in);
    json_set_int(reply, "out", a->usage.out);
    json_set_int(reply, "cached", a->usage.cached);
    json_set(j, "reply", reply);
    json_print(&line, j);
    str_addc(&line, '\n');
    json_free(j);
    ssize_t n;
    do {
        n = write(fd, line.at, line.len); /* a full disk loses the recording, not the answer */
    } while (n < 0 && errno == EINTR);
    str_free(&line);
}
