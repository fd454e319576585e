// SPDX-License-Identifier: GPL-2.0-only
/* Counts, their decay and bounds, and likelihoods as they come out by hand. */
#include "model.h"
#include "surprise.h"
#include "unit.h"

#include <math.h>
#include <string.h>

static struct model model;

static void begin(void)
{
	ck_assert_int_eq(model_init(&model), 0);
}

/* @object met in @hours hours from @from on, in context @id of @level. */
static struct model_context *meet(uint64_t id, uint8_t level, uint64_t object, uint32_t from,
				  uint32_t hours)
{
	bool fresh;
	struct model_context *context = model_need_context(&model, id, &fresh);
	uint32_t i;

	context->level = level;
	for (i = 0; i < hours; i++)
		model_count(&model, context, object, from + i, false);
	return context;
}

START_TEST(an_hour_counts_once)
{
	struct model_context *context;
	unsigned int i;

	begin();
	context = meet(1, 1, 5, 1000, 1);
	for (i = 0; i < 1000; i++)
		ck_assert(!model_count(&model, context, 5, 1000, false));
	ck_assert_double_eq(context->n, 1);
	ck_assert_double_eq(model_find_edge(&model, 1, 5)->n, 1);
	ck_assert(model_count(&model, context, 5, 1001, false));
	ck_assert_double_eq_tol(context->n, 2, 0.01);
	model_free(&model);
}
END_TEST

START_TEST(half_after_thirty_days)
{
	struct model_context *context;

	begin();
	ck_assert_double_eq(model_decay(0), 1);
	ck_assert_double_eq(model_decay(30 * 24), 0.5);
	ck_assert_double_eq(model_decay(60 * 24), 0.25);
	context = meet(1, 1, 5, 1000, 1);
	model_count(&model, context, 5, 1000 + 30 * 24, false);
	ck_assert_double_eq(context->n, 1.5);
	ck_assert_double_eq(model_find_edge(&model, 1, 5)->n, 1.5);
	ck_assert_uint_eq(context->days, 2);
	model_free(&model);
}
END_TEST

/*
 * By hand. The host has met a 40 times and b 20 times, all in the same hour of counting: N is
 * 60, T 2. p0 = 1/3. p(a) = (40 + 2/3) / 62, p(c) = (2/3) / 62. The context has met a 20
 * times: N 20, T 1: p(c) = p_host(c) / 21, p(a) = (20 + p_host(a)) / 21.
 */
START_TEST(likelihood_by_hand)
{
	struct model_chain chain = { .levels = 2, .contexts = { 1, 2 } };
	struct model_context *host, *special;
	struct model_view view;
	const double host_a = (40 + 2.0 / 3) / 62, host_c = (2.0 / 3) / 62;

	begin();
	host = meet(1, 0, 'a', 100, 1);
	meet(1, 0, 'b', 100, 1);
	host->n = 60;
	host->days = 9;
	model_find_edge(&model, 1, 'a')->n = 40;
	model_find_edge(&model, 1, 'b')->n = 20;
	special = meet(2, 3, 'a', 100, 1);
	special->n = 20;
	special->days = 5;
	model_find_edge(&model, 2, 'a')->n = 20;
	model_look(&model, &chain, 'c', 100, &view);
	ck_assert_double_eq_tol(view.surprise, -log2(host_c / 21), 1e-9);
	model_look(&model, &chain, 'a', 100, &view);
	ck_assert_double_eq_tol(view.surprise, -log2((20 + host_a) / 21), 1e-9);
	/* A context that is not known well yet does not count. */
	special->days = 2;
	model_look(&model, &chain, 'c', 100, &view);
	ck_assert_double_eq_tol(view.surprise, -log2(host_c), 1e-9);
	ck_assert_uint_eq(view.mature, 0);
	/* But that of a job, which comes seldom, does. */
	special->runs = 3;
	chain.seldom = true;
	model_look(&model, &chain, 'c', 100, &view);
	ck_assert_double_eq_tol(view.surprise, -log2(host_c / 21), 1e-9);
	model_free(&model);
}
END_TEST

