/* bench SERVER CALLS: how long the C face takes, in microseconds; see bench_test.go. */
#include <stdio.h>
#include <stdlib.h>

#include "app.h"

long long ringtrip_blank(long long n); /* of a library for tests: does nothing, in Go */

static int64_t loaded;

/* Runs before Go's runtime is started by its own constructor. */
__attribute__((constructor(101))) static void load(void) { loaded = now_ns(); }

static int compare(const void *a, const void *b) {
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

static void percentiles(const char *name, int64_t *ns, int n) {
	qsort(ns, (size_t)n, sizeof *ns, compare);
	printf("%s_p50=%.1f %s_p99=%.1f ", name, (double)ns[n / 2] / 1e3, name, (double)ns[n * 99 / 100] / 1e3);
}

int main(int argc, char **argv) {
	EXPECT(argc == 3, "usage: bench SERVER CALLS");
	int calls = atoi(argv[2]);
	ringtrip_version();
	printf("runtime=%.1f ", (double)(now_ns() - loaded) / 1e3);

	/* The first push launches the app: its engine is made, takes the push and reports. */
	struct app *app = app_new(argv[1], 1);
	app_push(app, 1);
	app_do(app, "{\"wait\":1000}");
	EXPECT(app->reports == 1, "%ld reports", app->reports);
	printf("create=%.1f first_push=%.1f first_push_engine=%.1f cold=%.1f ", (double)app->create_ns / 1e3, (double)app->push_ns / 1e3,
		(double)app->engine_ns / 1e3, (double)(app->ready_ns - loaded + app->push_ns) / 1e3);

	int64_t *whole = malloc(sizeof *whole * (size_t)calls), *engine = malloc(sizeof *engine * (size_t)calls);
	for (int n = 0; n < calls; n++) {
		app_do(app, "{\"do\":\"U decline\"}");
		app_do(app, "{\"wait\":2000}");
		app_push(app, n + 2);
		app_do(app, "{\"wait\":1000}");
		EXPECT(app->reports == n + 2, "%ld reports after %d pushes", app->reports, n + 2);
		whole[n] = app->push_ns;
		engine[n] = app->engine_ns;
	}
	percentiles("push", whole, calls);
	percentiles("engine", engine, calls);

	int64_t began = now_ns();
	for (int i = 0; i < 1000000; i++) ringtrip_blank(i);
	printf("floor_ns=%.1f\n", (double)(now_ns() - began) / 1e6);
	app_free(app);
	free(whole);
	free(engine);
	return 0;
}
