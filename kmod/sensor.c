// SPDX-License-Identifier: GPL-2.0-only
/* Records of what happens to the sensor itself. */
#include "sensor.h"

#include "item.h"
#include "ring.h"

#include <linux/preempt.h>
#include <linux/string.h>

void kith_sensor_emit(enum kith_sensor_event event, u32 value, const char *detail)
{
	size_t length = detail ? strlen(detail) : 0;
	struct kith_record *record;
	struct kith_sensor *body;

	preempt_disable_notrace();
	record = kith_ring_reserve_vital(KITH_RECORD_SENSOR, sizeof(*body),
					 kith_item_space(length), true);
	if (record) {
		struct kith_writer writer = kith_writer(record);

		body = kith_body(record);
		body->event = event;
		body->value = value;
		kith_put(&writer, KITH_ITEM_DETAIL, detail, length);
		kith_ring_commit(record);
	}
	preempt_enable_notrace();
}
