/* calls SERVER PHONES CALLS: so many phones, one after the other, take so many calls each: push, ring, answer, end. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"

static long resident(void) { /* KiB */
	FILE *f = fopen("/proc/self/statm", "r");
	long size, pages;
	EXPECT(f != NULL && fscanf(f, "%ld %ld", &size, &pages) == 2, "/proc/self/statm can't be read");
	fclose(f);
	return pages * 4;
}

static void expect(struct app *app, int call, const char *what, const char *want) {
	char *seen = app_look(app, what);
	EXPECT(strstr(seen, want) != NULL, "call %d: %s is %s, want %s", call, what, seen, want);
	ringtrip_free(seen);
}

static void call(struct app *app, int n) {
	long before = app->reports;
	app_push(app, n);
	app_do(app, "{\"wait\":1000}");
	EXPECT(app->reports > before, "call %d was not reported", n);
	app_do(app, "{\"do\":\"U answer\"}");
	app_do(app, "{\"wait\":6000}");
	expect(app, n, "audio", "\"active\"");
	app_do(app, "{\"do\":\"U end\"}");
	app_do(app, "{\"wait\":2000}");
	expect(app, n, "calls", "\"none\"");
}

int main(int argc, char **argv) {
	EXPECT(argc == 4, "usage: calls SERVER PHONES CALLS");
	int phones = atoi(argv[2]), calls = atoi(argv[3]);
	long early = 0, most = 0;
	ringtrip_version(); /* waits for Go's runtime */
	long before = balance();
	for (int p = 0; p < phones; p++) {
		struct app *app = app_new(argv[1], (uint64_t)p + 1);
		app->verbose = getenv("VERBOSE") != NULL;
		for (int n = 1; n <= calls; n++) call(app, n);
		EXPECT(app->errors == 0 && app->panics == 0, "%ld errors, %ld panics", app->errors, app->panics);
		EXPECT(app->reports == calls, "%ld reports of %d calls", app->reports, calls);
		expect(app, calls, "strikes", "\"0\"");
		app_free(app);
		long r = resident();
		if (p == phones / 4) early = r;
		if (r > most) most = r;
	}
	EXPECT(ringtrip_count() == 0, "%lld engines are left", (long long)ringtrip_count());
	printf("calls=%d engines_left=%lld strings_left=%ld resident_kib_after_a_quarter=%ld resident_kib_at_most=%ld\n", phones * calls,
		(long long)ringtrip_count(), balance() - before, early, most);
	return 0;
}
