/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/* The release, of module and collector alike; dkms.conf repeats it. */
#ifndef _KITH_VERSION_H
#define _KITH_VERSION_H

#define KITH_VERSION "0.1.0"

#endif
