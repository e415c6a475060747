#include "ui/views/eval_back.h"

#include "app/returns.h"
#include "db/eval_store.h"

bool eval_back_many(struct desk *d, int64_t eval, const int64_t *records, size_t n)
{
    struct outcome out = {0};
    struct error err = {0};
    bool sent = returns_send(desk_session(d), eval, records, n, &out, &err) == 0;
    if (sent) {
        desk_changed(d);
        desk_say(d, LOOK_GOOD, "%s", str_z(&out.said));
    } else {
        desk_fault(d, &err);
    }
    outcome_free(&out);
    return sent;
}

bool eval_back_one(struct desk *d, int64_t eval, int64_t record)
{
    struct error err = {0};
    int64_t there = 0;
    int known = eval_store_returned(session_store(desk_session(d)), eval, record, &there, &err);
    if (known == 1) {
        desk_open_record(d, there);
        desk_say(d, LOOK_TEXT, "it went back to the experts before: this is the record");
    } else if (known < 0) {
        desk_fault(d, &err);
    }
    return known == 0 && eval_back_many(d, eval, &record, 1);
}
