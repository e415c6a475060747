-- What models make: samples, verdicts that count, paid replies, prompts, jobs.

ALTER TABLE output ADD COLUMN sample INTEGER NOT NULL DEFAULT 0; -- of y0: 0 is the one that is reviewed
ALTER TABLE output ADD COLUMN call TEXT;                         -- call.hash
ALTER TABLE output ADD COLUMN job INTEGER;

-- Of the verdicts on an output one counts: the newest that could be read and is not one of several graders'.
ALTER TABLE verdict ADD COLUMN counts INTEGER NOT NULL DEFAULT 1; -- derived
ALTER TABLE verdict ADD COLUMN part INTEGER NOT NULL DEFAULT 0;
ALTER TABLE verdict ADD COLUMN normalised REAL;                   -- 0..1 on the grader's scale
ALTER TABLE verdict ADD COLUMN samples INTEGER NOT NULL DEFAULT 1;
ALTER TABLE verdict ADD COLUMN spread REAL;
ALTER TABLE verdict ADD COLUMN fault TEXT;                        -- why it could not be read, else NULL
ALTER TABLE verdict ADD COLUMN raw INTEGER REFERENCES text (id);  -- what was there instead
ALTER TABLE verdict ADD COLUMN call TEXT;
ALTER TABLE verdict ADD COLUMN job INTEGER;
CREATE UNIQUE INDEX verdict_that_counts ON verdict (output) WHERE counts AND output IS NOT NULL;
CREATE INDEX verdict_failed ON verdict (id) WHERE fault IS NOT NULL;

ALTER TABLE candidate ADD COLUMN rule INTEGER REFERENCES rule (id); -- the library's that the model cited
ALTER TABLE candidate ADD COLUMN call TEXT;
ALTER TABLE candidate ADD COLUMN job INTEGER;

-- Replies that were paid for, under the hash of the whole request.
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

-- Long work. lease: until when (ms) the worker is believed; waiting ... failed count the items.
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

-- state: 0 waits, 1 a worker has it, 2 done, 3 failed. What is done is in no index but the table's own.
CREATE TABLE job_item (
    job INTEGER NOT NULL REFERENCES job (id),
    record INTEGER NOT NULL REFERENCES record (id),
    state INTEGER NOT NULL DEFAULT 0 CHECK (state BETWEEN 0 AND 3),
    why TEXT,
    PRIMARY KEY (job, record)
) STRICT, WITHOUT ROWID;
CREATE INDEX job_item_by_state ON job_item (job, state, record) WHERE state <> 2;
CREATE INDEX job_item_open ON job_item (record, job) WHERE state < 2;

-- The index holds what the review shows: no spare samples of y0, and of the verdicts those that count.
DROP VIEW record_words;
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
