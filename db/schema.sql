-- The whole schema, as the migrations make it: to read, never run. A test compares the two; run
-- tests/db/test_store with HINGE_WRITE_SCHEMA=1 after adding a migration.

CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE reviewer (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    created INTEGER NOT NULL
) STRICT;

CREATE TABLE task (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE text (
    id INTEGER PRIMARY KEY,
    body TEXT NOT NULL
) STRICT;

CREATE TABLE rule (
    id INTEGER PRIMARY KEY,
    mistake TEXT NOT NULL,              -- derived: the effective version's words
    guardrail TEXT NOT NULL,            -- derived
    first_mistake TEXT NOT NULL,
    first_guardrail TEXT NOT NULL,
    status INTEGER NOT NULL DEFAULT 0 CHECK (status IN (0, 1, 2)), -- derived: active, retired, merged
    merged_into INTEGER REFERENCES rule (id),                      -- derived
    reviewer INTEGER NOT NULL REFERENCES reviewer (id),
    created INTEGER NOT NULL,
    uses INTEGER NOT NULL DEFAULT 0,    -- derived
    edits INTEGER NOT NULL DEFAULT 0    -- derived
) STRICT;

CREATE INDEX rule_by_words ON rule (mistake, guardrail);

CREATE INDEX rule_by_merged ON rule (merged_into) WHERE merged_into IS NOT NULL;

CREATE TABLE rule_version (
    id INTEGER PRIMARY KEY,
    rule INTEGER NOT NULL REFERENCES rule (id),
    mistake TEXT NOT NULL,
    guardrail TEXT NOT NULL,
    reviewer INTEGER NOT NULL REFERENCES reviewer (id),
    created INTEGER NOT NULL
) STRICT;

CREATE INDEX rule_version_by_rule ON rule_version (rule);

CREATE TABLE record (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    task INTEGER REFERENCES task (id),
    split TEXT CHECK (split IN ('train', 'valid', 'test')),
    revision INTEGER NOT NULL DEFAULT 1,
    score REAL,
    score_max REAL,
    score_share REAL,                   -- score / score_max, for sorting
    n_rounds INTEGER NOT NULL DEFAULT 0,
    n_hinges INTEGER,                   -- NULL: not counted yet
    candidate_line TEXT NOT NULL DEFAULT '',   -- headline while no rule is cited
    state INTEGER NOT NULL DEFAULT 0 CHECK (state BETWEEN 0 AND 5), -- derived
    headline TEXT NOT NULL DEFAULT '',  -- derived
    rule INTEGER REFERENCES rule (id),  -- derived: the first cited
    reviewer INTEGER REFERENCES reviewer (id), -- derived: who decided last
    decided INTEGER                     -- derived: when
) STRICT;

CREATE INDEX record_by_state ON record (state, id);

CREATE INDEX record_by_task ON record (coalesce(task, 0), id);

CREATE INDEX record_of_task ON record (task);

CREATE INDEX record_by_score_up ON record (coalesce(score_share, 9e99), id);

CREATE INDEX record_by_score_down ON record (coalesce(score_share, -9e99), id);

CREATE INDEX record_by_hinges ON record (coalesce(n_hinges, -1), id);

CREATE INDEX record_by_decided ON record (coalesce(decided, 0), id);

CREATE INDEX record_by_rule ON record (rule, id) WHERE rule IS NOT NULL;

CREATE INDEX record_by_reviewer ON record (reviewer, id) WHERE reviewer IS NOT NULL;

CREATE TABLE record_revision (
    record INTEGER NOT NULL REFERENCES record (id),
    revision INTEGER NOT NULL,
    hash TEXT NOT NULL,                 -- SHA-256 of the record as it is printed
    chat INTEGER NOT NULL CHECK (chat IN (0, 1)),
    meta TEXT,                          -- raw JSON of what the rows below do not hold
    extra TEXT,
    keys TEXT,
    source TEXT NOT NULL,
    line INTEGER NOT NULL,
    imported INTEGER NOT NULL,
    PRIMARY KEY (record, revision)
) STRICT, WITHOUT ROWID;

CREATE TABLE message (
    record INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    place INTEGER NOT NULL,
    role TEXT NOT NULL,
    text INTEGER NOT NULL REFERENCES text (id),
    PRIMARY KEY (record, revision, place),
    FOREIGN KEY (record, revision) REFERENCES record_revision (record, revision)
) STRICT, WITHOUT ROWID;

CREATE TABLE output (
    id INTEGER PRIMARY KEY,
    record INTEGER NOT NULL REFERENCES record (id),
    revision INTEGER NOT NULL,
    kind INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 3),
    round INTEGER NOT NULL,
    text INTEGER NOT NULL REFERENCES text (id),
    reviewer INTEGER REFERENCES reviewer (id),
    created INTEGER NOT NULL,
    model TEXT,
    endpoint TEXT,
    prompt_hash TEXT,
    parameters TEXT,
    tokens_in INTEGER,
    tokens_out INTEGER,
    milliseconds INTEGER
, sample INTEGER NOT NULL DEFAULT 0, call TEXT, job INTEGER) STRICT;

