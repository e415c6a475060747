-- Evals: what a trained model makes of held-out records, what the graders say of it, what rules are worth.

-- kind: 0 outputs that are graded, 1 log-probabilities (what rules are worth). identity: hash of all that decides the
-- results, so that the same eval asked for again goes on instead of being made twice.
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

-- fault: why there is no score, else NULL. parts: JSON, what each of several graders said.
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

-- Records that training had seen, with the training example that is like them.
CREATE TABLE eval_refused (
    eval INTEGER NOT NULL REFERENCES eval (id),
    record INTEGER NOT NULL REFERENCES record (id),
    twin TEXT NOT NULL,                 -- id of the training example
    likeness REAL NOT NULL,             -- 1: the same prompt
    PRIMARY KEY (eval, record)
) STRICT, WITHOUT ROWID;

-- Log-probabilities of y* in one eval of kind 1. rule 0: without a strategy; else with that rule alone as strategy.
-- tokens: JSON, token by token (rule 0 alone).
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

-- What a rule is worth by one eval of kind 1: nats saved a record, means with a 95% interval.
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

-- On which records of an eval of kind 0 a rule's mistake still happens, and what told it: a cited message, or words.
CREATE TABLE rule_broken (
    eval INTEGER NOT NULL REFERENCES eval (id),
    rule INTEGER NOT NULL REFERENCES rule (id),
    record INTEGER NOT NULL REFERENCES record (id),
    likeness REAL NOT NULL,
    PRIMARY KEY (eval, rule, record)
) STRICT, WITHOUT ROWID;
CREATE INDEX rule_broken_by_rule ON rule_broken (rule, eval);

-- Failures that went back to the experts, each as a record of its own.
CREATE TABLE eval_return (
    eval INTEGER NOT NULL REFERENCES eval (id),
    record INTEGER NOT NULL REFERENCES record (id),
    returned INTEGER NOT NULL REFERENCES record (id),
    PRIMARY KEY (eval, record)
) STRICT, WITHOUT ROWID;
CREATE INDEX eval_return_by_returned ON eval_return (returned);
