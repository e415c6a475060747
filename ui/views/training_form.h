/* The form that starts a run, apart from its painting. Private to training_form*.c. */
#ifndef UI_VIEWS_TRAINING_FORM_H
#define UI_VIEWS_TRAINING_FORM_H

#include "ui/views/form.h"
#include "ui/views/listing.h"
#include "ui/views/training.h"

enum train_field {
    TRAIN_METHODS,
    TRAIN_TOGETHER, /* of a comparison */
    TRAIN_MODEL,
    TRAIN_DATA,
    TRAIN_FILTERS,
    TRAIN_VALID,
    TRAIN_SETTINGS,
    TRAIN_DEVICE,
    TRAIN_PLACE,
    TRAIN_PROCESSES,
    TRAIN_NAME,
    TRAIN_NOTES,
    TRAIN_START,
    TRAIN_FIELDS
};
enum { TRAIN_METHODS_MAX = 3, TRAIN_CHANGES = 40 };

/* One setting that is not as the table has it. */
struct train_change {
    const struct train_setting_row *row;
    char *value;
};

struct train_form_view {
    struct desk *desk;
    struct run parent; /* of a branch; parent.folder NULL: a new run */
    int64_t parent_step;
    size_t methods;    /* row of train_choices */
    struct train_models models;
    size_t model;      /* among models; models.count: what was typed */
    struct str typed_model;
    struct json *snapshots;
    size_t snapshot;   /* 0: a new one; else one more than its place */
    struct str split, since, reviewer, agreement, valid, place, name, notes;
    size_t device;
    bool together; /* all methods at once */
    int processes; /* 0: one */
    struct train_change changes[TRAIN_CHANGES];
    size_t n_changes;

    int field;             /* among those shown: train_form_fields */
    bool settings;         /* the page of settings is open */
    struct listing list;   /* its cursor */

    int stage; /* what is found out next when no key waits: the data of method number stage, then the plan;
                  STAGE_DONE */
    struct train_data data[TRAIN_METHODS_MAX];
    struct error data_fault[TRAIN_METHODS_MAX];
    struct train_plan plan;
    struct error plan_fault;
};
enum { STAGE_DONE = 100 };

/* The choices of methods: one, or several as one comparison. */
struct train_choice {
    const char *methods[TRAIN_METHODS_MAX];
    size_t n;
    const char *says;
};
extern const struct train_choice train_choices[];
size_t train_choices_count(void);
extern const char *const train_devices[]; /* three */

bool train_form_branches(const struct train_form_view *v);
/* The lines the form has now; returns how many. */
int train_form_fields(const struct train_form_view *v, enum train_field fields[TRAIN_FIELDS]);
const struct train_choice *train_form_choice(const struct train_form_view *v);
const char *train_form_model(const struct train_form_view *v); /* NULL: none */
const struct json *train_form_snapshot(const struct train_form_view *v); /* NULL: a new one */
/* What a setting is now: changed, as the parent had it, or as the table says; NULL: not given. */
const char *train_form_setting(const struct train_form_view *v, const struct train_setting_row *row);
bool train_form_changed(const struct train_form_view *v, const struct train_setting_row *row);
/* Empty text takes the change back. */
void train_form_set(struct train_form_view *v, const struct train_setting_row *row, struct slice text);
size_t train_settings_count(void);

/* The request as it stands; settings needs TRAIN_CHANGES places. Borrows from v. */
struct train_request train_form_request(const struct train_form_view *v, struct train_setting *settings);
/* Finds out the next thing; false when all is known. */
bool train_form_find_out(struct train_form_view *v);
void train_form_stale(struct train_form_view *v);

void train_form_paint(void *view, const struct paint *p);

#endif
