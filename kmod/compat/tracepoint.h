/* SPDX-License-Identifier: GPL-2.0-only */
/* Tracepoint callbacks of the type that this kernel calls them with. */
#ifndef _KITH_COMPAT_TRACEPOINT_H
#define _KITH_COMPAT_TRACEPOINT_H

#include <linux/tracepoint.h>
#include <trace/events/io_uring.h>
#include <trace/events/sched.h>
#include <uapi/linux/io_uring.h>

struct io_ring_ctx;

/* 6.16 added "bool group_dead" to sched_process_exit. */
#define KITH_EXIT_HAS_GROUP_DEAD                                     \
	__builtin_types_compatible_p(typeof(trace_sched_process_exit), \
				     void(struct task_struct *, bool))

/*
 * Defines NAME, a callback for sched_process_exit, from a function
 * void FN(struct task_struct *).
 */
#define KITH_DEFINE_EXIT_CALLBACK(name, fn)                                     \
	static void __maybe_unused name##_old(void *data, struct task_struct *task) \
	{                                                                       \
		fn(task);                                                       \
	}                                                                       \
	static void __maybe_unused name##_new(void *data, struct task_struct *task, \
					      bool group_dead)                  \
	{                                                                       \
		name##_old(data, task);                                         \
	}                                                                       \
	static void *const name = __builtin_choose_expr(                        \
		KITH_EXIT_HAS_GROUP_DEAD, (void *)name##_new, (void *)name##_old)

/*
 * io_uring_complete names the request since 5.18; 6.16 gave it the whole completion.
 * Others than these two are not known here.
 */
#define KITH_URING_HAS(...)                                           \
	__builtin_types_compatible_p(typeof(trace_io_uring_complete), \
				     void(__VA_ARGS__))
#define KITH_URING_HAS_CQE KITH_URING_HAS(struct io_ring_ctx *, void *, struct io_uring_cqe *)
#define KITH_URING_HAS_REQUEST \
	KITH_URING_HAS(void *, void *, u64, int, unsigned int, u64, u64)

/*
 * Defines NAME, a callback for io_uring_complete, from a function
 * void FN(const void *request, int result); NULL if it could not tell which request.
 */
#define KITH_DEFINE_URING_CALLBACK(name, fn)                                     \
	static void __maybe_unused name##_old(void *data, void *ctx, void *req,  \
					      u64 user_data, int result,         \
					      unsigned int flags, u64 extra1,    \
					      u64 extra2)                        \
	{                                                                        \
		fn(req, result);                                                 \
	}                                                                        \
	static void __maybe_unused name##_new(void *data, struct io_ring_ctx *ctx, \
					      void *req, struct io_uring_cqe *cqe) \
	{                                                                        \
		name##_old(data, ctx, req, 0, cqe->res, 0, 0, 0);                \
	}                                                                        \
	static void *const name = __builtin_choose_expr(                         \
		KITH_URING_HAS_CQE, (void *)name##_new,                          \
		__builtin_choose_expr(KITH_URING_HAS_REQUEST, (void *)name##_old, NULL))

#endif