/* A service that was there for 100 hours and never started anything: that is one object. */
START_TEST(to_do_nothing_is_usual)
{
	const struct model_chain chain = { .levels = 2,
					   .contexts = { 1, 2 },
					   .exposures = { 0, 3 } };
	struct model_context *host, *there;
	struct model_view view;
	bool fresh;

	begin();
	host = meet(1, 0, 'a', 100, 1);
	host->n = model_find_edge(&model, 1, 'a')->n = 30;
	there = model_need_context(&model, 3, &fresh);
	there->n = 100;
	there->hour = 100;
	there->days = 6;
	there->runs = 4;
	model_look(&model, &chain, 'a', 100, &view);
	ck_assert_double_eq_tol(view.surprise, -log2((30 + 0.5) / 31 / 101), 1e-9);
	ck_assert_uint_eq(view.runs, 4);
	ck_assert_uint_eq(view.times, 0);
	ck_assert_uint_eq(view.elsewhere, 1);
	model_free(&model);
}
END_TEST

START_TEST(pending_does_not_count)
{
	struct model_context *context;
	struct model_edge *edge;

	begin();
	context = meet(1, 1, 'a', 100, 1);
	model_count(&model, context, 'b', 100, true);
	model_count(&model, context, 'b', 130, true);
	edge = model_find_edge(&model, 1, 'b');
	ck_assert_double_eq(edge->n, 0);
	ck_assert_uint_eq(edge->days, 2);
	ck_assert_uint_eq(context->objects, 1);
	model_promote(&model, edge);
	ck_assert_double_eq(edge->n, 2);
	ck_assert_uint_eq(context->objects, 2);
	model_free(&model);
}
END_TEST

/* However much comes, what is old and known stays, and there is room for so much. */
START_TEST(bounded)
{
	struct model_context *context;
	uint64_t i;

	begin();
	for (i = 0; i < 100; i++) {
		context = meet(1 + i * 7919, 3, 1 + i, 100, 80);
		ck_assert_uint_ge(context->days, MODEL_MATURE_DAYS);
	}
	for (i = 0; i < 4 * MODEL_CONTEXTS; i++)
		meet(1000000 + i * 104729, 3, 1 + i, 200, 1);
	for (i = 0; i < 100; i++)
		ck_assert_ptr_nonnull(model_find_edge(&model, 1 + i * 7919, 1 + i));
	context = meet(1, 3, 1, 200, 1);
	for (i = 0; i < 10000; i++)
		model_count(&model, context, 1000 + i, 201, false);
	ck_assert_uint_le(context->objects, MODEL_OBJECTS);
	model_free(&model);
}
END_TEST

/* Of 1,023 surprises 511 are as great as 8 bits, so that 8 bits are worth 1. */
START_TEST(ranks)
{
	static struct surprises surprises;
	unsigned int i;

	ck_assert_double_eq(surprise_bits(&surprises, 1, 1, 12), 12);
	for (i = 0; i < 512; i++)
		surprise_add(&surprises, 1, 1, 0);
	for (i = 0; i < 511; i++)
		surprise_add(&surprises, 1, 1, 8);
	ck_assert_double_eq(surprise_bits(&surprises, 1, 1, 8), 1);
	ck_assert_double_eq(surprise_bits(&surprises, 1, 1, 0.5), 0.5);
	ck_assert_double_eq(surprise_bits(&surprises, 1, 1, 100), SURPRISE_MOST);
	ck_assert_double_eq(surprise_bits(&surprises, 1, 2, 8), 8);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("model");

	unit_add(suite, an_hour_counts_once);
	unit_add(suite, half_after_thirty_days);
	unit_add(suite, likelihood_by_hand);
	unit_add(suite, to_do_nothing_is_usual);
	unit_add(suite, pending_does_not_count);
	unit_add(suite, bounded);
	unit_add(suite, ranks);
	return unit_run(suite);
}
