/* SPDX-License-Identifier: GPL-2.0-only */
/* What processes have open when the module comes. */
#ifndef _KITH_OPENFILE_H
#define _KITH_OPENFILE_H

/*
 * Watch the sockets that are open already. The hooks are attached: what is
 * opened from now on they see. Without memory for it, nothing is found.
 * Context: process.
 */
void kith_openfile_find(void);

#endif