CREATE INDEX output_by_record ON output (record, revision);

CREATE TABLE verdict (
    id INTEGER PRIMARY KEY,
    record INTEGER NOT NULL REFERENCES record (id),
    revision INTEGER NOT NULL,
    output INTEGER REFERENCES output (id), -- NULL: a verdict on a record without y0
    score REAL,
    score_max REAL,
    rationale INTEGER REFERENCES text (id),
    spans TEXT,                         -- JSON: [[start,end,label],...], code points of the output
    created INTEGER NOT NULL,
    grader TEXT,
    model TEXT,
    endpoint TEXT,
    prompt_hash TEXT,
    parameters TEXT,
    tokens_in INTEGER,
    tokens_out INTEGER,
    milliseconds INTEGER
, counts INTEGER NOT NULL DEFAULT 1, part INTEGER NOT NULL DEFAULT 0, normalised REAL, samples INTEGER NOT NULL DEFAULT 1, spread REAL, fault TEXT, raw INTEGER REFERENCES text (id), call TEXT, job INTEGER) STRICT;

CREATE INDEX verdict_by_output ON verdict (output);

CREATE INDEX verdict_by_record ON verdict (record, revision);

CREATE TABLE candidate (
    id INTEGER PRIMARY KEY,
    record INTEGER NOT NULL REFERENCES record (id),
    revision INTEGER NOT NULL,
    mistake TEXT,
    guardrail TEXT,
    created INTEGER NOT NULL,
    model TEXT,
    endpoint TEXT,
    prompt_hash TEXT,
    parameters TEXT,
    tokens_in INTEGER,
    tokens_out INTEGER,
    milliseconds INTEGER
, rule INTEGER REFERENCES rule (id), call TEXT, job INTEGER) STRICT;

CREATE INDEX candidate_by_record ON candidate (record, revision);

CREATE TABLE decision (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    batch INTEGER NOT NULL,             -- the first decision of what one undo takes back
    reviewer INTEGER NOT NULL REFERENCES reviewer (id),
    verb TEXT NOT NULL,
    record INTEGER REFERENCES record (id),
    revision INTEGER,
    candidate INTEGER REFERENCES candidate (id),
    rule INTEGER REFERENCES rule (id),
    other INTEGER,                      -- merge: rule; reword: rule_version
    output INTEGER REFERENCES output (id),
    in_y_star INTEGER,
    place_from INTEGER,
    place_to INTEGER,
    reason TEXT,
    note TEXT,
    seconds REAL NOT NULL DEFAULT 0,
    target INTEGER,                     -- undo, redo: the batch
    created INTEGER NOT NULL
) STRICT;

CREATE INDEX decision_by_record ON decision (record, id) WHERE record IS NOT NULL;

CREATE INDEX decision_by_rule ON decision (rule, verb, id) WHERE rule IS NOT NULL;

CREATE INDEX decision_by_batch ON decision (batch);

CREATE INDEX decision_by_target ON decision (target, id) WHERE target IS NOT NULL;

CREATE INDEX decision_by_reviewer ON decision (reviewer, id);

CREATE INDEX decision_by_day ON decision (reviewer, created);

CREATE TRIGGER decision_is_append_only_update BEFORE UPDATE ON decision
BEGIN SELECT RAISE(ABORT, 'decisions are append-only'); END;

CREATE TRIGGER decision_is_append_only_delete BEFORE DELETE ON decision
BEGIN SELECT RAISE(ABORT, 'decisions are append-only'); END;

