-- What was typed over may go in an explicit step of maintenance (draft_store_prune): it says so in meta,
-- inside its transaction. In all other cases drafts stay.

DROP TRIGGER draft_is_append_only_delete;
CREATE TRIGGER draft_is_append_only_delete BEFORE DELETE ON draft
WHEN NOT EXISTS (SELECT 1 FROM meta WHERE key = 'pruning')
BEGIN SELECT RAISE(ABORT, 'drafts are append-only'); END;
