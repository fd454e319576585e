/* SPDX-License-Identifier: GPL-2.0-only */
/* Records of what happens to the sensor itself. */
#ifndef _KITH_SENSOR_H
#define _KITH_SENSOR_H

#include <kith/uapi.h>

/**
 * kith_sensor_emit() - Record an act of the current process on the sensor.
 * @detail: text, or NULL
 */
void kith_sensor_emit(enum kith_sensor_event event, u32 value, const char *detail);

#endif
