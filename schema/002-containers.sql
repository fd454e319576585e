-- SPDX-License-Identifier: GPL-2.0-only
-- kithd keeps only some containers in memory, and looks the others up here.
CREATE INDEX containers_cgroup ON containers (cgroup, boot);