CREATE VIEW effective AS
    SELECT d.* FROM decision d
    WHERE d.target IS NULL AND coalesce(
        (SELECT u.verb FROM decision u WHERE u.target = d.batch ORDER BY u.id DESC LIMIT 1),
        'redo') = 'redo';

CREATE TABLE record_rule (
    record INTEGER NOT NULL REFERENCES record (id),
    place INTEGER NOT NULL,
    rule INTEGER NOT NULL REFERENCES rule (id),
    PRIMARY KEY (record, place)
) STRICT, WITHOUT ROWID;

CREATE INDEX record_rule_rule ON record_rule (rule, record);

CREATE TRIGGER record_rule_counted AFTER INSERT ON record_rule
BEGIN UPDATE rule SET uses = uses + 1 WHERE id = new.rule; END;

CREATE TRIGGER record_rule_uncounted AFTER DELETE ON record_rule
BEGIN UPDATE rule SET uses = uses - 1 WHERE id = old.rule; END;

CREATE TABLE draft (
    id INTEGER PRIMARY KEY,
    reviewer INTEGER NOT NULL REFERENCES reviewer (id),
    record INTEGER NOT NULL,            -- 0: of no record
    field TEXT NOT NULL,
    body TEXT,                          -- NULL: used or thrown away
    created INTEGER NOT NULL
) STRICT;

CREATE INDEX draft_by_of ON draft (reviewer, record, field, id);

CREATE TRIGGER draft_is_append_only_update BEFORE UPDATE ON draft
BEGIN SELECT RAISE(ABORT, 'drafts are append-only'); END;

