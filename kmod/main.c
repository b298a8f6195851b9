// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Loading and unloading, and the parameters. */
#include <linux/log2.h>
#include <linux/module.h>

#include "kestrel.h"

static unsigned int ring_kib = 1024;
module_param(ring_kib, uint, 0444);
MODULE_PARM_DESC(ring_kib, "Size of each CPU's ring in KiB, a power of two from 128 to 65536 (default 1024)");

static unsigned int retention_ms = 60000;
module_param(retention_ms, uint, 0444);
MODULE_PARM_DESC(retention_ms,
		 "How long recording goes on after the consumer left without stopping it, in milliseconds; 0: not at all (default 60000)");

static bool retain_all = true;
module_param(retain_all, bool, 0444);
MODULE_PARM_DESC(retain_all,
		 "What is recorded for the next consumer: everything that the last one asked for, without its filter; or, if off, only what the table of processes is made from (default on)");

static int __init kestrel_init(void)
{
	int error;

	if (!is_power_of_2(ring_kib) || ring_kib < KESTREL_RING_KIB_MIN || ring_kib > KESTREL_RING_KIB_MAX) {
		pr_err("kestrel: ring_kib=%u is not a power of two from %u to %u\n", ring_kib, KESTREL_RING_KIB_MIN,
		       KESTREL_RING_KIB_MAX);
		return -EINVAL;
	}
	kestrel_task_setup();
	error = kestrel_probes_setup();
	if (error)
		return error;
	error = kestrel_rings_create(ring_kib);
	if (error)
		return error;
	error = kestrel_devices_create(retention_ms, retain_all);
	if (error) {
		pr_err("kestrel: cannot make the devices: error %d\n", error);
		kestrel_rings_destroy();
	}
	return error;
}

static void __exit kestrel_exit(void)
{
	kestrel_devices_destroy();
	kestrel_rings_destroy();
}

module_init(kestrel_init);
module_exit(kestrel_exit);

MODULE_DESCRIPTION("Kestrel: records what programs do, for rules to judge");
MODULE_AUTHOR("The Kestrel developers");
MODULE_LICENSE("Dual MIT/GPL");
