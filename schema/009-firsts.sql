-- SPDX-License-Identifier: GPL-2.0-only
-- What was first: the name of a file, and the conversation of a process with an endpoint.

-- Most files have one name all their life: it stands with the file, and pairs of kinds 3 and
-- 4 are of other names than that one. Of strings or paths; these may have been dropped.
ALTER TABLE files ADD COLUMN path INTEGER;
CREATE INDEX files_path ON files (path) WHERE path IS NOT NULL;

-- Of kinds 33 and 34: the first row, by id, that made the pair.
ALTER TABLE pairs ADD COLUMN first INTEGER;

-- Kind 35 of places has the paths by which files were written, and kind 2 no more than those by
-- which they were read. All of this is made again at the next start.
DELETE FROM pairs WHERE kind IN (33, 34);
DELETE FROM places WHERE kind = 2;
INSERT INTO zones SELECT 35, high, part, segment FROM zones WHERE kind = 2 AND segment = 0;
UPDATE placed SET last = 0 WHERE EXISTS (SELECT 1 FROM segments);
UPDATE meta SET value = 0 WHERE name = 'placed';