CREATE TABLE tag (
    record INTEGER NOT NULL REFERENCES record (id),
    name TEXT NOT NULL,
    PRIMARY KEY (record, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX tag_by_name ON tag (name, record);

CREATE TABLE snapshot (
    hash TEXT PRIMARY KEY,
    method TEXT NOT NULL,
    path TEXT NOT NULL,
    examples INTEGER NOT NULL,
    manifest TEXT NOT NULL,
    created INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE counter (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TRIGGER record_counted AFTER INSERT ON record
BEGIN UPDATE counter SET value = value + 1 WHERE name = 'state' || new.state; END;

CREATE TRIGGER record_uncounted AFTER DELETE ON record
BEGIN UPDATE counter SET value = value - 1 WHERE name = 'state' || old.state; END;

CREATE TRIGGER record_recounted AFTER UPDATE OF state ON record WHEN old.state <> new.state
BEGIN
    UPDATE counter SET value = value - 1 WHERE name = 'state' || old.state;
    UPDATE counter SET value = value + 1 WHERE name = 'state' || new.state;
END;

CREATE TRIGGER rule_counted AFTER INSERT ON rule
BEGIN UPDATE counter SET value = value + 1 WHERE name = 'rules'; END;

CREATE TRIGGER decision_counted AFTER INSERT ON decision
BEGIN UPDATE counter SET value = value + 1 WHERE name = 'decisions'; END;

CREATE TRIGGER snapshot_counted AFTER INSERT ON snapshot
BEGIN UPDATE counter SET value = value + 1 WHERE name = 'snapshots'; END;

CREATE VIRTUAL TABLE record_search USING fts5 (
    prompt, output, rationale, candidate, content = 'record_words', content_rowid = 'id',
    tokenize = 'unicode61 remove_diacritics 2');

CREATE VIRTUAL TABLE record_why USING fts5 (
    rationale, candidate, content = 'record_words', content_rowid = 'id', detail = none,
    tokenize = 'unicode61 remove_diacritics 2');

CREATE VIRTUAL TABLE rule_search USING fts5 (
    mistake, guardrail, content = 'rule', content_rowid = 'id',
    tokenize = 'unicode61 remove_diacritics 2');

CREATE TRIGGER draft_is_append_only_delete BEFORE DELETE ON draft
WHEN NOT EXISTS (SELECT 1 FROM meta WHERE key = 'pruning')
BEGIN SELECT RAISE(ABORT, 'drafts are append-only'); END;

CREATE UNIQUE INDEX verdict_that_counts ON verdict (output) WHERE counts AND output IS NOT NULL;

CREATE INDEX verdict_failed ON verdict (id) WHERE fault IS NOT NULL;

CREATE TABLE call (
    id INTEGER PRIMARY KEY,
    hash TEXT NOT NULL UNIQUE,
    endpoint TEXT,
    model TEXT,
    step TEXT,
    prompt_hash TEXT,
    parameters TEXT,
    text INTEGER REFERENCES text (id),
    finish TEXT,
    tokens_in INTEGER,                  -- NULL: not known, as the two below and cost
    tokens_out INTEGER,
    tokens_cached INTEGER,
    cost REAL,
    milliseconds INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    job INTEGER,
    record INTEGER,
    created INTEGER NOT NULL
) STRICT;

CREATE INDEX call_by_job ON call (job, tokens_in, tokens_out, tokens_cached, cost);

CREATE INDEX call_by_step ON call (step, endpoint);

CREATE TABLE prompt_template (
    hash TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    body TEXT NOT NULL,
    created INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE job (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    options TEXT NOT NULL,
    reviewer INTEGER REFERENCES reviewer (id),
    state INTEGER NOT NULL DEFAULT 0 CHECK (state BETWEEN 0 AND 5),
    cancelling INTEGER NOT NULL DEFAULT 0,
    created INTEGER NOT NULL,
    started INTEGER,
    finished INTEGER,
    lease INTEGER NOT NULL DEFAULT 0,
    worker INTEGER,
    host TEXT,
    waiting INTEGER NOT NULL DEFAULT 0, -- derived, as the three below
    running INTEGER NOT NULL DEFAULT 0,
    done INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0,
    calls INTEGER NOT NULL DEFAULT 0,
    cached_calls INTEGER NOT NULL DEFAULT 0,
    tokens_in INTEGER NOT NULL DEFAULT 0,
    tokens_out INTEGER NOT NULL DEFAULT 0,
    cost REAL NOT NULL DEFAULT 0,
    seconds REAL NOT NULL DEFAULT 0,
    said TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE INDEX job_unfinished ON job (state, id) WHERE state < 3;

CREATE TABLE job_item (
    job INTEGER NOT NULL REFERENCES job (id),
    record INTEGER NOT NULL REFERENCES record (id),
    state INTEGER NOT NULL DEFAULT 0 CHECK (state BETWEEN 0 AND 3),
    why TEXT,
    PRIMARY KEY (job, record)
) STRICT, WITHOUT ROWID;

CREATE INDEX job_item_by_state ON job_item (job, state, record) WHERE state <> 2;

CREATE INDEX job_item_open ON job_item (record, job) WHERE state < 2;

CREATE VIEW record_words AS
    SELECT r.id AS id,
        (SELECT group_concat(t.body, char(10)) FROM message m JOIN text t ON t.id = m.text
            WHERE m.record = r.id AND m.revision = r.revision) AS prompt,
        (SELECT group_concat(t.body, char(10)) FROM output o JOIN text t ON t.id = o.text
            WHERE o.record = r.id AND (o.revision = r.revision OR o.kind = 3) AND o.sample = 0) AS output,
        (SELECT group_concat(t.body, char(10)) FROM verdict v JOIN text t ON t.id = v.rationale
            WHERE v.record = r.id AND v.revision = r.revision AND v.counts) AS rationale,
        (SELECT group_concat(coalesce(c.mistake, '') || char(10) || coalesce(c.guardrail, ''), char(10))
            FROM candidate c WHERE c.record = r.id AND c.revision = r.revision) AS candidate
    FROM record r;

CREATE TABLE eval (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    identity TEXT NOT NULL UNIQUE,
    kind INTEGER NOT NULL DEFAULT 0 CHECK (kind IN (0, 1)),
    name TEXT NOT NULL,                 -- for people: "rgt-1 step 40"
    run_uuid TEXT,                      -- NULL: no run (a base model, an endpoint)
    run_name TEXT,
    run_folder TEXT,
    method TEXT,
    step INTEGER,
    examples INTEGER,                   -- that training had seen by then
    seed INTEGER,                       -- of the training
    base_model TEXT,
    adapter TEXT,                       -- its folder
    adapter_hash TEXT,                  -- SHA-256 of its weights
    endpoint TEXT,
    think INTEGER NOT NULL CHECK (think IN (0, 1)),
    split TEXT,
    graders TEXT NOT NULL DEFAULT '[]', -- JSON
    max_tokens INTEGER NOT NULL DEFAULT 0,
    sampling TEXT NOT NULL DEFAULT '{}', -- JSON
    snapshot TEXT,                      -- hash of the training set the records were held out from
    planned INTEGER NOT NULL DEFAULT 0, -- records it is to have
    refused INTEGER NOT NULL DEFAULT 0, -- records left out because training had seen them
    created INTEGER NOT NULL,
    finished INTEGER,
    matched INTEGER,                    -- when it was looked through for rules still broken
    job INTEGER REFERENCES job (id)     -- that works on it, or did last
) STRICT;

CREATE INDEX eval_by_run ON eval (run_uuid, think, step) WHERE run_uuid IS NOT NULL;

CREATE INDEX eval_by_job ON eval (job) WHERE job IS NOT NULL;

CREATE TABLE eval_item (
    eval INTEGER NOT NULL REFERENCES eval (id),
    record INTEGER NOT NULL REFERENCES record (id),
    revision INTEGER NOT NULL,
    output INTEGER REFERENCES text (id),
    thought INTEGER REFERENCES text (id), -- what stood between the think tags
    score REAL,
    score_max REAL,
    normalised REAL,
    rationale INTEGER REFERENCES text (id),
    spans TEXT,
    parts INTEGER REFERENCES text (id),
    fault TEXT,
    tokens_in INTEGER,
    tokens_out INTEGER,
    milliseconds INTEGER,
    call TEXT,
    created INTEGER NOT NULL,
    PRIMARY KEY (eval, record)
) STRICT, WITHOUT ROWID;

CREATE INDEX eval_item_by_score ON eval_item (eval, normalised, record);

CREATE INDEX eval_item_by_record ON eval_item (record, eval);

CREATE TABLE eval_refused (
    eval INTEGER NOT NULL REFERENCES eval (id),
    record INTEGER NOT NULL REFERENCES record (id),
    twin TEXT NOT NULL,                 -- id of the training example
    likeness REAL NOT NULL,             -- 1: the same prompt
    PRIMARY KEY (eval, record)
) STRICT, WITHOUT ROWID;

CREATE TABLE eval_nats (
    eval INTEGER NOT NULL REFERENCES eval (id),
    record INTEGER NOT NULL REFERENCES record (id),
    rule INTEGER NOT NULL,
    tokens INTEGER NOT NULL,
    nats REAL NOT NULL,                 -- minus the log-probability of all tokens
    hinge_tokens INTEGER NOT NULL,
    hinge_nats REAL NOT NULL,
    entropy REAL NOT NULL,              -- mean over tokens
    detail INTEGER REFERENCES text (id),
    PRIMARY KEY (eval, record, rule)
) STRICT, WITHOUT ROWID;

CREATE INDEX eval_nats_by_rule ON eval_nats (rule, eval) WHERE rule > 0;

CREATE TABLE rule_worth (
    eval INTEGER NOT NULL REFERENCES eval (id),
    rule INTEGER NOT NULL REFERENCES rule (id),
    records INTEGER NOT NULL,
    total REAL NOT NULL,
    at_hinges REAL NOT NULL,
    elsewhere REAL NOT NULL,
    spread REAL NOT NULL,               -- standard deviation of total over records
    low REAL NOT NULL,
    high REAL NOT NULL,
    PRIMARY KEY (eval, rule)
) STRICT, WITHOUT ROWID;

CREATE INDEX rule_worth_by_rule ON rule_worth (rule, eval);

CREATE TABLE rule_broken (
    eval INTEGER NOT NULL REFERENCES eval (id),
    rule INTEGER NOT NULL REFERENCES rule (id),
    record INTEGER NOT NULL REFERENCES record (id),
    likeness REAL NOT NULL,
    PRIMARY KEY (eval, rule, record)
) STRICT, WITHOUT ROWID;

CREATE INDEX rule_broken_by_rule ON rule_broken (rule, eval);

CREATE TABLE eval_return (
    eval INTEGER NOT NULL REFERENCES eval (id),
    record INTEGER NOT NULL REFERENCES record (id),
    returned INTEGER NOT NULL REFERENCES record (id),
    PRIMARY KEY (eval, record)
) STRICT, WITHOUT ROWID;

CREATE INDEX eval_return_by_returned ON eval_return (returned);

